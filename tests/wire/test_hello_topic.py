"""The seed's story with `minikafka serve` and each Python client: hello-topic is made, described, written and read."""

from __future__ import annotations

import gc
import importlib

import pytest
from interop.serve import serving

pytest.importorskip("click")
kafka_python = pytest.importorskip("kafka")

CLIENTS = {
    f"kafka_python_{kafka_python.__version__[0]}": "kafka",
    "aio_kafka": "aiokafka",
    "confluent": "confluent_kafka",
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("client", CLIENTS)
def test_hello_topic(client: str) -> None:
    pytest.importorskip(CLIENTS[client])
    with serving() as servers:
        importlib.import_module(f"interop.{client}").hello(servers)
    gc.collect()  # what a client forgot to close is its own affair
