"""What console tools ask besides.

AlterReplicaLogDirs, DescribeClientQuotas, DescribeUserScramCredentials, DescribeQuorum, UpdateFeatures,
DescribeProducers, ListConfigResources.
"""

from __future__ import annotations

from typing import Any

from tests.oracle.raw.case import At, case, table
from tests.oracle.raw.names import bad_partitions
from tests.oracle.raw.scene import Scene, Topic, batch

from minikafka.messages.alter_replica_log_dirs import (
    AlterReplicaLogDir,
    AlterReplicaLogDirsRequest,
    AlterReplicaLogDirTopic,
)
from minikafka.messages.describe_client_quotas import ComponentData, DescribeClientQuotasRequest
from minikafka.messages.describe_producers import DescribeProducersRequest
from minikafka.messages.describe_producers import TopicRequest as ProducersTopic
from minikafka.messages.describe_quorum import DescribeQuorumRequest, QuorumPartition, QuorumTopic
from minikafka.messages.describe_user_scram_credentials import DescribeUserScramCredentialsRequest, UserName
from minikafka.messages.list_config_resources import ListConfigResourcesRequest
from minikafka.messages.update_features import FeatureUpdateKey, UpdateFeaturesRequest

_NO_DIRECTORY = "/no/such/directory"

# AlterReplicaLogDirs


def move(*dirs: Any) -> AlterReplicaLogDirsRequest:
    """Directories as (path, topics), with topics as (name, partitions...)."""
    return AlterReplicaLogDirsRequest(
        dirs=[
            AlterReplicaLogDir(
                path=path,
                topics=[
                    AlterReplicaLogDirTopic(name=name, partitions=list(indexes)) for name, *indexes in topics
                ],
            )
            for path, *topics in dirs
        ]
    )


_MOVE = table(
    "AlterReplicaLogDirs",
    lambda s: move((_NO_DIRECTORY, ("nowhere", 0))),
    good={"nothing": lambda s: move()},
    bad={
        "an unknown directory": lambda s: move((_NO_DIRECTORY, (s.readable().name, 0))),
        "a relative directory": lambda s: move(("somewhere", (s.readable().name, 0))),
        "no directory": lambda s: move(("", (s.readable().name, 0))),
        "unknown topic": lambda s: move((_NO_DIRECTORY, ("nowhere", 0))),
        "unknown partition": lambda s: move((_NO_DIRECTORY, (s.readable().name, 9))),
        "negative partition": lambda s: move((_NO_DIRECTORY, (s.readable().name, -1))),
        "no topic name": lambda s: move((_NO_DIRECTORY, ("", 0))),
        "a topic name that is none": lambda s: move((_NO_DIRECTORY, ("no/topic", 0))),
        "no topics": lambda s: move((_NO_DIRECTORY,)),
        "no partitions": lambda s: move((_NO_DIRECTORY, (s.readable().name,))),
        "a partition twice": lambda s: move((_NO_DIRECTORY, (s.readable().name, 0, 0))),
        "two directories": lambda s: move(
            (_NO_DIRECTORY, (s.readable().name, 0)), ("/other", (s.readable().name, 1))
        ),
    },
)

# DescribeClientQuotas


def quotas(*components: Any, strict: bool = False) -> DescribeClientQuotasRequest:
    """Components as (entity type, match type, match)."""
    return DescribeClientQuotasRequest(
        components=[
            ComponentData(entity_type=kind, match_type=how, match=what) for kind, how, what in components
        ],
        strict=strict,
    )


_QUOTAS = table(
    "DescribeClientQuotas",
    lambda s: quotas(("user", 0, "nobody")),
    good={
        "all": lambda s: quotas(),
        "all, strict": lambda s: quotas(strict=True),
        "of a user": lambda s: quotas(("user", 0, "somebody")),
        "of the default user": lambda s: quotas(("user", 1, None)),
        "of any user": lambda s: quotas(("user", 2, None)),
        "of a client": lambda s: quotas(("client-id", 0, "somebody")),
        "of an address": lambda s: quotas(("ip", 0, "127.0.0.1")),
        "of a user's client": lambda s: quotas(("user", 0, "a"), ("client-id", 0, "b")),
    },
    bad={
        "no entity type": lambda s: quotas(("", 0, "a")),
        "an unknown entity type": lambda s: quotas(("planet", 0, "a")),
        "match type 3": lambda s: quotas(("user", 3, "a")),
        "match type -1": lambda s: quotas(("user", -1, "a")),
        "an exact match of null": lambda s: quotas(("user", 0, None)),
        "a default match of something": lambda s: quotas(("user", 1, "a")),
        "any match of something": lambda s: quotas(("user", 2, "a")),
        "an entity type twice": lambda s: quotas(("user", 0, "a"), ("user", 0, "b")),
        "an address and a user": lambda s: quotas(("ip", 0, "127.0.0.1"), ("user", 0, "a")),
        "an address that is none": lambda s: quotas(("ip", 0, "nowhere at all")),
        "an exact match of nothing": lambda s: quotas(("user", 0, "")),
    },
)

# DescribeUserScramCredentials


def credentials(*users: Any) -> DescribeUserScramCredentialsRequest:
    """Users by name; None for all."""
    return DescribeUserScramCredentialsRequest(
        users=None if users == (None,) else [UserName(name=name) for name in users]
    )


_CREDENTIALS = table(
    "DescribeUserScramCredentials",
    lambda s: credentials("nobody"),
    good={"all": lambda s: credentials(None), "none are named": lambda s: credentials()},
    bad={
        "unknown user": lambda s: credentials("nobody"),
        "two unknown users": lambda s: credentials("nobody", "nobody else"),
        "no name": lambda s: credentials(""),
        "a user twice": lambda s: credentials("nobody", "nobody"),
        "a user thrice and another": lambda s: credentials("a", "b", "a", "a"),
        "a very long name": lambda s: credentials("x" * 5000),
    },
)

# DescribeQuorum


def quorum(*topics: Any) -> DescribeQuorumRequest:
    """Topics as (name, partitions...)."""
    return DescribeQuorumRequest(
        topics=[
            QuorumTopic(
                topic_name=name, partitions=[QuorumPartition(partition_index=index) for index in indexes]
            )
            for name, *indexes in topics
        ]
    )


_METADATA_TOPIC = "__cluster_metadata"

_QUORUM = table(
    "DescribeQuorum",
    lambda s: quorum(("nowhere", 0)),
    good={"the metadata": lambda s: quorum((_METADATA_TOPIC, 0))},
    bad={
        "nothing": lambda s: quorum(),
        "another topic": lambda s: quorum((s.readable().name, 0)),
        "unknown topic": lambda s: quorum(("nowhere", 0)),
        "another partition": lambda s: quorum((_METADATA_TOPIC, 1)),
        "two partitions": lambda s: quorum((_METADATA_TOPIC, 0, 1)),
        "no partitions": lambda s: quorum((_METADATA_TOPIC,)),
        "the topic twice": lambda s: quorum((_METADATA_TOPIC, 0), (_METADATA_TOPIC, 0)),
        "two topics": lambda s: quorum((_METADATA_TOPIC, 0), ("nowhere", 0)),
        "no topic name": lambda s: quorum(("", 0)),
        "a negative partition": lambda s: quorum((_METADATA_TOPIC, -1)),
    },
)

# UpdateFeatures


def features(*updates: Any, **options: Any) -> UpdateFeaturesRequest:
    """Updates as (feature, level), or (feature, level, upgrade type)."""
    return UpdateFeaturesRequest(
        feature_updates=[
            FeatureUpdateKey(feature=name, max_version_level=level, upgrade_type=how[0] if how else 1)
            for name, level, *how in updates
        ],
        **{"timeout_ms": 10_000, **options},
    )


_FEATURES = table(
    "UpdateFeatures",
    lambda s: features(("no.such.feature", 1)),
    good={"nothing": lambda s: features()},
    bad={
        "an unknown feature": lambda s: features(("no.such.feature", 1)),
        "no feature": lambda s: features(("", 1)),
        "a level that is too high": lambda s: features(("metadata.version", 999)),
        "a negative level": lambda s: features(("metadata.version", -1)),
        "a level of 0": lambda s: features(("metadata.version", 0)),
        "a level of 0 of an unknown feature": lambda s: features(("no.such.feature", 0)),
        "upgrade type 0": case(lambda s: features(("metadata.version", 7, 0)), first=1),
        "upgrade type 9": case(lambda s: features(("metadata.version", 7, 9)), first=1),
        "an upgrade that is a downgrade": lambda s: features(("metadata.version", 7)),
        "a feature twice": lambda s: features(("no.such.feature", 1), ("no.such.feature", 2)),
        "two unknown features": lambda s: features(("no.such.feature", 1), ("nor.this", 1)),
        "an unknown feature, validated only": case(
            lambda s: features(("no.such.feature", 1), validate_only=True), first=1
        ),
    },
)

# DescribeProducers


def producers(*topics: Any) -> DescribeProducersRequest:
    """Topics as (name, partitions...)."""
    return DescribeProducersRequest(
        topics=[ProducersTopic(name=name, partition_indexes=list(indexes)) for name, *indexes in topics]
    )


def _written(s: Scene) -> Topic:
    topic = s.topic()
    s.produce(topic, batch(2, producer_id=s.producer_id(), producer_epoch=0, base_sequence=0))
    return topic


_PRODUCERS = table(
    "DescribeProducers",
    lambda s: producers(("nowhere", 0)),
    good={
        "one producer": lambda s: producers((_written(s).name, 0)),
        "none": lambda s: producers((s.readable().name, 0, 1)),
        "two topics": lambda s: producers((s.readable().name, 0), (s.trimmed().name, 0)),
    },
    bad={
        **bad_partitions(producers),
        "good and unknown": lambda s: producers(("nowhere", 0), (s.readable().name, 0)),
        "a follower": case(lambda s: At(2, producers((s.readable().name, 0))), nodes=3),
        "a broker without a replica": case(
            lambda s: At(3, producers((s.topic(assignments={0: [1, 2]}).name, 0))), nodes=3
        ),
    },
)

# ListConfigResources


def resources(*types: int) -> ListConfigResourcesRequest:
    """Resources of some types; of all if none is named."""
    return ListConfigResourcesRequest(resource_types=list(types))


def _listed(*types: int) -> Any:
    def build(s: Scene) -> ListConfigResourcesRequest:
        s.topic()
        return resources(*types)

    return case(build, own=True, first=1)


_RESOURCES = table(
    "ListConfigResources",
    lambda s: resources(16) if s.version else resources(),
    good={
        "client metrics": lambda s: resources(16) if s.version else resources(),
        "brokers": case(lambda s: resources(4), first=1),
        "loggers": case(lambda s: resources(8), first=1),
        "groups": case(lambda s: resources(32), first=1),
        "topics": _listed(2),
        "brokers and client metrics": case(lambda s: resources(4, 16), first=1),
    },
    bad={
        "type 0": case(lambda s: resources(0), first=1),
        "type 1": case(lambda s: resources(1), first=1),
        "type 3": case(lambda s: resources(3), first=1),
        "type 64": case(lambda s: resources(64), first=1),
        "type -1": case(lambda s: resources(-1), first=1),
        "type 127": case(lambda s: resources(127), first=1),
        "a type twice": case(lambda s: resources(4, 4), first=1),
        "a type and an unknown one": case(lambda s: resources(4, 99), first=1),
    },
)

CASES = [*_MOVE, *_QUOTAS, *_CREDENTIALS, *_QUORUM, *_FEATURES, *_PRODUCERS, *_RESOURCES]
