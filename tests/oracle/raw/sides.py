"""Both sides of the comparison, started for raw cases: minikafka on sockets, and the real Kafka."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.oracle.kafka_server import RealKafka
from tests.oracle.raw.cluster import CONFIG, Cluster

from minikafka import MiniKafka

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def minikafka(nodes: int) -> Iterator[Cluster]:
    """A cluster of minikafka that listens; it must be healthy at the end."""
    with (
        MiniKafka(nodes, clock="system", config=CONFIG) as kafka,
        Cluster(kafka.listen(), kafka.check_health) as cluster,
    ):
        yield cluster


@contextmanager
def real(nodes: int, version: str) -> Iterator[Cluster]:
    """A real Kafka.

    Raises:
        OracleMissingError: this machine cannot run one.
    """
    with (
        RealKafka(nodes, version=version, config=CONFIG) as kafka,
        Cluster(kafka.bootstrap_servers) as cluster,
    ):
        yield cluster
