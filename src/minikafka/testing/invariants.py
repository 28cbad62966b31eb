"""What must be true of a cluster at every moment (safety), and once it has healed (liveness).

Each invariant is a function of a cluster that raises `InvariantViolated`. Those that compare with the past
keep what they need in a `History`.
"""

from __future__ import annotations

from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from minikafka.cluster import MiniKafka
    from minikafka.image import PartitionImage
    from minikafka.log.record_batch import RecordBatch
    from minikafka.log.unified_log import UnifiedLog

    Invariant = Callable[[MiniKafka, "History"], None]


class InvariantViolated(AssertionError):
    """The cluster is in a state that no Kafka cluster may be in: a bug of minikafka."""


class Acknowledged:
    """A record that a producer was told is safe: acks=all, at this offset."""

    __slots__ = ("offset", "tp", "value")

    def __init__(self, tp: TopicPartition, offset: int, value: bytes | None) -> None:
        self.tp: TopicPartition = tp
        self.offset: int = offset
        self.value: bytes | None = value

    def __repr__(self) -> str:
        return f"{self.value!r} at {self.tp.topic}-{self.tp.partition}:{self.offset}"


class Generation:
    """The last generation in which a group was seen stable: who owned what."""

    __slots__ = ("generation", "life", "owners")

    def __init__(self, life: object, generation: int, owners: dict[TopicPartition, str]) -> None:
        self.life: object = life
        self.generation: int = generation
        self.owners: dict[TopicPartition, str] = owners


class History:
    """What was seen of one cluster before; pass the same one to every check.

    Attributes:
        acknowledged: add what producers with acks=all were told is safe; it must stay readable as long as
            only clean elections happen.
    """

    def __init__(self) -> None:
        self.leader_epochs: dict[TopicPartition, int] = {}
        self.leaders: dict[tuple[TopicPartition, int], int] = {}
        self.partition_epochs: dict[TopicPartition, int] = {}
        self.high_watermarks: dict[tuple[TopicPartition, int], int] = {}
        self.generations: dict[str, Generation] = {}
        self.topic_ids: dict[str, bytes] = {}
        self.acknowledged: list[Acknowledged] = []

    def forget_deleted(self, kafka: MiniKafka) -> None:
        """A topic made anew under the same name has no past."""
        for name, topic_id in list(self.topic_ids.items()):
            found = kafka.image.topics.get(name)
            if found is None or found.topic_id != topic_id:
                del self.topic_ids[name]
                for past in (self.leader_epochs, self.partition_epochs):
                    for tp in [tp for tp in past if tp.topic == name]:
                        del past[tp]
                for keyed in (self.leaders, self.high_watermarks):
                    for key in [key for key in keyed if key[0].topic == name]:
                        del keyed[key]
                self.acknowledged = [each for each in self.acknowledged if each.tp.topic != name]
        for name, topic in kafka.image.topics.items():
            self.topic_ids[name] = topic.topic_id


def check_all(kafka: MiniKafka, history: History | None = None) -> None:
    """Check every safety invariant. Raises InvariantViolated with the invariant's name and what it saw."""
    history = history if history is not None else History()
    with kafka.driver.lock:
        history.forget_deleted(kafka)
        for name, invariant in INVARIANTS.items():
            try:
                invariant(kafka, history)
            except InvariantViolated as violation:
                raise InvariantViolated(f"{name}: {violation}") from None


def no_internal_error(kafka: MiniKafka, _: History) -> None:
    """Nothing raised inside the cluster that nobody took."""
    if kafka.scheduler.failure is not None:
        raise InvariantViolated(repr(kafka.scheduler.failure)) from kafka.scheduler.failure


def offsets_ascend(kafka: MiniKafka, _: History) -> None:
    """Offsets increase and never repeat in a log, and epochs never fall along it."""
    for node_id, tp, log in replicas(kafka):
        next_offset, epoch = 0, -1
        for batch in log.iterate():
            if batch.base_offset < next_offset or batch.last_offset < batch.base_offset:
                _violated(node_id, tp, f"{batch!r} begins below offset {next_offset}")
            if batch.partition_leader_epoch < epoch:
                _violated(node_id, tp, f"{batch!r} has an epoch below {epoch}")
            next_offset, epoch = batch.last_offset + 1, batch.partition_leader_epoch
        if next_offset > log.log_end_offset:
            _violated(node_id, tp, f"its end {log.log_end_offset} lies before its last batch's {next_offset}")


def watermarks_are_ordered(kafka: MiniKafka, _: History) -> None:
    """log start <= last stable offset <= high watermark <= log end."""
    for node_id, tp, log in replicas(kafka):
        marks = (log.log_start_offset, log.high_watermark, log.log_end_offset)
        if list(marks) != sorted(marks):
            _violated(node_id, tp, f"log start, high watermark, log end are {marks}")
        if log.last_stable_offset > log.high_watermark:
            _violated(
                node_id,
                tp,
                f"last stable offset {log.last_stable_offset} > high watermark {log.high_watermark}",
            )


def high_watermark_never_falls(kafka: MiniKafka, history: History) -> None:
    """Within a leader epoch, the high watermark that consumers see never falls."""
    for tp, registration in partitions(kafka):
        log = _leader_log(kafka, tp, registration)
        if log is None:
            continue
        key = (tp, registration.leader_epoch)
        before = history.high_watermarks.get(key, 0)
        if log.high_watermark < before:
            _violated(
                registration.leader, tp, f"the high watermark fell from {before} to {log.high_watermark}"
            )
        history.high_watermarks[key] = log.high_watermark


def replicas_agree(kafka: MiniKafka, _: History) -> None:
    """Below the high watermark, in-sync replicas hold the same batches under the same epochs."""
    for tp, registration in partitions(kafka):
        leader = _leader_log(kafka, tp, registration)
        if leader is None:
            continue
        for node_id in registration.isr:
            log = kafka.logs(node_id).get(tp)
            if node_id == registration.leader or log is None:
                continue
            end = min(leader.high_watermark, log.log_end_offset)
            start = max(leader.log_start_offset, log.log_start_offset)
            mine = list(_facts(log, start, end))
            leaders = list(_facts(leader, start, end))
            if mine != leaders:
                _violated(node_id, tp, f"holds {mine} where leader {registration.leader} holds {leaders}")


def in_sync_replicas_reach_the_high_watermark(kafka: MiniKafka, _: History) -> None:
    """Every in-sync replica holds all that consumers have seen."""
    for tp, registration in partitions(kafka):
        leader = _leader_log(kafka, tp, registration)
        for node_id in registration.isr if leader is not None else ():
            log = kafka.logs(node_id).get(tp)
            if log is not None and leader is not None and log.log_end_offset < leader.high_watermark:
                _violated(
                    node_id,
                    tp,
                    f"is in sync and ends at {log.log_end_offset}, below the high watermark "
                    f"{leader.high_watermark} of leader {registration.leader}",
                )


def one_leader_per_epoch(kafka: MiniKafka, history: History) -> None:
    """At most one leader per partition and epoch; epochs never fall; the leader is a replica."""
    for tp, registration in partitions(kafka):
        epoch, leader = registration.leader_epoch, registration.leader
        if epoch < history.leader_epochs.get(tp, 0):
            _violated(leader, tp, f"the leader epoch fell from {history.leader_epochs[tp]} to {epoch}")
        if registration.partition_epoch < history.partition_epochs.get(tp, 0):
            _violated(leader, tp, "the partition epoch fell")
        history.leader_epochs[tp] = epoch
        history.partition_epochs[tp] = registration.partition_epoch
        if leader < 0:
            continue
        if leader not in registration.replicas or leader not in registration.isr:
            _violated(leader, tp, f"leads, but is not in sync {registration.isr} of {registration.replicas}")
        if history.leaders.setdefault((tp, epoch), leader) != leader:
            _violated(leader, tp, f"leads epoch {epoch}, as {history.leaders[tp, epoch]} did")


def isr_is_part_of_the_replicas(kafka: MiniKafka, _: History) -> None:
    """The in-sync replicas are some of the replicas, and never none."""
    for tp, registration in partitions(kafka):
        if not registration.isr or not set(registration.isr) <= set(registration.replicas):
            _violated(
                registration.leader, tp, f"in sync {registration.isr} of replicas {registration.replicas}"
            )


def one_owner_per_partition(kafka: MiniKafka, history: History) -> None:
    """In a group no partition has two owners, and none changes its owner within a generation.

    What a coordinator knew that died before its records were replicated was told to nobody: the past counts
    only for the group that lives on in the same coordinator.
    """
    from minikafka.inspection import group_view

    past, history.generations = history.generations, {}
    for _, shard in kafka.group_shards():
        for group_id in shard.groups.ids():
            group = group_view(kafka, group_id)
            owners: dict[TopicPartition, str] = {}
            for member in group.members:
                for tp in member.assignment:
                    if tp in owners:
                        raise InvariantViolated(
                            f"{group_id}: {member.member_id} and {owners[tp]} both own {tp}"
                        )
                    owners[tp] = member.member_id
            life = shard.groups.find(group_id)
            known = past.get(group_id)
            if known is not None and known.life is life:
                if group.generation < known.generation:
                    raise InvariantViolated(
                        f"{group_id}: generation {group.generation} after {known.generation}"
                    )
                if (
                    group.state == "Stable"
                    and group.generation == known.generation
                    and owners != known.owners
                ):
                    raise InvariantViolated(
                        f"{group_id}: owners changed within generation {group.generation}: "
                        f"from {known.owners} to {owners}"
                    )
            if group.state == "Stable":
                history.generations[group_id] = Generation(life, group.generation, owners)
            elif known is not None:
                history.generations[group_id] = known


def sequences_are_gapless(kafka: MiniKafka, _: History) -> None:
    """On each log, the sequences of a producer and epoch follow on one another without gap or repetition."""
    from minikafka.log.record_batch import increment_sequence

    for node_id, tp, log in replicas(kafka):
        expected: dict[tuple[int, int], int] = {}
        for batch in log.iterate():
            if batch.producer_id < 0 or batch.is_control or batch.base_sequence < 0:
                continue
            producer = (batch.producer_id, batch.producer_epoch)
            wanted = expected.get(producer)
            if wanted is not None and batch.base_sequence != wanted:
                _violated(node_id, tp, f"{batch!r}: sequence {batch.base_sequence}, expected {wanted}")
            expected[producer] = increment_sequence(batch.last_sequence, 1)


def acknowledged_records_stay(kafka: MiniKafka, history: History) -> None:
    """With acks=all and clean elections, an acknowledged record is in every leader's log."""
    for tp, registration in partitions(kafka):
        log = _leader_log(kafka, tp, registration)
        wanted = [each for each in history.acknowledged if each.tp == tp]
        if log is None or not wanted:
            continue
        held = {
            batch.base_offset + delta: value
            for batch in log.iterate()
            for delta, _, _, value, _ in batch.records
        }
        for each in wanted:
            if each.offset >= log.log_start_offset and held.get(each.offset, _MISSING) != each.value:
                _violated(registration.leader, tp, f"lost {each!r}")


_MISSING = object()

INVARIANTS: dict[str, Invariant] = {
    invariant.__name__: invariant
    for invariant in (
        no_internal_error,
        offsets_ascend,
        watermarks_are_ordered,
        high_watermark_never_falls,
        replicas_agree,
        in_sync_replicas_reach_the_high_watermark,
        one_leader_per_epoch,
        isr_is_part_of_the_replicas,
        one_owner_per_partition,
        sequences_are_gapless,
        acknowledged_records_stay,
    )
}
"""Safety: true after every step."""


# Liveness


def every_isr_is_full(kafka: MiniKafka, _: History) -> None:
    """Every replica is in sync again."""
    for tp, registration in partitions(kafka):
        if sorted(registration.isr) != sorted(registration.replicas) or registration.leader < 0:
            _violated(
                registration.leader, tp, f"in sync {registration.isr} of replicas {registration.replicas}"
            )


def every_group_is_settled(kafka: MiniKafka, _: History) -> None:
    """Every group is Stable or Empty."""
    from minikafka.inspection import group_ids, group_view

    for group_id in group_ids(kafka):
        group = group_view(kafka, group_id)
        if group.state not in ("Stable", "Empty", "Dead"):
            raise InvariantViolated(str(group))


def every_acknowledged_record_is_readable(kafka: MiniKafka, history: History) -> None:
    """What was acknowledged lies below the high watermark."""
    for tp, registration in partitions(kafka):
        log = _leader_log(kafka, tp, registration)
        for each in history.acknowledged:
            if each.tp == tp and (log is None or log.high_watermark <= each.offset):
                _violated(registration.leader, tp, f"{each!r} cannot be read")


LIVENESS: dict[str, Invariant] = {
    invariant.__name__: invariant
    for invariant in (every_isr_is_full, every_group_is_settled, every_acknowledged_record_is_readable)
}
"""True within bounded time after every fault was healed and every broker is up."""


def check_liveness(kafka: MiniKafka, history: History, within_ms: int = 600_000) -> None:
    """Let time pass until all of `LIVENESS` holds; raises InvariantViolated if that takes too long."""
    waited_ms = 0
    while True:
        violation = liveness_violation(kafka, history)
        if violation is None:
            return
        if waited_ms >= within_ms:
            raise InvariantViolated(f"after {waited_ms} ms of healing: {violation}")
        kafka.advance(seconds=1)
        waited_ms += 1000


def liveness_violation(kafka: MiniKafka, history: History) -> str | None:
    """What of `LIVENESS` does not hold yet, or None."""
    with kafka.driver.lock:
        for name, invariant in LIVENESS.items():
            try:
                invariant(kafka, history)
            except InvariantViolated as violation:
                return f"{name}: {violation}"
    return None


# What the invariants look at


def replicas(kafka: MiniKafka) -> Iterator[tuple[int, TopicPartition, UnifiedLog]]:
    """Every replica's log with its broker, of brokers that are up or down."""
    for node_id in kafka.node_ids:
        for tp, log in sorted(kafka.logs(node_id).items()):
            yield node_id, tp, log


def partitions(kafka: MiniKafka) -> Iterable[tuple[TopicPartition, PartitionImage]]:
    """Every partition's registration with the controller."""
    for name, topic in sorted(kafka.image.topics.items()):
        for index, registration in enumerate(topic.partitions):
            yield TopicPartition(name, index), registration


def _leader_log(kafka: MiniKafka, tp: TopicPartition, registration: PartitionImage) -> UnifiedLog | None:
    """The leader's log, once the leader knows that it leads this epoch."""
    broker = kafka.brokers.get(registration.leader)
    if broker is None:
        return None
    known = broker.image.partition(*tp)
    if known is None or known.leader_epoch != registration.leader_epoch:
        return None
    return kafka.logs(registration.leader).get(tp)


def _facts(log: UnifiedLog, start: int, end: int) -> Iterator[tuple[int, int, object]]:
    for batch in log.iterate(start, end):
        yield batch.base_offset, batch.partition_leader_epoch, _content(batch)


def _content(batch: RecordBatch) -> object:
    return [(delta, key, value) for delta, _, key, value, _ in batch.records]


def _violated(node_id: int, tp: TopicPartition, message: str) -> None:
    raise InvariantViolated(f"broker {node_id}, {tp.topic}-{tp.partition}: {message}")
