"""The operations on topics and their options."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minikafka.messages.create_partitions import CreatePartitionsRequest, CreatePartitionsTopic
from minikafka.messages.create_topics import CreatableTopic, CreatableTopicConfig, CreateTopicsRequest
from minikafka.messages.delete_topics import DeleteTopicsRequest
from minikafka.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
from minikafka.messages.fetch import FetchPartition, FetchRequest, FetchTopic
from minikafka.messages.incremental_alter_configs import (
    AlterableConfig,
    AlterConfigsResource,
    IncrementalAlterConfigsRequest,
)
from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic

if TYPE_CHECKING:
    from typing import Any

TIMEOUT_MS = 20_000
_TOPIC = 2
_AFTER_DELETION_MS = 60
_AFTER_ALTERATION_MS = 20


class TopicOperations:
    """A part of `Player`."""

    ask: Any
    name: Any
    until: Any
    settle: Any

    def do_create_topic(self, topic: str, partitions: int, factor: int, configs: list[dict[str, Any]]) -> Any:
        # Records are as old as they say, and must not be removed for it while somebody looks.
        settings = {"retention.ms": "-1", **{each["name"]: each["value"] for each in configs}}
        if settings["retention.ms"] == "86400000000000":
            settings["retention.ms"] = "-1"
        request = CreateTopicsRequest(
            topics=[
                CreatableTopic(
                    name=self.name(topic),
                    num_partitions=partitions,
                    replication_factor=factor,
                    configs=[CreatableTopicConfig(name=key, value=value) for key, value in settings.items()],
                )
            ],
            timeout_ms=TIMEOUT_MS,
        )
        answer = self.ask(request, 7)
        if not answer["topics"][0]["error_code"]:
            self.until(lambda: self._is_ready(topic))
        for told in answer["topics"]:
            told["configs"] = None  # what DescribeConfigs is for
        return answer

    def do_delete_topic(self, topic: str) -> Any:
        request = DeleteTopicsRequest(topic_names=[self.name(topic)], timeout_ms=TIMEOUT_MS)
        answer = self.ask(request, 5)
        if not answer["responses"][0]["error_code"]:
            self.until(lambda: not self._partitions(topic))
            self.settle(_AFTER_DELETION_MS)
        return answer

    def do_create_partitions(self, topic: str, count: int, dry: bool) -> Any:
        request = CreatePartitionsRequest(
            topics=[CreatePartitionsTopic(name=self.name(topic), count=count, assignments=None)],
            timeout_ms=TIMEOUT_MS,
            validate_only=dry,
        )
        answer = self.ask(request, 3)
        if not answer["results"][0]["error_code"] and not dry:
            self.until(lambda: len(self._partitions(topic)) == count and self._is_ready(topic))
        return answer

    def do_alter_config(self, topic: str, setting: dict[str, Any], how: int) -> Any:
        name, value = setting["name"], setting["value"]
        if name == "retention.ms":
            value = value if value == "-2" else "-1"
        option = AlterableConfig(name=name, config_operation=how, value=None if how == 1 else value)
        resource = AlterConfigsResource(
            resource_type=_TOPIC, resource_name=self.name(topic), configs=[option]
        )
        if how == 1 and name == "retention.ms":
            return None  # the default would remove the old records
        answer = self.ask(IncrementalAlterConfigsRequest(resources=[resource]), 1)
        if answer.get("responses") and not answer["responses"][0]["error_code"]:
            self.settle(_AFTER_ALTERATION_MS)
        return answer

    def do_describe_config(self, topic: str, name: str) -> Any:
        resource = DescribeConfigsResource(
            resource_type=_TOPIC, resource_name=self.name(topic), configuration_keys=[name]
        )
        return self.ask(DescribeConfigsRequest(resources=[resource], include_synonyms=True), 4)

    def do_describe_topic(self, topic: str) -> Any:
        answer = self._metadata(topic)
        for told in answer["topics"]:
            told["partitions"].sort(key=lambda each: each["partition_index"])
        return answer["topics"]

    def _metadata(self, topic: str) -> Any:
        asked = MetadataRequest(
            topics=[MetadataRequestTopic(name=self.name(topic))], allow_auto_topic_creation=False
        )
        return self.ask(asked, 9)

    def _partitions(self, topic: str) -> list[Any]:
        [told] = self._metadata(topic)["topics"]
        return [] if told["error_code"] else told["partitions"]

    def _is_ready(self, topic: str) -> bool:
        partitions = self._partitions(topic)
        if not partitions or any(each["error_code"] for each in partitions):
            return False
        # Metadata may tell of a leader a moment before the broker itself knows that it leads.
        wanted = [
            FetchPartition(partition=each["partition_index"], fetch_offset=0, partition_max_bytes=1)
            for each in partitions
        ]
        request = FetchRequest(
            max_wait_ms=0, max_bytes=1, topics=[FetchTopic(topic=self.name(topic), partitions=wanted)]
        )
        [told] = self.ask(request, 11)["responses"]
        return not any(each["error_code"] in (3, 5, 6) for each in told["partitions"])
