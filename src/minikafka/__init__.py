"""minikafka: an honest Kafka inside a unit test.

Everything is imported when it is first used, so that a test that needs one client does not pay for all three.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka import errors
    from minikafka.admin import KafkaAdminClient
    from minikafka.client.rebalance_listener import AsyncConsumerRebalanceListener, ConsumerRebalanceListener
    from minikafka.client.serializers import Deserializer, Serializer
    from minikafka.cluster import MiniKafka
    from minikafka.consumer import KafkaConsumer
    from minikafka.faults import FaultPlan
    from minikafka.patching import patch
    from minikafka.producer import KafkaProducer
    from minikafka.structs import (
        BrokerMetadata,
        ConsumerGroupMetadata,
        OffsetAndMetadata,
        OffsetAndTimestamp,
        TopicPartition,
        TopicPartitionReplica,
    )

__all__ = [
    "AsyncConsumerRebalanceListener",
    "BrokerMetadata",
    "ConsumerGroupMetadata",
    "ConsumerRebalanceListener",
    "Deserializer",
    "FaultPlan",
    "KafkaAdminClient",
    "KafkaConsumer",
    "KafkaProducer",
    "MiniKafka",
    "OffsetAndMetadata",
    "OffsetAndTimestamp",
    "Serializer",
    "TopicPartition",
    "TopicPartitionReplica",
    "errors",
    "patch",
]

__version__ = "0.1.0"

_MODULES = {
    "AsyncConsumerRebalanceListener": "minikafka.client.rebalance_listener",
    "BrokerMetadata": "minikafka.structs",
    "ConsumerGroupMetadata": "minikafka.structs",
    "ConsumerRebalanceListener": "minikafka.client.rebalance_listener",
    "Deserializer": "minikafka.client.serializers",
    "FaultPlan": "minikafka.faults",
    "KafkaAdminClient": "minikafka.admin",
    "KafkaConsumer": "minikafka.consumer",
    "KafkaProducer": "minikafka.producer",
    "MiniKafka": "minikafka.cluster",
    "OffsetAndMetadata": "minikafka.structs",
    "OffsetAndTimestamp": "minikafka.structs",
    "Serializer": "minikafka.client.serializers",
    "TopicPartition": "minikafka.structs",
    "TopicPartitionReplica": "minikafka.structs",
    "patch": "minikafka.patching",
}
"""Where each public name lives."""


def __getattr__(name: str) -> object:
    module = _MODULES.get(name)
    if module is None:
        if name == "errors":
            from importlib import import_module

            return import_module("minikafka.errors")
        raise AttributeError(f"module 'minikafka' has no attribute {name!r}")
    import sys

    __import__(module)
    value: object = getattr(sys.modules[module], name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
