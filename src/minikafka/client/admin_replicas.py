"""Leaders and replicas, as an admin client moves them: elections and reassignments."""

from __future__ import annotations

from minikafka.client.admin import refuse_text
from minikafka.client.admin_dicts import ResponseObject
from minikafka.client.admin_group_offsets import by_topic
from minikafka.client.admin_topics import describe_topics
from minikafka.client.admin_types import ElectionType
from minikafka.errors import ErrorCode
from minikafka.structs import TopicPartition

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from minikafka.client.admin import AdminCore
    from minikafka.messages.alter_partition_reassignments import ReassignablePartition


async def partitions_of(core: AdminCore, topic_partitions: Any) -> dict[str, list[int]]:
    """``{topic: partitions}`` of such a dict, of a list of topics, or of all topics (None)."""
    refuse_text("topic_partitions", topic_partitions)
    if hasattr(topic_partitions, "items"):
        return {topic: list(partitions) for topic, partitions in topic_partitions.items()}
    return {
        topic["name"]: [partition["partition_index"] for partition in topic["partitions"]]
        for topic in await describe_topics(core, topic_partitions)
    }


async def elect_leaders(
    core: AdminCore,
    election_type: object,
    topic_partitions: Any,
    timeout_ms: float | None,
    raise_errors: bool,
) -> ResponseObject:
    """Have leaders elected; the controller's response. That no election was needed is no error."""
    from minikafka.messages.elect_leaders import ElectLeadersRequest, TopicPartitions

    request = ElectLeadersRequest(
        election_type=ElectionType.value_for(election_type),
        topic_partitions=[
            TopicPartitions(topic=topic, partitions=partitions)
            for topic, partitions in (await partitions_of(core, topic_partitions)).items()
        ],
        timeout_ms=core.timeout_ms(timeout_ms),
    )

    def answers(response: Any) -> list[Any]:
        results = [each for topic in response.replica_election_results for each in topic.partition_result]
        return [response, *results]

    return ResponseObject(
        await core.ask_controller(request, answers, raise_errors, [ErrorCode.ELECTION_NOT_NEEDED])
    )


async def alter_partition_reassignments(
    core: AdminCore, reassignments: Mapping[Any, Sequence[int] | None], timeout_ms: float | None
) -> dict[TopicPartition, type[BaseException] | None]:
    """Move partitions to other brokers, or cancel moves (None); ``{partition: None or the error's class}``.

    Raises:
        ValueError: a list of replicas is empty or holds something else than broker ids.
    """
    from minikafka.messages.alter_partition_reassignments import (
        AlterPartitionReassignmentsRequest,
        ReassignableTopic,
    )

    topics: dict[str, list[ReassignablePartition]] = {}
    for (topic, index), replicas in reassignments.items():
        topics.setdefault(topic, []).append(_move(TopicPartition(topic, index), replicas))
    request = AlterPartitionReassignmentsRequest(
        timeout_ms=core.timeout_ms(timeout_ms),
        topics=[ReassignableTopic(name=name, partitions=moves) for name, moves in topics.items()],
    )
    response = await core.ask_controller(request, lambda answer: [answer])
    return {
        TopicPartition(told.name, partition.partition_index): None
        if partition.error_code == ErrorCode.NONE
        else core.error_class(partition.error_code)
        for told in response.responses
        for partition in told.partitions
    }


def _move(partition: TopicPartition, replicas: Iterable[int] | None) -> ReassignablePartition:
    from minikafka.messages.alter_partition_reassignments import ReassignablePartition

    if replicas is not None:
        replicas = list(replicas)
        if not replicas:
            raise ValueError(
                f"Replica list for {partition} must be non-empty; use None to cancel a reassignment."
            )
        if not all(isinstance(broker_id, int) for broker_id in replicas):
            raise ValueError(f"Replica list for {partition} must be int broker_ids: {replicas}")
    return ReassignablePartition(partition_index=partition.partition, replicas=replicas)


async def list_partition_reassignments(
    core: AdminCore, topic_partitions: Any, timeout_ms: float | None
) -> dict[TopicPartition, dict[str, list[int]]]:
    """The moves that are under way, of ``{topic: partitions}``, of a list of partitions, or of all."""
    from minikafka.messages.list_partition_reassignments import (
        ListPartitionReassignmentsRequest,
        ListPartitionReassignmentsTopics,
    )

    topics = None
    if topic_partitions is not None:
        wanted = topic_partitions if hasattr(topic_partitions, "items") else by_topic(topic_partitions)
        topics = [
            ListPartitionReassignmentsTopics(name=name, partition_indexes=list(indexes))
            for name, indexes in wanted.items()
        ]
    request = ListPartitionReassignmentsRequest(timeout_ms=core.timeout_ms(timeout_ms), topics=topics)
    response = await core.ask_controller(request, lambda answer: [answer])
    return {
        TopicPartition(told.name, partition.partition_index): {
            "replicas": list(partition.replicas),
            "adding_replicas": list(partition.adding_replicas),
            "removing_replicas": list(partition.removing_replicas),
        }
        for told in response.topics
        for partition in told.partitions
    }
