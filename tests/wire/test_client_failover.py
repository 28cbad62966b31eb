"""Nothing acknowledged is lost, and nothing is there twice, when brokers die under a Python client's load."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from interop.failover import OPTIONS, kill_brokers_under
from interop.process import Process, python

from minikafka import MiniKafka

pytest.importorskip("aiokafka")
pytest.importorskip("confluent_kafka")
pytest.importorskip("kafka")


@pytest.mark.parametrize("client", ["kafka_python_3", "aio_kafka", "confluent"])
def test_brokers_die_under_load(listening: Callable[..., MiniKafka], client: str) -> None:
    kafka = listening(**OPTIONS)
    kafka.create_topic("t", 1, 3, configs={"min.insync.replicas": 2})
    load = Process([*python(client), "load", kafka.listening_on or "", "t"])
    try:
        kill_brokers_under(load, kafka, "t")
    finally:
        load.kill()
