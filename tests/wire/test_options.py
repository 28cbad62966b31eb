from __future__ import annotations

import pytest

from minikafka.config import BrokerConfig
from minikafka.errors import IllegalArgumentError, UnsupportedOptionError
from minikafka.wire.options import KAFKAS_OPTIONS, ListenerOptions, places


def test_the_brokers_options_are_the_defaults_and_the_listeners_win() -> None:
    config = BrokerConfig({"socket.request.max.bytes": 1000, "max.connections": "7"})
    options = ListenerOptions(config, max_connections=9)
    assert options.socket_request_max_bytes == 1000
    assert options.max_connections == 9
    assert options.connections_max_idle_ms == 600_000
    assert options.socket_listen_backlog_size == 1024


def test_every_option_of_kafkas_is_one_of_the_brokers() -> None:
    assert all(name.replace("_", ".") in BrokerConfig().as_dict() for name in KAFKAS_OPTIONS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_connections": -1}, "max.connections"),
        ({"socket_request_max_bytes": 0}, "socket.request.max.bytes"),
        ({"socket_listen_backlog_size": "many"}, "socket.listen.backlog.size"),
        ({"write_buffer_bytes": 0}, "write_buffer_bytes=0: expected a positive number"),
        ({"prompt_rebalances": 1}, "prompt_rebalances=1: expected True, False or None"),
        ({"read_buffer_bytes": True}, "read_buffer_bytes=True: expected a positive number"),
        ({"num_partitions": 3}, "unknown option of a listener 'num_partitions'"),
        ({"backlog": 3}, "unknown option of a listener 'backlog'.*socket_listen_backlog_size"),
    ],
)
def test_what_is_no_option_or_no_value_is_named(options: dict[str, int], message: str) -> None:
    with pytest.raises(IllegalArgumentError, match=message):
        ListenerOptions(BrokerConfig(), **options)


@pytest.mark.parametrize("name", ["listeners", "advertised.listeners"])
def test_kafkas_listeners_are_refused_with_what_to_say_instead(name: str) -> None:
    with pytest.raises(UnsupportedOptionError, match=r"MiniKafka\.listen"):
        BrokerConfig({name: "PLAINTEXT://:9092"})


@pytest.mark.parametrize(
    ("port", "advertised_port", "expected"),
    [
        (0, None, [(0, None)] * 3),
        (9092, None, [(9092, None), (9093, None), (9094, None)]),
        ([7, 0, 9], None, [(7, None), (0, None), (9, None)]),
        (0, 9092, [(0, 9092), (0, 9093), (0, 9094)]),
        (9092, [1, 2, 3], [(9092, 1), (9093, 2), (9094, 3)]),
    ],
)
def test_the_ports_of_the_brokers(
    port: int, advertised_port: int | None, expected: list[tuple[int, int | None]]
) -> None:
    found = places(3, "127.0.0.1", port, advertised_port=advertised_port)
    assert [(place.port, place.advertised_port) for place in found] == expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"port": 70000}, "port=70000: expected 0 to 65535"),
        ({"port": 65535}, "port=65535: expected 0 to 65535"),
        ({"port": -1}, "port=-1"),
        ({"port": [1]}, r"port=\[1\]: expected one port for each of 2 brokers"),
        ({"port": ["1", "2"]}, r"port=\['1', '2'\]"),
        ({"port": 65535}, "broker 2 would have 65536"),
        ({"port": "9092"}, "port='9092': expected a number, or a list of one for each broker"),
        ({"port": None}, "port=None: expected a number"),
        ({"port": True}, "port=True: expected a number"),
        ({"port": 1.5}, "port=1.5: expected a number"),
        ({"advertised_port": 0}, "advertised_port=0: expected 1 to 65535"),
        ({"host": None}, "host=None: expected a name or an address"),
        ({"host": "localhost:9092"}, "host='localhost:9092': expected a name or an address, without a port"),
        ({"host": "0"}, "advertised_host='0': clients cannot connect to that"),
        ({"advertised_host": "a,b"}, "advertised_host='a,b': expected a name or an address"),
        ({"advertised_host": 5}, "advertised_host=5: expected a name or an address"),
        ({"host": "0.0.0.0"}, "advertised_host='0.0.0.0': clients cannot connect to that"),
        ({"host": "::1", "advertised_host": ""}, "advertised_host=''"),
    ],
)
def test_ports_and_hosts_that_are_none(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(IllegalArgumentError, match=message):
        places(2, **arguments)  # type: ignore[arg-type]


def test_listening_everywhere_needs_a_name_to_advertise() -> None:
    (place,) = places(1, "0.0.0.0", 9092, advertised_host="kafka.test")
    assert (place.host, place.advertised_host) == ("0.0.0.0", "kafka.test")
