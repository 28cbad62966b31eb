"""One broker: takes requests from the network, has them handled, and follows the controller's metadata.

Mirrors Kafka's BrokerServer and KafkaApis. A handler is a function of (broker, request, context) that returns
a response or a promise of one, and None where the protocol has no answer. What it raises becomes the error
code of the whole response; an exception that is none of Kafka's is a bug: it is reported and answered with
UNKNOWN_SERVER_ERROR.
"""

from __future__ import annotations

from minikafka.broker.answers import ConnectionClosed
from minikafka.broker.dispatch import find_handler
from minikafka.codec import StringTooLongError
from minikafka.errors import (
    BrokerResponseError,
    ErrorCode,
    KafkaConnectionError,
    KafkaTimeoutError,
    UnsupportedCodecError,
    code_of,
)
from minikafka.image import MetadataImage
from minikafka.replica.replica_manager import ReplicaManager
from minikafka.scheduler import Promise
from minikafka.structs import broker_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minikafka.broker.auto_topic_creation import AutoTopicCreation
    from minikafka.broker.fetch_session import FetchSessionCache
    from minikafka.broker.group_coordination import GroupCoordination
    from minikafka.broker.producer_ids import ProducerIds
    from minikafka.config import BrokerConfig
    from minikafka.groups.group_coordinator import GroupCoordinatorShard
    from minikafka.log.unified_log import UnifiedLog
    from minikafka.messages.schema import Request, Response
    from minikafka.ports import Transport
    from minikafka.scheduler import Scheduler
    from minikafka.structs import RequestContext, TopicPartition

    Answer = Response | Promise[Any] | None
    Handler = Callable[["Broker", Any, RequestContext], Answer]


class Broker:
    """A broker process: from `start` to `stop` it answers; its logs outlive it.

    Args:
        node_id: the broker's id, from 1.
        scheduler: the cluster's scheduler.
        transport: how it reaches the other nodes.
        config: its options.
        logs: the replicas that its disk holds; the next process of this broker is given the same.
    """

    def __init__(
        self,
        node_id: int,
        scheduler: Scheduler,
        transport: Transport,
        config: BrokerConfig,
        logs: dict[TopicPartition, UnifiedLog],
    ) -> None:
        self.node_id = node_id
        self.address: str = broker_address(node_id)
        self.scheduler = scheduler
        self.transport = transport
        self.static_config = config
        self.config: BrokerConfig = config
        """The options in force: the static ones and, over them, those set by IncrementalAlterConfigs."""
        self.logs = logs
        self.image: MetadataImage = MetadataImage()
        self.running: bool = False
        self.replica_manager: ReplicaManager = ReplicaManager(node_id, scheduler, transport, config, logs)
        self.replica_manager.leadership_listeners.append(self._on_leadership)
        self._handlers: dict[str, Handler] = {}
        self._groups: GroupCoordination | None = None
        self._fetch_sessions: FetchSessionCache | None = None
        self._auto_topics: AutoTopicCreation | None = None
        self._producer_ids: ProducerIds | None = None

    # Life

    def start(self) -> None:
        """Start replication; the broker leads nothing before its first `apply_metadata`."""
        self.running = True
        self.replica_manager.start()

    def stop(self) -> None:
        """Stop everything that runs; nobody hears of it, for the broker is off the network already."""
        self.running = False
        if self._groups is not None:
            self._groups.close()
        self.replica_manager.stop()

    def apply_metadata(self, image: MetadataImage) -> None:
        """Act upon the controller's newest metadata; an older image than the present one is ignored."""
        before = self.image
        if image.version < before.version:
            return
        self.image = image
        if image.broker_configs is not before.broker_configs:
            self._apply_dynamic_configs(image)
        self.replica_manager.apply_image(image)
        if self._groups is not None and image.topics is not before.topics:
            self._groups.on_topics_changed(before, image)

    def _apply_dynamic_configs(self, image: MetadataImage) -> None:
        configs = image.broker_configs
        dynamic = {**configs.get("", {}), **configs.get(str(self.node_id), {})}
        self.config = self.static_config.with_options(dynamic)
        self.replica_manager.config = self.config

    def _on_leadership(self, topic_partition: TopicPartition, leader_epoch: int | None) -> None:
        if topic_partition.topic == "__consumer_offsets":
            self.groups.on_leadership(topic_partition, leader_epoch)

    # Parts that are made when they are first needed: many clusters of a test run never need them.

    @property
    def groups(self) -> GroupCoordination:
        """The group coordinator."""
        if self._groups is None:
            from minikafka.broker.group_coordination import GroupCoordination

            self._groups = GroupCoordination(self)
        return self._groups

    @property
    def fetch_sessions(self) -> FetchSessionCache:
        """The incremental fetch sessions of this broker (KIP-227)."""
        if self._fetch_sessions is None:
            from minikafka.broker.fetch_session import FetchSessionCache

            slots = self.config.max_incremental_fetch_session_cache_slots
            self._fetch_sessions = FetchSessionCache(self.scheduler, slots)
        return self._fetch_sessions

    @property
    def auto_topics(self) -> AutoTopicCreation:
        """Creates topics that clients or coordinators need."""
        if self._auto_topics is None:
            from minikafka.broker.auto_topic_creation import AutoTopicCreation

            self._auto_topics = AutoTopicCreation(self)
        return self._auto_topics

    @property
    def producer_ids(self) -> ProducerIds:
        """This broker's block of producer ids."""
        if self._producer_ids is None:
            from minikafka.broker.producer_ids import ProducerIds

            self._producer_ids = ProducerIds(self)
        return self._producer_ids

    def leads(self, topic_partition: TopicPartition) -> bool:
        """Whether this broker leads the partition, as far as it knows."""
        partition = self.replica_manager.partitions.get(topic_partition)
        return partition is not None and partition.is_leader

    def group_shards(self) -> list[GroupCoordinatorShard]:
        """The group coordinator partitions that are used and active on this broker, for inspection."""
        return [] if self._groups is None else self._groups.runtime.used_shards()

    # Requests

    def handle(self, request: Request, context: RequestContext) -> Answer:
        """Answer a request; see `minikafka.ports.Handler`."""
        api_name = request.api_name
        try:
            handler = self._handlers.get(api_name)
            if handler is None:
                handler = self._handlers[api_name] = find_handler(api_name)
            answer = handler(self, request, context)
        except ConnectionClosed as error:
            return Promise.failed(error)
        except Exception as error:
            return self._failed(request, context, error)
        return self._guarded(request, context, answer) if isinstance(answer, Promise) else answer

    def _guarded(self, request: Request, context: RequestContext, promise: Promise[Any]) -> Promise[Any]:
        """The same answer, where a failure is a response too."""
        answer: Promise[Any] = Promise()

        def complete(done: Promise[Any]) -> None:
            error = done.exception()
            if error is None:
                answer.set_result(done.result())
            elif isinstance(error, ConnectionClosed):
                answer.set_exception(error)
            else:
                answer.set_result(self._failed(request, context, error))

        promise.add_callback(complete)
        return answer

    def _failed(self, request: Request, context: RequestContext, error: BaseException) -> Response:
        from minikafka.error_response import error_response

        code = self.code_for(error)
        message = error.args[0] if error.args and isinstance(error, BrokerResponseError) else None
        return error_response(request, code, None if message is None else str(message), context.api_version)

    def code_for(self, error: BaseException) -> ErrorCode:
        """The code that an exception becomes; one that is none of Kafka's is reported as a bug."""
        if isinstance(error, BrokerResponseError):
            return code_of(error)
        if isinstance(error, UnsupportedCodecError):
            # An extra is not installed; Kafka always has every codec.
            return ErrorCode.UNSUPPORTED_COMPRESSION_TYPE
        if isinstance(error, (KafkaTimeoutError, KafkaConnectionError)):
            # Another node was needed and did not answer (Kafka's ForwardingManager answers the same).
            return ErrorCode.REQUEST_TIMED_OUT
        if isinstance(error, StringTooLongError):
            # A record of a group, of what a client has named; Kafka fails to write it, too.
            return ErrorCode.UNKNOWN_SERVER_ERROR
        self.scheduler.report_failure(error)
        return ErrorCode.UNKNOWN_SERVER_ERROR
