"""KafkaAdminClient: kafka-python's admin client, as a client of a MiniKafka in this process."""

from __future__ import annotations

from minikafka import bootstrap
from minikafka.client import (
    admin_cluster,
    admin_configs,
    admin_group_offsets,
    admin_groups,
    admin_partitions,
    admin_replicas,
    admin_topics,
)
from minikafka.client.admin import AdminCore
from minikafka.client.admin_options import DEFAULT_CONFIG, AdminOptions
from minikafka.client.admin_types import (
    ACLOperation,
    AlterConfigOp,
    BrokerVersionData,
    ConfigFilterType,
    ConfigResource,
    ConfigResourceType,
    ConfigSourceType,
    ConfigType,
    ElectionType,
    GroupState,
    GroupType,
    IsolationLevel,
    MemberToRemove,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    OffsetTimestamp,
)
from minikafka.client.admin_unserved import UnservedAdministration
from minikafka.errors import ERRORS, IllegalStateError, KafkaError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Mapping, Sequence
    from enum import IntEnum
    from types import TracebackType
    from typing import Any, Self, TypeVar

    from minikafka.client.admin_dicts import ResponseObject
    from minikafka.errors import ErrorTable
    from minikafka.structs import OffsetAndMetadata, OffsetAndTimestamp, TopicPartition

    T = TypeVar("T")
    TopicsOrPartitions = Mapping[str, Iterable[int]] | Iterable[str] | None
    """``{topic: partitions}``, a list of topics, or None for all."""

__all__ = [
    "ACLOperation",
    "AlterConfigOp",
    "BrokerVersionData",
    "ConfigFilterType",
    "ConfigResource",
    "ConfigResourceType",
    "ConfigSourceType",
    "ConfigType",
    "ElectionType",
    "GroupState",
    "GroupType",
    "IsolationLevel",
    "KafkaAdminClient",
    "MemberToRemove",
    "NewPartitions",
    "NewTopic",
    "OffsetSpec",
    "OffsetTimestamp",
]


class KafkaAdminClient(UnservedAdministration):
    """Administers the cluster that answers to `bootstrap_servers`.

    Keyword arguments, methods and results are kafka-python 3's; `minikafka.client.options` lists the options
    that mean nothing in process. What minikafka's brokers do not serve raises IncompatibleBrokerVersion, as
    it does with kafka-python.

    Every method may raise KafkaConnectionError (a broker cannot be reached or went away), KafkaTimeoutError
    (one did not answer within request_timeout_ms) and IllegalStateError (this client is closed). Timeouts are
    in ms; None stands for request_timeout_ms.

    Raises:
        KafkaTimeoutError: no live cluster of this process answers to `bootstrap_servers`, or none of its
            brokers did within bootstrap_timeout_ms.
        KafkaConfigurationError: an unknown option, or a bad value.
        UnsupportedOptionError: an option that minikafka cannot honour.
    """

    DEFAULT_CONFIG: Mapping[str, object] = DEFAULT_CONFIG

    _errors: ErrorTable = ERRORS
    """The exception classes the user sees."""
    _base_defaults: Mapping[str, object] | None = None
    """The defaults of the kafka-python that this client stands in for; None: minikafka's own."""

    def __init__(self, **configs: Any) -> None:
        errors = self._errors
        options = AdminOptions(configs, errors, self._base_defaults)
        self.config: dict[str, Any] = options.config
        servers = self.config["bootstrap_servers"]
        endpoint = bootstrap.find(servers)
        if endpoint is None:
            raise errors.KafkaTimeoutError(
                f"Unable to bootstrap from {servers!r}: no live cluster of this process answers to it"
            )
        self._endpoint = endpoint
        self._closed = False
        self._core = core = AdminCore(endpoint, options, errors)
        try:
            core.driver.run(core.bootstrap(self.config["bootstrap_timeout_ms"]))
        except KafkaError as error:
            core.close()
            raise errors.translate(error) from None
        endpoint.attach(self)

    def _run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        if self._closed:
            coroutine.close()
            closed: BaseException = self._errors.translate(IllegalStateError("KafkaAdminClient is closed"))
            raise closed
        try:
            return self._core.driver.run(coroutine)
        except KafkaError as error:
            translated = self._errors.translate(error)
            if translated is error:
                raise
            raise translated from error.__cause__

    # Topics

    def list_topics(self) -> list[str]:
        """The names of all topics, internal ones too."""
        return [topic["name"] for topic in self.describe_topics()]

    def describe_topics(self, topics: Iterable[Any] | None = None) -> list[dict[str, Any]]:
        """The metadata of topics, one dict each; a topic that does not exist has an ``error_code``.

        Args:
            topics: names or ``uuid.UUID``s; None: all.
        """
        return self._run(admin_topics.describe_topics(self._core, topics))

    def create_topics(
        self,
        new_topics: Any,
        timeout_ms: float | None = None,
        validate_only: bool = False,
        raise_errors: bool = True,
        wait_for_metadata: bool = False,
    ) -> dict[str, Any]:
        """Create topics.

        Args:
            new_topics: names, or ``{name: {"num_partitions": ..., "replication_factor": ..., "assignments":
                {partition: [broker ids]}, "configs": {key: value}}}``, all optional, or `NewTopic` objects.
            timeout_ms: how long the controller may take.
            validate_only: whether nothing is to be created.
            raise_errors: whether an error of a topic is raised, rather than told.
            wait_for_metadata: whether to wait until all partitions have leaders.

        Returns:
            ``{"topics": [{"name": ..., "topic_id": ..., "error_code": 0, ...}]}``.

        Raises:
            TopicAlreadyExistsError, InvalidTopicError, InvalidPartitionsError, InvalidReplicationFactorError,
            InvalidConfigurationError ...: what the controller said, with raise_errors.
            ValueError: there is nothing to create, or the flags contradict one another.
            TypeError: a name or a config's value is no string.
        """
        return self._run(
            admin_topics.create_topics(
                self._core, new_topics, timeout_ms, validate_only, raise_errors, wait_for_metadata
            )
        )

    def wait_for_topics(self, topic_names: Iterable[str], timeout_ms: float = 10000) -> None:
        """Wait until each topic is there and all its partitions have leaders.

        Raises:
            KafkaTimeoutError: one is not ready in time; the message says what it lacks.
        """
        self._run(admin_topics.wait_for_topics(self._core, topic_names, timeout_ms))

    def delete_topics(
        self, topics: Iterable[Any], timeout_ms: float | None = None, raise_errors: bool = True
    ) -> dict[str, Any]:
        """Delete topics by name or ``uuid.UUID``.

        Returns:
            ``{"topics": [{"name": ..., "error_code": 0, ...}]}``.

        Raises:
            UnknownTopicOrPartitionError ...: what the controller said, with raise_errors.
        """
        return self._run(admin_topics.delete_topics(self._core, topics, timeout_ms, raise_errors))

    # Configs

    def describe_configs(
        self,
        config_resources: Iterable[Any],
        include_synonyms: bool = False,
        config_filter: ConfigFilterType | str = "modified",
    ) -> dict[str, dict[str, dict[str, dict[str, Any]]]]:
        """The configs of topics, brokers and groups.

        Args:
            config_resources: `ConfigResource` objects.
            include_synonyms: whether to tell where else a value could come from.
            config_filter: ``"modified"``, ``"dynamic"``, ``"default"``, ``"static"`` or ``"all"``.

        Returns:
            ``{resource type: {resource name: {config: {"value": ..., "config_source": ..., ...}}}}``.
        """
        return self._run(
            admin_configs.describe_configs(self._core, config_resources, include_synonyms, config_filter)
        )

    def alter_configs(
        self,
        config_resources: Iterable[Any],
        validate_only: bool = False,
        raise_on_unknown: bool = True,
        incremental: bool | None = None,
    ) -> dict[str, dict[str, str]]:
        """Change configs.

        Args:
            config_resources: `ConfigResource` objects with ``{key: value}`` or ``{key: (op, value)}``.
            validate_only: whether nothing is to be changed.
            raise_on_unknown: whether unknown or read-only keys raise ValueError.
            incremental: False uses AlterConfigs, which is given all other modified configs as well.

        Returns:
            ``{resource type: {resource name: "OK" or the error}}``.
        """
        return self._run(
            admin_configs.alter_configs(
                self._core, config_resources, validate_only, raise_on_unknown, incremental
            )
        )

    def reset_configs(
        self,
        config_resources: Iterable[Any],
        validate_only: bool = False,
        raise_on_unknown: bool = True,
        incremental: bool | None = None,
    ) -> dict[str, dict[str, str]]:
        """Reset the named configs, or all that are set, to their defaults; as `alter_configs`."""
        return self._run(
            admin_configs.reset_configs(
                self._core, config_resources, validate_only, raise_on_unknown, incremental
            )
        )

    # Partitions

    def create_partitions(
        self,
        topic_partitions: Mapping[str, Any],
        timeout_ms: float | None = None,
        validate_only: bool = False,
        raise_errors: bool = True,
    ) -> ResponseObject:
        """Add partitions to topics.

        Args:
            topic_partitions: ``{topic: total count}``, ``{topic: {"count": ..., "assignments": [[broker ids]]}}``
                or ``{topic: NewPartitions}``.
            timeout_ms: how long the controller may take.
            validate_only: whether nothing is to be changed.
            raise_errors: whether an error of a topic is raised.

        Returns:
            The response: ``response.results``, ``response.to_dict()``.

        Raises:
            InvalidPartitionsError, UnknownTopicOrPartitionError ...: what the controller said.
        """
        return self._run(
            admin_partitions.create_partitions(
                self._core, topic_partitions, timeout_ms, validate_only, raise_errors
            )
        )

    def delete_records(
        self,
        records_to_delete: Mapping[TopicPartition, int],
        timeout_ms: float | None = None,
        partition_leader_id: int | None = None,
    ) -> dict[TopicPartition, dict[str, Any]]:
        """Delete the records below an offset (-1: below the high watermark) of each partition.

        Returns:
            ``{partition: {"partition_index": ..., "low_watermark": ..., "error_code": 0}}``.

        Raises:
            UnknownTopicOrPartitionError, OffsetOutOfRangeError ...: the error of the one that failed.
            BrokerResponseError: several failed; the message names them.
        """
        return self._run(
            admin_partitions.delete_records(self._core, records_to_delete, timeout_ms, partition_leader_id)
        )

    def elect_leaders(
        self,
        election_type: ElectionType | int | str,
        topic_partitions: TopicsOrPartitions = None,
        timeout_ms: float | None = None,
        raise_errors: bool = True,
    ) -> ResponseObject:
        """Elect leaders: the preferred replicas (0), or whoever is left, even if it lost records (1).

        Returns:
            The response: ``response.replica_election_results``, ``response.to_dict()``.

        Raises:
            PreferredLeaderNotAvailableError ...: what the controller said. ELECTION_NOT_NEEDED is no error.
        """
        return self._run(
            admin_replicas.elect_leaders(
                self._core, election_type, topic_partitions, timeout_ms, raise_errors
            )
        )

    def alter_partition_reassignments(
        self,
        reassignments: Mapping[TopicPartition, Sequence[int] | None],
        timeout_ms: float | None = None,
    ) -> dict[TopicPartition, type[BaseException] | None]:
        """Move partitions to other brokers; None instead of broker ids cancels a move.

        Returns:
            ``{partition: None, or the class of the error}``.
        """
        return self._run(admin_replicas.alter_partition_reassignments(self._core, reassignments, timeout_ms))

    def list_partition_reassignments(
        self,
        topic_partitions: Mapping[str, Iterable[int]] | Iterable[TopicPartition] | None = None,
        timeout_ms: float | None = None,
    ) -> dict[TopicPartition, dict[str, list[int]]]:
        """The moves that are under way: ``{partition: {"replicas", "adding_replicas", "removing_replicas"}}``."""
        return self._run(
            admin_replicas.list_partition_reassignments(self._core, topic_partitions, timeout_ms)
        )

    def describe_topic_partitions(
        self,
        topics: Iterable[str],
        response_partition_limit: int = 2000,
        cursor: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """One page of partitions (KIP-966): ``{"topics": [...], "next_cursor": None or {...}}``."""
        return self._run(
            admin_partitions.describe_topic_partitions(self._core, topics, response_partition_limit, cursor)
        )

    def list_partition_offsets(
        self,
        topic_partition_specs: Mapping[TopicPartition, OffsetSpec | int],
        isolation_level: IsolationLevel | int | str = IsolationLevel.READ_UNCOMMITTED,
        timeout_ms: float | None = None,
    ) -> dict[TopicPartition, OffsetAndTimestamp]:
        """Look offsets up, by `OffsetSpec` or timestamp (ms).

        Raises:
            UnknownTopicOrPartitionError: a partition does not exist.
            NotLeaderForPartitionError: a partition found no leader in time.
        """
        return self._run(
            admin_partitions.list_partition_offsets(
                self._core, topic_partition_specs, isolation_level, timeout_ms
            )
        )

    # Groups

    def describe_groups(
        self,
        group_ids: Iterable[str],
        group_coordinator_id: int | None = None,
        include_authorized_operations: bool = False,  # noqa: ARG002 - kafka-python always asks for them
    ) -> dict[str, dict[str, Any]]:
        """State, protocol and members of groups: ``{group id: {...}}``, an error under ``"error"``."""
        return self._run(admin_groups.describe_groups(self._core, group_ids, group_coordinator_id))

    def list_groups(
        self,
        broker_ids: Iterable[int] | None = None,
        states_filter: Iterable[GroupState | str] | None = None,
        types_filter: Iterable[GroupType | str] | None = None,
    ) -> list[dict[str, Any]]:
        """The groups that the brokers (all, for None) coordinate, by state and type."""
        return self._run(admin_groups.list_groups(self._core, broker_ids, states_filter, types_filter))

    def list_group_offsets(self, group_specs: Any) -> dict[str, dict[TopicPartition, OffsetAndMetadata]]:
        """Committed offsets: ``{group id: {partition: OffsetAndMetadata}}``; offset -1: none is committed.

        Args:
            group_specs: ``{group id: partitions, or None for all}``, or a group id, or a list of them.
        """
        return self._run(admin_group_offsets.list_group_offsets(self._core, group_specs))

    def delete_groups(
        self, group_ids: Iterable[str], group_coordinator_id: int | None = None
    ) -> dict[str, str]:
        """Delete empty groups and their offsets: ``{group id: "OK" or the error's name}``."""
        return self._run(admin_groups.delete_groups(self._core, group_ids, group_coordinator_id))

    def alter_group_offsets(
        self,
        group_id: str,
        offsets: Mapping[TopicPartition, OffsetAndMetadata],
        group_coordinator_id: int | None = None,
    ) -> dict[TopicPartition, type[BaseException]]:
        """Commit offsets for a group without members: ``{partition: class of the error, or NoError}``."""
        return self._run(
            admin_group_offsets.alter_group_offsets(self._core, group_id, offsets, group_coordinator_id)
        )

    def reset_group_offsets(
        self,
        group_id: str,
        offset_specs: Mapping[TopicPartition, OffsetSpec | OffsetTimestamp | int],
        group_coordinator_id: int | None = None,
    ) -> dict[TopicPartition, dict[str, Any]]:
        """Commit what specs, timestamps or plain offsets mean, kept within each partition's log.

        Returns:
            ``{partition: {"error": class of the error, or NoError, "offset": what was committed}}``.
        """
        return self._run(
            admin_group_offsets.reset_group_offsets(self._core, group_id, offset_specs, group_coordinator_id)
        )

    def delete_group_offsets(
        self,
        group_id: str,
        partitions: Iterable[TopicPartition],
        group_coordinator_id: int | None = None,
    ) -> dict[TopicPartition, type[BaseException]]:
        """Delete committed offsets: ``{partition: class of the error, or NoError}``.

        Raises:
            GroupIdNotFoundError, NonEmptyGroupError ...: what the coordinator said of the group.
        """
        return self._run(
            admin_group_offsets.delete_group_offsets(self._core, group_id, partitions, group_coordinator_id)
        )

    def remove_group_members(
        self,
        group_id: str,
        members: Iterable[MemberToRemove],
        group_coordinator_id: int | None = None,
    ) -> dict[str | None, type[BaseException]]:
        """Throw members out of their group: ``{member id or instance id: class of the error, or NoError}``."""
        return self._run(
            admin_groups.remove_group_members(self._core, group_id, members, group_coordinator_id)
        )

    # The cluster

    def describe_cluster(self) -> dict[str, Any]:
        """The cluster: ``{"cluster_id", "controller_id", "brokers": [...], "authorized_operations"}``."""
        return self._run(admin_cluster.describe_cluster(self._core))

    def describe_log_dirs(
        self, topic_partitions: TopicsOrPartitions = None, brokers: Iterable[int] | None = None
    ) -> list[dict[str, Any]]:
        """The sizes of replicas: ``[{"broker": node id, "log_dirs": [...]}]``."""
        return self._run(admin_cluster.describe_log_dirs(self._core, topic_partitions, brokers))

    def get_broker_version_data(self, broker_id: int) -> BrokerVersionData:
        """What one broker serves."""
        return self._run(admin_cluster.broker_version_data(self._core, broker_id))

    def api_versions(self) -> dict[IntEnum, tuple[int, int]]:
        """``{API key: (first version, last version)}``; the keys are members of an IntEnum."""
        return self._run(admin_cluster.api_versions(self._core))

    def describe_features(self, send_request_to_controller: bool = False) -> dict[str, dict[str, Any]]:  # noqa: ARG002
        """The features that the brokers tell: metadata.version alone."""
        return self._run(admin_cluster.describe_features(self._core))

    # The end

    def close(self) -> None:
        """Close every connection. Closing twice does nothing."""
        if getattr(self, "_closed", True):
            return
        self._closed = True
        with self._core.driver.lock:
            self._core.close()
        self._endpoint.detach(self)

    def _crash(self) -> None:
        """Die on the spot."""
        self._closed = True
        self._core.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
