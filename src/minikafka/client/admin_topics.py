"""Topics, as an admin client sees them: list, describe, create, delete, wait."""

from __future__ import annotations

from minikafka.client.admin import refuse_text
from minikafka.client.admin_configs import described_config
from minikafka.client.admin_dicts import response_dict
from minikafka.errors import ErrorCode, KafkaError, KafkaTimeoutError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from minikafka.client.admin import AdminCore
    from minikafka.messages.create_topics import CreatableTopic
    from minikafka.messages.metadata import MetadataRequestTopic

_DEFAULT = -1
_POLL_MS = 100


# Describe


async def describe_topics(core: AdminCore, topics: Iterable[object] | None) -> list[dict[str, Any]]:
    """The metadata of topics by name or ``uuid.UUID``; of all topics for None."""
    from minikafka.messages.metadata import MetadataRequest

    refuse_text("topics", topics)
    response = await core.ask(
        MetadataRequest(
            topics=None if topics is None else [_topic_wanted(topic) for topic in topics],
            allow_auto_topic_creation=False,
            include_topic_authorized_operations=True,
        )
    )
    described: list[dict[str, Any]] = response_dict(response)["topics"]
    return described


def _topic_wanted(topic: object) -> MetadataRequestTopic:
    from minikafka.messages.metadata import MetadataRequestTopic

    topic_id = _id_of(topic)
    if topic_id is not None:
        return MetadataRequestTopic(name=None, topic_id=topic_id)
    return MetadataRequestTopic(name=_name_of(topic))


def _id_of(topic: object) -> bytes | None:
    """The bytes of a ``uuid.UUID``, which is told by its attribute; None for anything else."""
    found = getattr(topic, "bytes", None)
    return found if isinstance(found, bytes) else None


def _name_of(topic: object) -> str:
    if not isinstance(topic, str):
        raise TypeError(f"topic={topic!r}: topic names must be strings")
    return topic


# Create


async def create_topics(
    core: AdminCore,
    new_topics: Any,
    timeout_ms: float | None,
    validate_only: bool,
    raise_errors: bool,
    wait_for_metadata: bool,
) -> dict[str, Any]:
    """Create topics; ``{"topics": [...]}`` as the controller answered.

    Raises:
        ValueError: there are no topics to create, or the two flags contradict one another.
        TypeError: a name or a config value is no string.
    """
    from minikafka.messages.create_topics import CreateTopicsRequest

    if validate_only and wait_for_metadata:
        raise ValueError("validate_only and wait_for_metadata are mutually exclusive")
    topics = creatable_topics(new_topics)
    request = CreateTopicsRequest(
        topics=topics, timeout_ms=core.timeout_ms(timeout_ms), validate_only=validate_only
    )
    response = await core.ask_controller(request, lambda answer: answer.topics, raise_errors)
    if wait_for_metadata:
        await wait_for_topics(core, [topic.name for topic in topics])
    result = response_dict(response)
    for topic in result["topics"]:
        configs = topic.pop("configs", None)
        if configs:
            topic["configs"] = dict(map(described_config, configs))
    return result


def creatable_topics(new_topics: Any) -> list[CreatableTopic]:
    """What to create: names, ``{name: {"num_partitions": ..., ...}}``, or objects like NewTopic."""
    refuse_text("new_topics", new_topics)
    if hasattr(new_topics, "items"):
        topics = [
            _creatable(
                name,
                options.get("num_partitions", _DEFAULT),
                options.get("replication_factor", _DEFAULT),
                options.get("assignments", {}),
                options.get("configs", {}),
            )
            for name, options in new_topics.items()
        ]
    else:
        topics = [_from_object(topic) for topic in new_topics]
    if not topics:
        raise ValueError(f"No valid topics found in new_topics: {new_topics}")
    return topics


def _from_object(topic: Any) -> CreatableTopic:
    if isinstance(topic, str):
        return _creatable(topic, _DEFAULT, _DEFAULT, {}, {})
    try:
        return _creatable(
            topic.name,
            topic.num_partitions,
            topic.replication_factor,
            topic.replica_assignments,
            topic.topic_configs,
        )
    except AttributeError as error:
        raise ValueError(
            f"No valid topics found in new_topics: {topic!r} is neither a name nor a NewTopic"
        ) from error


def _creatable(
    name: object,
    num_partitions: int,
    replication_factor: int,
    assignments: Mapping[int, Iterable[int]],
    configs: Mapping[str, object],
) -> CreatableTopic:
    from minikafka.messages.create_topics import (
        CreatableReplicaAssignment,
        CreatableTopic,
        CreatableTopicConfig,
    )

    return CreatableTopic(
        name=_name_of(name),
        num_partitions=num_partitions,
        replication_factor=replication_factor,
        assignments=[
            CreatableReplicaAssignment(partition_index=partition, broker_ids=list(replicas))
            for partition, replicas in assignments.items()
        ],
        configs=[
            CreatableTopicConfig(name=option, value=_config_text(option, value))
            for option, value in configs.items()
        ],
    )


def _config_text(option: str, value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"config {option}={value!r}: expected a string or None")


# Wait


async def wait_for_topics(core: AdminCore, topic_names: Iterable[str], timeout_ms: float = 10000) -> None:
    """Wait until every topic is told without an error, and each of its partitions has a leader.

    Raises:
        KafkaTimeoutError: some topic is not ready in time; the message says what it lacks.
    """
    refuse_text("topic_names", topic_names)
    names = list(topic_names)
    if not names:
        return
    deadline_ms = core.scheduler.now_ms + timeout_ms
    while True:
        try:
            topics = {topic["name"]: topic for topic in await describe_topics(core, names)}
        except KafkaError:
            topics = {}
        reasons = {name: _why_not_ready(core, topics.get(name)) for name in names}
        pending = {name: reason for name, reason in reasons.items() if reason is not None}
        if not pending:
            return
        if core.scheduler.now_ms >= deadline_ms:
            raise KafkaTimeoutError(f"Topics not ready after {timeout_ms}ms: {pending}")
        await core.scheduler.sleep(_POLL_MS)


def _why_not_ready(core: AdminCore, topic: dict[str, Any] | None) -> str | None:
    if topic is None:
        return "missing from metadata response"
    if topic["error_code"] != ErrorCode.NONE:
        return core.error_class(topic["error_code"]).__name__
    if not topic["partitions"]:
        return "no partitions reported"
    bad = []
    for partition in topic["partitions"]:
        index = partition["partition_index"]
        if partition["error_code"] != ErrorCode.NONE:
            bad.append(f"p{index}={core.error_class(partition['error_code']).__name__}")
        elif partition["leader_id"] < 0:
            bad.append(f"p{index}=no leader")
    return ",".join(bad) or None


# Delete


async def delete_topics(
    core: AdminCore, topics: Iterable[object], timeout_ms: float | None, raise_errors: bool
) -> dict[str, Any]:
    """Delete topics by name or ``uuid.UUID``; ``{"topics": [...]}`` as the controller answered."""
    from minikafka.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState

    refuse_text("topics", topics)
    wanted = []
    for topic in topics:
        topic_id = _id_of(topic)
        wanted.append(
            DeleteTopicState(name=_name_of(topic))
            if topic_id is None
            else DeleteTopicState(topic_id=topic_id)
        )
    request = DeleteTopicsRequest(topics=wanted, timeout_ms=core.timeout_ms(timeout_ms))
    response = await core.ask_controller(request, lambda answer: answer.responses, raise_errors)
    result = response_dict(response)
    result["topics"] = result.pop("responses")
    return result
