"""The brokers' and topics' options: Kafka's names, types, defaults and validation."""

from __future__ import annotations

from minikafka.config.broker import BrokerConfig
from minikafka.config.topic import validate_topic_configs

__all__ = ["BrokerConfig", "validate_topic_configs"]
