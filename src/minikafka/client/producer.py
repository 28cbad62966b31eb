"""The producer's machine: metadata, serializing, partitioning, collecting, and waiting for the outcome."""

from __future__ import annotations

from minikafka.client.accumulator import Accumulator
from minikafka.client.idempotence import ProducerState
from minikafka.client.metrics import ProducerMetrics
from minikafka.client.network_client import NetworkClient
from minikafka.client.options import Dialect, check_topic_name, milliseconds
from minikafka.client.partitioner import (
    DefaultPartitioner,
    StickyPartitioner,
    adopt_partitioner,
    bind_partitioner,
)
from minikafka.client.producer_batch import BATCH_OVERHEAD, MAX_RECORD_OVERHEAD, ProducerBatch, content_size
from minikafka.client.producer_future import FutureRecordMetadata
from minikafka.client.sender import Sender
from minikafka.client.serializers import bind_serializer
from minikafka.errors import (
    BrokerResponseError,
    IllegalStateError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    TopicAuthorizationFailedError,
)
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from minikafka.client.metadata import ClusterMetadata
    from minikafka.client.producer_options import ProducerOptions
    from minikafka.client.serializers import SerializeFunction
    from minikafka.errors import ErrorTable
    from minikafka.ports import Driver, Endpoint
    from minikafka.scheduler import Scheduler

    Headers = tuple[tuple[str, bytes], ...]

_ESTIMATED_OVERHEAD = BATCH_OVERHEAD + MAX_RECORD_OVERHEAD
"""What kafka-python counts for a record besides its content when it compares with max_request_size."""


class ProducerCore:
    """Everything a producer does, without its face.

    Args:
        endpoint: the cluster.
        options: the checked options.
        errors: the exception classes that futures fail with.

    Methods raise minikafka's own exceptions; `KafkaProducer` translates.
    """

    def __init__(self, endpoint: Endpoint, options: ProducerOptions, errors: ErrorTable) -> None:
        config = options.config
        self.options = options
        self.errors = errors
        self.driver: Driver = endpoint.driver
        self.scheduler: Scheduler = endpoint.scheduler
        self.client: NetworkClient = NetworkClient(endpoint, "producer", config, errors)
        if config["client_id"] is None:
            config["client_id"] = self.client.client_id
        self.metadata: ClusterMetadata = self.client.metadata
        self.serialize_key: SerializeFunction | None = bind_serializer(
            config["key_serializer"], "key_serializer"
        )
        self.serialize_value: SerializeFunction | None = bind_serializer(
            config["value_serializer"], "value_serializer"
        )
        self.partitioner: Any = self._partitioner(config["partitioner"])
        config["partitioner"] = self.partitioner
        self._partition_function = bind_partitioner(self.partitioner)
        self._on_new_batch = getattr(self.partitioner, "on_new_batch", None)
        self.metrics: ProducerMetrics | None = None
        if config["metrics_enabled"]:
            self.metrics = ProducerMetrics(
                self.client,
                int(config["metrics_num_samples"]),
                milliseconds(config["metrics_sample_window_ms"]),
                config["metric_reporters"],
            )
        self.accumulator: Accumulator = Accumulator(self, options, self.scheduler, self._batch_opened)
        self.sender: Sender = Sender(self.client, self.accumulator, options, self.metrics)
        if options.enable_idempotence:
            self.sender.state = ProducerState(self.client, options.transaction_timeout_ms, self.sender.wake)
        self.metadata.add_listener(self._metadata_changed)
        self.closed: bool = False

    def _partitioner(self, given: Any) -> Any:
        random = self.scheduler.random
        if given is not None:
            return adopt_partitioner(given, random)
        if self.options.dialect is Dialect.KAFKA_PYTHON_2:
            return DefaultPartitioner(random)
        return StickyPartitioner(random)

    def _batch_opened(self) -> None:
        self.sender.batch_opened()

    def _metadata_changed(self, _: object) -> None:
        """Close the short cuts to partitions that are gone or have lost their leader."""
        leader_of = self.metadata.leader_for_partition
        self.accumulator.close_open_batches(lambda tp: leader_of(TopicPartition(*tp)) in (None, -1))

    # Sending

    async def bootstrap(self, timeout_ms: float | None) -> None:
        """Fetch the first metadata. Raises KafkaTimeoutError."""
        await self.client.bootstrap(timeout_ms)

    def send(
        self,
        topic: str,
        value: Any,
        key: Any,
        headers: Any,
        partition: int | None,
        timestamp_ms: int | None,
    ) -> FutureRecordMetadata:
        """The whole way of a record into the accumulator; `KafkaProducer.send` documents it."""
        misuse = self.options.misuse
        if self.closed:
            raise misuse(IllegalStateError, "KafkaProducer already closed!")
        if value is None and key is None:
            raise misuse(ValueError, "Need at least one: key or value")
        checked = self._checked_headers(headers)
        if timestamp_ms is not None and type(timestamp_ms) is not int:
            raise TypeError(f"timestamp_ms={timestamp_ms!r}: expected an int, ms since the epoch")
        given_headers = list(checked)
        key_bytes = self._serialized("key", self.serialize_key, topic, given_headers, key)
        value_bytes = self._serialized("value", self.serialize_value, topic, given_headers, value)
        try:
            if not self.metadata.knows_topic(topic):
                self.wait_on_metadata(topic)
            explicit = partition is not None
            index = self._choose(topic, partition, key, key_bytes, value, value_bytes)
            content = content_size(key_bytes, value_bytes, checked)
            if content + _ESTIMATED_OVERHEAD > self.options.max_request_size:
                raise self._too_large(content + _ESTIMATED_OVERHEAD)
        except MessageSizeTooLargeError as error:
            if self.options.dialect is not Dialect.KAFKA_PYTHON_2:
                raise
            return self._failed(topic, partition, error)
        except BrokerResponseError as error:
            return self._failed(topic, partition, error)
        tp = (topic, index)
        if self.options.buffer_memory is not None:
            self._wait_for_memory(tp, content + MAX_RECORD_OVERHEAD)
        with self.driver.lock:
            self.driver.tell_time()
            timestamp = self.scheduler.now_ms if timestamp_ms is None else timestamp_ms
            sticky = not explicit and key_bytes is None and self._on_new_batch is not None
            append = self.accumulator.append
            future = append(
                tp, timestamp, key_bytes, value_bytes, checked, content, abort_on_new_batch=sticky
            )
            if future is None:
                # KIP-480: the record that would open a new batch goes to another partition.
                assert self._on_new_batch is not None
                self._on_new_batch(topic, self.metadata, index)
                index = self._choose(topic, None, key, key_bytes, value, value_bytes)
                future = append((topic, index), timestamp, key_bytes, value_bytes, checked, content)
        assert future is not None
        return future

    def _checked_headers(self, headers: Any) -> Headers:
        if headers is None:
            return ()
        misuse = self.options.misuse
        if not isinstance(headers, list):
            raise misuse(TypeError, f"headers={headers!r}: headers must be a list of (str, bytes) tuples")
        for item in headers:
            if not (
                isinstance(item, tuple)
                and len(item) == 2
                and isinstance(item[0], str)
                and isinstance(item[1], bytes)
            ):
                raise misuse(TypeError, f"header {item!r}: all headers items must be (str, bytes) tuples")
        if headers and self.options.config["api_version"] < (0, 11):
            raise AssertionError("Headers not supported in v0/v1")
        return tuple(headers)

    def _serialized(self, what: str, serialize: Any, topic: str, headers: Any, data: Any) -> bytes | None:
        if serialize is not None:
            data = serialize(topic, headers, data)
        if data is None or type(data) is bytes:
            return data
        if type(data) in (bytearray, memoryview):
            return bytes(data)
        raise self.options.misuse(
            TypeError, f"Unsupported type for serialized {what}: {type(data).__name__} ({data!r:.80})"
        )

    def _choose(
        self,
        topic: str,
        partition: int | None,
        key: Any,
        key_bytes: bytes | None,
        value: Any,
        value_bytes: bytes | None,
    ) -> int:
        misuse = self.options.misuse
        if partition is not None:
            if partition < 0:
                raise misuse(ValueError, f"partition={partition}: partition must be >= 0")
            if not self.metadata.knows_partition(topic, partition):
                raise misuse(ValueError, f"Unrecognized partition {partition} for topic {topic}")
            return partition
        chosen = self._partition_function(topic, key, key_bytes, value, value_bytes, self.metadata)
        if chosen is None:
            raise ValueError(f"Partitioner did not assign a partition for topic {topic}!")
        return chosen

    def _too_large(self, size: int) -> MessageSizeTooLargeError:
        return MessageSizeTooLargeError(
            f"The message is {size} bytes when serialized which is larger than the maximum request size "
            f"you have configured with the max_request_size configuration ({self.options.max_request_size})"
        )

    def _failed(self, topic: str, partition: int | None, error: BaseException) -> FutureRecordMetadata:
        """A future that has failed already: broker errors found before sending do not raise from send."""
        now_ms = self.scheduler.now_ms
        tp = TopicPartition(topic, -1 if partition is None else partition)
        batch = ProducerBatch(self, tp, 0, now_ms, now_ms, now_ms)
        batch.error = self.errors.translate(error)
        batch.done = True
        return FutureRecordMetadata(batch, 0)

    def wait_on_metadata(self, topic: str) -> set[int]:
        """The partitions of a topic, asked for if need be.

        Raises:
            KafkaTimeoutError: they stayed unknown for max_block_ms.
            TypeError, ValueError: the topic's name is not legal.
            TopicAuthorizationFailedError, InvalidTopicError ...: what the brokers said.
        """
        check_topic_name(topic)
        partitions = self.metadata.partitions_for_topic(topic)
        if partitions is None:
            try:
                self.driver.run(self.client.ensure_topics([topic], self.options.max_block_ms))
            except TopicAuthorizationFailedError:
                raise TopicAuthorizationFailedError({topic}) from None
            partitions = self.metadata.partitions_for_topic(topic) or set()
        return partitions

    def _wait_for_memory(self, tp: tuple[str, int], size: int) -> None:
        accumulator = self.accumulator
        with self.driver.lock:
            give_up_ms = self.scheduler.now_ms + self.options.max_block_ms
            while accumulator.must_wait_for_memory(tp, size):
                freed = accumulator.memory_freed()
                self.sender.wake()
                left_ms = give_up_ms - self.scheduler.now_ms
                if left_ms <= 0 or not self.driver.wait(freed, left_ms):
                    raise KafkaTimeoutError(
                        f"Failed to allocate memory within {self.options.max_block_ms} ms (max_block_ms): "
                        f"buffer_memory={self.options.buffer_memory} is used up"
                    )

    # Waiting

    def wait_for(self, future: FutureRecordMetadata, timeout_ms: float | None) -> bool:
        """Block until a record has its outcome (True) or the time is over (False)."""
        give_up_ms = None if timeout_ms is None else self.scheduler.now_ms + timeout_ms
        with self.driver.lock:
            while True:
                batch, _ = future._leaf()
                if batch.done:
                    return True
                left_ms = None if give_up_ms is None else max(0, give_up_ms - self.scheduler.now_ms)
                if not self.driver.wait(batch.completion(), left_ms):
                    return False

    def settle(self) -> None:
        """Let everything happen that needs no time to pass."""
        with self.driver.lock:
            self.scheduler.run_ready()

    def timed_out(self, timeout: float | None) -> BaseException:
        """What `FutureRecordMetadata.get` raises when its time is over."""
        error: BaseException = self.errors.KafkaTimeoutError(f"Timeout after waiting for {timeout} secs.")
        return error

    def flush(self, timeout: float | None) -> None:
        """Send everything at once and wait for its outcome; see `KafkaProducer.flush`."""
        give_up_ms = None if timeout is None else self.scheduler.now_ms + timeout * 1000
        with self.driver.lock:
            self.accumulator.flushes += 1
            self.sender.wake()
            try:
                pending = list(self.accumulator.incomplete)
                if not self.sender.callbacks_running:
                    pending += self.sender.finishing
                for batch in pending:
                    self._await_batch(batch, give_up_ms)
            finally:
                self.accumulator.flushes -= 1

    def _await_batch(self, batch: ProducerBatch, give_up_ms: float | None) -> None:
        left_ms = None if give_up_ms is None else max(0, give_up_ms - self.scheduler.now_ms)
        if not self.driver.wait(batch.completion(), left_ms):
            raise KafkaTimeoutError(f"Timeout waiting for {batch.record_count} record(s) for {batch.tp}")
        for _, child in batch.children or ():
            self._await_batch(child, give_up_ms)

    # The end

    def begin_close(self) -> None:
        """Take no more records; what is left is sent without lingering."""
        self.closed = True
        self.accumulator.closing = True
        self.accumulator.open.clear()

    def close(self) -> None:
        """Stop; what is not acknowledged fails."""
        with self.driver.lock:
            self.begin_close()
            self.sender.close()
            self.client.close()
            # The callbacks of what has just been given up.
            if not self.sender.callbacks_running:
                for batch in list(self.sender.finishing):
                    self.driver.wait(batch.completion(), 0)
        if self.metrics is not None:
            self.metrics.close()
        for name in ("key_serializer", "value_serializer"):
            close = getattr(self.options.config[name], "close", None)
            if callable(close):
                close()

    def crash(self) -> None:
        """Die on the spot: nothing is sent, no callback runs."""
        with self.driver.lock:
            self.begin_close()
            self.sender.crash()
            self.client.close()

    async def drain_and_close(self) -> None:
        """Send what is left, then close; for a producer that was dropped without being closed."""
        for batch in list(self.accumulator.incomplete):
            await batch.completion()
        if not self.client.closed:
            self.sender.close()
            self.client.close()
