"""KafkaProducer: kafka-python's producer, as a client of a MiniKafka in this process."""

from __future__ import annotations

from minikafka import bootstrap
from minikafka.client.options import Dialect, dialect_of
from minikafka.client.producer import ProducerCore
from minikafka.client.producer_batch import MAX_RECORD_OVERHEAD
from minikafka.client.producer_future import FutureRecordMetadata, RecordMetadata
from minikafka.client.producer_options import DEFAULT_CONFIG, ProducerOptions
from minikafka.errors import ERRORS, KafkaError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any, Self

    from minikafka.client.metrics import KafkaMetric, MetricName
    from minikafka.errors import ErrorTable
    from minikafka.structs import ConsumerGroupMetadata, OffsetAndMetadata, TopicPartition

__all__ = ["FutureRecordMetadata", "KafkaProducer", "RecordMetadata"]

_new_future = FutureRecordMetadata.__new__
_MAX_TIMEOUT_S = 9223372036.0  # threading.TIMEOUT_MAX, which kafka-python compares with


class KafkaProducer:
    """Publishes records to the cluster that answers to `bootstrap_servers`.

    Keyword arguments are kafka-python 3's, with its defaults; `minikafka.client.options` lists those that
    mean nothing in process. The default partitioner hashes keys as Java does and keeps null keys on one
    partition until its batch is full (KIP-480).

    Raises:
        KafkaTimeoutError: no live cluster of this process answers to `bootstrap_servers`, or none of its
            brokers did within bootstrap_timeout_ms (NoBrokersAvailable where kafka-python 2 is patched).
        ValueError: an unknown option, or an unknown compression_type.
        KafkaConfigurationError: a bad value, or options that contradict one another.
        UnsupportedOptionError: an option that minikafka cannot honour.
    """

    DEFAULT_CONFIG: Mapping[str, object] = DEFAULT_CONFIG

    _errors: ErrorTable = ERRORS
    """The exception classes the user sees."""
    _base_defaults: Mapping[str, object] | None = None
    """The defaults of the kafka-python that this producer stands in for; None: minikafka's own."""

    def __init__(self, **configs: Any) -> None:
        errors = self._errors
        dialect = dialect_of(self._base_defaults)
        options = ProducerOptions(configs, dialect, errors, self._base_defaults)
        self.config: dict[str, Any] = options.config
        endpoint = bootstrap.find(self.config["bootstrap_servers"])
        if endpoint is None:
            raise _no_brokers(dialect, errors, self.config["bootstrap_servers"])
        self._endpoint = endpoint
        self._core = core = ProducerCore(endpoint, options, errors)
        self._lock = core.driver.lock
        self._scheduler = endpoint.scheduler
        self._open = core.accumulator.open
        self._real_time = core.driver.clock_name() == "system"
        # The fast path below takes bytes as they are, in batches no larger than a request may be.
        self._plain = (
            core.serialize_key is None
            and core.serialize_value is None
            and options.batch_size + MAX_RECORD_OVERHEAD <= options.max_request_size
        )
        self._sticky: dict[str, int] = getattr(core.partitioner, "sticky", {}) if self._plain else {}
        try:
            core.driver.run(core.bootstrap(self.config.get("bootstrap_timeout_ms", 30000)))
        except KafkaError as error:
            core.close()
            if dialect is Dialect.KAFKA_PYTHON_2:
                raise _no_brokers(dialect, errors, self.config["bootstrap_servers"]) from error
            raise errors.translate(error) from None
        self._closed = False
        endpoint.attach(self)

    def send(
        self,
        topic: str,
        value: Any = None,
        key: Any = None,
        headers: list[tuple[str, bytes]] | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> FutureRecordMetadata:
        """Append a record to its partition's batch; it travels when somebody waits, or linger_ms is over.

        Args:
            topic: where to.
            value: bytes, or what value_serializer turns into bytes; None is a tombstone and needs a key.
            key: bytes, or what key_serializer turns into bytes, or None.
            headers: (str, bytes) tuples.
            partition: the partition; None lets the partitioner choose.
            timestamp_ms: ms since the epoch; None takes the cluster's time.

        Returns:
            The future of the record's `RecordMetadata`.

        Raises:
            KafkaTimeoutError: the topic stayed unknown for max_block_ms.
            MessageSizeTooLargeError: the record is larger than max_request_size.
            TypeError: the topic is no string, a serialized key or value is not bytes-like, or headers are
                no list of (str, bytes) tuples.
            ValueError: neither key nor value, an unknown partition, or an illegal topic name.
            IllegalStateError: the producer is closed.
        """
        if type(value) is bytes and key is None and headers is None and timestamp_ms is None and self._plain:
            target = self._sticky.get(topic) if partition is None else partition
            size = len(value)
            # A record without key and headers, made in the same millisecond as the first of its batch, takes
            # so many bytes (`ProducerBatch.room_needed`); other sizes go the long way.
            if 63 < size < 8180:
                needed = size + 10
            elif size < 57:
                needed = size + 8
            else:
                return self._send(topic, value, key, headers, partition, timestamp_ms)
            with self._lock:
                if self._real_time:
                    self._core.driver.tell_time()
                batch = self._open.get((topic, target))  # type: ignore[arg-type]
                if batch is not None and needed <= batch.room and batch.timestamp == self._scheduler.now_ms:
                    batch.room -= needed
                    records = batch.records
                    index = len(records)
                    records.append((index, batch.timestamp, None, value, ()))
                    future = _new_future(FutureRecordMetadata)
                    future._batch = batch
                    future._index = index
                    return future
        return self._send(topic, value, key, headers, partition, timestamp_ms)

    def _send(
        self,
        topic: str,
        value: Any,
        key: Any,
        headers: list[tuple[str, bytes]] | None,
        partition: int | None,
        timestamp_ms: int | None,
    ) -> FutureRecordMetadata:
        try:
            return self._core.send(topic, value, key, headers, partition, timestamp_ms)
        except KafkaError as error:
            raise self._errors.translate(error) from error.__cause__

    def flush(self, timeout: float | None = None) -> None:
        """Send everything now, lingering or not, and wait until each record sent so far has its outcome.

        Args:
            timeout: seconds to wait; None waits until delivery_timeout_ms has settled everything.

        Raises:
            KafkaTimeoutError: the timeout has passed.
        """
        try:
            self._core.flush(timeout)
        except KafkaError as error:
            raise self._errors.translate(error) from error.__cause__

    def partitions_for(self, topic: str) -> set[int]:
        """The partitions of a topic.

        Raises:
            KafkaTimeoutError: the topic stayed unknown for max_block_ms.
        """
        try:
            return self._core.wait_on_metadata(topic)
        except KafkaError as error:
            raise self._errors.translate(error) from error.__cause__

    def bootstrap_connected(self) -> bool:
        """Whether a bootstrap broker can be reached."""
        return self._core.client.bootstrap_connected()

    def metrics(
        self, raw: bool = False
    ) -> dict[str, dict[str, float]] | dict[MetricName, KafkaMetric] | None:
        """The producer's metrics: ``{group: {name: value}}``, or the metric objects themselves.

        None with metrics_enabled=False.
        """
        metrics = self._core.metrics
        if metrics is None:
            return None
        return dict(metrics.metrics) if raw else metrics.by_group()

    def close(self, timeout: float | None = None, null_logger: bool = False) -> None:  # noqa: ARG002
        """Flush, then close. Closing twice does nothing.

        Args:
            timeout: seconds to wait; None waits until everything has its outcome.
            null_logger: accepted for kafka-python's sake; nothing is logged here.

        Raises:
            KafkaTimeoutError: the timeout has passed with records still on their way; as in kafka-python the
                producer stays open then.
            ValueError: the timeout is negative.
        """
        if getattr(self, "_closed", True):
            return
        if timeout is not None and not 0 <= timeout <= _MAX_TIMEOUT_S:
            raise self._core.options.misuse(ValueError, f"Invalid timeout: {timeout}")
        if not self._core.client.closed:
            self.flush(timeout)
            self._core.close()
        self._closed = True
        self._endpoint.detach(self)

    def _crash(self) -> None:
        """Die on the spot: nothing is sent, no callback runs, every open future fails."""
        self._closed = True
        self._core.crash()

    def __del__(self) -> None:
        # As kafka-python's, a producer that is dropped still sends what it holds; nobody waits for it here.
        if not getattr(self, "_closed", True) and not self._scheduler.closed:
            self._closed = True
            core = self._core
            with self._lock:
                core.begin_close()
                core.scheduler.spawn(core.drain_and_close(), "close-dropped-producer")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __str__(self) -> str:
        return (
            f"<KafkaProducer client_id={self.config.get('client_id')} "
            f"transactional_id={self.config.get('transactional_id')}>"
        )

    # Transactions

    def init_transactions(self) -> None:
        """Raises IllegalStateError: no producer can have a transactional_id yet."""
        raise self._no_transactions("init_transactions")

    def begin_transaction(self) -> None:
        """See `init_transactions`."""
        raise self._no_transactions("begin_transaction")

    def send_offsets_to_transaction(
        self,
        offsets: Mapping[TopicPartition, OffsetAndMetadata],  # noqa: ARG002
        group_metadata: ConsumerGroupMetadata | str,  # noqa: ARG002
    ) -> None:
        """See `init_transactions`."""
        raise self._no_transactions("send_offsets_to_transaction")

    def commit_transaction(self) -> None:
        """See `init_transactions`."""
        raise self._no_transactions("commit_transaction")

    def abort_transaction(self) -> None:
        """See `init_transactions`."""
        raise self._no_transactions("abort_transaction")

    def _no_transactions(self, method: str) -> BaseException:
        error: BaseException = self._errors.IllegalStateError(
            f"{method}: this producer has no transactional_id (minikafka does not support transactions yet)"
        )
        return error


def _no_brokers(dialect: Dialect, errors: ErrorTable, bootstrap_servers: object) -> BaseException:
    if dialect is Dialect.KAFKA_PYTHON_2:
        unavailable: BaseException = errors.NoBrokersAvailable()
        return unavailable
    timeout: BaseException = errors.KafkaTimeoutError(
        f"Unable to bootstrap from {bootstrap_servers!r}: no live cluster of this process answers to it"
    )
    return timeout
