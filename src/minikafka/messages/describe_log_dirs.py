"""DescribeLogDirs (API key 35): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, int16, int32, int64, string
from minikafka.messages.schema import Message, Request, Response


class DescribableLogDirTopic(Message):
    """The partitions of one topic to describe."""

    topic: str = string()
    partitions: list[int] = array("int32")


class DescribeLogDirsRequest(Request, api="DescribeLogDirs"):
    """Asks for the log directories of a broker and the replicas in them; null asks for all."""

    topics: list[DescribableLogDirTopic] | None = array(DescribableLogDirTopic, nullable=0)


class DescribeLogDirsPartition(Message):
    """The size and the lag of one replica in a log directory."""

    partition_index: int = int32()
    partition_size: int = int64()
    offset_lag: int = int64()
    is_future_key: bool = boolean()


class DescribeLogDirsTopic(Message):
    """The replicas of one topic in a log directory."""

    name: str = string()
    partitions: list[DescribeLogDirsPartition] = array(DescribeLogDirsPartition)


class DescribeLogDirsResult(Message):
    """A log directory, its space, and what is in it."""

    error_code: int = int16()
    log_dir: str = string()
    topics: list[DescribeLogDirsTopic] = array(DescribeLogDirsTopic)
    total_bytes: int = int64(4, default=-1, ignorable=True)
    usable_bytes: int = int64(4, default=-1, ignorable=True)


class DescribeLogDirsResponse(Response, api="DescribeLogDirs"):
    """Tells the log directories of a broker and the replicas in them."""

    throttle_time_ms: int = int32()
    error_code: int = int16(3, ignorable=True)
    results: list[DescribeLogDirsResult] = array(DescribeLogDirsResult)
