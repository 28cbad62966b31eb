"""Whether a topic may have a name, as a question."""

from __future__ import annotations

from minikafka.controller.topic_names import validate_topic_name
from minikafka.errors import InvalidTopicError


def is_valid_topic_name(name: str) -> bool:
    """Whether Kafka would make a topic of this name."""
    try:
        validate_topic_name(name)
    except InvalidTopicError:
        return False
    return True
