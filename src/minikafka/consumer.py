"""KafkaConsumer: kafka-python's consumer, as a client of a MiniKafka in this process."""

from __future__ import annotations

from minikafka import bootstrap
from minikafka.client.consumer import ConsumerCore
from minikafka.client.consumer_options import DEFAULT_CONFIG, ConsumerOptions
from minikafka.client.consumer_record import ConsumerRecord
from minikafka.client.offset_commits import check_offsets
from minikafka.client.options import Dialect, dialect_of
from minikafka.client.rebalance_listener import AsyncConsumerRebalanceListener, ConsumerRebalanceListener
from minikafka.client.subscription import EARLIEST, LATEST, is_topic_partition
from minikafka.errors import ERRORS, IllegalStateError, KafkaError, LogTruncationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Iterator, Mapping
    from types import TracebackType
    from typing import Any, Self, TypeVar

    from minikafka.client.future import Future
    from minikafka.client.metrics import KafkaMetric, MetricName
    from minikafka.client.subscription import PartitionState
    from minikafka.errors import ErrorTable
    from minikafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, OffsetAndTimestamp, TopicPartition

    T = TypeVar("T")

__all__ = [
    "AsyncConsumerRebalanceListener",
    "ConsumerRebalanceListener",
    "ConsumerRecord",
    "KafkaConsumer",
]


class KafkaConsumer:
    """Reads records from the cluster that answers to `bootstrap_servers`.

    Args:
        *topics: topics to subscribe to; without them call `subscribe` or `assign`.

    Keyword arguments are kafka-python 3's, with its defaults; `minikafka.client.options` lists those that
    mean nothing in process. One thread uses a consumer at a time. Heartbeats are sent between polls, too, and
    a member that has not polled for max_poll_interval_ms leaves its group.

    Raises:
        KafkaTimeoutError: no live cluster of this process answers to `bootstrap_servers`, or none of its
            brokers did within bootstrap_timeout_ms (NoBrokersAvailable where kafka-python 2 is patched).
        KafkaConfigurationError: an unknown option, a bad value, or options that contradict one another.
        UnsupportedOptionError: an option that minikafka cannot honour.
    """

    DEFAULT_CONFIG: Mapping[str, object] = DEFAULT_CONFIG

    _errors: ErrorTable = ERRORS
    """The exception classes the user sees."""
    _base_defaults: Mapping[str, object] | None = None
    """The defaults of the kafka-python that this consumer stands in for; None: minikafka's own."""

    def __init__(self, *topics: str, **configs: Any) -> None:
        errors = self._errors
        dialect = dialect_of(self._base_defaults)
        options = ConsumerOptions(configs, dialect, errors, self._base_defaults)
        self.config: dict[str, Any] = options.config
        endpoint = bootstrap.find(self.config["bootstrap_servers"])
        if endpoint is None:
            raise _no_brokers(dialect, errors, self.config["bootstrap_servers"])
        self._options = options
        self._endpoint = endpoint
        self._closed = False
        self._core = core = ConsumerCore(endpoint, options, errors)
        self._driver = core.driver
        self._subscription = core.subscription
        self._iterator: Iterator[ConsumerRecord] = iter(())
        self._iterated: list[tuple[PartitionState, list[ConsumerRecord]]] = []
        self._state: PartitionState | None = None
        try:
            with self._driver.lock:
                if topics:
                    core.subscribe(list(topics), None, None)
            self._driver.run(core.bootstrap(self.config.get("bootstrap_timeout_ms", 30000)))
        except BaseException as error:
            with self._driver.lock:
                core.shut_down()
            if not isinstance(error, KafkaError):
                raise
            if dialect is Dialect.KAFKA_PYTHON_2:
                raise _no_brokers(dialect, errors, self.config["bootstrap_servers"]) from error
            raise self._translated(error) from None
        endpoint.attach(self)

    # Plumbing

    def _translated(self, error: KafkaError) -> BaseException:
        """The error as the user knows it."""
        if isinstance(error, LogTruncationError):
            own: BaseException = self._errors.LogTruncationError(error.divergent_offsets)
            return own
        return self._errors.translate(error)

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        # While it closes, a rebalance listener may still commit.
        if self._core.closed:
            coroutine.close()
            raise self._translated(IllegalStateError("KafkaConsumer is closed"))
        try:
            return self._driver.run(coroutine)
        except KafkaError as error:
            translated = self._translated(error)
            if translated is error:
                raise
            raise translated from error.__cause__

    def _check(self, condition: bool, kind: type[Exception], message: str) -> None:
        if not condition:
            raise self._options.misuse(kind, message)

    def _check_partitions(self, partitions: Iterable[object]) -> None:
        for partition in partitions:
            if not is_topic_partition(partition):
                raise TypeError(f"partitions must be TopicPartition namedtuples, not {partition!r}")

    def _require_group(self) -> None:
        if self.config["group_id"] is None:
            message = "Requires group_id (this consumer has group_id=None)"
            raise self._options.misuse(self._errors.IllegalStateError, message)

    def _state_of(self, partition: TopicPartition) -> PartitionState:
        if not is_topic_partition(partition):
            raise TypeError(f"partition must be a TopicPartition namedtuple, not {partition!r}")
        state = self._subscription.assignment.get(partition)
        if state is None:
            message = f"Partition is not assigned: {partition}"
            raise self._options.misuse(self._errors.IllegalStateError, message)
        return state

    def _stop_iterating(self) -> None:
        """Records that the iterator still holds are fetched again, from the positions there are then."""
        self._iterator = iter(())
        self._iterated.clear()
        self._state = None

    # Bootstrap

    def bootstrap_connected(self) -> bool:
        """Whether a bootstrap broker can be reached."""
        return self._core.client.bootstrap_connected()

    def bootstrap(self, timeout_ms: float | None = None, refresh: bool = False) -> None:
        """Wait until the cluster's metadata is known.

        Args:
            timeout_ms: how long; None waits for ever.
            refresh: ask again even if it is known.

        Raises:
            KafkaTimeoutError: no broker answered in time.
        """
        if refresh or not self._core.client.bootstrapped:
            self._run(self._core.bootstrap(timeout_ms))

    # Subscription

    def subscribe(
        self,
        topics: Any = (),
        pattern: str | None = None,
        listener: ConsumerRebalanceListener | AsyncConsumerRebalanceListener | None = None,
    ) -> None:
        """Subscribe to topics; with a group_id, partitions come with the polls that follow.

        Args:
            topics: a list of topics; it replaces the subscription before it.
            pattern: instead of topics: a regular expression that topics match from their beginning.
            listener: told of partitions that come and go, inside `poll` and `close`.

        Raises:
            IllegalStateError: the consumer reads by other means already, or both topics and pattern are given.
            ValueError: neither is given, or a topic's name is not legal.
            TypeError: topics is no list, or listener no ConsumerRebalanceListener.
        """
        with self._driver.lock:
            try:
                self._core.subscribe(topics, pattern, listener)
            except KafkaError as error:
                raise self._translated(error) from None
            except ValueError as error:
                # kafka-python 2 asserts that topics or pattern are given; names it checks as 3 does.
                if topics or pattern:
                    raise
                raise self._options.misuse(ValueError, str(error)) from None

    def subscription(self) -> set[str] | None:
        """The topics subscribed to, or None."""
        topics = self._subscription.subscription
        return None if topics is None else set(topics)

    def unsubscribe(self) -> None:
        """Commit if auto-commit is on, leave the group, and give up all partitions."""
        self._run(self._core.unsubscribe())
        self._stop_iterating()

    def assign(self, partitions: Iterable[TopicPartition]) -> None:
        """Read exactly these partitions, without a group's help; those assigned already keep their positions.

        Raises:
            IllegalStateError: the consumer has subscribed.
            TypeError: something in the list is no TopicPartition.
        """
        partitions = list(partitions or ())
        if not partitions:
            self.unsubscribe()
            return
        self._check_partitions(partitions)
        with self._driver.lock:
            try:
                self._core.assign(partitions)
            except KafkaError as error:
                raise self._translated(error) from None

    def assignment(self) -> set[TopicPartition]:
        """The partitions assigned now."""
        return self._subscription.assigned_partitions()

    def pause(self, *partitions: TopicPartition) -> None:
        """Return no records of these partitions until they are resumed.

        Raises:
            TypeError: an argument is no TopicPartition.
            KeyError: a partition is not assigned.
        """
        self._set_paused(partitions, True)

    def resume(self, *partitions: TopicPartition) -> None:
        """Undo `pause`. Raises what `pause` raises."""
        self._set_paused(partitions, False)

    def _set_paused(self, partitions: tuple[TopicPartition, ...], paused: bool) -> None:
        self._check_partitions(partitions)
        with self._driver.lock:
            for tp in partitions:
                state = self._subscription.assignment[tp]
                state.paused = paused
                state.refresh()

    def paused(self) -> set[TopicPartition]:
        """The partitions that are paused."""
        return {tp for tp, state in self._subscription.assignment.items() if state.paused}

    # Reading

    def poll(
        self, timeout_ms: float = 0, max_records: int | None = None, update_offsets: bool = True
    ) -> dict[TopicPartition, list[ConsumerRecord]]:
        """Return records as soon as there are some.

        Args:
            timeout_ms: how long to wait for the first; 0 returns what can be had without waiting. An empty poll
                of 0 ms lets one virtual millisecond pass, for a loop of them has to come to an end.
            max_records: at most so many; by default max_poll_records.
            update_offsets: False leaves the positions where they are.

        Raises:
            ValueError: a negative timeout, or max_records below 1.
            TypeError: max_records is no whole number.
            IllegalStateError: the consumer is closed.
            NoOffsetForPartitionError: a partition has no committed offset, and there is no reset policy.
            OffsetOutOfRangeError: a position lies outside of the log, and there is no reset policy.
            KafkaError: a rebalance listener raised; its exception is the cause.
            Exception: what a deserializer raised; the position stays at its record.
        """
        if max_records is None:
            max_records = self._options.max_poll_records
        elif type(max_records) is not int or max_records <= 0:
            self._check(
                isinstance(max_records, int), TypeError, f"max_records must be an integer: {max_records!r}"
            )
            self._check(max_records > 0, ValueError, f"max_records must be positive: {max_records}")
        if timeout_ms < 0:
            raise self._options.misuse(ValueError, f"Timeout must not be negative: {timeout_ms}")
        if self._closed:
            raise self._options.misuse(self._errors.IllegalStateError, "KafkaConsumer is closed")
        return self._run(self._core.poll(timeout_ms, max_records, update_offsets))

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ConsumerRecord:
        # The position moves before the record is handed out: what a close after that commits includes it.
        for record in self._iterator:
            state = self._state
            if state is None or not state.fetchable:
                break
            state.offset = record[3] + 1
            state.leader_epoch = record[2]
            return record
        return self._next_of_poll()

    def _next_of_poll(self) -> ConsumerRecord:
        """The next record after those of one partition are used up; consumer_timeout_ms bounds the wait."""
        timeout_ms = self.config["consumer_timeout_ms"]
        if timeout_ms < 0:
            timeout_ms = float("inf")
        scheduler = self._core.scheduler
        with self._driver.lock:
            self._driver.tell_time()
        end_ms = scheduler.now_ms + timeout_ms
        while not self._closed:
            while self._iterated:
                state, records = self._iterated.pop(0)
                if not state.fetchable:
                    continue
                self._state = state
                self._iterator = iter(records)
                record = next(self._iterator)
                state.offset = record[3] + 1
                state.leader_epoch = record[2]
                state.metadata = ""
                return record
            with self._driver.lock:
                self._driver.tell_time()
            left_ms = end_ms - scheduler.now_ms
            if left_ms <= 0:
                break
            polled = self.poll(left_ms, update_offsets=False)
            assignment = self._subscription.assignment
            self._iterated = [(assignment[tp], records) for tp, records in polled.items()]
        self._stop_iterating()
        raise StopIteration

    # Positions

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Go on at `offset` with the next poll.

        Raises:
            TypeError: partition is no TopicPartition.
            ValueError: offset is no whole number of at least 0, or the partition is not assigned.
        """
        if not is_topic_partition(partition):
            raise TypeError(f"partition must be a TopicPartition namedtuple, not {partition!r}")
        number: object = offset
        valid = isinstance(number, int) and number >= 0
        self._check(valid, ValueError, f"Offset must be int >= 0: {offset!r}")
        state = self._subscription.assignment.get(partition)
        self._check(state is not None, ValueError, f"Unassigned partition: {partition}")
        with self._driver.lock:
            if state is not None:
                state.seek(offset)
        self._stop_iterating()

    def seek_to_beginning(self, *partitions: TopicPartition) -> None:
        """Go on at the first offset there is, of these or of all assigned partitions.

        Raises:
            TypeError: an argument is no TopicPartition.
            ValueError: a partition is not assigned, or none is.
        """
        self._reset(partitions, EARLIEST)

    def seek_to_end(self, *partitions: TopicPartition) -> None:
        """Go on after the last record, of these or of all assigned partitions. Raises as the above."""
        self._reset(partitions, LATEST)

    def _reset(self, partitions: tuple[TopicPartition, ...], strategy: int) -> None:
        self._check_partitions(partitions)
        assignment = self._subscription.assignment
        if not partitions:
            partitions = tuple(assignment)
            self._check(bool(partitions), ValueError, "No partitions are currently assigned")
        for tp in partitions:
            self._check(tp in assignment, ValueError, f"Unassigned partition: {tp}")
        with self._driver.lock:
            for tp in partitions:
                assignment[tp].reset(strategy)
        self._stop_iterating()

    def position(self, partition: TopicPartition, timeout_ms: float | None = None) -> int | None:
        """The offset of the next record to be returned; it is looked up if it is not known yet.

        Returns:
            The offset, or None if it could not be found in time.

        Raises:
            TypeError: partition is no TopicPartition.
            IllegalStateError: it is not assigned.
        """
        self._state_of(partition)
        return self._run(self._core.position(partition, timeout_ms))

    def known_position(self, partition: TopicPartition) -> int | None:
        """The position as far as it is known, without asking anybody (not in kafka-python)."""
        state = self._subscription.assignment.get(partition)
        return None if state is None or state.offset < 0 else state.offset

    def initial_position(self, partition: TopicPartition) -> int | None:
        """Where the consumer began to read an assigned partition; None if it has not (not in kafka-python)."""
        state = self._subscription.assignment.get(partition)
        return None if state is None or state.first_offset < 0 else state.first_offset

    def highwater(self, partition: TopicPartition) -> int | None:
        """The partition's high watermark as the last fetch told it; None before.

        Raises:
            TypeError: partition is no TopicPartition.
            IllegalStateError: it is not assigned.
        """
        return self._state_of(partition).highwater

    def beginning_offsets(
        self, partitions: Iterable[TopicPartition], timeout_ms: float | None = None
    ) -> dict[TopicPartition, int]:
        """The first offset of each partition; they need not be assigned.

        Raises:
            KafkaTimeoutError: not all could be found within timeout_ms (by default request_timeout_ms).
        """
        return self._offsets(partitions, EARLIEST, timeout_ms)

    def end_offsets(
        self, partitions: Iterable[TopicPartition], timeout_ms: float | None = None
    ) -> dict[TopicPartition, int]:
        """The offset after the last record a consumer could read, of each partition; they need not be assigned.

        Under read_committed that is the last stable offset.

        Raises:
            KafkaTimeoutError: not all could be found within timeout_ms (by default request_timeout_ms).
        """
        return self._offsets(partitions, LATEST, timeout_ms)

    def _offsets(
        self, partitions: Iterable[TopicPartition], timestamp: int, timeout_ms: float | None
    ) -> dict[TopicPartition, int]:
        wanted = dict.fromkeys(partitions, timestamp)
        self._check_partitions(wanted)
        found = self._run(self._core.look_up(wanted, timeout_ms))
        return {tp: found[tp].offset for tp in wanted}

    def offsets_for_times(
        self, timestamps: Mapping[TopicPartition, int], timeout_ms: float | None = None
    ) -> dict[TopicPartition, OffsetAndTimestamp | None]:
        """The first offset at or after a time, for each partition; None where there is none.

        Args:
            timestamps: ms since the epoch.
            timeout_ms: by default request_timeout_ms.

        Raises:
            ValueError: a negative timestamp.
            KafkaTimeoutError: not all could be looked up in time.
        """
        self._check_partitions(timestamps)
        wanted = {tp: int(timestamp) for tp, timestamp in timestamps.items()}
        for tp, timestamp in wanted.items():
            if timestamp < 0:
                raise ValueError(
                    f"The target time for partition {tp} is {timestamp}. The target time cannot be negative."
                )
        found = self._run(self._core.look_up(wanted, timeout_ms))
        return {tp: found.get(tp) for tp in wanted}

    # Commits

    def commit(
        self, offsets: dict[TopicPartition, OffsetAndMetadata] | None = None, timeout_ms: float | None = None
    ) -> None:
        """Commit and wait for the outcome.

        Args:
            offsets: the next offset to read for each partition; by default the positions.
            timeout_ms: how long to try; by default request_timeout_ms.

        Raises:
            IllegalStateError: group_id is None, or the consumer is closed.
            TypeError: offsets is no dict of TopicPartition to OffsetAndMetadata.
            CommitFailedError: the member is not in its group any more.
            KafkaTimeoutError: it did not succeed in time.
        """
        self._require_group()
        if offsets is None:
            offsets = self._subscription.all_consumed()
        else:
            check_offsets(offsets)
        self._run(self._core.commit(offsets, timeout_ms))

    def commit_async(
        self, offsets: dict[TopicPartition, OffsetAndMetadata] | None = None, callback: Any = None
    ) -> Future:
        """Commit without waiting.

        Args:
            offsets: as for `commit`.
            callback: ``callback(offsets, outcome)``, called within a later call; the outcome is None or the
                exception. By default default_offset_commit_callback.

        Raises:
            IllegalStateError: group_id is None, or the consumer is closed.
            TypeError: offsets is no dict of TopicPartition to OffsetAndMetadata.
        """
        self._require_group()
        if self._core.closed:
            raise self._translated(IllegalStateError("KafkaConsumer is closed"))
        if offsets is None:
            offsets = self._subscription.all_consumed()
        else:
            check_offsets(offsets)
        with self._driver.lock:
            try:
                return self._core.commit_async(offsets, callback)
            except KafkaError as error:
                raise self._translated(error) from None

    def committed(
        self, partition: TopicPartition, metadata: bool = False, timeout_ms: float | None = None
    ) -> int | OffsetAndMetadata | None:
        """What the group has committed for a partition; None if nothing.

        Args:
            partition: it need not be assigned.
            metadata: True returns the whole OffsetAndMetadata.
            timeout_ms: None waits for ever.

        Raises:
            IllegalStateError: group_id is None.
            TypeError: partition is no TopicPartition.
            KafkaTimeoutError: no answer came in time.
        """
        self._require_group()
        if not is_topic_partition(partition):
            raise TypeError(f"partition must be a TopicPartition namedtuple, not {partition!r}")
        committed = self._run(self._core.committed(partition, timeout_ms))
        return committed if metadata or committed is None else committed.offset

    def group_metadata(self) -> ConsumerGroupMetadata:
        """A snapshot of the membership, which fences a transactional producer's commits (KIP-447)."""
        return self._core.group_metadata()

    # Metadata

    def topics(self) -> set[str]:
        """All topics of the cluster, but for internal ones; asks the cluster."""
        self._run(self._core.refresh_all_metadata())
        return self._core.client.metadata.topics()

    def partitions_for_topic(self, topic: str) -> set[int]:
        """A topic's partitions; empty if there is no such topic, after the cluster was asked."""
        metadata = self._core.client.metadata
        partitions = metadata.partitions_for_topic(topic)
        if partitions is None:
            self._run(self._core.refresh_all_metadata())
            partitions = metadata.partitions_for_topic(topic)
        return partitions or set()

    def metrics(
        self, raw: bool = False
    ) -> dict[str, dict[str, float]] | dict[MetricName, KafkaMetric] | None:
        """The consumer's metrics: ``{group: {name: value}}``, or the metric objects themselves.

        None with metrics_enabled=False.
        """
        metrics = self._core.metrics
        if metrics is None:
            return None
        return dict(metrics.metrics) if raw else metrics.by_group()

    # The end

    def close(self, autocommit: bool = True, timeout_ms: float | None = None) -> None:
        """Commit the positions, revoke the partitions, leave the group. Closing twice does nothing.

        Args:
            autocommit: False commits nothing, even with enable_auto_commit.
            timeout_ms: how long to try to commit and leave; by default request_timeout_ms.

        Raises:
            KafkaError: a rebalance listener raised; its exception is the cause. The consumer is closed.
        """
        if getattr(self, "_closed", True):
            return
        self._closed = True
        self._stop_iterating()
        try:
            if not self._core.closed and not self._core.scheduler.closed:
                self._driver.run(self._core.close(autocommit, timeout_ms))
        except KafkaError as error:
            raise self._translated(error) from error.__cause__
        finally:
            self._endpoint.detach(self)
            for option in ("key_deserializer", "value_deserializer"):
                close = getattr(self.config[option], "close", None)
                if close is not None:
                    close()

    def _crash(self) -> None:
        """Die on the spot: no commit, no leave, no goodbye."""
        self._closed = True
        self._stop_iterating()
        self._core.shut_down()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # After an exception nobody knows whether the record at hand was processed: nothing is committed.
        self.close(autocommit=exc_type is None)

    def __str__(self) -> str:
        return (
            f"<KafkaConsumer client_id={self.config.get('client_id')} group_id={self.config.get('group_id')}>"
        )


def _no_brokers(dialect: Dialect, errors: ErrorTable, bootstrap_servers: object) -> BaseException:
    if dialect is Dialect.KAFKA_PYTHON_2:
        unavailable: BaseException = errors.NoBrokersAvailable()
        return unavailable
    timeout: BaseException = errors.KafkaTimeoutError(
        f"Unable to bootstrap from {bootstrap_servers!r}: no live cluster of this process answers to it"
    )
    return timeout
