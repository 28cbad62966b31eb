"""A port at one address, and at every address that a name stands for."""

from __future__ import annotations

import socket
import sys
from contextlib import closing

import pytest

from minikafka import MiniKafka
from minikafka.errors import IllegalArgumentError
from minikafka.wire.port import Port

ELSEWHERE = "192.0.2.1"
"""An address that no machine has (RFC 5737)."""


def stands_for(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name stand for these addresses."""
    families = {True: socket.AF_INET6, False: socket.AF_INET}
    ends = {True: (0, 0), False: ()}

    def found(host: str, port: int, **_: object) -> list[object]:
        return [
            (families[":" in each], socket.SOCK_STREAM, 6, "", (each, port, *ends[":" in each]))
            for each in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", found)


def answers(address: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as client:
        return client.connect_ex((address, port)) == 0


@pytest.fixture(
    params=[
        pytest.param("::1", marks=pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6")),
        pytest.param(
            "127.0.0.2",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="there is one loopback address"),
        ),
    ]
)
def other(request: pytest.FixtureRequest) -> str:
    """A second address of this machine."""
    address: str = request.param
    try:
        socket.create_server(
            (address, 0), family=socket.AF_INET6 if ":" in address else socket.AF_INET
        ).close()
    except OSError:
        pytest.skip(f"this machine has no {address}")
    return address


def test_a_name_is_listened_on_at_every_address_that_it_stands_for(
    monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    stands_for(monkeypatch, other, "127.0.0.1", ELSEWHERE, other)
    with MiniKafka(2, clock="system") as kafka:
        servers = kafka.listen("localhost")
        for port in (int(server.rsplit(":", 1)[1]) for server in servers.split(",")):
            assert answers("127.0.0.1", port)
            assert answers(other, port)
        kafka.kill(2)
        assert not answers(other, port)
        assert not answers("127.0.0.1", port)
        kafka.start(2)
        assert answers("127.0.0.1", port)
        assert answers(other, port)
    assert not answers(other, port)
    assert not answers("127.0.0.1", port)


def test_a_port_that_is_taken_at_one_address_is_taken(monkeypatch: pytest.MonkeyPatch, other: str) -> None:
    stands_for(monkeypatch, "127.0.0.1", other)
    family = socket.AF_INET6 if ":" in other else socket.AF_INET
    with socket.create_server((other, 0), family=family) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(IllegalArgumentError, match=f"cannot listen on localhost:{number}: "):
            Port("localhost", number)
    with closing(Port("localhost", number)) as port:
        assert port.number == number


def test_an_address_that_no_machine_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    stands_for(monkeypatch, ELSEWHERE)
    with pytest.raises(IllegalArgumentError, match="cannot listen on localhost:0: "):
        Port("localhost", 0)
