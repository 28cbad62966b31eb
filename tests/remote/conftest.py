"""A cluster that listens stands for the real Kafka: to clients on sockets it is one.

``MINIKAFKA_ORACLE=HOST:PORT`` puts a real one in its place; `make oracle-remote` does.
"""

import os

import pytest

from minikafka import MiniKafka
from minikafka.remote import inspection
from minikafka.remote.asker import Asker
from minikafka.remote.cluster import RealCluster, addresses


class Skipped(Exception):
    """What these tests have in place of pytest's."""


def refuse(reason):
    raise Skipped(reason)


class Shared:
    """A cluster as others see it: by the names that it has on the cluster."""

    def __init__(self, bootstrap_servers):
        self.listening_on = bootstrap_servers
        self._asker = Asker(addresses(bootstrap_servers))

    def topic_names(self):
        return inspection.topic_names(self._asker)

    def topic(self, name):
        return inspection.topic(self._asker, name)

    def group(self, group_id):
        return inspection.group(self._asker, group_id, refuse)

    def close(self):
        self._asker.close()


@pytest.fixture(scope="module")
def listening():
    """One broker, shared by a module as a real cluster would be."""
    real = os.environ.get("MINIKAFKA_ORACLE")
    if real:
        shared = Shared(real)
        yield shared
        shared.close()
        return
    with MiniKafka(clock="system") as kafka:
        shared = Shared(kafka.listen())
        yield shared
        shared.close()


@pytest.fixture
def join(listening):
    """Joins the shared cluster under names of one's own."""
    joined = []

    def start():
        joined.append(RealCluster(listening.listening_on, refuse))
        return joined[-1]

    yield start
    for each in joined:
        each.close()


@pytest.fixture
def real(join):
    return join()
