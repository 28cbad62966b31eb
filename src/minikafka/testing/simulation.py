"""A cluster under simulation: operations that are started and not waited for, and what must come of them.

`tests/simulation` drives it with hypothesis; each method does one thing and returns at once, and time passes
only in `advance`, `step` and `settle`.
"""

from __future__ import annotations

from importlib import import_module

from minikafka.cluster import MiniKafka
from minikafka.errors import ErrorCode, KafkaError
from minikafka.structs import TopicPartition
from minikafka.testing.invariants import (
    Acknowledged,
    History,
    InvariantViolated,
    check_all,
    liveness_violation,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from minikafka.client.consumer_record import ConsumerRecord
    from minikafka.client.producer_future import RecordMetadata
    from minikafka.consumer import KafkaConsumer
    from minikafka.messages.schema import Response
    from minikafka.network import Exchange
    from minikafka.producer import KafkaProducer
    from minikafka.scheduler import Task

TOPIC = "orders"
GROUP = "billing"
_LIVELOCK = 5000
"""More messages than any of these clusters needs within a millisecond."""

_HEALING_S = 400
"""Virtual seconds in which a healed cluster must come to rest: several session and request timeouts."""

START_MS = 1_700_000_000_000

_ASSIGNORS = {
    "range": ("range", "RangePartitionAssignor"),
    "roundrobin": ("round_robin", "RoundRobinPartitionAssignor"),
    "sticky": ("sticky", "StickyPartitionAssignor"),
    "cooperative-sticky": ("cooperative_sticky", "CooperativeStickyAssignor"),
}


def _answer(code: ErrorCode) -> Callable[..., object]:
    return lambda plan, api, **filters: plan.answer(code, api, **filters)


FAULTS: dict[str, Callable[..., object]] = {
    "answer NOT_COORDINATOR": _answer(ErrorCode.NOT_COORDINATOR),
    "answer NOT_LEADER": _answer(ErrorCode.NOT_LEADER_OR_FOLLOWER),
    "answer TIMED_OUT": _answer(ErrorCode.REQUEST_TIMED_OUT),
    "delay": lambda plan, api, **filters: plan.delay(40, api, reply_delay_ms=7, **filters),
    "disconnect": lambda plan, api, **filters: plan.disconnect(api, **filters),
    "drop": lambda plan, api, **filters: plan.drop(api, **filters),
    "duplicate": lambda plan, api, **filters: plan.duplicate(api, **filters),
    "lose reply": lambda plan, api, **filters: plan.lose_reply(api, **filters),
}
"""What can happen to a message, by name."""

CONSUMER_APIS = (
    "Fetch",
    "JoinGroup",
    "SyncGroup",
    "Heartbeat",
    "OffsetCommit",
    "OffsetFetch",
    "FindCoordinator",
    "ListOffsets",
    "Metadata",
    "LeaveGroup",
)
"""What a consumer sends."""

_ANSWERABLE = {
    "answer NOT_COORDINATOR": ("JoinGroup", "SyncGroup", "Heartbeat", "OffsetCommit", "OffsetFetch"),
    "answer NOT_LEADER": ("Produce", "Fetch", "ListOffsets"),
    "answer TIMED_OUT": ("Produce",),
}
"""A broker gives these answers to these requests only."""


class SimulatedConsumer:
    """A consumer of the group, the operation it is in, and what it has read."""

    def __init__(self, consumer: KafkaConsumer) -> None:
        self.consumer = consumer
        self.task: Task[Any] | None = None
        self.closing = False

    @property
    def busy(self) -> bool:
        """Whether an operation is under way."""
        return self.task is not None and not self.task.done()


class Simulation:
    """One cluster with one topic, one producer with acks=all, and a group of consumers.

    Args:
        brokers: how many.
        partitions: of the topic, replicated on all brokers.
        assignor: the group's partition assignor by name.
        min_isr: the topic's min.insync.replicas.
        seed: the cluster's.
    """

    def __init__(self, brokers: int, partitions: int, assignor: str, min_isr: int, seed: int) -> None:
        self.kafka: MiniKafka = MiniKafka(brokers=brokers, seed=seed, start_ms=START_MS)
        self.kafka.create_topic(
            TOPIC,
            partitions=partitions,
            replication_factor=brokers,
            configs={"min.insync.replicas": min_isr},
        )
        self.partitions = partitions
        self.assignor = assignor
        self.history: History = History()
        self.consumers: list[SimulatedConsumer] = []
        self.read: dict[TopicPartition, dict[int, bytes | None]] = {}
        self.unanswered: int = 0
        self._sent = 0
        self._busy_ms = 0
        self._messages = 0
        self.kafka.network.observers.append(self._watch)
        self.producer: KafkaProducer = self.kafka.producer(acks="all", max_block_ms=1000)
        self.producer.partitions_for(TOPIC)

    def _watch(self, kind: str, exchange: Exchange, _: Response | None) -> None:
        """Messages that go round and round while time stands still would never end."""
        if self.kafka.now_ms != self._busy_ms:
            self._busy_ms, self._messages = self.kafka.now_ms, 0
        self._messages += 1
        if self._messages > _LIVELOCK:
            raise InvariantViolated(
                f"{_LIVELOCK} messages without time passing; the last: {kind} {exchange.message.api_name} "
                f"{exchange.source} -> {exchange.destination}"
            )

    # Clients

    def send(self, partition: int) -> None:
        """Send the next record; it is remembered once it is acknowledged."""
        tp = TopicPartition(TOPIC, partition % self.partitions)
        value = b"%d" % self._sent
        self._sent += 1
        try:
            future = self.producer.send(TOPIC, value, partition=tp.partition)
        except KafkaError:
            return
        self.unanswered += 1

        def acknowledged(metadata: RecordMetadata) -> None:
            self.unanswered -= 1
            if metadata.offset >= 0:
                self.history.acknowledged.append(Acknowledged(tp, metadata.offset, value))

        def failed(_: BaseException) -> None:
            self.unanswered -= 1

        future.add_callback(acknowledged)
        future.add_errback(failed)

    def add_consumer(self) -> None:
        """A further member of the group; a cluster that cannot be reached now gets none."""
        module, name = _ASSIGNORS[self.assignor]
        assignor = getattr(import_module(f"minikafka.client.assignors.{module}"), name)
        try:
            consumer = self.kafka.consumer(
                TOPIC,
                group_id=GROUP,
                auto_offset_reset="earliest",
                enable_auto_commit=False,
                partition_assignment_strategy=[assignor],
                bootstrap_timeout_ms=2000,
                session_timeout_ms=10_000,
                max_poll_interval_ms=20_000,
                request_timeout_ms=11_000,
            )
        except KafkaError:
            return
        self.consumers.append(SimulatedConsumer(consumer))

    def _pick(self, which: int) -> SimulatedConsumer | None:
        if not self.consumers:
            return None
        simulated = self.consumers[which % len(self.consumers)]
        return None if simulated.busy or simulated.closing else simulated

    def start_poll(self, which: int, timeout_ms: int = 2000) -> None:
        """A consumer begins to poll, unless it is busy."""
        simulated = self._pick(which)
        if simulated is not None:
            self._spawn(simulated, lambda: self._poll(simulated, timeout_ms))

    async def _poll(self, simulated: SimulatedConsumer, timeout_ms: int) -> None:
        batches = await simulated.consumer._core.poll(timeout_ms, 500, True)
        for tp, records in batches.items():
            self._note(TopicPartition(*tp), records)

    def _note(self, tp: TopicPartition, records: list[ConsumerRecord]) -> None:
        seen = self.read.setdefault(tp, {})
        last = -1
        for record in records:
            if record.offset <= last:
                raise InvariantViolated(f"poll gave {tp} offset {record.offset} after {last}")
            last = record.offset
            if seen.setdefault(record.offset, record.value) != record.value:
                raise InvariantViolated(
                    f"{tp}:{record.offset} was read as {seen[record.offset]!r}, and then as {record.value!r}"
                )

    def start_commit(self, which: int) -> None:
        """A consumer begins to commit its positions, unless it is busy."""
        simulated = self._pick(which)
        if simulated is not None:
            self._spawn(simulated, lambda: self._commit(simulated))

    async def _commit(self, simulated: SimulatedConsumer) -> None:
        core = simulated.consumer._core
        await core.commit(core.subscription.all_consumed(), 2000)

    def start_close(self, which: int) -> None:
        """A consumer begins to leave."""
        simulated = self._pick(which)
        if simulated is not None:
            simulated.closing = True
            core = simulated.consumer._core
            self._spawn(simulated, lambda: core.close(autocommit=False, timeout_ms=3000))

    def crash_consumer(self, which: int) -> None:
        """A consumer dies, in the middle of what it does."""
        if self.consumers:
            simulated = self.consumers.pop(which % len(self.consumers))
            if simulated.task is not None:
                simulated.task.cancel()
            if simulated.consumer in self.kafka.clients:
                self.kafka.crash(simulated.consumer)

    def _spawn(
        self, simulated: SimulatedConsumer, operation: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        async def run() -> None:
            try:
                await operation()
            except KafkaError:
                pass  # what an application would log, and go on

        simulated.task = self.kafka.scheduler.spawn(run(), "simulated")

    # Brokers and faults

    def kill(self, node_id: int) -> None:
        """A broker dies, if it is up."""
        if node_id in self.kafka.brokers:
            self.kafka.kill(node_id)

    def stop(self, node_id: int) -> None:
        """A broker shuts down in order, if it is up."""
        if node_id in self.kafka.brokers:
            self.kafka.stop(node_id)

    def start(self, node_id: int) -> None:
        """A broker starts, if it is down."""
        if node_id in self.kafka.node_ids and node_id not in self.kafka.brokers:
            self.kafka.start(node_id)

    def add_fault(self, fault: str, api: str, times: int, skip: int) -> None:
        """A fault meets the next requests of an API."""
        if api in _ANSWERABLE.get(fault, (api,)):
            FAULTS[fault](self.kafka.faults, api, times=times, skip=skip)

    def cut(self, one: int, other: int) -> None:
        """Two brokers no longer reach one another; the same node twice: a broker and the controller."""
        self.kafka.faults.cut(one, "controller" if one == other else other)

    # Time

    def step(self, steps: int) -> None:
        """Run so many actions, without time passing."""
        with self.kafka.driver.lock:
            for _ in range(steps):
                if not self.kafka.scheduler.step():
                    break

    def settle(self) -> None:
        """Run all that is ready, without time passing."""
        self.kafka.driver.settle()

    def advance(self, ms: int) -> None:
        """Let time pass."""
        self.kafka.advance(ms=ms)

    # What must be true

    def check(self) -> None:
        """Every safety invariant, and that consumers read what is in the log."""
        check_all(self.kafka, self.history)
        for each in self.history.acknowledged:
            read = self.read.get(each.tp, {})
            if each.offset in read and read[each.offset] != each.value:
                raise InvariantViolated(f"{each!r} was read as {read[each.offset]!r}")

    def check_liveness(self) -> None:
        """After healing: everything settles, every send has its outcome, and the group reads all there is."""
        kafka = self.kafka
        kafka.faults.heal()
        for node_id in kafka.node_ids:
            self.start(node_id)
        for _ in range(_HEALING_S):
            for which in range(len(self.consumers)):
                self.start_poll(which, timeout_ms=500)
            kafka.advance(seconds=1)
            trouble = liveness_violation(kafka, self.history) or self._unfinished()
            if trouble is None:
                break
        else:
            raise InvariantViolated(f"after {_HEALING_S} s of healing: {trouble}")
        self.check()

    def _unfinished(self) -> str | None:
        if self.unanswered:
            return f"{self.unanswered} sends have no outcome"
        if not self._all_read():
            return f"the group has not read all there is:\n{self.kafka.group(GROUP)}"
        return None

    def _all_read(self) -> bool:
        if not any(not each.closing for each in self.consumers):
            return True
        group = self.kafka.group(GROUP)
        if group.state != "Stable":
            return False
        return all(
            record.offset in self.read.get(TopicPartition(TOPIC, record.partition), {})
            for record in self.kafka.records(TOPIC)
        )

    def close(self) -> None:
        """Close the cluster; it must not be poisoned."""
        for each in self.consumers:
            if each.task is not None:
                each.task.cancel()
        self.kafka.close()
