"""Committed offsets: commit, fetch, delete and expire (Kafka's OffsetMetadataManager).

Transactional commits that the log holds are replayed, block stable reads and hold expiry off; the request
that writes them (TxnOffsetCommit) belongs to the transactions.
"""

from __future__ import annotations

from minikafka.coordinator import Result
from minikafka.errors import ErrorCode, GroupIdNotFoundError, IllegalGenerationError
from minikafka.groups.classic_group import ClassicGroup
from minikafka.groups.classic_state import ClassicGroupState
from minikafka.groups.group import is_offset_expired
from minikafka.groups.offset_store import CommittedOffset, OffsetStore
from minikafka.groups.records import offset_commit_record, offset_commit_tombstone
from minikafka.log.config import MAX_LONG
from minikafka.messages.offset_commit import (
    OffsetCommitResponse,
    OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
)
from minikafka.messages.offset_delete import (
    OffsetDeleteResponse,
    OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
)
from minikafka.messages.offset_fetch import OffsetFetchResponsePartitions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from minikafka.coordinator import CoordinatorRecord
    from minikafka.groups.classic_rebalance import ClassicRebalance
    from minikafka.groups.group import Group
    from minikafka.groups.group_config import GroupCoordinatorConfig
    from minikafka.groups.group_registry import GroupRegistry
    from minikafka.messages.offset_commit import OffsetCommitRequest
    from minikafka.messages.offset_delete import OffsetDeleteRequest
    from minikafka.scheduler import Scheduler
    from minikafka.structs import RequestContext, TopicPartition

    FetchedPartition = OffsetFetchResponsePartitions

INVALID_OFFSET = -1
_GROUP_NOT_FOUND_SINCE_VERSION = 9


class OffsetManager:
    """The committed offsets of one shard.

    Args:
        store: where the offsets are.
        groups: the shard's groups.
        rebalance: restarts a committing member's session.
        scheduler: the time.
        config: the broker's group options.
    """

    __slots__ = ("_config", "_groups", "_rebalance", "_scheduler", "_store")

    def __init__(
        self,
        store: OffsetStore,
        groups: GroupRegistry,
        rebalance: ClassicRebalance,
        scheduler: Scheduler,
        config: GroupCoordinatorConfig,
    ) -> None:
        self._store = store
        self._groups = groups
        self._rebalance = rebalance
        self._scheduler = scheduler
        self._config = config

    # Commit

    def commit(self, context: RequestContext, request: OffsetCommitRequest) -> Result[OffsetCommitResponse]:
        """Commit offsets, one record a partition; metadata that is too long is refused per partition.

        Raises what `_validate_commit` raises.
        """
        group = self._validate_commit(context, request)
        if isinstance(group, ClassicGroup) and group.state in (
            ClassicGroupState.STABLE,
            ClassicGroupState.PREPARING_REBALANCE,
        ):
            self._rebalance.schedule_session(group, group.members[request.member_id])
        now_ms = self._scheduler.now_ms
        expire_ms = _expire_timestamp_ms(now_ms, request.retention_time_ms)
        max_metadata = self._config.offset_metadata_max_bytes
        group_id = request.group_id
        records: list[CoordinatorRecord] = []
        topics = []
        for topic in request.topics:
            partitions = []
            for partition in topic.partitions:
                index = partition.partition_index
                metadata = partition.committed_metadata or ""
                code = ErrorCode.NONE
                if len(metadata) > max_metadata:
                    code = ErrorCode.OFFSET_METADATA_TOO_LARGE
                else:
                    offset = CommittedOffset(
                        partition.committed_offset,
                        partition.committed_leader_epoch,
                        metadata,
                        now_ms,
                        expire_ms,
                    )
                    records.append(offset_commit_record(group_id, topic.name, index, offset))
                partitions.append(OffsetCommitResponsePartition(partition_index=index, error_code=code))
            topics.append(
                OffsetCommitResponseTopic(name=topic.name, topic_id=topic.topic_id, partitions=partitions)
            )
        return Result(records, OffsetCommitResponse(topics=topics))

    def _validate_commit(self, context: RequestContext, request: OffsetCommitRequest) -> Group | None:
        """The committing group; None for one that the commit is going to create.

        Raises:
            GroupIdNotFoundError, IllegalGenerationError: a member's commit to an unknown group (from version
                9; before).
            UnknownMemberIdError, FencedInstanceIdError, IllegalGenerationError, RebalanceInProgressError: see
                `ClassicGroup.validate_offset_commit`.
        """
        group = self._groups.find(request.group_id)
        if group is None:
            if request.generation_id_or_member_epoch < 0:
                # A consumer without group management: replaying the commit makes an empty group for it.
                return None
            if context.api_version >= _GROUP_NOT_FOUND_SINCE_VERSION:
                raise GroupIdNotFoundError(f"Group {request.group_id} not found.")
            raise IllegalGenerationError(
                f"generation {request.generation_id_or_member_epoch}: group {request.group_id} not found"
            )
        group.validate_offset_commit(
            request.member_id, request.group_instance_id, request.generation_id_or_member_epoch, False
        )
        return group

    # Fetch

    def fetch(
        self, group_id: str, partitions: Iterable[tuple[str, Iterable[int]]] | None, require_stable: bool
    ) -> list[tuple[str, list[FetchedPartition]]]:
        """The committed offsets of a group by topic; offset -1 where there is none, also for unknown groups.

        Args:
            group_id: the group.
            partitions: topics with the partitions wanted, None for all that have an offset. What is named
                twice is told twice.
            require_stable: read what was written last and answer UNSTABLE_OFFSET_COMMIT where a transaction
                is pending (KIP-447), instead of reading what the high watermark has passed.
        """
        table = self._store.latest if require_stable else self._store.committed
        found = table.of_group(group_id) if self._groups.find(group_id) is not None else {}
        wanted = found.items() if partitions is None else partitions
        return [
            (
                topic,
                [
                    self._fetched(group_id, topic, index, found.get(topic, {}).get(index), require_stable)
                    for index in indexes
                ],
            )
            for topic, indexes in wanted
        ]

    def _fetched(
        self, group_id: str, topic: str, index: int, offset: CommittedOffset | None, require_stable: bool
    ) -> FetchedPartition:
        partition_class = OffsetFetchResponsePartitions
        unstable = require_stable and self._store.has_pending(group_id, topic, index)
        if offset is None or unstable:
            return partition_class(
                partition_index=index,
                committed_offset=INVALID_OFFSET,
                committed_leader_epoch=-1,
                metadata="",
                error_code=ErrorCode.UNSTABLE_OFFSET_COMMIT if unstable else ErrorCode.NONE,
            )
        return partition_class(
            partition_index=index,
            committed_offset=offset.offset,
            committed_leader_epoch=offset.leader_epoch,
            metadata=offset.metadata,
            error_code=ErrorCode.NONE,
        )

    # Delete

    def delete(self, request: OffsetDeleteRequest) -> Result[OffsetDeleteResponse]:
        """Delete offsets of topics that no member subscribes to (KIP-496); errors are told per partition.

        Raises:
            GroupIdNotFoundError: no such group.
            NonEmptyGroupError: the group has members whose subscriptions cannot be known.
        """
        group_id = request.group_id
        group = self._groups.get(group_id)
        group.validate_offset_delete()
        records = []
        topics = []
        for topic in request.topics:
            subscribed = group.is_subscribed_to(topic.name)
            partitions = []
            for partition in topic.partitions:
                index = partition.partition_index
                if not subscribed and self._exists(group_id, topic.name, index):
                    records.append(offset_commit_tombstone(group_id, topic.name, index))
                partitions.append(
                    OffsetDeleteResponsePartition(
                        partition_index=index,
                        error_code=ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC if subscribed else ErrorCode.NONE,
                    )
                )
            topics.append(OffsetDeleteResponseTopic(name=topic.name, partitions=partitions))
        return Result(records, OffsetDeleteResponse(topics=topics))

    def _exists(self, group_id: str, topic: str, partition: int) -> bool:
        store = self._store
        return store.latest.get(group_id, topic, partition) is not None or store.has_pending(
            group_id, topic, partition
        )

    def _all_partitions(self, group_id: str) -> dict[tuple[str, int], None]:
        """Every partition that the group has an offset for, pending ones last."""
        tables = [self._store.latest]
        tables += [
            self._store.pending[producer_id]
            for producer_id in self._store.open_transactions.get(group_id, ())
            if producer_id in self._store.pending
        ]
        return {
            (topic, partition): None
            for table in tables
            for topic, partitions in table.of_group(group_id).items()
            for partition in partitions
        }

    def delete_all(self, group_id: str) -> list[CoordinatorRecord]:
        """Tombstones for every offset of a group."""
        return [
            offset_commit_tombstone(group_id, topic, partition)
            for topic, partition in self._all_partitions(group_id)
        ]

    def delete_partitions(self, topic_partitions: Iterable[TopicPartition]) -> list[CoordinatorRecord]:
        """Tombstones for every group's offsets of these partitions (their topic was deleted)."""
        gone = {(tp.topic, tp.partition) for tp in topic_partitions}
        return [
            offset_commit_tombstone(group_id, topic, partition)
            for group_id in self._groups.ids()
            for topic, partition in self._all_partitions(group_id)
            if (topic, partition) in gone
        ]

    # Expiry

    def expire(self, group: Group) -> tuple[list[CoordinatorRecord], bool]:
        """Tombstones for the expired offsets of a group, and whether none is left that would keep the group.

        Offsets of subscribed topics, and of partitions with a pending transactional offset, never expire.
        """
        group_id = group.group_id
        topics = self._store.latest.of_group(group_id)
        idle = group_id not in self._store.open_transactions
        base = group.offset_expiration_base()
        if not topics or base is None:
            return [], idle and not topics
        now_ms, retention_ms = self._scheduler.now_ms, self._config.offsets_retention_ms
        records = []
        count = 0
        for topic, partitions in topics.items():
            count += len(partitions)
            if group.is_subscribed_to(topic):
                continue
            records += [
                offset_commit_tombstone(group_id, topic, partition)
                for partition, offset in partitions.items()
                if is_offset_expired(offset, base(offset), now_ms, retention_ms)
                and not self._store.has_pending(group_id, topic, partition)
            ]
        return records, idle and len(records) == count


def _expire_timestamp_ms(now_ms: int, retention_ms: int) -> int:
    """When a commit expires by its own word, -1 if it says nothing; never later than a long can tell.

    Kafka's sum turns negative there, so that what was to be kept for ever expires at once.
    """
    return -1 if retention_ms == -1 else min(max(now_ms + retention_ms, 0), MAX_LONG)
