"""`minikafka groups` against brokers that listen."""

from contextlib import closing

import pytest

from minikafka import TopicPartition
from minikafka.cli.connection import Connection
from minikafka.cli.group_views import describe_group

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


@pytest.fixture
def read(cli, kafka, topic):
    """A group that has read three of five records of partition 0, and left."""
    cli.out("produce", topic, "--partition", "0", stdin="0\n1\n2\n3\n4\n")
    options = ["--group", f"g-{topic}", "--from-beginning", "--max-messages", "3", "--timeout-ms", "20000"]
    assert cli.out("consume", topic, *options) == "0\n1\n2\n"
    return f"g-{topic}"


def committed(kafka, group, topic):
    return kafka.group(group).committed.get(TopicPartition(topic, 0))


def test_a_group_commits_what_was_written_and_goes_on_there(cli, kafka, topic, read):
    assert committed(kafka, read, topic) == 3
    assert (
        cli.out("consume", topic, "--group", read, "--max-messages", "2", "--timeout-ms", "20000") == "3\n4\n"
    )
    assert committed(kafka, read, topic) == 5


def test_groups_are_listed(cli, read):
    assert read in cli.out("groups", "list").splitlines()
    assert {"group": read, "state": "Empty", "type": "classic"} in cli.json("groups", "list")
    assert read in cli.out("groups", "list", "--state", "empty").splitlines()
    assert read not in cli.out("groups", "list", "--state", "Stable").splitlines()


def test_an_empty_group_is_described(cli, topic, read):
    result = cli("groups", "describe", read)
    assert result.stderr == f"minikafka: group '{read}' has no active members (state Empty)\n"
    heading, first, *_ = result.stdout.splitlines()
    assert heading.split() == [
        "GROUP", "TOPIC", "PARTITION", "CURRENT-OFFSET", "LOG-END-OFFSET", "LAG", "CONSUMER-ID", "HOST",
        "CLIENT-ID",
    ]  # fmt: skip
    assert first.split() == [read, topic, "0", "3", "5", "2", "-", "-", "-"]
    (document,) = cli.json("groups", "describe", read)
    assert (document["state"], document["members"]) == ("Empty", [])
    assert document["offsets"][0] == {
        "topic": topic,
        "partition": 0,
        "committed_offset": 3,
        "log_end_offset": 5,
        "lag": 2,
        "member_id": None,
    }


def test_a_group_with_a_member_is_described_and_left_alone(cli, kafka, topic):
    cli.out("produce", topic, "--partition", "0", stdin="a\n")
    group = f"live-{topic}"
    with closing(kafka.consumer(topic, group_id=group, client_id="me")) as consumer:
        kafka.wait_for_assignment(consumer)
        (document,) = cli.json("groups", "describe", group)
        (member,) = document["members"]
        assert document["state"] == "Stable"
        assert document["assignor"]
        assert member["client_id"] == "me"
        assert member["assignment"] == [{"topic": topic, "partition": index} for index in (0, 1)]
        assert [offset["member_id"] for offset in document["offsets"]] == [member["member_id"]] * 2
        line = cli.out("groups", "describe", group, "--members").splitlines()[1]
        assert line.split() == [group, member["member_id"], member["host"], "me", "2", f"{topic}(0,1)"]
        line = cli.out("groups", "describe", group, "--state").splitlines()[1]
        assert line.split() == [group, "Stable", "classic", document["assignor"], "1"]

        result = cli("groups", "reset-offsets", group, "--topic", topic, "--to-latest", "--execute")
        assert result.exit_code == 1
        assert f"group '{group}' is Stable" in result.stderr
        result = cli("groups", "delete", group)
        assert (result.exit_code, "NonEmptyGroup" in result.stderr) == (1, True)


def test_groups_are_deleted(cli, read):
    result = cli("groups", "delete", read, "nobody")
    assert result.stdout == f"Deleted group {read}.\n"
    assert "cannot delete group nobody: GroupIdNotFound" in result.stderr
    assert result.exit_code == 5
    assert cli.json("groups", "delete", "nobody", "--if-exists") == [
        {"group": "nobody", "deleted": False, "error": None}
    ]
    assert cli("groups", "describe", read).exit_code == 5


@pytest.mark.parametrize(
    ("where", "offset"),
    [
        (["--to-earliest"], 0),
        (["--to-latest"], 5),
        (["--to-offset", "2"], 2),
        (["--to-offset", "99"], 5),
        (["--shift-by", "-2"], 1),
        (["--shift-by", "1"], 4),
        (["--shift-by", "-9"], 0),
        (["--to-datetime", "2001-01-01T00:00:00"], 0),
        (["--to-datetime", "2999-01-01T00:00:00+02:00"], 5),
    ],
)
def test_offsets_are_reset(cli, kafka, topic, read, where, offset):
    command = ["groups", "reset-offsets", read, "--topic", f"{topic}:0", *where]
    shown = cli(*command)
    assert shown.stdout.splitlines()[1].split() == [read, topic, "0", str(offset)]
    assert "nothing was changed" in shown.stderr
    assert committed(kafka, read, topic) == 3
    document = cli.json(*command, "--execute")
    assert document == {
        "group": read,
        "executed": True,
        "offsets": [{"topic": topic, "partition": 0, "committed_offset": 3, "new_offset": offset}],
    }
    assert committed(kafka, read, topic) == offset


def test_a_time_between_records(cli, kafka, topic):
    with closing(kafka.producer()) as producer:
        for second in range(3):
            producer.send(topic, b"v", partition=0, timestamp_ms=1_000_000_000_000 + 1000 * second)
    command = ["groups", "reset-offsets", "fresh", "--topic", f"{topic}:0", "--execute"]
    cli.out(*command, "--to-datetime", "2001-09-09T01:46:40.500Z")
    assert committed(kafka, "fresh", topic) == 1


def test_all_that_was_committed_is_reset(cli, kafka, topic, read):
    cli.out("groups", "reset-offsets", read, "--all-topics", "--to-earliest", "--execute")
    assert committed(kafka, read, topic) == 0


def test_a_state_that_there_is_not(cli):
    result = cli("groups", "list", "--state", "Emtpy")
    assert (result.exit_code, "'Emtpy' is not one of" in result.stderr) == (2, True), result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["g", "--to-earliest"], 2, "either --topic or --all-topics"),
        (["g", "--topic", "t"], 2, "one of --to-earliest"),
        (["g", "--topic", "t", "--to-earliest", "--to-latest"], 2, "one of --to-earliest"),
        (["g", "--topic", "t", "--to-earliest", "--execute", "--dry-run"], 2, "contradict"),
        (["g", "--topic", "t:x", "--to-earliest"], 2, "expected TOPIC[:PARTITION,...]"),
        (["g", "--topic", "t", "--to-datetime", "1969-12-31"], 2, "'1969-12-31': expected 1970 or later"),
        (["g", "--topic", "t", "--to-datetime", "soon"], 2, "expected such as 2026-01-31T12:00:00Z"),
        (["g", "--topic", "nowhere", "--to-earliest"], 5, "no topic 'nowhere'"),
        (["nobody", "--all-topics", "--to-earliest"], 5, "has committed nothing"),
    ],
)
def test_resets_that_make_no_sense(cli, arguments, code, message):
    result = cli("groups", "reset-offsets", *arguments)
    assert (result.exit_code, message in result.stderr) == (code, True), result.stderr


def test_partitions_that_cannot_be_reset(cli, topic):
    result = cli("groups", "reset-offsets", "g", "--topic", f"{topic}:9", "--to-earliest")
    assert (result.exit_code, "has no partition 9" in result.stderr) == (5, True)
    result = cli("groups", "reset-offsets", "g", "--topic", topic, "--shift-by", "1")
    assert (result.exit_code, "nothing is committed" in result.stderr) == (5, True)


def test_an_unknown_group_has_an_exit_code_of_its_own(cli):
    result = cli("groups", "describe", "nobody")
    assert (result.exit_code, result.stderr) == (5, "minikafka: no group 'nobody'\n")


class NewGroupAdmin:
    """kafka-python's admin client on a broker with a group of KIP-848; answers of Apache Kafka 4.2.1."""

    def describe_groups(self, names):
        return {name: {"error": "Group new is not a classic group.", "group_state": "Dead"} for name in names}

    def list_groups(self):
        return [{"group_id": "new", "group_state": "Stable", "group_type": "consumer"}]

    def list_group_offsets(self, specs):
        return {name: {} for name in specs}


def test_the_members_of_a_new_group_are_not_told():
    view = describe_group(Connection("localhost:9092", 1000, {}), NewGroupAdmin(), "new")
    assert view.document() == {
        "group": "new",
        "state": "Stable",
        "type": "consumer",
        "assignor": None,
        "members": None,
        "offsets": [],
    }
    assert list(view.member_rows()) == []
