"""`minikafka serve`, in a process of its own where that matters."""

import json
import os
import signal
import socket

import pytest

from minikafka.errors import InternalError, KafkaError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

READY = "minikafka is ready on "


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(spawn, cli_at, tmp_path, number):
    ready = tmp_path / "ready"
    ready.write_text("what a server that was killed has left\n")
    process = spawn(
        "serve", "--brokers", "2", "--port", "0", "--topic", "orders:3:2", "--topic", "plain",
        "--topic-config", "orders:retention.ms=60000", "--config", "num.partitions=4", "--ready-file", str(ready),
    )  # fmt: skip
    line = process.line()
    assert line.startswith(READY)
    servers = line.removeprefix(READY).strip()
    assert servers.count("localhost:") == 2
    assert ready.read_text() == f"{servers}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["ready"]

    cli = cli_at(servers)
    orders, plain = cli.json("topics", "describe", "orders", "plain")
    assert (orders["partition_count"], orders["replication_factor"]) == (3, 2)
    assert orders["configs"] == {"retention.ms": "60000"}
    assert plain["partition_count"] == 1
    cli.out("topics", "create", "more")
    assert cli.json("topics", "describe", "more")[0]["partition_count"] == 4

    process.signal(number)
    assert process.end() == (0, "", f"minikafka: {number.name}: stopping\n")
    assert not ready.exists()
    with socket.socket() as closed, pytest.raises(ConnectionRefusedError):
        closed.connect(("localhost", int(servers.rsplit(":", 1)[1])))


def test_json_lines_tell_what_happens(spawn):
    process = spawn("serve", "--port", "0", "--json")
    ready = json.loads(process.line())
    assert ready["event"] == "ready"
    assert ready["pid"] == process.popen.pid
    assert set(ready) == {"event", "bootstrap_servers", "cluster_id", "pid"}
    process.signal(signal.SIGTERM)
    assert process.end() == (0, '{"event": "stopped"}\n', "")


def test_nobody_need_read_its_last_line(spawn):
    process = spawn("serve", "--port", "0", "--json")
    assert process.line()
    process.popen.stdout.close()
    process.signal(signal.SIGTERM)
    assert process.exit_code() == 0
    assert process.popen.stderr.read() == ""


def test_a_port_that_is_taken_is_told(cli, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = cli("serve", "--port", str(port), "--ready-file", str(tmp_path / "ready"))
    assert result.exit_code == 1
    assert result.stderr.startswith(f"minikafka: cannot listen on localhost:{port}: ")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert not list(tmp_path.iterdir())


def test_another_port_is_no_advice_where_the_host_is_wrong(cli):
    result = cli("serve", "--port", "0", "--host", "no-such-host.invalid")
    assert result.exit_code == 1
    assert result.stderr.startswith("minikafka: cannot listen on no-such-host.invalid:0: ")
    assert "--port" not in result.stderr


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_ready_file_takes_the_place_of_nothing_but_a_file(cli, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    result = cli("serve", "--port", "0", "--ready-file", str(pipe))
    assert (result.exit_code, "is not a regular file" in result.stderr) == (2, True), result.stderr
    assert pipe.is_fifo()


def test_clients_are_told_the_advertised_address(spawn, cli_at):
    process = spawn(
        "serve", "--brokers", "2", "--port", "0", "--host", "0.0.0.0", "--advertised-host", "kafka.example",
        "--advertised-port", "9092",
    )  # fmt: skip
    assert process.line() == f"{READY}kafka.example:9092,kafka.example:9093\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--topic", "orders:x"], "'orders:x': partitions 'x' is not a positive number"),
        (["--topic", "orders:1:0"], "replication '0' is not a positive number"),
        (["--topic", ":1"], "expected NAME[:PARTITIONS[:REPLICATION]]"),
        (["--topic", "orders:1:1:1"], "expected NAME[:PARTITIONS[:REPLICATION]]"),
        (["--topic", "a", "--topic", "a:2"], "'a' is named twice"),
        (["--topic", "or ders"], "--topic or ders: "),
        (["--topic", "orders:1:9"], "only 1 broker(s)"),
        (["--topic-config", "orders:a=b"], "there is no --topic orders to go with it"),
        (["--topic", "a", "--topic-config", "a"], "expected NAME:KEY=VALUE"),
        (["--topic", "a", "--topic-config", "a:nope=1"], "--topic-config a: Unknown topic config name: nope"),
        (["--config", "nope=1"], "nope"),
        (["--config", "num.partitions=many"], "num.partitions"),
        (["--config", "num.partitions"], "expected KEY=VALUE"),
        (["--config", "log.dirs=/tmp"], "logs live in memory"),
        (["--brokers", "0"], "--brokers"),
        (["--port", "65536"], "--port"),
        (["--port", "65535", "--brokers", "2"], "2 brokers would need ports up to 65536"),
        (["--advertised-port", "65535", "--brokers", "2"], "2 brokers would need ports up to 65536"),
        (["--host", "0.0.0.0"], "clients cannot connect to '0.0.0.0'"),
        (["--advertised-host", "::"], "clients cannot connect to '::'"),
        (["--config", "max.connections=many"], "max.connections"),
        (["--ready-file", "/no/such/directory/ready"], "no directory /no/such/directory"),
        (["--ready-file", "/"], "is a directory"),
        (["--host", "[::1]"], "'[::1]': expected a name or an address, without a port"),
        (["--host", "0"], "clients cannot connect to '0'"),
        (["--advertised-host", "kafka:9092"], "'kafka:9092': expected a name or an address"),
        (["--advertised-host", ""], "clients cannot connect to ''"),
        (["beyond"], "unexpected extra argument"),
    ],
)
def test_what_makes_no_sense_is_told(cli, arguments, message):
    result = cli("serve", *arguments)
    assert (result.exit_code, message in result.stderr) == (2, True), result.stderr
    assert "Traceback" not in result.stderr


def test_the_listener_is_told_what_the_options_say(cli, monkeypatch):
    told = {}

    def listen(self, host, port, **options):
        told.update(options, host=host, port=port)
        raise KafkaError("enough")

    monkeypatch.setattr("minikafka.cluster.MiniKafka.listen", listen)
    assert cli("serve", "--port", "4711", "--prompt-rebalances", "--advertised-port", "9092").exit_code == 1
    assert told == {
        "host": "localhost",
        "port": 4711,
        "advertised_host": None,
        "advertised_port": 9092,
        "prompt_rebalances": True,
    }
    cli("serve")
    assert (told["port"], told["prompt_rebalances"]) == (9092, None)
    cli("serve", "--no-prompt-rebalances")
    assert told["prompt_rebalances"] is False


def test_an_internal_error_ends_it_and_is_told_in_full(cli, monkeypatch, tmp_path):
    def check_health(self):
        raise InternalError("an impossible state") from ZeroDivisionError("the bug")

    monkeypatch.setattr("minikafka.cluster.MiniKafka.check_health", check_health)
    result = cli("serve", "--port", "0", "--ready-file", str(tmp_path / "ready"))
    assert result.exit_code == 1
    assert result.stdout.startswith(READY)
    assert "ZeroDivisionError: the bug" in result.stderr
    assert result.stderr.endswith(
        "minikafka: an internal error of minikafka's has stopped the cluster; please report it\n"
    )
    assert not list(tmp_path.iterdir())
