"""`minikafka topics` against brokers that listen."""

import json

import pytest

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def test_topics_are_created_listed_and_described(cli, kafka):
    text = cli.out(
        "topics", "create", "made", "--partitions", "3", "--replication-factor", "2",
        "--config", "retention.ms=60000",
    )  # fmt: skip
    assert text == "Created topic made.\n"
    assert len(kafka.image.topics["made"].partitions) == 3
    assert "made\n" in cli.out("topics", "list")
    (listed,) = [topic for topic in cli.json("topics", "list") if topic["name"] == "made"]
    assert listed["partition_count"] == 3
    assert listed["replication_factor"] == 2
    assert listed["internal"] is False

    (document,) = cli.json("topics", "describe", "made")
    assert document["configs"] == {"retention.ms": "60000"}
    assert [partition["partition"] for partition in document["partitions"]] == [0, 1, 2]
    assert sorted(document["partitions"][0]["replicas"]) == [1, 2]
    head, *lines = cli.out("topics", "describe", "made").splitlines()
    assert head == (
        f"Topic: made\tTopicId: {document['topic_id']}\tPartitionCount: 3\tReplicationFactor: 2\t"
        "Configs: retention.ms=60000"
    )
    assert lines[0].startswith("\tTopic: made\tPartition: 0\tLeader: ")
    assert len(lines) == 3


def test_the_broker_decides_how_many_partitions_when_nobody_says(cli, kafka):
    cli.out("topics", "create", "plain")
    assert len(kafka.image.topics["plain"].partitions) == kafka.config.num_partitions


def test_a_topic_that_is_there_is_told_and_the_others_are_created(cli, topic):
    result = cli("topics", "create", topic, "beside")
    assert result.exit_code == 1
    assert result.stdout == "Created topic beside.\n"
    expected = f"cannot create topic {topic}: TopicAlreadyExists: Topic '{topic}' already exists."
    assert result.stderr == f"minikafka: {expected}\n"
    assert cli.json("topics", "create", topic, "--if-not-exists") == [
        {"name": topic, "created": False, "error": None}
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bad name"], "Topic name is invalid"),
        (["t", "--replication-factor", "9"], "only 2 broker(s)"),
        (["t", "--config", "nope=1"], "Unknown topic config name: nope"),
    ],
)
def test_what_the_broker_refuses_is_told_on_one_line(cli, arguments, message):
    result = cli("topics", "create", *arguments)
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_partitions_are_added_and_options_changed(cli, kafka, topic):
    cli.out("topics", "alter", topic, "--partitions", "5", "--config", "retention.ms=7")
    (document,) = cli.json("topics", "describe", topic)
    assert document["partition_count"] == 5
    assert document["configs"] == {"retention.ms": "7"}
    cli.out("topics", "alter", topic, "--delete-config", "retention.ms")
    assert cli.json("topics", "describe", topic)[0]["configs"] == {}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--partitions", "1"], 1, "InvalidPartitions"),
        (
            ["--config", "retention.ms=x"],
            1,
            ": InvalidConfiguration: Invalid value x for configuration retention.ms",
        ),
        (["--config", "retention.ms"], 2, "expected KEY=VALUE"),
        (["--config", "a=1", "--delete-config", "a"], 2, "--config a and --delete-config a contradict"),
        ([], 2, "nothing to alter"),
    ],
)
def test_alterations_that_cannot_be_made(cli, topic, arguments, code, message):
    result = cli("topics", "alter", topic, *arguments)
    assert (result.exit_code, message in result.stderr) == (code, True), result.stderr


def test_an_alteration_that_is_refused_is_a_document_too(cli, topic):
    result = cli("topics", "alter", topic, "--config", "retention.ms=x", "--json")
    (document,) = json.loads(result.stdout)
    assert (document["name"], document["altered"]) == (topic, False)
    assert document["error"].startswith("InvalidConfiguration: ")


@pytest.mark.parametrize("option", ["--partitions", "--replication-factor"])
def test_numbers_that_the_protocol_cannot_carry(cli, option):
    result = cli("topics", "create", "t", option, str(2**31))
    assert (result.exit_code, f"'{option}': 2147483648 is not in the range" in result.stderr) == (2, True)


def test_topics_are_deleted(cli, kafka, topic):
    result = cli("topics", "delete", topic, "nowhere")
    assert result.stdout == f"Deleted topic {topic}.\n"
    assert "cannot delete topic nowhere: UnknownTopicOrPartition" in result.stderr
    assert result.exit_code == 5
    assert topic not in kafka.image.topics
    assert cli.out("topics", "delete", "nowhere", "--if-exists") == ""


@pytest.mark.parametrize("command", [["describe"], ["alter", "--partitions", "9"]])
def test_an_unknown_topic_has_an_exit_code_of_its_own(cli, command):
    result = cli("topics", *command, "nowhere")
    assert (result.exit_code, result.stderr) == (5, "minikafka: no topic 'nowhere'\n")


def test_internal_topics_are_left_out_if_asked(cli, kafka):
    assert "__consumer_offsets\n" in cli.out("topics", "list")
    assert "__consumer_offsets" not in cli.out("topics", "list", "--exclude-internal")
    assert "__consumer_offsets" not in cli.out("topics", "describe", "--exclude-internal")
