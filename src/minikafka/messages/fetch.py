"""Fetch (API key 1): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int8, int16, int32, int64, record_data, string, struct, uuid
from minikafka.messages.schema import Message, Request, Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.messages.schema import Records


class ReplicaState(Message):
    """Who fetches, if a replica does: its id and broker epoch (KIP-903)."""

    replica_id: int = int32(15, default=-1)
    replica_epoch: int = int64(15, default=-1)


class FetchPartition(Message):
    """A partition to read, and from where."""

    partition: int = int32()
    current_leader_epoch: int = int32(9, default=-1, ignorable=True)
    fetch_offset: int = int64()
    last_fetched_epoch: int = int32(12, default=-1)
    log_start_offset: int = int64(5, default=-1, ignorable=True)
    partition_max_bytes: int = int32()
    replica_directory_id: bytes = uuid(17, tag=0, ignorable=True)
    high_watermark: int = int64(18, default=9223372036854775807, tag=1, ignorable=True)


class FetchTopic(Message):
    """The partitions of one topic to read."""

    topic: str = string(0, 12, ignorable=True)
    topic_id: bytes = uuid(13, ignorable=True)
    partitions: list[FetchPartition] = array(FetchPartition)


class ForgottenTopic(Message):
    """The partitions of one topic that leave the fetch session (KIP-227)."""

    topic: str = string(7, 12, ignorable=True)
    topic_id: bytes = uuid(13, ignorable=True)
    partitions: list[int] = array("int32", 7)


class FetchRequest(Request, api="Fetch"):
    """Reads records, as a consumer or a follower."""

    cluster_id: str | None = string(12, default=None, nullable=12, tag=0, ignorable=True)
    replica_id: int = int32(0, 14, default=-1)
    replica_state: ReplicaState = struct(ReplicaState, 15, tag=1)
    max_wait_ms: int = int32()
    min_bytes: int = int32()
    max_bytes: int = int32(3, default=2147483647, ignorable=True)
    isolation_level: int = int8(4, ignorable=True)
    session_id: int = int32(7, ignorable=True)
    session_epoch: int = int32(7, default=-1, ignorable=True)
    topics: list[FetchTopic] = array(FetchTopic)
    forgotten_topics_data: list[ForgottenTopic] = array(ForgottenTopic, 7)
    rack_id: str = string(11, ignorable=True)


class EpochEndOffset(Message):
    """Where the follower's log parts from the leader's: an epoch and its end (KIP-595)."""

    epoch: int = int32(12, default=-1)
    end_offset: int = int64(12, default=-1)


class LeaderIdAndEpoch(Message):
    """The leader that a client should turn to instead (KIP-951)."""

    leader_id: int = int32(12, default=-1)
    leader_epoch: int = int32(12, default=-1)


class SnapshotId(Message):
    """The snapshot that a follower should fetch instead."""

    end_offset: int = int64(default=-1)
    epoch: int = int32(default=-1)


class AbortedTransaction(Message):
    """A producer and the first offset of a transaction that it aborted."""

    producer_id: int = int64(4)
    first_offset: int = int64(4)


class PartitionData(Message):
    """The records of one partition, and how far its log reaches."""

    partition_index: int = int32()
    error_code: int = int16()
    high_watermark: int = int64()
    last_stable_offset: int = int64(4, default=-1, ignorable=True)
    log_start_offset: int = int64(5, default=-1, ignorable=True)
    diverging_epoch: EpochEndOffset = struct(EpochEndOffset, 12, tag=0)
    current_leader: LeaderIdAndEpoch = struct(LeaderIdAndEpoch, 12, tag=1)
    snapshot_id: SnapshotId = struct(SnapshotId, 12, tag=2)
    aborted_transactions: list[AbortedTransaction] | None = array(
        AbortedTransaction, 4, nullable=4, ignorable=True
    )
    preferred_read_replica: int = int32(11, default=-1)
    records: Records = record_data(nullable=0)


class FetchableTopicResponse(Message):
    """The partitions of one topic that were read."""

    topic: str = string(0, 12, ignorable=True)
    topic_id: bytes = uuid(13, ignorable=True)
    partitions: list[PartitionData] = array(PartitionData)


class NodeEndpoint(Message):
    """Where a leader that the client was pointed to can be reached (KIP-951)."""

    node_id: int = int32(16)
    host: str = string(16)
    port: int = int32(16)
    rack: str | None = string(16, default=None, nullable=16)


class FetchResponse(Response, api="Fetch"):
    """The records that were read."""

    throttle_time_ms: int = int32(1, ignorable=True)
    error_code: int = int16(7, ignorable=True)
    session_id: int = int32(7)
    responses: list[FetchableTopicResponse] = array(FetchableTopicResponse)
    node_endpoints: list[NodeEndpoint] = array(NodeEndpoint, 16, tag=0)
