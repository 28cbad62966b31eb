"""`Stage`: what a scenario is given to act with, and where it notes down what it sees."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING

from minikafka.log.record_batch import RecordBatch
from minikafka.messages.create_topics import (
    CreatableReplicaAssignment,
    CreatableTopic,
    CreatableTopicConfig,
    CreateTopicsRequest,
)
from minikafka.messages.delete_topics import DeleteTopicsRequest
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from minikafka.messages.find_coordinator import FindCoordinatorRequest
from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic
from minikafka.messages.produce import PartitionProduceData, ProduceRequest, TopicProduceData

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from tests.oracle.clients import Client, Consumer
    from tests.oracle.clusters import Cluster, Pending

    from minikafka.messages.schema import Request

SPOKEN = {
    "Produce": 11,
    "Fetch": 12,
    "ListOffsets": 9,
    "Metadata": 12,
    "OffsetCommit": 9,
    "OffsetFetch": 9,
    "FindCoordinator": 4,
    "DescribeGroups": 5,
    "ListGroups": 5,
    "InitProducerId": 4,
    "DescribeCluster": 1,
}
"""Versions spoken where a scenario names none: they name topics, and Kafka 3.9 serves them too."""
_WAIT_MS = 20_000
_POLL_MS = 50
_T0 = 1_600_000_000_000


class Stage:
    """One performance of a scenario by one client on one cluster.

    Args:
        cluster: where it plays.
        client: who plays; None for raw requests alone.
    """

    T0 = _T0
    """A time long ago (ms), for records whose timestamps are given."""

    def __init__(self, cluster: Cluster, client: Client | None) -> None:
        self.cluster = cluster
        self._client = client
        self.names: dict[str, str] = {}
        """The names made up for this performance, and their labels."""
        self.steps: list[list[Any]] = []
        """What was seen: label and observation, in order."""
        self._topics: list[str] = []

    @property
    def client(self) -> Client:
        """The client library that plays."""
        assert self._client is not None, "this scenario is for raw requests"
        return self._client

    # Notes

    def saw(self, label: str, value: Any) -> None:
        """Note down an observation."""
        self.steps.append([label, value])

    def attempt(self, label: str, action: Callable[[], Any]) -> None:
        """Note down what a call gives, or the error that it raises."""
        try:
            value = action()
        except Exception as error:
            value = self.client.error_of(error)
        self.saw(label, value)

    # Names and topics

    def name(self, label: str) -> str:
        """A name that nobody else uses."""
        made = f"{label}-{token_hex(4)}"
        self.names[made] = label
        return made

    def topic_name(self, label: str = "t") -> str:
        """A name for a topic that the scenario may create; the topic is deleted afterwards."""
        made = self.name(label)
        self._topics.append(made)
        return made

    def topic(
        self,
        label: str = "t",
        partitions: int = 1,
        assignment: Mapping[int, Sequence[int]] | None = None,
        configs: Mapping[str, object] | None = None,
    ) -> str:
        """Create a topic and wait until all its partitions have leaders.

        Args:
            label: what to call it in the notes.
            partitions: how many, with one replica each.
            assignment: instead, the replicas of each partition.
            configs: topic options by Kafka's names.
        """
        made = self.topic_name(label)
        told = self.ask(
            CreateTopicsRequest(
                topics=[
                    CreatableTopic(
                        name=made,
                        num_partitions=-1 if assignment else partitions,
                        replication_factor=-1 if assignment else 1,
                        assignments=[
                            CreatableReplicaAssignment(partition_index=index, broker_ids=list(brokers))
                            for index, brokers in (assignment or {}).items()
                        ],
                        configs=[
                            CreatableTopicConfig(name=name, value=str(value))
                            for name, value in (configs or {}).items()
                        ],
                    )
                ],
                timeout_ms=_WAIT_MS,
            )
        )["topics"][0]
        if told["error_code"]:
            raise RuntimeError(f"creating {label}: {told}")
        self.until(f"leaders of {label}", lambda: self._is_ready(made))
        return made

    def _is_ready(self, topic: str) -> bool:
        for node_id in self.cluster.node_ids:
            partitions = self.describe(topic, node_id)
            if not partitions or any(each["error_code"] for each in partitions):
                return False
        # Metadata may tell of a leader a moment before the broker itself knows that it leads.
        return all(
            self._answers(topic, each["partition_index"], each["leader_id"]) for each in self.describe(topic)
        )

    def _answers(self, topic: str, partition: int, leader: int) -> bool:
        return self.fetch(topic, partition, 0, max_wait_ms=0, node=leader)["error_code"] == 0

    def describe(self, topic: str, node: int | None = None) -> list[dict[str, Any]]:
        """The partitions of a topic as Metadata tells them, in order; none if it does not exist."""
        asked = MetadataRequest(topics=[MetadataRequestTopic(name=topic)], allow_auto_topic_creation=False)
        [told] = self.ask(asked, node=node)["topics"]
        if told["error_code"]:
            return []
        return sorted(told["partitions"], key=lambda each: int(each["partition_index"]))

    def leader(self, topic: str, partition: int = 0, node: int | None = None) -> int:
        """The node id of a partition's leader, -1 without one."""
        found: int = self.describe(topic, node)[partition]["leader_id"]
        return found

    def clean(self) -> None:
        """Delete what was created, and close the clients."""
        if self._client is not None:
            self._client.close()
        if self._topics:
            self.ask(DeleteTopicsRequest(topic_names=self._topics, timeout_ms=_WAIT_MS), version=5)

    # Raw requests

    def ask(self, request: Request, version: int | None = None, node: int | None = None) -> dict[str, Any]:
        """One request to one broker, by default the first; the version is `SPOKEN`'s by default."""
        spoken = SPOKEN.get(request.api_name) if version is None else version
        return self.cluster.ask(request, spoken, self.cluster.node_ids[0] if node is None else node)

    def begin(self, request: Request, version: int | None = None, node: int | None = None) -> Pending:
        """A request on a connection of its own whose answer is waited for later."""
        spoken = SPOKEN.get(request.api_name) if version is None else version
        return self.cluster.begin(request, spoken, self.cluster.node_ids[0] if node is None else node)

    def coordinator(self, group: str) -> int:
        """The node id of a group's coordinator, once there is one."""
        asked = FindCoordinatorRequest(key_type=0, coordinator_keys=[group])
        found: list[int] = []

        def look() -> bool:
            [told] = self.ask(asked)["coordinators"]
            found[:] = [told["node_id"]]
            return not told["error_code"]

        self.until("a coordinator", look)
        return found[0]

    def ask_group(self, group: str, request: Request, version: int | None = None) -> dict[str, Any]:
        """A request to the coordinator of a group, again while the coordinator is not ready."""
        answer: dict[str, Any] = {}

        def attempt() -> bool:
            answer.clear()
            answer.update(self.ask(request, version, self.coordinator(group)))
            return answer.get("error_code", 0) not in (14, 15, 16)

        self.until("the coordinator to be ready", attempt)
        return answer

    def produce(
        self,
        topic: str,
        batches: RecordBatch | bytes | Iterable[RecordBatch],
        partition: int = 0,
        acks: int = -1,
        timeout_ms: int = 10_000,
        version: int | None = None,
        node: int | None = None,
    ) -> dict[str, Any]:
        """A Produce request for one partition: the partition's answer."""
        if isinstance(batches, bytes):
            data = batches
        elif isinstance(batches, RecordBatch):
            data = batches.encode()
        else:
            data = b"".join(batch.encode() for batch in batches)
        request = ProduceRequest(
            acks=acks,
            timeout_ms=timeout_ms,
            topic_data=[
                TopicProduceData(
                    name=topic, partition_data=[PartitionProduceData(index=partition, records=data)]
                )
            ],
        )
        answer = self.ask(request, version, node)
        if "responses" not in answer:
            return answer
        told: dict[str, Any] = answer["responses"][0]["partition_responses"][0]
        return told

    def fetch(
        self,
        topic: str,
        partition: int = 0,
        offset: int = 0,
        *,
        max_wait_ms: int = 500,
        max_bytes: int = 1 << 20,
        leader_epoch: int = -1,
        isolation: int = 0,
        version: int | None = None,
        node: int | None = None,
    ) -> dict[str, Any]:
        """A Fetch request for one partition, outside of a session: the partition's answer."""
        request = FetchRequest(
            max_wait_ms=max_wait_ms,
            min_bytes=1,
            max_bytes=max_bytes,
            isolation_level=isolation,
            topics=[
                FetchTopic(
                    topic=topic,
                    partitions=[
                        FetchPartition(
                            partition=partition,
                            fetch_offset=offset,
                            partition_max_bytes=max_bytes,
                            current_leader_epoch=leader_epoch,
                        )
                    ],
                )
            ],
        )
        answer = self.ask(request, version, node)
        if not answer.get("responses"):
            return answer
        told: dict[str, Any] = answer["responses"][0]["partitions"][0]
        return told

    # Time

    def until(self, what: str, predicate: Callable[[], bool], timeout_ms: int = _WAIT_MS) -> None:
        """Let time pass until something is so; raises TimeoutError if it takes too long."""
        deadline = self.cluster.now_ms() + timeout_ms
        while not predicate():
            if self.cluster.now_ms() > deadline:
                raise TimeoutError(f"waited {timeout_ms} ms for {what}")
            self.cluster.pass_time(_POLL_MS)

    def settle(
        self,
        consumers: Sequence[Consumer],
        wanted: Callable[[], bool],
        timeout_ms: int = _WAIT_MS,
        poll_ms: int = 2 * _POLL_MS,
    ) -> list[dict[str, Any]]:
        """Poll the consumers in turn until something is so; the records that came meanwhile."""
        found: list[dict[str, Any]] = []

        def round_of_polls() -> bool:
            for consumer in consumers:
                found.extend(consumer.read(count=1, timeout_ms=poll_ms))
            return wanted()

        self.until("the group to settle", round_of_polls, timeout_ms)
        return found


def batch(*values: bytes | tuple[Any, ...] | None, start_ms: int = _T0, **options: Any) -> RecordBatch:
    """A record batch of values, or of tuples (timestamp, key, value, headers); options are `RecordBatch.build`'s."""
    records = [
        (index, each[0], each[1], each[2], list(each[3]) if len(each) > 3 else [])
        if isinstance(each, tuple)
        else (index, start_ms + index, None, each, [])
        for index, each in enumerate(values)
    ]
    return RecordBatch.build(records, **options)
