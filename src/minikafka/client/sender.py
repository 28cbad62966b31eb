"""Turns full or lingered batches into Produce requests, and their answers into outcomes (Sender).

It runs as actions of the scheduler: a batch that was opened, an answer, or a timer wakes it; each run sends
whatever can be sent at that moment, one batch per partition per request.
"""

from __future__ import annotations

from minikafka.client.idempotence import (
    NO_PRODUCER_EPOCH,
    NO_PRODUCER_ID,
    NO_SEQUENCE,
    Recovery,
    classify,
)
from minikafka.errors import (
    ClusterAuthorizationFailedError,
    DuplicateSequenceNumberError,
    ErrorCode,
    IllegalStateError,
    InvalidRecordError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    error_for_code,
)
from minikafka.log.record_batch import RecordBatch
from minikafka.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData
from minikafka.structs import ZERO_UUID, BrokerMetadata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque

    from minikafka.client.accumulator import Accumulator
    from minikafka.client.idempotence import ProducerState
    from minikafka.client.metrics import ProducerMetrics
    from minikafka.client.network_client import NetworkClient
    from minikafka.client.producer_batch import ProducerBatch
    from minikafka.client.producer_options import ProducerOptions
    from minikafka.messages.produce import PartitionProduceResponse, ProduceResponse
    from minikafka.messages.schema import Response
    from minikafka.scheduler import Promise, Timer
    from minikafka.structs import TopicPartition

_TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)


class Sender:
    """Sends one producer's batches.

    Args:
        client: the connection and the metadata.
        accumulator: where the batches wait.
        options: acks, retries, max_request_size, max_in_flight_requests_per_connection, delivery_timeout_ms,
            request_timeout_ms, compression.
        metrics: counts what is sent, or None.
    """

    def __init__(
        self,
        client: NetworkClient,
        accumulator: Accumulator,
        options: ProducerOptions,
        metrics: ProducerMetrics | None,
    ) -> None:
        self._client = client
        self._scheduler = client.scheduler
        self._metadata = client.metadata
        self._accumulator = accumulator
        self._options = options
        self._metrics = metrics
        self._keeps_order = options.enable_idempotence or options.max_in_flight == 1
        self.state: ProducerState | None = None
        """The idempotent producer's state; None without idempotence."""
        self.closed: bool = False
        self.finishing: dict[ProducerBatch, None] = {}
        """Batches that have their outcome, and callbacks that still have to run."""
        self.callbacks_running: int = 0
        self._scheduled = False
        self._timer: Timer | None = None
        self._expiry_timer: Timer | None = None
        client.metadata.add_listener(self._metadata_changed)

    # Waking

    def wake(self) -> None:
        """Run soon; many calls before that make one run."""
        if not self._scheduled and not self.closed:
            self._scheduled = True
            self._scheduler.call_soon(self._run)

    def batch_opened(self) -> None:
        """A batch was opened: see whether something can be sent, and watch its delivery timeout."""
        if self._expiry_timer is None:
            self._arm_expiry(self._scheduler.now_ms + self._options.delivery_timeout_ms)
        self.wake()

    def _metadata_changed(self, _: object) -> None:
        if self._accumulator.queues:
            self.wake()

    def _wake_at(self, when_ms: int) -> None:
        if self._timer is not None and not self._timer.cancelled:
            if self._timer.deadline_ms <= when_ms:
                return
            self._timer.cancel()
        self._timer = self._scheduler.call_at(when_ms, self.wake)

    # Sending

    def _run(self) -> None:
        self._scheduled = False
        if self.closed or not self._may_send():
            return
        collected = _Collected()
        for tp, queue in list(self._accumulator.queues.items()):
            if tp not in self._accumulator.muted:
                self._collect(collected, tp, queue)
        if collected.leaderless:
            self._client.request_metadata_update()
        if collected.wake_ms is not None:
            self._wake_at(collected.wake_ms)
        for node_id, batches in collected.by_node.items():
            if batches:
                self._send(node_id, batches)
        if collected.left_over:
            self.wake()

    def _may_send(self) -> bool:
        state = self.state
        if state is None or state.ready:
            return True
        if state.fatal_error is not None:
            self.abort_all(self._client.errors.translate(state.fatal_error))
        elif self._accumulator.queues:
            state.ensure_id()
        return False

    def _collect(self, collected: _Collected, tp: TopicPartition, queue: deque[ProducerBatch]) -> None:
        leader = self._metadata.leader_for_partition(tp)
        if leader is None or leader < 0:
            collected.leaderless = True
            return
        batch = queue[0]
        ready_ms = self._accumulator.ready_at(batch, queue)
        if ready_ms > self._scheduler.now_ms:
            collected.wake_by(ready_ms)
            return
        if leader in collected.blocked:
            return
        batches = collected.by_node.get(leader)
        if batches is None:
            if not self._can_send_to(leader, collected):
                collected.blocked.add(leader)
                return
            batches = collected.by_node[leader] = []
        size = batch.size_in_bytes
        if batches and collected.sizes[leader] + size > self._options.max_request_size:
            collected.left_over = True
            return
        collected.sizes[leader] = collected.sizes.get(leader, 0) + size
        batches.append(self._accumulator.drain(tp, queue))
        if self._keeps_order:
            self._accumulator.muted[tp] = batches[-1]
        elif queue:
            collected.left_over = True

    def _can_send_to(self, node_id: int, collected: _Collected) -> bool:
        client = self._client
        if client.in_flight_request_count(node_id) >= self._options.max_in_flight:
            return False
        delay_ms = client.connection_delay_ms(node_id)
        if delay_ms == 0 and client.connect(node_id):
            return True
        collected.leaderless = collected.leaderless or delay_ms == 0
        collected.wake_by(self._scheduler.now_ms + max(1, client.connection_delay_ms(node_id)))
        return False

    def _send(self, node_id: int, batches: list[ProducerBatch]) -> None:
        if self._metrics is not None:
            self._metrics.sent(batches)
        request = self._request(batches)
        if self._options.acks == 0:
            self._client.send_one_way(node_id, request)
            for batch in batches:
                self._written(batch, -1, -1)
            return
        promise = self._client.send(node_id, request)
        promise.add_callback(lambda done: self._answered(request, batches, done))

    def _request(self, batches: list[ProducerBatch]) -> ProduceRequest:
        options = self._options
        topics: dict[str, list[PartitionProduceData]] = {}
        for batch in batches:
            if batch.encoded is None:
                batch.encoded = self._encode(batch)
            topic, partition = batch.tp
            data = PartitionProduceData(index=partition, records=[batch.encoded])
            if topic in topics:
                topics[topic].append(data)
            else:
                topics[topic] = [data]
        topic_id = self._metadata.topic_id
        return ProduceRequest(
            transactional_id=None,
            acks=options.acks,
            timeout_ms=options.request_timeout_ms,
            topic_data=[
                TopicProduceData(name=topic, topic_id=topic_id(topic) or ZERO_UUID, partition_data=data)
                for topic, data in topics.items()
            ],
        )

    def _encode(self, batch: ProducerBatch) -> RecordBatch:
        producer_id, epoch, sequence = NO_PRODUCER_ID, NO_PRODUCER_EPOCH, NO_SEQUENCE
        if self.state is not None:
            producer_id, epoch = self.state.producer_id, self.state.epoch
            sequence = self.state.take_sequence(batch)
        return RecordBatch.build(
            batch.records,
            compression=self._options.compression,
            producer_id=producer_id,
            producer_epoch=epoch,
            base_sequence=sequence,
            max_timestamp=batch.max_timestamp,
            size_hint=batch.size_in_bytes if batch.size_is_exact else None,
        )

    # Answers

    def _answered(
        self, request: ProduceRequest, batches: list[ProducerBatch], promise: Promise[Response]
    ) -> None:
        if self.closed:
            return
        error = promise.exception()
        if error is not None:
            for batch in batches:
                self._failed(batch, error)
        else:
            response: ProduceResponse = promise.result()  # type: ignore[assignment]
            self._handle_response(request, batches, response)
        self.wake()

    def _handle_response(
        self, request: ProduceRequest, batches: list[ProducerBatch], response: ProduceResponse
    ) -> None:
        by_partition: dict[tuple[str, int], ProducerBatch] = {batch.tp: batch for batch in batches}
        names = {topic.topic_id: topic.name for topic in request.topic_data}
        for endpoint in response.node_endpoints:
            broker = BrokerMetadata(endpoint.node_id, endpoint.host, endpoint.port, endpoint.rack)
            self._metadata.add_broker(broker)
        for topic in response.responses:
            name = topic.name or names.get(topic.topic_id, "")
            for partition in topic.partition_responses:
                batch = by_partition.get((name, partition.index))
                if batch is None:
                    continue
                if partition.error_code == ErrorCode.NONE:
                    self._written(batch, partition.base_offset, partition.log_append_time_ms)
                else:
                    self._refused(batch, partition)

    def _unmute(self, batch: ProducerBatch) -> None:
        # The answer to a batch that has expired meanwhile must not let the next but one overtake.
        if self._accumulator.muted.get(batch.tp) is batch:
            del self._accumulator.muted[batch.tp]

    def _written(self, batch: ProducerBatch, base_offset: int, append_time_ms: int) -> None:
        self._unmute(batch)
        if batch.done:
            return  # it had expired, or was aborted, before the answer came
        batch.base_offset = base_offset
        batch.append_time_ms = append_time_ms
        if self.state is not None:
            self.state.acknowledged(batch)
        self._finish(batch)

    def _refused(self, batch: ProducerBatch, response: PartitionProduceResponse) -> None:
        code = response.error_code
        error = error_for_code(code, response.error_message)
        if isinstance(error, DuplicateSequenceNumberError):
            # An earlier try of this batch was written after all.
            self._written(batch, response.base_offset, response.log_append_time_ms)
            return
        if isinstance(error, TopicAuthorizationFailedError):
            error = TopicAuthorizationFailedError(batch.tp.topic)
        elif isinstance(error, ClusterAuthorizationFailedError):
            error = ClusterAuthorizationFailedError("The producer is not authorized to do idempotent sends")
        hint = response.current_leader
        moved = hint.leader_epoch >= 0 and self._metadata.update_leader(
            batch.tp, hint.leader_id, hint.leader_epoch
        )
        self._failed(batch, error, response, leader_changed=moved)

    def _failed(
        self,
        batch: ProducerBatch,
        error: BaseException,
        response: PartitionProduceResponse | None = None,
        *,
        leader_changed: bool = False,
    ) -> None:
        """Split, retry or give up a batch that was not written."""
        if not batch.done:
            log_start_offset = -1 if response is None else response.log_start_offset
            if self._can_split(batch, error):
                self._split(batch)
            elif self._aged_out(batch, error, log_start_offset) or self._can_retry(batch, error):
                self._retry(batch, leader_changed)
            else:
                self._give_up(batch, error, response)
        if isinstance(error, KafkaError) and error.invalid_metadata:
            self._client.request_metadata_update()
        self._unmute(batch)

    def _overdue(self, batch: ProducerBatch) -> bool:
        return self._scheduler.now_ms - batch.created_ms >= self._options.delivery_timeout_ms

    def _can_split(self, batch: ProducerBatch, error: BaseException) -> bool:
        return isinstance(error, _TOO_LARGE) and batch.record_count > 1 and not self._overdue(batch)

    def _aged_out(self, batch: ProducerBatch, error: BaseException, log_start_offset: int) -> bool:
        state = self.state
        if state is None or self._overdue(batch) or not state.aged_out(batch, error, log_start_offset):
            return False
        state.restart_sequence(batch.tp)
        batch.encoded = None
        return True

    def _can_retry(self, batch: ProducerBatch, error: BaseException) -> bool:
        if self._overdue(batch) or batch.attempts >= self._options.retries:
            return False
        if not isinstance(error, KafkaError) or not error.retriable:
            return False
        # Under another producer id or epoch the broker could not tell that it is a repetition.
        return self.state is None or self.state.stamped(batch)

    def _retry(self, batch: ProducerBatch, leader_changed: bool) -> None:
        self._accumulator.reenqueue(batch, leader_changed=leader_changed)
        if self._metrics is not None:
            self._metrics.retried(batch)

    def _split(self, batch: ProducerBatch) -> None:
        if self.state is not None:
            self.state.rewind(batch)
        self._accumulator.split(batch)
        batch.release()
        if self._metrics is not None:
            self._metrics.retried(batch)

    def _give_up(
        self, batch: ProducerBatch, error: BaseException, response: PartitionProduceResponse | None
    ) -> None:
        state = self.state
        if state is not None:
            recovery = classify(error)
            if recovery is Recovery.BUMP_EPOCH:
                state.bump_epoch()
            elif recovery is Recovery.FATAL:
                state.fail(error)
        if self._metrics is not None:
            self._metrics.failed(batch)
        batch.error = self._client.errors.translate(error)
        if response is not None and response.record_errors:
            self._blame_records(batch, error, response)
        self._finish(batch)

    def _blame_records(
        self, batch: ProducerBatch, error: BaseException, response: PartitionProduceResponse
    ) -> None:
        """The records that the broker found invalid get its reason, the others only a reference to them."""
        translate = self._client.errors.translate
        kind: type[BaseException] = type(error) if len(response.record_errors) == 1 else InvalidRecordError
        batch.record_errors = {
            record.batch_index: translate(
                kind(record.batch_index_error_message or response.error_message or str(error))
            )
            for record in response.record_errors
        }
        batch.error = translate(
            KafkaError(
                "Failed to append record because it was part of a batch which had one or more invalid records"
            )
        )

    def _finish(self, batch: ProducerBatch) -> None:
        batch.done = True
        self._accumulator.forget(batch)
        if batch.callbacks:
            self.finishing[batch] = None
            self._scheduler.call_soon(self._run_callbacks, batch)
        else:
            batch.release()

    def _run_callbacks(self, batch: ProducerBatch) -> None:
        """Run the user's callbacks, in an action of their own, so that they may call the library."""
        if batch not in self.finishing:
            return
        self.callbacks_running += 1
        try:
            with self._client.driver.released():
                for callback in batch.take_callbacks():
                    try:
                        callback()
                    except Exception:
                        # Logged already; as in kafka-python it ends here (`Future.error_on_callbacks`).
                        continue
        finally:
            self.callbacks_running -= 1
            self.finishing.pop(batch, None)
            batch.release()

    # Delivery timeout

    def _arm_expiry(self, when_ms: int) -> None:
        self._expiry_timer = self._scheduler.call_at(when_ms, self._expire)

    def _expire(self) -> None:
        """Give up every batch whose delivery_timeout_ms is over, in flight or not."""
        self._expiry_timer = None
        repeated = False
        for batch in list(self._accumulator.incomplete):
            if self._overdue(batch):
                repeated = repeated or batch.attempts > 0
                self._expire_batch(batch)
        if repeated and self.state is not None and self.state.fatal_error is None:
            # A broker may have written it: whatever follows must not continue its sequence.
            self.state.reset_id()
        left = [batch.created_ms for batch in self._accumulator.incomplete]
        if left and not self.closed:
            self._arm_expiry(min(left) + self._options.delivery_timeout_ms)
        self.wake()

    def _expire_batch(self, batch: ProducerBatch) -> None:
        self._accumulator.remove(batch)
        waited_ms = self._scheduler.now_ms - batch.created_ms
        error = KafkaTimeoutError(
            f"Expiring {batch.record_count} record(s) for {batch.tp}: "
            f"{waited_ms} ms has passed since batch creation"
        )
        self._failed(batch, error)

    # The end

    def abort_all(self, error: BaseException, *, callbacks: bool = True) -> None:
        """Give up every batch, in flight or not.

        Args:
            error: what their records fail with.
            callbacks: whether the users' callbacks still run.
        """
        for batch in list(self._accumulator.incomplete):
            self._accumulator.remove(batch)
            if not callbacks:
                batch.callbacks = None
            batch.error = error
            self._finish(batch)
        self._accumulator.muted.clear()

    def close(self) -> None:
        """Send nothing any more; what is left fails without being sent."""
        if self.closed:
            return
        self.abort_all(self._client.errors.translate(IllegalStateError("Producer is closed forcefully.")))
        self._stop()

    def crash(self) -> None:
        """Die on the spot: no request, no callback."""
        error = IllegalStateError("The producer has crashed.")
        self.abort_all(self._client.errors.translate(error), callbacks=False)
        for batch in self.finishing:
            batch.callbacks = None
            batch.release()
        self.finishing.clear()
        self._stop()

    def _stop(self) -> None:
        self.closed = True
        self._metadata.remove_listener(self._metadata_changed)
        for timer in (self._timer, self._expiry_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._expiry_timer = None
        if self.state is not None:
            self.state.close()


class _Collected:
    """What one run of the sender found: batches by leader, and when to look again."""

    __slots__ = ("blocked", "by_node", "leaderless", "left_over", "sizes", "wake_ms")

    def __init__(self) -> None:
        self.blocked: set[int] = set()
        self.by_node: dict[int, list[ProducerBatch]] = {}
        self.sizes: dict[int, int] = {}
        self.leaderless = False
        self.left_over = False
        self.wake_ms: int | None = None

    def wake_by(self, when_ms: int) -> None:
        """Look again at that time at the latest."""
        if self.wake_ms is None or when_ms < self.wake_ms:
            self.wake_ms = when_ms
