from __future__ import annotations

import pytest

from minikafka.wire.addresses import bootstrap_servers, host_and_port, is_anywhere, is_host, java_address


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "/127.0.0.1"),
        ("::1", "/0:0:0:0:0:0:0:1"),
        ("2001:db8::ff00:42:8329", "/2001:db8:0:0:0:ff00:42:8329"),
        ("::ffff:10.0.0.7", "/10.0.0.7"),
        ("fe80::1%eth0", "/fe80:0:0:0:0:0:0:1%eth0"),
    ],
)
def test_addresses_as_java_shows_them(host: str, shown: str) -> None:
    assert java_address(host) == shown


def test_an_ipv6_address_is_told_from_its_port() -> None:
    assert host_and_port("::1", 9092) == "[::1]:9092"
    assert bootstrap_servers([("localhost", 1), ("fe80::1", 2)]) == "localhost:1,[fe80::1]:2"


@pytest.mark.parametrize(
    ("host", "anywhere"),
    [
        *((host, True) for host in ("0.0.0.0", "0", "::", "::0", "0:0:0:0:0:0:0:0", "")),
        *((host, False) for host in ("::1", "127.0.0.1", "1", "localhost", "a\0b", "é")),
    ],
)
def test_hosts_that_stand_for_every_interface(host: str, anywhere: bool) -> None:
    assert is_anywhere(host) is anywhere


@pytest.mark.parametrize(
    "host",
    ["localhost", "kafka.example.", "my_broker-1", "bücher.example", "10.0.0.7", "::1", "fe80::1%eth0"],
)
def test_hosts(host: str) -> None:
    assert is_host(host)


@pytest.mark.parametrize(
    "host",
    ["", "localhost:9092", "[::1]", "a b", "a,b", "a..b", ".", "x" * 64, "127.0.0.1\0", "a/b", None, b"a", 5],
)
def test_what_is_no_host(host: object) -> None:
    assert not is_host(host)
