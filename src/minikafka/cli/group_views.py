"""A group as `minikafka groups describe` shows it: its members, its offsets, its lag."""

from __future__ import annotations

from typing import NamedTuple

from minikafka.cli.connection import errors_of_kafka, kafka_python
from minikafka.cli.failures import Exit, Failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from minikafka.cli.connection import Connection

OFFSET_HEADINGS = (
    "GROUP",
    "TOPIC",
    "PARTITION",
    "CURRENT-OFFSET",
    "LOG-END-OFFSET",
    "LAG",
    "CONSUMER-ID",
    "HOST",
    "CLIENT-ID",
)
MEMBER_HEADINGS = ("GROUP", "CONSUMER-ID", "HOST", "CLIENT-ID", "#PARTITIONS", "ASSIGNMENT")


class Member(NamedTuple):
    """A member of a group; `assignment` holds topics and partitions."""

    id: str
    instance_id: str | None
    client_id: str
    host: str
    assignment: list[tuple[str, int]]


class PartitionOffsets(NamedTuple):
    """How far a group is with a partition; None: nothing is committed, or the partition is gone."""

    topic: str
    partition: int
    committed: int | None
    log_end: int | None
    member: Member | None

    @property
    def lag(self) -> int | None:
        """How many offsets are still to be read."""
        if self.committed is None or self.log_end is None:
            return None
        return max(0, self.log_end - self.committed)


class GroupView(NamedTuple):
    """A group at a moment.

    Fields:
        group: its id.
        state: Kafka's word: Empty, PreparingRebalance, CompletingRebalance, Stable, Dead.
        type: classic or consumer.
        assignor: the protocol that its members have agreed upon.
        members: sorted by client id; None: kafka-python cannot tell, for the group has the protocol of KIP-848.
        offsets: sorted by topic and partition.
    """

    group: str
    state: str
    type: str
    assignor: str
    members: list[Member] | None
    offsets: list[PartitionOffsets]

    def offset_rows(self) -> Iterator[tuple[object, ...]]:
        """The rows below `OFFSET_HEADINGS`."""
        for each in self.offsets:
            member = each.member
            who = (member.id, member.host, member.client_id) if member else (None, None, None)
            yield (self.group, each.topic, each.partition, each.committed, each.log_end, each.lag, *who)

    def member_rows(self) -> Iterator[tuple[object, ...]]:
        """The rows below `MEMBER_HEADINGS`."""
        for member in self.members or []:
            topics: dict[str, list[str]] = {}
            for topic, partition in member.assignment:
                topics.setdefault(topic, []).append(str(partition))
            shown = ",".join(f"{topic}({','.join(numbers)})" for topic, numbers in topics.items())
            count = len(member.assignment)
            yield (self.group, member.id, member.host, member.client_id, count, shown or None)

    def document(self) -> dict[str, object]:
        """What `groups describe --json` tells."""
        return {
            "group": self.group,
            "state": self.state,
            "type": self.type,
            "assignor": self.assignor or None,
            "members": None
            if self.members is None
            else [
                {
                    "member_id": member.id,
                    "group_instance_id": member.instance_id,
                    "client_id": member.client_id,
                    "host": member.host,
                    "assignment": [
                        {"topic": topic, "partition": index} for topic, index in member.assignment
                    ],
                }
                for member in self.members
            ],
            "offsets": [
                {
                    "topic": each.topic,
                    "partition": each.partition,
                    "committed_offset": each.committed,
                    "log_end_offset": each.log_end,
                    "lag": each.lag,
                    "member_id": each.member.id if each.member else None,
                }
                for each in self.offsets
            ],
        }


def describe_group(connection: Connection, admin: Any, name: str) -> GroupView:
    """A group as it is now.

    Raises:
        Failure: there is no such group.
    """
    described = connection.patiently(lambda: admin.describe_groups([name]))[name]
    if described["error"] or described["group_state"] == "Dead":
        # A broker describes classic groups only; a group of KIP-848 is in the list, and has its offsets to show.
        kind, state = listed_group(connection, admin, name)
        return GroupView(name, state, kind, "", None, _offsets(connection, admin, name, []))
    members = [_member(each) for each in described["members"]]
    members.sort(key=lambda each: (each.client_id, each.id))
    offsets = _offsets(connection, admin, name, members)
    return GroupView(name, described["group_state"], "classic", described["protocol_data"], members, offsets)


def listed_group(connection: Connection, admin: Any, name: str) -> tuple[str, str]:
    """The type and the state of a group.

    Raises:
        Failure: there is no such group.
    """
    for group in connection.patiently(admin.list_groups):
        if group["group_id"] == name:
            return str(group.get("group_type") or "classic"), str(group["group_state"])
    raise Failure(f"no group {name!r}", Exit.NOT_FOUND)


def _member(described: dict[str, Any]) -> Member:
    assignment = described["member_assignment"]
    topics = assignment["assigned_partitions"] if isinstance(assignment, dict) else []
    return Member(
        described["member_id"],
        described.get("group_instance_id"),
        described["client_id"],
        described["client_host"],
        sorted((topic["topic"], index) for topic in topics for index in topic["partitions"]),
    )


def _offsets(connection: Connection, admin: Any, name: str, members: list[Member]) -> list[PartitionOffsets]:
    committed = connection.patiently(lambda: admin.list_group_offsets({name: None}))[name]
    owners = {partition: member for member in members for partition in member.assignment}
    found = {(partition.topic, partition.partition): each.offset for partition, each in committed.items()}
    partitions = sorted({*found, *owners})
    ends = log_offsets(connection, admin, partitions, "LATEST")
    return [
        PartitionOffsets(*partition, _known(found.get(partition)), ends.get(partition), owners.get(partition))
        for partition in partitions
    ]


def _known(offset: int | None) -> int | None:
    return None if offset is None or offset < 0 else offset


def log_offsets(
    connection: Connection, admin: Any, partitions: Iterable[tuple[str, int]], spec: str | int
) -> dict[tuple[str, int], int]:
    """The offsets of partitions at a place of their logs, without those partitions that have no such place.

    Args:
        connection: for how long to try.
        admin: kafka-python's admin client.
        partitions: topics and partitions.
        spec: ``"EARLIEST"``, ``"LATEST"``, or a time in ms since the Unix epoch.
    """
    from kafka.admin import OffsetSpec

    wanted = spec if isinstance(spec, int) else OffsetSpec[spec]
    known = _known_partitions(admin, {topic for topic, _ in partitions})
    asked = {
        kafka_python().TopicPartition(*partition): wanted for partition in partitions if partition in known
    }
    if not asked:
        return {}
    try:
        found = connection.patiently(lambda: admin.list_partition_offsets(asked))
    except errors_of_kafka().UnknownTopicOrPartitionError:
        return {}
    return {
        (partition.topic, partition.partition): each.offset
        for partition, each in found.items()
        if each is not None and each.offset >= 0
    }


def _known_partitions(admin: Any, topics: set[str]) -> set[tuple[str, int]]:
    if not topics:
        return set()
    return {
        (topic["name"], partition["partition_index"])
        for topic in admin.describe_topics(sorted(topics))
        for partition in topic["partitions"]
    }
