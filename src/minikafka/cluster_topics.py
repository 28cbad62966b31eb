"""How a cluster's face asks for a topic and raises a refusal; alike for one in process and a real one."""

from __future__ import annotations

from minikafka.config.definitions import text_of
from minikafka.errors import ErrorCode, error_for_code
from minikafka.messages.create_topics import CreatableTopic, CreatableTopicConfig

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def creatable(
    name: str, partitions: int, replication_factor: int | None, configs: Mapping[str, object] | None
) -> CreatableTopic:
    """A topic as CreateTopics takes it.

    Args:
        name: the topic.
        partitions: how many partitions.
        replication_factor: how many replicas each; None for the brokers' default.
        configs: topic options by Kafka's names; True is sent as ``"true"``, None as null.
    """
    return CreatableTopic(
        name=name,
        num_partitions=partitions,
        replication_factor=-1 if replication_factor is None else replication_factor,
        configs=[
            CreatableTopicConfig(name=option, value=None if value is None else text_of(value))
            for option, value in (configs or {}).items()
        ],
    )


def raise_for(result: Any) -> None:
    """Raise what the part of an answer about one topic says, unless it says that all is well."""
    if result.error_code != ErrorCode.NONE:
        raise error_for_code(result.error_code, result.error_message)
