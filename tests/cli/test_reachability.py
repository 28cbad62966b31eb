"""Why no broker could be reached."""

import socket

import pytest

pytest.importorskip("click")

from minikafka.cli.connection import address_of
from minikafka.cli.reachability import reasons


@pytest.fixture
def port():
    """One that somebody has and where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_nobody_listens(port):
    assert reasons([("127.0.0.1", port)]) == "connection refused"


def test_somebody_listens_who_is_no_kafka():
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert reasons([server.getsockname()]).startswith("who listens there does not answer as Kafka does")


def test_there_is_no_such_host(monkeypatch):
    def unknown(*_args, **_options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert reasons([("kafka.nowhere", 9092)]) == "no such host"


@pytest.mark.parametrize(
    ("raised", "told"),
    [(TimeoutError("timed out"), "no answer"), (OSError(113, "No route to host"), "No route to host")],
)
def test_the_network_does_not_get_there(monkeypatch, raised, told):
    def refuse(*_args, **_options):
        raise raised

    monkeypatch.setattr(socket, "create_connection", refuse)
    assert reasons([("kafka.far", 9092)]) == told


def test_several_addresses_are_told_apart(port):
    told = reasons([("127.0.0.1", port)] * 4)
    assert told == ", ".join([f"127.0.0.1:{port}: connection refused"] * 3)


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("kafka:9093", ("kafka", 9093)),
        (" kafka", ("kafka", 9092)),
        ("[::1]:7", ("::1", 7)),
        ("PLAINTEXT://kafka:1", ("kafka", 1)),
        ("a:b", ("a:b", 9092)),
    ],
)
def test_what_an_address_is(entry, address):
    assert address_of(entry) == address
