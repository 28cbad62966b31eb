"""Topics that are made because somebody needs them (Kafka's AutoTopicCreationManager)."""

from __future__ import annotations

from minikafka.broker.forwarding import forward
from minikafka.messages.create_topics import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from minikafka.broker.broker import Broker
    from minikafka.messages.schema import Response
    from minikafka.scheduler import Promise


class AutoTopicCreation:
    """Asks the controller for topics, once for each at a time; whoever needs them tries again later."""

    __slots__ = ("_broker", "_in_flight")

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._in_flight: dict[str, None] = {}

    def create(self, names: list[str]) -> None:
        """Start the creation of those topics whose creation is not under way."""
        new = [name for name in names if name not in self._in_flight]
        if not new:
            return
        self._in_flight.update(dict.fromkeys(new))
        request = CreateTopicsRequest(
            topics=[self._topic(name) for name in new], timeout_ms=self._broker.config.request_timeout_ms
        )
        forward(self._broker, request).add_callback(lambda promise: self._created(new, promise))

    def _created(self, names: list[str], _: Promise[Response]) -> None:
        # A failure is not told to anybody, as in Kafka: the next request that needs the topic tries again.
        for name in names:
            del self._in_flight[name]

    def _topic(self, name: str) -> CreatableTopic:
        config = self._broker.config
        if name == "__consumer_offsets":
            return _internal_topic(
                name,
                config.offsets_topic_num_partitions,
                config.offsets_topic_replication_factor,
                {
                    "cleanup.policy": "compact",
                    "segment.bytes": str(config.offsets_topic_segment_bytes),
                    "compression.type": "producer",
                },
            )
        if name == "__transaction_state":
            return _internal_topic(
                name,
                config.transaction_state_log_num_partitions,
                config.transaction_state_log_replication_factor,
                {
                    "unclean.leader.election.enable": "false",
                    "compression.type": "uncompressed",
                    "cleanup.policy": "compact",
                    "min.insync.replicas": str(config.transaction_state_log_min_isr),
                    "segment.bytes": str(config.transaction_state_log_segment_bytes),
                },
            )
        return CreatableTopic(
            name=name,
            num_partitions=config.num_partitions,
            replication_factor=config.default_replication_factor,
        )


def _internal_topic(
    name: str, partitions: int, replication_factor: int, configs: Mapping[str, str]
) -> CreatableTopic:
    return CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=replication_factor,
        configs=[CreatableTopicConfig(name=key, value=value) for key, value in configs.items()],
    )
