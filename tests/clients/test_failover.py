"""Nothing acknowledged is lost, and nothing is there twice, when brokers die under load."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from interop.failover import OPTIONS, kill_brokers_under

from minikafka import MiniKafka


@pytest.mark.parametrize("name", ["kafkajs", "franz-go"])
def test_brokers_die_under_load(
    listening: Callable[..., MiniKafka], programs: dict[str, Any], name: str
) -> None:
    if name not in programs:
        pytest.skip(f"{name} is not there")
    kafka = listening(**OPTIONS)
    kafka.create_topic("t", 1, 3, configs={"min.insync.replicas": 2})
    load = programs[name].load(kafka.listening_on, "t")
    try:
        kill_brokers_under(load, kafka, "t")
    finally:
        load.kill()
