"""What a fetch asks for, and what it is given, partition by partition (Kafka's FetchParams and LogReadResult)."""

from __future__ import annotations

from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.errors import KafkaError
    from minikafka.log.record_batch import RecordBatch
    from minikafka.log.unified_log import Isolation
    from minikafka.scheduler import Promise

CONSUMER_REPLICA_ID = -1
READ_COMMITTED = 1


class FetchParams:
    """The terms of a whole fetch.

    Args:
        replica_id: the follower's broker id; -1 for consumers.
        replica_epoch: the follower's broker epoch; -1 if it gives none.
        max_wait_ms: how long to wait for `min_bytes`.
        min_bytes: how much there must be before the answer is given.
        max_bytes: the most to return, but for the first batch.
        isolation_level: for consumers 0 (read_uncommitted) or 1 (read_committed).
        hurry: ends the wait when it is kept.
    """

    __slots__ = ("hurry", "isolation", "max_bytes", "max_wait_ms", "min_bytes", "replica_epoch", "replica_id")

    def __init__(
        self,
        replica_id: int = CONSUMER_REPLICA_ID,
        replica_epoch: int = -1,
        max_wait_ms: int = 0,
        min_bytes: int = 1,
        max_bytes: int = 0x7FFFFFFF,
        isolation_level: int = 0,
        hurry: Promise[None] | None = None,
    ) -> None:
        self.hurry: Promise[None] | None = hurry
        self.replica_id: int = replica_id
        self.replica_epoch: int = replica_epoch
        self.max_wait_ms: int = max_wait_ms
        self.min_bytes: int = min_bytes
        self.max_bytes: int = max_bytes
        self.isolation: Isolation = "high_watermark"
        """How far the reader sees."""
        if replica_id >= 0:
            self.isolation = "log_end"
        elif isolation_level == READ_COMMITTED:
            self.isolation = "committed"

    @property
    def is_from_follower(self) -> bool:
        """Whether a follower asks."""
        return self.replica_id >= 0


class FetchPartitionRequest:
    """What is wanted from one partition.

    Args:
        topic_partition: which.
        fetch_offset: where to begin.
        max_bytes: the most to return, but for the first batch of the whole fetch.
        current_leader_epoch: the leader epoch that the reader knows; -1 if it does not say.
        last_fetched_epoch: the epoch of the record before `fetch_offset`; -1 if it does not say.
        log_start_offset: where a follower's own log begins; -1 for consumers.
        high_watermark: the high watermark that a follower knows (KIP-1166); None if it does not say.
    """

    __slots__ = (
        "current_leader_epoch",
        "fetch_offset",
        "high_watermark",
        "last_fetched_epoch",
        "log_start_offset",
        "max_bytes",
        "topic_partition",
    )

    def __init__(
        self,
        topic_partition: TopicPartition,
        fetch_offset: int,
        max_bytes: int,
        current_leader_epoch: int = -1,
        last_fetched_epoch: int = -1,
        log_start_offset: int = -1,
        high_watermark: int | None = None,
    ) -> None:
        self.topic_partition: TopicPartition = topic_partition
        self.fetch_offset: int = fetch_offset
        self.max_bytes: int = max_bytes
        self.current_leader_epoch: int = current_leader_epoch
        self.last_fetched_epoch: int = last_fetched_epoch
        self.log_start_offset: int = log_start_offset
        self.high_watermark: int | None = high_watermark


class FetchPartitionResult:
    """What one partition gives.

    Args:
        topic_partition: which.
        error: why it gives nothing; None if all went well.
        batches: whole record batches, shared with the log.
        high_watermark, last_stable_offset, log_start_offset: the partition's marks at the time; -1 if unknown.
        aborted_transactions: for read_committed (producer id, first offset) of those among the batches.
        diverging_epoch: (epoch, end offset) up to which the reader's log can agree, if it has diverged.
        size_in_bytes: of the batches.
    """

    __slots__ = (
        "aborted_transactions",
        "batches",
        "diverging_epoch",
        "error",
        "high_watermark",
        "last_stable_offset",
        "log_start_offset",
        "size_in_bytes",
        "topic_partition",
    )

    preferred_read_replica = -1
    """A replica to read from instead; none ever, for followers do not serve consumers (KIP-392)."""

    def __init__(
        self,
        topic_partition: TopicPartition,
        error: KafkaError | None = None,
        batches: list[RecordBatch] | None = None,
        high_watermark: int = -1,
        last_stable_offset: int = -1,
        log_start_offset: int = -1,
        aborted_transactions: list[tuple[int, int]] | None = None,
        diverging_epoch: tuple[int, int] | None = None,
        size_in_bytes: int = 0,
    ) -> None:
        self.topic_partition: TopicPartition = topic_partition
        self.error: KafkaError | None = error
        self.batches: list[RecordBatch] = [] if batches is None else batches
        self.high_watermark: int = high_watermark
        self.last_stable_offset: int = last_stable_offset
        self.log_start_offset: int = log_start_offset
        self.aborted_transactions: list[tuple[int, int]] | None = aborted_transactions
        self.diverging_epoch: tuple[int, int] | None = diverging_epoch
        self.size_in_bytes: int = size_in_bytes

    def __repr__(self) -> str:
        what = repr(self.error) if self.error is not None else f"{len(self.batches)} batches"
        return f"<FetchPartitionResult {self.topic_partition}: {what}>"
