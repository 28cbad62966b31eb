"""The raw answers that are tolerated to differ from a real Kafka's, each with its reason."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from tests.oracle.tolerances import Tolerance


@dataclass(frozen=True)
class RawTolerance(Tolerance):
    """A tolerance that may also say what the values are; ``where`` is ``API/case``, ``step`` the version.

    Args:
        theirs: pattern of Kafka's value, as JSON.
        ours: pattern of minikafka's value, as JSON.
    """

    theirs: str = "*"
    ours: str = "*"

    def covers_values(self, theirs: Any, ours: Any) -> bool:
        """Whether the values that differ are those that this is about."""
        return fnmatchcase(json.dumps(theirs), self.theirs) and fnmatchcase(json.dumps(ours), self.ours)


class RawTolerances:
    """A set of tolerances, and which of them were needed."""

    def __init__(self, declared: tuple[RawTolerance, ...]) -> None:
        self.declared = declared
        self._used: set[RawTolerance] = set()

    def find(self, where: str, step: str, path: str, theirs: Any, ours: Any) -> RawTolerance | None:
        """The first that covers a difference, which is then counted as used."""
        for each in self.declared:
            if each.covers(where, step, "raw", path=path) and each.covers_values(theirs, ours):
                self._used.add(each)
                return each
        return None

    def unused(self) -> list[RawTolerance]:
        """Those that no difference has needed: what they describe is no longer so."""
        return [each for each in self.declared if each not in self._used]


def _tolerated(
    *, where: str, what: str, reason: str, path: str = "*", theirs: str = "*", ours: str = "*"
) -> RawTolerance:
    """One of the table: in every version."""
    return RawTolerance(where, "*", what, reason, "raw", path=path, theirs=theirs, ours=ours)


_MORE_SPECIFIC = "Kafka answers UNKNOWN_SERVER_ERROR or not at all; minikafka says what is wrong"
_NOTHING = '"(nothing)"'

DECLARED: tuple[RawTolerance, ...] = (
    _tolerated(
        where="Produce/*",
        path="*.error_message",
        theirs="null",
        what="`error_message` in Produce responses",
        reason="minikafka says what is wrong wherever it can; Kafka does so for invalid records only",
    ),
    _tolerated(
        where="Produce/null records",
        what="Produce of null records",
        reason="Kafka fails inside and never answers; minikafka says what is wrong",
    ),
    *(
        _tolerated(
            where=f"Produce/{codec} that is none",
            what="Produce of bytes that are not compressed by the codec that their batch names",
            reason="records of a batch that came as bytes are not opened on append; who reads them finds out",
        )
        for codec in ("gzip", "zstd")
    ),
    *(
        _tolerated(
            where=f"Produce/codec {codec}",
            path="*.log_start_offset",
            what="`log_start_offset` beside the error for a codec that there is not",
            reason="the batch is refused before a log is looked at",
        )
        for codec in (5, 7)
    ),
    _tolerated(
        where="DescribeQuorum/the metadata",
        what="DescribeQuorum of the metadata: nodes, epochs and offsets",
        reason="the quorum is one controller of its own, whose log is not one of records",
    ),
    _tolerated(
        where="Fetch/a follower",
        what="Fetch from a follower",
        reason="reading from followers (KIP-392) is not there yet",
    ),
    _tolerated(
        where="Metadata/zero id and no name",
        what="Metadata of a topic with neither name nor id",
        reason=_MORE_SPECIFIC,
    ),
    _tolerated(
        where="ApiVersions/*",
        path="0.api_keys.*",
        ours=_NOTHING,
        what="APIs that ApiVersions does not tell",
        reason="what minikafka does not serve it does not advertise",
    ),
    _tolerated(
        where="ApiVersions/*",
        path="0.*features*",
        what="features in ApiVersions",
        reason="features of what is not there yet (transactions, new groups, share groups ...) are not told",
    ),
    _tolerated(
        where="FindCoordinator/a share group*",
        path="*",
        what="FindCoordinator of a share group",
        reason="share groups are not there yet; the answer says so",
    ),
    _tolerated(
        where="JoinGroup/a protocol twice",
        what="JoinGroup that names a protocol twice",
        reason="Kafka fails inside and never answers; minikafka counts the name once",
    ),
    *(
        _tolerated(
            where=f"{where}/*",
            path="*.configs.min.insync.replicas.config_source",
            theirs="3",
            ours="5",
            what="the source of `min.insync.replicas` in CreateTopics and DescribeConfigs",
            reason="eligible leader replicas (KIP-966), which set it cluster-wide, are not modelled",
        )
        for where in ("CreateTopics", "DescribeConfigs")
    ),
    _tolerated(
        where="DescribeConfigs/brokers' defaults",
        path="*.configs.min.insync.replicas",
        ours=_NOTHING,
        what="`min.insync.replicas` among the brokers' defaults",
        reason="eligible leader replicas (KIP-966), which set it cluster-wide, are not modelled",
    ),
    _tolerated(
        where="DescribeConfigs/*with synonyms",
        path="*.configs.min.insync.replicas.synonyms.*",
        what="`min.insync.replicas` among the brokers' defaults",
        reason="eligible leader replicas (KIP-966), which set it cluster-wide, are not modelled",
    ),
    _tolerated(
        where="DescribeConfigs/many options of a broker*",
        path="*.configs.max.connections.read_only",
        what="whether `max.connections` can be altered while a broker runs",
        reason="a listener is told its limits when it is opened",
    ),
    _tolerated(
        where="DescribeConfigs/many options of a broker*",
        path="*.configs.socket.listen.backlog.size.*",
        what="the default of `socket.listen.backlog.size`",
        reason="tests open many connections at once, and one that finds no room waits for a second",
    ),
    _tolerated(
        where="DescribeConfigs/many options of a broker*",
        path="*.configs.group.initial.rebalance.delay.ms.*",
        what="where the value 0 of `group.initial.rebalance.delay.ms` comes from",
        reason="it is the default here, for tests start with all their consumers at hand",
    ),
    _tolerated(
        where="DescribeConfigs/with documentation",
        path="*.documentation",
        ours="null",
        what="documentation texts in DescribeConfigs",
        reason="minikafka has none",
    ),
    *(
        _tolerated(
            where=f"IncrementalAlterConfigs/{case}",
            path="*.error_message",
            what="words about resources that are not there yet: groups, client metrics",
            reason="minikafka says that it does not have them",
        )
        for case in ("a group without a name", "client metrics without a name")
    ),
    _tolerated(
        where="AlterConfigs/a topic twice",
        what="AlterConfigs that names a resource twice",
        reason="Kafka fails inside and never answers; minikafka says what is wrong",
    ),
    *(
        _tolerated(
            where=f"{api}/an unknown option of a broker",
            what="setting an unknown broker option",
            reason="Kafka keeps it for plugins that it might have; minikafka has none and refuses it by name",
        )
        for api in ("AlterConfigs", "IncrementalAlterConfigs")
    ),
    _tolerated(
        where="IncrementalAlterConfigs/operation *",
        what="an unknown operation in IncrementalAlterConfigs",
        reason=_MORE_SPECIFIC,
    ),
    _tolerated(
        where="DescribeTopicPartitions/no name",
        what="DescribeTopicPartitions of a topic without a name",
        reason=_MORE_SPECIFIC,
    ),
    _tolerated(
        where="DescribeLogDirs/*",
        path="*_bytes",
        theirs='"<size>"',
        ours="-1",
        what="the size of the disk in DescribeLogDirs",
        reason="there is no disk",
    ),
)
"""All of them."""
