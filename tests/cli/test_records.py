"""`minikafka produce` and `minikafka consume` against brokers that listen."""

import pytest

from minikafka import MiniKafka

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

PATIENT = ["--timeout-ms", "20000"]
"""A record that does not come shall fail the test, not hold it."""


def test_lines_become_records_and_lines_again(cli, kafka, topic):
    assert cli.out("produce", topic, "--partition", "1", stdin="one\ntwo\r\n\nlast") == ""
    assert [record.value for record in kafka.records(topic)] == [b"one", b"two", b"", b"last"]
    assert {record.partition for record in kafka.records(topic)} == {1}
    assert cli.out("consume", topic, "--to-end") == "one\ntwo\n\nlast\n"
    assert cli.out("consume", topic, "--from-beginning", "--max-messages", "2", *PATIENT) == "one\ntwo\n"


def test_keys_headers_and_tombstones(cli, kafka, topic):
    lines = "h:1,g:\tk1=v=1\n\tk2=NULL\n"
    cli.out(
        "produce", topic, "--headers", "--key-separator", "=", "--null-marker", "NULL", "--header", "all:x",
        "--partition", "0", stdin=lines,
    )  # fmt: skip
    first, second = kafka.records(topic)
    assert (first.key, first.value) == (b"k1", b"v=1")
    assert list(first.headers) == [("all", b"x"), ("h", b"1"), ("g", b"")]
    assert (second.key, second.value, list(second.headers)) == (b"k2", None, [("all", b"x")])
    shown = cli.out("consume", topic, "--to-end", "--print", "value,key,headers,offset,partition,timestamp")
    assert shown.splitlines() == [
        f"CreateTime:{first.timestamp}\tPartition:0\tOffset:0\tall:x,h:1,g:\tk1\tv=1",
        f"CreateTime:{second.timestamp}\tPartition:0\tOffset:1\tall:x\tk2\tnull",
    ]
    shown = cli.out("consume", topic, "--to-end", "--print", "key,value", "--separator", r"\0",
                    "--null-marker", "")  # fmt: skip
    assert shown == "k1\0v=1\nk2\0\n"


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_every_compression(cli, kafka, topic, codec):
    lines = "".join(f"espresso {number}\n" for number in range(50))
    cli.out("produce", topic, "--compression-type", codec, "--partition", "0", stdin=lines)
    assert len(kafka.records(topic)) == 50
    assert cli.out("consume", topic, "--to-end") == lines


@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_every_acks(cli, kafka, topic, acks):
    cli.out("produce", topic, "--acks", acks, stdin="a\nb\n")
    assert sorted(cli.out("consume", topic, "--from-beginning", "--max-messages", "2", *PATIENT).split()) == [
        "a",
        "b",
    ]


def test_json_tells_where_each_record_is(cli, topic):
    sent = cli.json_lines("produce", topic, "--partition", "1", stdin="a\nb\n")
    assert [(each["topic"], each["partition"], each["offset"]) for each in sent] == [
        (topic, 1, 0),
        (topic, 1, 1),
    ]
    read = cli.json_lines("consume", topic, "--to-end")
    assert read[0] == {
        "topic": topic,
        "partition": 1,
        "offset": 0,
        "timestamp": sent[0]["timestamp"],
        "timestamp_type": "CreateTime",
        "key": None,
        "value": "a",
        "headers": [],
    }


def test_nobody_tells_an_offset_where_no_acknowledgement_was_asked_for(cli, topic):
    cli.out("produce", topic, "--partition", "1", stdin="a\n")
    sent = cli.json_lines("produce", topic, "--partition", "1", "--acks", "0", stdin="b\nc\n")
    assert [each["offset"] for each in sent] == [None, None]


def test_a_topic_is_copied_whole_by_way_of_json(cli, kafka, topic):
    kafka.create_topic(f"{topic}-copy", 2)
    producer = kafka.producer()
    producer.send(topic, b"\xff\x00", key=b"k\xc3\xa9", headers=[("h", b"\xfe")], partition=1, timestamp_ms=5)
    producer.send(topic, None, key=b"gone", partition=0)
    producer.close()
    lines = cli.out("consume", topic, "--to-end", "--json")
    assert '"value_base64": "/wA="' in lines
    assert '"key": "ké"' in lines
    cli.out("produce", f"{topic}-copy", "--input-format", "json", stdin=lines)

    def content(name):
        return sorted(
            (record.partition, record.timestamp, record.key, record.value, tuple(record.headers))
            for record in kafka.records(name)
        )

    assert content(f"{topic}-copy") == content(topic)


@pytest.mark.parametrize(
    ("options", "line", "code", "message"),
    [
        (["--key-separator", ":"], "nokey", 1, "line 1: no key separator ':'"),
        (["--headers"], "nohead", 1, "line 1: no headers separator '\\t'"),
        (["--headers"], "x\tv", 1, "line 1: header 'x': expected NAME:VALUE"),
        (["--input-format", "json"], "{", 1, "line 1: not a record in JSON"),
        (["--input-format", "json"], "[]", 1, "expected an object with a value"),
        (["--input-format", "json"], '{"value_base64": "?"}', 1, "value_base64='?': "),
        (["--input-format", "json"], '{"value": 1}', 1, "value=1 is not a string"),
        (["--input-format", "json"], "\n", 1, "line 1: not a record in JSON: Expecting value, column 1\n"),
        (["--input-format", "json"], "[" * 100_000, 1, "it is nested too deeply"),
        (["--input-format", "json"], '{"value": "\\ud800"}', 1, "value='\\ud800': surrogates not allowed"),
        (["--input-format", "json"], '{"value_base64": 1}', 1, "value_base64=1 is not a string"),
        (
            ["--input-format", "json"],
            '{"value": "v", "value_base64": "dg=="}',
            1,
            "both value and value_base64",
        ),
        (
            ["--input-format", "json"],
            '{"value": "v", "headers": {"h": "1"}}',
            1,
            "headers={'h': '1'}: expected a list",
        ),
        (
            ["--input-format", "json"],
            '{"value": "v", "headers": [{}]}',
            1,
            "a header's key=None is not a string",
        ),
        (
            ["--input-format", "json"],
            '{"value": "v", "timestamp": 9223372036854775808}',
            1,
            "more than 64 bits hold",
        ),
        (["--input-format", "json"], '{"value": "v", "partition": 2}', 5, "line 1: topic"),
        (["--property", "key.serializer=json"], "v", 2, "this option takes no text"),
        (["--input-format", "json"], '{"value": "v", "partition": "0"}', 1, "partition='0' is not a number"),
        (
            ["--input-format", "json"],
            '{"value": null}',
            1,
            "line 1: kafka-python sends no record whose key and",
        ),
        (["--input-format", "json", "--headers"], "{}", 2, "are for --input-format text"),
        (["--headers-separator", "|"], "v", 2, "--headers-separator: for --headers only"),
        (["--partition", "7"], "v", 5, "has no partition 7"),
        (["--header", "x"], "v", 2, "expected NAME:VALUE"),
        (["--key-separator", ""], "v", 2, "expected at least one character"),
        (["--property", "no.such=1"], "v", 2, "'no.such' is not an option of this client"),
        (["--property", "linger.ms=soon"], "v", 2, "expected a number"),
        (["--property", "linger.ms"], "v", 2, "expected KEY=VALUE"),
        (
            ["--property", "max.request.size=10"],
            "a value too long",
            1,
            "MessageSizeTooLarge: The message is 101 bytes",
        ),
    ],
)
def test_what_cannot_be_produced(cli, topic, options, line, code, message):
    result = cli("produce", topic, *options, stdin=line)
    assert (result.exit_code, message in result.stderr) == (code, True), result.stderr
    assert "Traceback" not in result.output


def test_a_record_that_the_broker_refuses_ends_it(cli, kafka):
    kafka.create_topic("small", configs={"max.message.bytes": "100"})
    result = cli("produce", "small", stdin="ok\n" + "x" * 1000)
    assert result.exit_code == 1
    assert "MessageSizeTooLarge: The record batch size in the append to small-0 is " in result.stderr


def test_a_topic_that_cannot_be(cli):
    result = cli("produce", "no/topic", stdin="v")
    assert (result.exit_code, 'Topic name "no/topic" is illegal' in result.stderr) == (2, True)


def test_a_topic_that_does_not_come_into_being(cli_at):
    with MiniKafka(clock="system", auto_create_topics_enable=False) as strict:
        result = cli_at(strict.listen())("produce", "absent", "--timeout-ms", "1000", stdin="v")
    assert result.exit_code == 5
    assert result.stderr.startswith("minikafka: no topic 'absent', and none has come into being")


def test_a_topic_comes_into_being_where_the_broker_allows_it(cli, kafka):
    cli.out("produce", "on-demand", stdin="v\n")
    assert [record.value for record in kafka.records("on-demand")] == [b"v"]


def test_offsets_to_begin_at(cli, topic):
    cli.out("produce", topic, "--partition", "0", stdin="a\nb\nc\n")
    begin = ["consume", topic, "--partition", "0", "--offset"]
    assert cli.out(*begin, "1", "--to-end") == "b\nc\n"
    assert cli.out(*begin, "earliest", "--max-messages", "1", *PATIENT) == "a\n"
    assert cli.out(*begin, "latest", "--to-end") == ""
    assert cli.out("consume", topic, "--partition", "1", "--to-end") == ""


def test_the_end_of_time(cli, topic):
    assert cli.out("consume", topic, "--from-beginning", "--timeout-ms", "20") == ""
    result = cli("consume", topic, "--from-beginning", "--max-messages", "2", "--timeout-ms", "20")
    assert (result.stdout, result.exit_code) == ("", 4)
    assert result.stderr == "minikafka: no record for 20 ms; 0 came of 2\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--group", "g", "--partition", "0"], "--partition is for reading without a --group"),
        (["--group", "g", "--to-end"], "--to-end is for reading without a --group"),
        (["--offset", "1"], "--offset needs --partition"),
        (["--partition", "0", "--offset", "1", "--from-beginning"], "contradict"),
        (["--partition", "0", "--offset", "soon"], "expected earliest, latest or a number"),
        (["--partition", "0", "--offset", str(2**63)], "expected earliest, latest or a number from 0 to"),
        (["--print", "key,colour"], "'colour': expected some of timestamp"),
        (["--json", "--print", "key", "--separator", ":"], "--print, --separator: for text only"),
        (["--property", "partition.assignment.strategy=range"], "this option takes no text"),
        (["--property", "check.crcs=yes"], "expected true or false"),
    ],
)
def test_options_that_make_no_sense(cli, topic, options, message):
    result = cli("consume", topic, *options)
    assert (result.exit_code, message in result.stderr) == (2, True), result.stderr


def test_what_is_not_there_is_not_waited_for(cli, kafka, topic):
    result = cli("consume", "nowhere")
    assert (result.exit_code, "no topic 'nowhere'" in result.stderr) == (5, True)
    assert "nowhere" not in kafka.image.topics
    result = cli("consume", topic, "--partition", "9")
    assert (result.exit_code, "has no partition 9" in result.stderr) == (5, True)


def test_progress_is_counted_on_stderr_when_asked_for(cli, topic):
    result = cli("produce", topic, "--progress", stdin="a\nb\n")
    assert result.stderr.splitlines()[-1].startswith("2 records sent, ")
    result = cli("consume", topic, "--to-end", "--progress")
    assert result.stderr.splitlines()[-1].startswith("2 records read, ")
    assert result.stdout.count("\n") == 2
