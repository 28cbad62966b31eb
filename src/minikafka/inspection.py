"""Looking inside a cluster from a test: records, groups, topics, as plain values that print well.

Nothing here takes virtual time: what is ready is run first, so that what was sent without lingering is there.
"""

from __future__ import annotations

from typing import NamedTuple

from minikafka.client.consumer_record import ConsumerRecord
from minikafka.errors import UnknownTopicOrPartitionError
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from minikafka.cluster import MiniKafka
    from minikafka.groups.inspection import GroupSnapshot, MemberSnapshot
    from minikafka.image import PartitionImage
    from minikafka.log.record_batch import RecordBatch
    from minikafka.log.unified_log import UnifiedLog


class PartitionView(NamedTuple):
    """A partition: its registration with the controller, and its leader's log.

    `leader` is None while nobody leads; the offsets are then those of the log that reaches furthest.
    """

    topic: str
    partition: int
    leader: int | None
    leader_epoch: int
    replicas: tuple[int, ...]
    isr: tuple[int, ...]
    log_start_offset: int
    high_watermark: int
    last_stable_offset: int
    log_end_offset: int

    def __str__(self) -> str:
        leader = "no leader" if self.leader is None else f"leader {self.leader}"
        behind = sorted(set(self.replicas) - set(self.isr))
        return (
            f"{self.topic}-{self.partition}: {leader} (epoch {self.leader_epoch}), in sync {_list(self.isr)}"
            + (f", behind {_list(behind)}" if behind else "")
            + f"; offsets {self.log_start_offset}..{self.log_end_offset}, "
            f"high watermark {self.high_watermark}"
        )


class TopicView(NamedTuple):
    """A topic: its partitions in order, and the options set on it."""

    name: str
    topic_id: str
    partitions: tuple[PartitionView, ...]
    configs: dict[str, str]

    def __str__(self) -> str:
        configs = "".join(f", {name}={value}" for name, value in sorted(self.configs.items()))
        lines = [f"topic {self.name}: {len(self.partitions)} partition(s){configs}"]
        return "\n  ".join([*lines, *map(str, self.partitions)])


class MemberView(NamedTuple):
    """A member of a group, with the partitions that the coordinator last assigned to it."""

    member_id: str
    client_id: str
    client_host: str
    group_instance_id: str | None
    assignment: tuple[TopicPartition, ...]

    def __str__(self) -> str:
        instance = f" (static {self.group_instance_id})" if self.group_instance_id else ""
        return f"{self.member_id}{instance}: {_partitions(self.assignment)}"


class GroupView(NamedTuple):
    """A consumer group as its coordinator sees it.

    Attributes:
        state: Kafka's name: ``"Stable"``, ``"PreparingRebalance"``, ``"CompletingRebalance"``, ``"Empty"``,
            or ``"Dead"`` for a group that nobody knows.
        generation: grows with every rebalance; -1 for a dead group.
        coordinator: the node id of the broker that coordinates it, None while nobody does.
        protocol: the assignor in use.
        members: in the order in which they joined.
        committed: the committed offset of each partition that has one.
        end: the high watermark of each partition that is committed, assigned or subscribed to.
        start: the log start offset of the same partitions.
    """

    group_id: str
    state: str
    generation: int
    coordinator: int | None
    protocol: str | None
    members: tuple[MemberView, ...]
    committed: dict[TopicPartition, int]
    end: dict[TopicPartition, int]
    start: dict[TopicPartition, int]

    @property
    def assignment(self) -> dict[TopicPartition, MemberView]:
        """Who owns each assigned partition."""
        return {tp: member for member in self.members for tp in member.assignment}

    @property
    def lags(self) -> dict[TopicPartition, int]:
        """How many offsets each partition's commit is behind its end; without a commit, all there are."""
        return {tp: end - self.committed.get(tp, self.start[tp]) for tp, end in self.end.items()}

    @property
    def lag(self) -> int:
        """The sum of `lags`."""
        return sum(self.lags.values())

    def __str__(self) -> str:
        coordinator = "no coordinator" if self.coordinator is None else f"coordinator {self.coordinator}"
        lines = [f"group {self.group_id}: {self.state}, generation {self.generation}, {coordinator}"]
        lines += [f"  {member}" for member in self.members]
        owners = self.assignment
        for tp, lag in self.lags.items():
            committed = self.committed.get(tp, "nothing")
            owner = "" if tp in owners else ", nobody owns it"
            lines.append(f"  {_name(tp)}: committed {committed}, end {self.end[tp]}, lag {lag}{owner}")
        return "\n".join(lines)


def records(
    kafka: MiniKafka,
    topic: str,
    partition: int | None = None,
    *,
    isolation: str = "read_uncommitted",
) -> list[ConsumerRecord]:
    """What a consumer of the topic could read now, without deserializers, by partition and offset.

    Args:
        kafka: the cluster.
        topic: the topic.
        partition: only this one; by default all.
        isolation: ``"read_committed"`` leaves out aborted and open transactions.

    Raises:
        UnknownTopicOrPartitionError: there is no such topic or partition.
    """
    kafka.driver.settle()
    with kafka.driver.lock:
        views = topic_view(kafka, topic).partitions
        if partition is not None:
            if not 0 <= partition < len(views):
                raise UnknownTopicOrPartitionError(
                    f"topic {topic!r} has no partition {partition}: it has {len(views)}"
                )
            views = (views[partition],)
        return [record for view in views for record in _read(kafka, view, isolation)]


def topic(kafka: MiniKafka, name: str) -> TopicView:
    """A topic as it is now. Raises UnknownTopicOrPartitionError if there is none of that name."""
    kafka.driver.settle()
    with kafka.driver.lock:
        return topic_view(kafka, name)


def group(kafka: MiniKafka, group_id: str) -> GroupView:
    """A consumer group as its coordinator sees it now; in state ``"Dead"`` if nobody knows it."""
    kafka.driver.settle()
    with kafka.driver.lock:
        return group_view(kafka, group_id)


def describe(kafka: MiniKafka) -> str:
    """The state of the whole cluster as text, for failure reports. Takes no step, and never raises."""
    try:
        with kafka.driver.lock:
            return _describe(kafka)
    except Exception as error:
        # A cluster that a bug has poisoned may be past describing; the report it is for matters more.
        return f"{kafka!r}: its state cannot be shown: {error!r}"


def _describe(kafka: MiniKafka) -> str:
    lines = [_headline(kafka)]
    image = kafka.image
    for name in sorted(image.topics):
        if not image.topics[name].is_internal:
            lines.append(str(topic_view(kafka, name)))
    lines += [str(group_view(kafka, group_id)) for group_id in group_ids(kafka)]
    rules = [f"  {rule.fate!r} applied {rule.applied} time(s)" for rule in kafka.faults.rules]
    if rules:
        lines += ["faults:", *rules]
    if kafka.scheduler.failure is not None:
        lines.append(f"poisoned by an internal error: {kafka.scheduler.failure!r}")
    return "\n".join(lines)


def _headline(kafka: MiniKafka) -> str:
    elapsed = (kafka.scheduler.now_ms - kafka.started_ms) / 1000
    alive = set(kafka.brokers)
    states = [f"{node_id}{'' if node_id in alive else ' (down)'}" for node_id in kafka.node_ids]
    return (
        f"{elapsed:.3f} s after the start ({kafka.driver.clock_name()} time), seed {kafka.seed}, "
        f"brokers {', '.join(states)}"
    )


# The same without settling, for whoever holds the lock.


def topic_view(kafka: MiniKafka, name: str) -> TopicView:
    """A topic as it is; the caller holds the driver's lock."""
    found = kafka.image.topics.get(name)
    if found is None:
        known = ", ".join(sorted(kafka.image.topics)) or "none"
        raise UnknownTopicOrPartitionError(f"no topic {name!r}: there are {known}")
    partitions = tuple(
        _partition_view(kafka, TopicPartition(name, index), registration)
        for index, registration in enumerate(found.partitions)
    )
    return TopicView(name, found.topic_id.hex(), partitions, dict(found.configs))


def _partition_view(kafka: MiniKafka, tp: TopicPartition, registration: PartitionImage) -> PartitionView:
    log = leader_log(kafka, tp)
    return PartitionView(
        tp.topic,
        tp.partition,
        registration.leader if registration.leader >= 0 else None,
        registration.leader_epoch,
        tuple(registration.replicas),
        tuple(registration.isr),
        log.log_start_offset if log else 0,
        log.high_watermark if log else 0,
        log.last_stable_offset if log else 0,
        log.log_end_offset if log else 0,
    )


def leader_log(kafka: MiniKafka, tp: TopicPartition) -> UnifiedLog | None:
    """The leader's log, or without a leader that which reaches furthest; None if there is none."""
    registration = kafka.image.partition(*tp)
    if registration is None:
        return None
    if registration.leader >= 0:
        led = kafka.logs(registration.leader).get(tp)
        if led is not None:
            return led
    held = [log for node_id in registration.replicas if (log := kafka.logs(node_id).get(tp)) is not None]
    return max(held, key=lambda log: log.log_end_offset, default=None)


def _read(kafka: MiniKafka, view: PartitionView, isolation: str) -> Iterator[ConsumerRecord]:
    log = leader_log(kafka, TopicPartition(view.topic, view.partition))
    if log is None:
        return
    committed = isolation == "read_committed"
    end = log.last_stable_offset if committed else log.high_watermark
    aborted = (
        [(txn.producer_id, txn.first_offset, txn.last_offset) for txn in log.aborted_transactions()]
        if committed
        else []
    )
    for batch in log.iterate(log.log_start_offset, end):
        if batch.is_control or (batch.is_transactional and _is_aborted(batch, aborted)):
            continue
        for delta, timestamp, key, value, headers in batch.records:
            offset = batch.base_offset + delta
            if log.log_start_offset <= offset < end:
                yield ConsumerRecord(
                    view.topic,
                    view.partition,
                    batch.partition_leader_epoch,
                    offset,
                    timestamp,
                    batch.timestamp_type,
                    key,
                    value,
                    list(headers),
                    None,
                    _size(key),
                    _size(value),
                    sum(len(name.encode()) + len(data or b"") for name, data in headers) if headers else -1,
                )


def _size(data: bytes | None) -> int:
    return -1 if data is None else len(data)


def _is_aborted(batch: RecordBatch, aborted: list[tuple[int, int, int]]) -> bool:
    return any(
        producer_id == batch.producer_id and first <= batch.base_offset <= last
        for producer_id, first, last in aborted
    )


def group_ids(kafka: MiniKafka) -> list[str]:
    """Every group that a coordinator knows, sorted."""
    return sorted({group_id for _, shard in kafka.group_shards() for group_id in shard.groups.ids()})


def group_view(kafka: MiniKafka, group_id: str) -> GroupView:
    """A group as it is; the caller holds the driver's lock."""
    for node_id, shard in kafka.group_shards():
        snapshot = shard.inspect(group_id)
        if snapshot is not None:
            return _group_view(kafka, node_id, snapshot)
    return dead_group(group_id)


def _group_view(kafka: MiniKafka, node_id: int, snapshot: GroupSnapshot) -> GroupView:
    members, subscribed = members_of(snapshot.protocol_type, snapshot.members)
    wanted: set[TopicPartition] = set(snapshot.offsets).union(*(member.assignment for member in members))
    for name in subscribed:
        found = kafka.image.topics.get(name)
        wanted.update(TopicPartition(name, index) for index in range(len(found.partitions) if found else 0))
    logs = {tp: log for tp in sorted(wanted) if (log := leader_log(kafka, tp)) is not None}
    return GroupView(
        snapshot.group_id,
        snapshot.state,
        snapshot.generation,
        node_id,
        snapshot.protocol,
        members,
        {tp: snapshot.offsets[tp].offset for tp in sorted(snapshot.offsets)},
        {tp: log.high_watermark for tp, log in logs.items()},
        {tp: log.log_start_offset for tp, log in logs.items()},
    )


def dead_group(group_id: str) -> GroupView:
    """A group that nobody knows."""
    return GroupView(group_id, "Dead", -1, None, None, (), {}, {}, {})


def members_of(
    protocol_type: str, members: Iterable[MemberSnapshot]
) -> tuple[tuple[MemberView, ...], set[str]]:
    """A group's members, and the topics that they subscribe to; of others than consumers nobody knows which.

    Args:
        protocol_type: the group's; assignments and subscriptions are read if it is the consumers'.
        members: as their coordinator has them; the subscription may be empty while a rebalance is under way.
    """
    from minikafka.groups.consumer_protocol import CONSUMER_PROTOCOL_TYPE, subscribed_topics

    consumers = protocol_type == CONSUMER_PROTOCOL_TYPE
    views = []
    subscribed: set[str] = set()
    for member in members:
        assignment = _assigned_partitions(member.assignment) if consumers else ()
        views.append(
            MemberView(
                member.member_id, member.client_id, member.client_host, member.group_instance_id, assignment
            )
        )
        if consumers and member.subscription:
            subscribed.update(subscribed_topics(member.subscription))
    return tuple(views), subscribed


def _assigned_partitions(data: bytes) -> tuple[TopicPartition, ...]:
    """The partitions in a member's assignment bytes; none before the first assignment."""
    if not data:
        return ()
    from minikafka.messages.consumer_protocol import ConsumerProtocolAssignment

    version = int.from_bytes(data[:2], "big")
    assignment = ConsumerProtocolAssignment.decode(
        data[2:], min(version, ConsumerProtocolAssignment.max_version)
    )
    return tuple(
        sorted(
            TopicPartition(topic.topic, partition)
            for topic in assignment.assigned_partitions
            for partition in topic.partitions
        )
    )


def _name(tp: TopicPartition) -> str:
    return f"{tp.topic}-{tp.partition}"


def _partitions(partitions: tuple[TopicPartition, ...]) -> str:
    return ", ".join(map(_name, partitions)) or "nothing assigned"


def _list(node_ids: tuple[int, ...] | list[int]) -> str:
    return ", ".join(map(str, node_ids)) or "none"
