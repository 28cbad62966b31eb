"""Metadata, ApiVersions, DescribeCluster, DescribeTopicPartitions, FindCoordinator: what there is, and where."""

from __future__ import annotations

from typing import Any

from tests.oracle.raw.case import At, case, table
from tests.oracle.raw.cases.produce import NOWHERE
from tests.oracle.raw.names import TOO_LONG
from tests.oracle.raw.scene import Scene, Topic

from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.messages.describe_cluster import DescribeClusterRequest
from minikafka.messages.describe_topic_partitions import Cursor, DescribeTopicPartitionsRequest, TopicRequest
from minikafka.messages.find_coordinator import FindCoordinatorRequest
from minikafka.messages.metadata import MetadataRequest, MetadataRequestTopic

# Metadata


def metadata(*topics: Any, **options: Any) -> MetadataRequest:
    """Topics by name; nothing is created unless told to."""
    return MetadataRequest(
        topics=[
            each if isinstance(each, MetadataRequestTopic) else MetadataRequestTopic(name=each)
            for each in topics
        ],
        **{"allow_auto_topic_creation": False, **options},
    )


def by_id(topic_id: bytes) -> MetadataRequestTopic:
    """A topic by its id."""
    return MetadataRequestTopic(name=None, topic_id=topic_id)


def _old(s: Scene, *topics: Any, **options: Any) -> MetadataRequest:
    """Versions before 4 cannot say that nothing is to be created."""
    if s.version < 4:
        options["allow_auto_topic_creation"] = True
    return metadata(*topics, **options)


def _all(s: Scene) -> MetadataRequest:
    s.topic()
    return MetadataRequest(topics=None if s.version else [])


_METADATA = table(
    "Metadata",
    lambda s: _old(s, "no/topic"),
    good={
        "one topic": lambda s: _old(s, s.readable().name),
        "two topics": lambda s: _old(s, s.readable().name, s.trimmed().name),
        "all topics": case(_all, own=True),
        "no topics": case(lambda s: metadata(), first=4),
        "no topics, old": case(lambda s: MetadataRequest(topics=[]), first=1, last=3),
        "creating": lambda s: _old(s, s.name(), allow_auto_topic_creation=True),
        "created a moment ago": lambda s: [
            _old(s, s.name(), allow_auto_topic_creation=True),
            metadata(s.topic("other").name),
        ],
        "an internal topic": lambda s: (s.coordinator("some"), _old(s, "__consumer_offsets"))[-1],
        "by id": case(lambda s: metadata(by_id(s.readable().id)), first=12),
        "authorized operations of topics": case(
            lambda s: metadata(s.readable().name, include_topic_authorized_operations=True), first=8
        ),
        "authorized operations of the cluster": case(
            lambda s: metadata(include_cluster_authorized_operations=True), first=8, last=10
        ),
        "many partitions": lambda s: _old(s, s.topic(partitions=5).name),
        "replicas": case(lambda s: _old(s, s.topic(assignments={0: [2, 3], 1: [3, 1]}).name), nodes=3),
        "of another broker": case(lambda s: At(3, _old(s, s.topic(assignments={0: [2, 3]}).name)), nodes=3),
    },
    bad={
        "unknown topic": case(lambda s: metadata(NOWHERE.name), first=4),
        "unknown id": case(lambda s: metadata(by_id(NOWHERE.id)), first=12),
        "zero id and no name": case(lambda s: metadata(by_id(bytes(16))), first=12),
        "id of a topic with another name": case(
            lambda s: metadata(MetadataRequestTopic(name="other", topic_id=s.readable().id)), first=12
        ),
        "by name and by id": case(lambda s: metadata(s.readable().name, by_id(s.trimmed().id)), first=12),
        "id too early": case(lambda s: metadata(by_id(s.readable().id)), first=10, last=11),
        "no name": lambda s: _old(s, ""),
        "a name that is none": lambda s: _old(s, "no/topic"),
        "a name that is none, creating": lambda s: _old(s, "no topic", allow_auto_topic_creation=True),
        "the name .": lambda s: _old(s, ".", allow_auto_topic_creation=True),
        "the name ..": lambda s: _old(s, ".."),
        "a name that is too long": lambda s: _old(s, TOO_LONG, allow_auto_topic_creation=True),
        "a topic twice": lambda s: _old(s, s.readable().name, s.readable().name),
        "an unknown topic twice": case(lambda s: metadata(NOWHERE.name, NOWHERE.name), first=4),
        "good, unknown and bad names": case(
            lambda s: metadata(NOWHERE.name, s.readable().name, "no/topic"), first=4
        ),
        "a colliding name": lambda s: (
            s.create(f"collides.a-{s.version}", 1),
            _old(s, f"collides_a-{s.version}", allow_auto_topic_creation=True),
        )[-1],
        "an internal topic that is not there": lambda s: _old(
            s, "__share_group_state", allow_auto_topic_creation=s.version < 4
        ),
        "many unknown": case(lambda s: metadata(*(f"nowhere-{n}" for n in range(30))), first=4),
    },
)

# ApiVersions


def versions(name: str = "raw", version: str = "1.0") -> ApiVersionsRequest:
    """What a client says of itself."""
    return ApiVersionsRequest(client_software_name=name, client_software_version=version)


_API_VERSIONS = table(
    "ApiVersions",
    lambda s: versions(),
    good={
        "a client": lambda s: versions(),
        "names with all that they may have": lambda s: versions("a.B-3", "0.a-Z.9"),
    },
    bad={
        "no name": case(lambda s: versions(""), first=3),
        "no version": case(lambda s: versions("raw", ""), first=3),
        "a name with a space": case(lambda s: versions("raw client"), first=3),
        "a name that begins with a dash": case(lambda s: versions("-raw"), first=3),
        "a name that ends with a dot": case(lambda s: versions("raw."), first=3),
        "a name of one letter": case(lambda s: versions("r"), first=3),
        "a name of other letters": case(lambda s: versions("röst"), first=3),
        "a version with a space": case(lambda s: versions("raw", "1 0"), first=3),
        "a version with an underscore": case(lambda s: versions("raw", "1_0"), first=3),
        "a very long name": case(lambda s: versions("r" * 1000), first=3),
        "a line break": case(lambda s: versions("raw\n"), first=3),
    },
)

# DescribeCluster


def cluster(**options: Any) -> DescribeClusterRequest:
    """The cluster."""
    return DescribeClusterRequest(**options)


_DESCRIBE_CLUSTER = table(
    "DescribeCluster",
    lambda s: cluster(),
    good={
        "brokers": lambda s: cluster(),
        "authorized operations": lambda s: cluster(include_cluster_authorized_operations=True),
        "fenced brokers": lambda s: cluster(include_fenced_brokers=True),
        "three brokers": case(lambda s: cluster(), nodes=3),
        "three brokers by the last": case(lambda s: At(3, cluster()), nodes=3),
    },
    bad={
        "controllers": lambda s: cluster(endpoint_type=2),
        "endpoint type 0": lambda s: cluster(endpoint_type=0),
        "endpoint type 3": lambda s: cluster(endpoint_type=3),
        "endpoint type -1": lambda s: cluster(endpoint_type=-1),
        "endpoint type 127": lambda s: cluster(endpoint_type=127),
        "endpoint type 3 with operations": lambda s: cluster(
            endpoint_type=3, include_cluster_authorized_operations=True
        ),
    },
)

# DescribeTopicPartitions


def partitions(*topics: str, limit: int = 2000, cursor: Any = None) -> DescribeTopicPartitionsRequest:
    """Topics by name."""
    return DescribeTopicPartitionsRequest(
        topics=[TopicRequest(name=each) for each in topics],
        response_partition_limit=limit,
        cursor=None if cursor is None else Cursor(topic_name=cursor[0], partition_index=cursor[1]),
    )


def _sorted_names(s: Scene) -> tuple[Topic, Topic]:
    return s.topic("a", partitions=3), s.topic("b", partitions=3)


_DESCRIBE_TOPIC_PARTITIONS = table(
    "DescribeTopicPartitions",
    lambda s: partitions("nowhere"),
    good={
        "one topic": lambda s: partitions(s.readable().name),
        "two topics": lambda s: partitions(*(each.name for each in _sorted_names(s))),
        "in another order": lambda s: partitions(*(each.name for each in reversed(_sorted_names(s)))),
        "all topics": case(lambda s: (s.topic(), partitions())[-1], own=True),
        "a limit inside a topic": lambda s: partitions(*(each.name for each in _sorted_names(s)), limit=2),
        "a limit at a topic's end": lambda s: partitions(*(each.name for each in _sorted_names(s)), limit=3),
        "a limit in the second topic": lambda s: partitions(
            *(each.name for each in _sorted_names(s)), limit=4
        ),
        "from a cursor": lambda s: partitions(
            *(each.name for each in _sorted_names(s)), cursor=(s.name("a"), 1)
        ),
        "from a cursor in the second topic": lambda s: partitions(
            *(each.name for each in _sorted_names(s)), cursor=(s.name("b"), 2)
        ),
        "an internal topic": lambda s: (s.coordinator("some"), partitions("__consumer_offsets", limit=1))[-1],
        "replicas": case(lambda s: partitions(s.topic(assignments={0: [2, 3], 1: [3, 1]}).name), nodes=3),
    },
    bad={
        "unknown topic": lambda s: partitions("nowhere"),
        "good and unknown": lambda s: partitions("nowhere", s.readable().name),
        "no name": lambda s: partitions(""),
        "a name that is none": lambda s: partitions("no/topic"),
        "a name that is too long": lambda s: partitions(TOO_LONG),
        "a topic twice": lambda s: partitions(s.readable().name, s.readable().name),
        "a limit of 0": lambda s: partitions(s.readable().name, limit=0),
        "a negative limit": lambda s: partitions(s.readable().name, limit=-1),
        "a limit that is too large": lambda s: partitions(s.readable().name, limit=2147483647),
        "a cursor at an unknown topic": lambda s: partitions(s.readable().name, cursor=("nowhere", 0)),
        "a cursor after all topics": lambda s: partitions(s.readable().name, cursor=("zzz", 0)),
        "a cursor beyond the partitions": lambda s: partitions(
            s.readable().name, cursor=(s.readable().name, 9)
        ),
        "a negative cursor": lambda s: partitions(s.readable().name, cursor=(s.readable().name, -1)),
        "a cursor without a name": lambda s: partitions(s.readable().name, cursor=("", 0)),
    },
)

# FindCoordinator


def find(*keys: str, key_type: int = 0) -> Any:
    """The coordinators of keys, in every version."""

    def build(s: Scene) -> FindCoordinatorRequest:
        if s.version == 0 and key_type != 0:
            raise UnsupportedVersionError("version 0 knows groups only")
        if s.version < 4:
            if len(keys) != 1:
                raise UnsupportedVersionError("one key only")
            return FindCoordinatorRequest(key=keys[0], key_type=key_type)
        return FindCoordinatorRequest(coordinator_keys=list(keys), key_type=key_type)

    return build


from minikafka.errors import UnsupportedVersionError  # noqa: E402

_ready = lambda s: s.coordinator("some")  # noqa: E731


def _found(*keys: str, key_type: int = 0) -> Any:
    return lambda s: (_ready(s), find(*keys, key_type=key_type)(s))[-1]


_FIND_COORDINATOR = table(
    "FindCoordinator",
    find("group", key_type=9),
    good={
        "of a group": _found("group"),
        "of several groups": _found("a", "b", "c"),
        "of no group": case(_found(), first=4),
        "of a group with any name": _found("räucher 100%/\n"),
    },
    bad={
        "no name": _found(""),
        "no name among others": _found("a", "", "b"),
        "a group twice": _found("a", "a"),
        "a very long name": _found("x" * 5000),
        "key type 3": _found("a", key_type=3),
        "key type 9": _found("a", key_type=9),
        "key type -1": _found("a", key_type=-1),
        "key type 127, several": _found("a", "b", key_type=127),
        "a share group": _found("g:AAAAAAAAAAAAAAAAAAAAAQ:0", key_type=2),
        "a share group without a partition": _found("g", key_type=2),
        "a share group with a bad id": _found("g:topic:0", key_type=2),
        "a share group with a bad partition": _found("g:AAAAAAAAAAAAAAAAAAAAAQ:x", key_type=2),
        "a share group without a name": _found(":AAAAAAAAAAAAAAAAAAAAAQ:0", key_type=2),
    },
)

CASES = [*_METADATA, *_API_VERSIONS, *_DESCRIBE_CLUSTER, *_DESCRIBE_TOPIC_PARTITIONS, *_FIND_COORDINATOR]
