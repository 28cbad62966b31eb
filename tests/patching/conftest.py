"""A cluster with a topic, and which kafka-python is installed: these tests run under 2.2, 2.3 and 3.0 alike."""

import pytest

from minikafka import MiniKafka

try:
    import kafka as kafka_python
except ImportError:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def version():
    return tuple(int(part) for part in kafka_python.__version__.split(".")[:2])


@pytest.fixture
def kafka():
    with MiniKafka(seed=7) as cluster:
        cluster.create_topic("orders", partitions=2)
        yield cluster
