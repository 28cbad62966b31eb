"""The commands as processes: signals, pipes, and what is not there."""

import gc
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
from contextlib import closing

import pytest
from kafka.errors import UnsupportedCodecError

import minikafka.cli
from minikafka import MiniKafka
from minikafka.cli.connection import server_list
from minikafka.cli.failures import Exit, failure_for

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def test_the_seeds_story(served, spawn):
    """Topic, producer, consumer, group: each a process of its own, as in three terminals."""
    env = {"MINIKAFKA_BOOTSTRAP_SERVER": served.servers}
    assert spawn("topics", "create", "hello-topic", env=env).end() == (0, "Created topic hello-topic.\n", "")
    process = spawn("produce", "hello-topic", "--key-separator", ":", env=env)
    assert process.end("hello-key:hello, world\n") == (0, "", "")
    consumer = spawn(
        "consume", "hello-topic", "--from-beginning", "--group", "hello-group-id", "--print", "key,value",
        "--max-messages", "1", "--timeout-ms", "20000", env=env,
    )  # fmt: skip
    assert consumer.end() == (0, "hello-key\thello, world\n", "")
    (document,) = served.json("groups", "describe", "hello-group-id")
    assert [offset["lag"] for offset in document["offsets"]] == [0]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_consumer_that_is_stopped_leaves_its_group(served, spawn, number, code):
    topic = f"stopped-{code}"
    served.out("topics", "create", topic)
    served.out("produce", topic, stdin="a\n")
    consumer = spawn(
        "consume", topic, "--from-beginning", "--group", topic, "--bootstrap-server", served.servers
    )
    assert consumer.line() == "a\n"
    consumer.signal(number)
    assert consumer.end() == (code, "", "minikafka: 1 records read\n")
    (document,) = served.json("groups", "describe", topic)
    assert document["state"] == "Empty"
    assert document["offsets"][0]["committed_offset"] == 1


def test_each_line_is_acknowledged_before_the_next_one_comes(served, spawn):
    producer = spawn("produce", "talk", "--json", "--bootstrap-server", served.servers)
    for offset in range(3):
        producer.write("v\n")
        assert json.loads(producer.line())["offset"] == offset
    producer.signal(signal.SIGTERM)
    assert producer.end() == (143, "", "")
    assert served.out("consume", "talk", "--to-end") == "v\n" * 3


def test_a_record_that_is_refused_ends_the_producer_at_once(served, spawn):
    served.out("topics", "create", "narrow", "--config", "max.message.bytes=100")
    producer = spawn("produce", "narrow", "--bootstrap-server", served.servers)
    producer.write("x" * 1000 + "\n")
    assert producer.exit_code() == 1
    assert producer.end()[2].startswith("minikafka: MessageSizeTooLarge: ")


def test_a_reader_that_leaves_ends_the_consumer(served, spawn):
    served.out("topics", "create", "long")
    served.out("produce", "long", stdin=("x" * 1000 + "\n") * 1000)
    consumer = spawn("consume", "long", "--from-beginning", "--bootstrap-server", served.servers)
    assert consumer.line() == "x" * 1000 + "\n"
    consumer.popen.stdout.close()
    assert consumer.exit_code() == 141
    assert consumer.popen.stderr.read() == ""


def test_a_reader_that_leaves_ends_the_producer(served, spawn):
    producer = spawn("produce", "deaf", "--json", "--bootstrap-server", served.servers)
    producer.popen.stdout.close()
    code, _, told = producer.end("v\n" * 5000)
    assert (code, told) == (141, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no device here that is always full")
@pytest.mark.parametrize("arguments", [["topics", "list"], ["consume", "disk", "--to-end"]], ids=" ".join)
def test_a_disk_that_is_full_is_told_on_one_line(served, arguments):
    served.out("topics", "create", "disk", "--if-not-exists")
    served.out("produce", "disk", stdin="a\n")
    with open("/dev/full", "w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "minikafka", *arguments, "--bootstrap-server", served.servers],
            stdout=full, stderr=subprocess.PIPE, text=True, timeout=30,
        )  # fmt: skip
    assert (result.returncode, result.stderr) == (
        1,
        "minikafka: cannot write to stdout: No space left on device\n",
    )


@pytest.mark.parametrize(
    "command", ["topics list >&-", "produce shut <&-", "produce shut 2>&-", "consume shut --to-end >&-"]
)
def test_a_stream_that_is_closed_is_empty(served, command):
    served.out("topics", "create", "shut", "--if-not-exists")
    result = subprocess.run(
        f"{shlex.quote(sys.executable)} -m minikafka {command}", shell=True, input="v\n", capture_output=True,
        text=True, timeout=30, env={**os.environ, "MINIKAFKA_BOOTSTRAP_SERVER": served.servers},
    )  # fmt: skip
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_a_client_that_an_interrupt_left_half_made_says_nothing(cli, monkeypatch):
    class HalfMade:
        def __del__(self):
            raise ReferenceError("gone already")

    def interrupted(*_, **__):
        client = HalfMade()
        raise KeyboardInterrupt(client)

    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr("minikafka.cli.connection.Connection.producer", interrupted)
    result = cli("produce", "t")
    assert (result.exit_code, result.output) == (130, "")
    del result
    gc.collect()


def test_an_interrupt_before_the_command_line_is_read_says_nothing(monkeypatch, capsys):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(minikafka.cli, "_run", interrupted)
    with pytest.raises(SystemExit) as left:
        minikafka.cli.main()
    assert left.value.code == Exit.INTERRUPTED
    assert capsys.readouterr() == ("", "")


def test_a_consumer_tells_of_a_broker_that_is_down_and_goes_on_when_it_is_back(spawn):
    with MiniKafka(clock="system") as kafka:
        kafka.create_topic("t")
        with closing(kafka.producer()) as producer:
            consumer = spawn("consume", "t", "--from-beginning", "--bootstrap-server", kafka.listen())
            producer.send("t", b"before").get(timeout=10)
            assert consumer.line() == "before\n"
            kafka.kill(1)
            assert consumer.popen.stderr.readline().startswith(
                "minikafka: a broker does not answer, trying again: "
            )
            kafka.start(1)
            producer.send("t", b"after").get(timeout=20)
            assert consumer.line() == "after\n"
            consumer.signal(signal.SIGINT)
            assert consumer.end() == (130, "", "minikafka: 2 records read\n")


@pytest.mark.parametrize(
    "arguments",
    [["topics", "list"], ["produce", "t"], ["consume", "t"], ["groups", "list"]],
    ids=lambda arguments: arguments[0],
)
def test_no_broker_is_told_on_one_line(cli, arguments):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1]}"
        result = cli(*arguments, "--bootstrap-server", address, "--request-timeout-ms", "300")
    assert result.exit_code == 3
    assert result.stderr.startswith(f"minikafka: no broker reachable at {address} within 300 ms")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "servers",
    ["", " ", ",", "localhost:9092,", ":9092", "localhost:", "localhost:http", "localhost:65536", "localhost:0",
     "::1:port", "[::1", "[localhost]:1", "a b:9092", "http://localhost:9092/"],
)  # fmt: skip
def test_what_is_no_address_is_not_tried(cli, servers):
    result = cli("topics", "list", "--bootstrap-server", servers)
    assert (result.exit_code, ": expected HOST:PORT, such as" in result.stderr) == (2, True), result.stderr


@pytest.mark.parametrize(
    "servers", ["localhost", "::1", "[::1]", "[::1]:1", "PLAINTEXT://kafka-1.example:65535", "a:1, b:2"]
)
def test_what_is_an_address(servers):
    assert server_list(None, None, servers) == servers


def test_without_click_the_extra_is_named(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "click", None)
    with pytest.raises(SystemExit) as left:
        minikafka.cli.main()
    assert left.value.code == 2
    assert "pip install 'minikafka[cli]'" in capsys.readouterr().err


def test_without_kafka_python_the_extra_is_named(cli, monkeypatch):
    monkeypatch.setitem(sys.modules, "kafka", None)
    result = cli("topics", "list")
    assert (result.exit_code, "pip install 'minikafka[cli]'" in result.stderr) == (2, True)


def test_an_old_kafka_python_is_named(cli, monkeypatch):
    monkeypatch.setattr("kafka.__version__", "2.3.3")
    result = cli("topics", "list")
    assert (result.exit_code, "kafka-python 3 or newer, and finds 2.3.3" in result.stderr) == (2, True)


def test_a_missing_codec_is_named(cli, topic, monkeypatch):
    for name in ("lz4", "lz4f", "lz4framed"):
        monkeypatch.setattr(f"kafka.codec.{name}", None)
    result = cli("produce", topic, "--compression-type", "lz4", stdin="v")
    assert (result.exit_code, "lz4" in result.stderr, "'minikafka[cli]'" in result.stderr) == (2, True, True)
    missing = failure_for(UnsupportedCodecError("Libraries for lz4 not found"))
    assert missing.message == "UnsupportedCodec: Libraries for lz4 not found (pip install 'minikafka[cli]')"


COMMANDS = [
    [],
    ["serve"],
    ["topics"],
    ["topics", "list"],
    ["topics", "create"],
    ["topics", "describe"],
    ["topics", "alter"],
    ["topics", "delete"],
    ["produce"],
    ["consume"],
    ["groups"],
    ["groups", "list"],
    ["groups", "describe"],
    ["groups", "delete"],
    ["groups", "reset-offsets"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_shows_an_example(cli, command):
    text = cli.out(*command, "--help")
    examples = text.partition("Example")[2] or text.partition("localhost:9092")[2]
    assert f"minikafka {' '.join(command)}".rstrip() in examples


def test_the_version(cli):
    assert cli.out("--version") == f"minikafka, version {minikafka.__version__}\n"
