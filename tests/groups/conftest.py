"""A group coordinator on a log in memory, with hands to move time and the high watermark."""

from __future__ import annotations

from random import Random

import pytest

from minikafka.coordinator import CoordinatorRuntime
from minikafka.errors import BrokerResponseError
from minikafka.groups.group_config import GroupCoordinatorConfig
from minikafka.groups.group_coordinator import GroupCoordinatorShard
from minikafka.messages.heartbeat import HeartbeatRequest
from minikafka.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol
from minikafka.messages.leave_group import LeaveGroupRequest, MemberIdentity
from minikafka.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from minikafka.messages.offset_fetch import (
    OffsetFetchRequest,
    OffsetFetchRequestGroup,
    OffsetFetchRequestTopics,
)
from minikafka.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment
from minikafka.scheduler import Promise, Scheduler
from minikafka.structs import RequestContext, TopicPartition

PARTITION = TopicPartition("__consumer_offsets", 0)
START_MS = 1_000_000


def subscription(*topics):
    """Bytes of a ConsumerProtocolSubscription, version 0."""
    data = b"\0\0" + len(topics).to_bytes(4, "big")
    for topic in topics:
        data += len(topic).to_bytes(2, "big") + topic.encode()
    return data + b"\xff\xff\xff\xff"


class MemoryLog:
    """A partition writer whose high watermark follows the log end unless `replicating` is False."""

    def __init__(self):
        self.batches = []
        self.end_offset = 0
        self.watermark = 0
        self.replicating = True
        self.error = None
        self.callbacks = []

    def append(self, topic_partition, batch, leader_epoch):
        if self.error is not None:
            raise self.error
        stamped = batch.stamped(base_offset=self.end_offset, partition_leader_epoch=leader_epoch)
        self.batches.append(stamped)
        self.end_offset = stamped.last_offset + 1
        if self.replicating:
            self.replicate()
        return stamped.last_offset

    def replicate(self):
        """The followers have everything."""
        self.watermark = self.end_offset
        for callback in self.callbacks:
            callback(self.watermark)

    def on_high_watermark(self, topic_partition, callback):
        self.callbacks.append(callback)

    def high_watermark(self, topic_partition):
        return self.watermark

    def read(self, topic_partition):
        return list(self.batches)


class Coordinator:
    """A runtime with one loaded shard, and short ways to say requests."""

    subscription = staticmethod(subscription)
    partition = PARTITION

    def __init__(self, seed=7, log=None, now_ms=START_MS, load=True, **config):
        self.scheduler = Scheduler(Random(seed), now_ms)
        self.log = MemoryLog() if log is None else log
        self.config = GroupCoordinatorConfig(**config)
        self.runtime = CoordinatorRuntime(
            self.scheduler,
            self.log,
            lambda _, timers: GroupCoordinatorShard(self.scheduler, timers, self.config),
        )
        if load:
            self.load()

    def load(self, leader_epoch=0):
        self.runtime.load(PARTITION, leader_epoch)
        self.settle()

    @property
    def shard(self):
        return self.runtime.shard(PARTITION)

    def group(self, group_id="g"):
        return self.shard.groups.find(group_id)

    def state(self, group_id="g"):
        group = self.group(group_id)
        return None if group is None else group.state.value

    def settle(self):
        """Run what is ready and due now."""
        self.scheduler.run_ready()
        assert self.scheduler.failure is None, repr(self.scheduler.failure)

    def advance(self, delay_ms):
        """Let time pass, running each timer at its deadline."""
        end_ms = self.scheduler.now_ms + delay_ms
        self.settle()
        while True:
            deadline_ms = self.scheduler.next_deadline_ms()
            if deadline_ms is None or deadline_ms > end_ms:
                break
            self.scheduler.advance_to(deadline_ms)
            self.settle()
        self.scheduler.advance_to(end_ms)
        self.settle()

    def call(self, operation, request, version=9, client_id="c", host="/10.0.0.1", hurry=None):
        """The promise of an operation of the shard."""
        context = RequestContext(version, client_id, host, "client-1", hurry=hurry)
        return self.runtime.write(PARTITION, lambda shard: getattr(shard, operation)(context, request))

    def code(self, promise):
        """The error code of a promise's answer or exception; None while it is parked."""
        if not promise.done():
            return None
        error = promise.exception()
        if error is not None:
            assert isinstance(error, BrokerResponseError), repr(error)
            return error.errno
        return getattr(promise.result(), "error_code", 0)

    # Requests

    def join(
        self,
        member_id="",
        *,
        group_id="g",
        instance_id=None,
        protocols=(("range", ("t",)),),
        protocol_type="consumer",
        session_ms=10_000,
        rebalance_ms=60_000,
        version=9,
        client_id="c",
    ):
        """JoinGroup; protocols are (name, topics) or (name, bytes)."""
        request = JoinGroupRequest(
            group_id=group_id,
            session_timeout_ms=session_ms,
            rebalance_timeout_ms=rebalance_ms,
            member_id=member_id,
            group_instance_id=instance_id,
            protocol_type=protocol_type,
            protocols=[
                JoinGroupRequestProtocol(
                    name=name, metadata=what if isinstance(what, bytes) else subscription(*what)
                )
                for name, what in protocols
            ],
        )
        return self.call("join_group", request, version, client_id)

    def new_member(self, **options):
        """A dynamic member's two JoinGroups; its member id and the second promise."""
        first = self.join(**options).result()
        assert first.error_code == 79
        return first.member_id, self.join(first.member_id, **options)

    def sync(self, member_id, generation_id, assignments=None, *, group_id="g", instance_id=None, **fields):
        request = SyncGroupRequest(
            group_id=group_id,
            generation_id=generation_id,
            member_id=member_id,
            group_instance_id=instance_id,
            assignments=[
                SyncGroupRequestAssignment(member_id=who, assignment=what)
                for who, what in (assignments or {}).items()
            ],
            **fields,
        )
        return self.call("sync_group", request, 5)

    def heartbeat(self, member_id, generation_id, *, group_id="g", instance_id=None):
        """The error code of a Heartbeat."""
        request = HeartbeatRequest(
            group_id=group_id, generation_id=generation_id, member_id=member_id, group_instance_id=instance_id
        )
        return self.code(self.call("heartbeat", request, 4))

    def held_heartbeat(self, member_id, generation_id, hurry=None, instance_id=None):
        """The promise of a Heartbeat that may be held."""
        request = HeartbeatRequest(
            group_id="g", generation_id=generation_id, member_id=member_id, group_instance_id=instance_id
        )
        return self.call("heartbeat", request, 4, hurry=Promise() if hurry is None else hurry)

    def leave(self, *members, group_id="g"):
        """LeaveGroup of member ids or (member id, instance id) pairs; the error codes per member."""
        identities = [
            MemberIdentity(
                member_id=member if isinstance(member, str) else member[0],
                group_instance_id=None if isinstance(member, str) else member[1],
            )
            for member in members
        ]
        promise = self.call("leave_group", LeaveGroupRequest(group_id=group_id, members=identities), 5)
        return [member.error_code for member in promise.result().members]

    def commit(
        self,
        offset,
        *,
        group_id="g",
        topic="t",
        partition=0,
        member_id="",
        generation_id=-1,
        instance_id=None,
        metadata="",
        version=9,
        **fields,
    ):
        request = OffsetCommitRequest(
            group_id=group_id,
            generation_id_or_member_epoch=generation_id,
            member_id=member_id,
            group_instance_id=instance_id,
            topics=[
                OffsetCommitRequestTopic(
                    name=topic,
                    partitions=[
                        OffsetCommitRequestPartition(
                            partition_index=partition, committed_offset=offset, committed_metadata=metadata
                        )
                    ],
                )
            ],
            **fields,
        )
        return self.call("offset_commit", request, version)

    def commit_code(self, offset, **options):
        """The error code of a commit, of the whole request or of its one partition."""
        promise = self.commit(offset, **options)
        if promise.exception() is not None:
            return promise.exception().errno
        return promise.result().topics[0].partitions[0].error_code

    def fetch(self, *, group_id="g", partitions=(("t", (0,)),), stable=False):
        """The promise of an OffsetFetch, version 9; partitions None asks for all."""
        wanted = None
        if partitions is not None:
            wanted = [
                OffsetFetchRequestTopics(name=topic, partition_indexes=list(indexes))
                for topic, indexes in partitions
            ]
        group = OffsetFetchRequestGroup(group_id=group_id, topics=wanted)
        return self.call("offset_fetch", OffsetFetchRequest(groups=[group], require_stable=stable))

    def offsets(self, **options):
        """{(topic, partition): offset} of an OffsetFetch that is answered at once."""
        (group,) = self.fetch(**options).result().groups
        return {
            (topic.name, partition.partition_index): partition.committed_offset
            for topic in group.topics
            for partition in topic.partitions
        }

    # Groups in a given state

    def stable_group(self, size=2, **options):
        """A Stable group of dynamic members: their ids, leader first, and the generation."""
        joins = [self.new_member(**options) for _ in range(size)]
        self.settle()
        self.advance(0)
        while any(not promise.done() for _, promise in joins):
            # Whoever was answered before the last member came must rejoin.
            joins = [
                (who, self.join(who, **options) if promise.done() else promise) for who, promise in joins
            ]
            self.advance(0)
        generation = joins[0][1].result().generation_id
        return self.finish_sync([who for who, _ in joins], generation)

    def finish_sync(self, members, generation, group_id="g"):
        leader = self.group(group_id).leader_id
        ordered = [leader, *(who for who in members if who != leader)]
        for who in ordered[1:]:
            self.sync(who, generation, group_id=group_id)
        self.sync(leader, generation, {who: f"a-{who}".encode() for who in members}, group_id=group_id)
        assert self.state(group_id) == "Stable"
        return ordered, generation


@pytest.fixture(scope="session")
def new_coordinator():
    """Makes coordinators: `new_coordinator(seed=..., group_max_size=...)`."""
    return Coordinator


@pytest.fixture
def coordinator():
    """A coordinator with the default options."""
    return Coordinator()
