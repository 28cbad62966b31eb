"""The differences from a real Kafka that are tolerated, each with its reason; docs/fidelity.md lists them."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Tolerance:
    """A difference that is known and meant.

    Args:
        where: pattern of ``AREA/SCENARIO`` (``fnmatch``): ``"configs/*"``.
        step: pattern of the step's label.
        what: what differs, in a few words, for people.
        reason: why it stays so.
        clients: pattern of the client that sees it: ``kafka-python``, ``confluent``, ``raw``, ``java``.
        kafka: pattern of the Kafka version it holds against.
        path: pattern of the place within the observation: ``"*.error_message"``; ``""`` is the whole of it.
    """

    where: str
    step: str
    what: str
    reason: str
    clients: str = "*"
    kafka: str = "*"
    path: str = "*"

    def covers(self, where: str, step: str, client: str = "*", kafka: str = "*", path: str = "") -> bool:
        """Whether a difference seen there is this one."""
        return (
            fnmatchcase(where, self.where)
            and fnmatchcase(step, self.step)
            and fnmatchcase(path, self.path)
            and (client == "*" or fnmatchcase(client, self.clients))
            and (kafka == "*" or fnmatchcase(kafka, self.kafka))
        )


@dataclass
class Tolerances:
    """A set of tolerances, and which of them were needed."""

    declared: tuple[Tolerance, ...]
    used: set[Tolerance] = field(default_factory=set)

    def find(
        self, where: str, step: str, client: str = "*", kafka: str = "*", path: str = ""
    ) -> Tolerance | None:
        """The first that covers a difference, which is then counted as used."""
        for each in self.declared:
            if each.covers(where, step, client, kafka, path):
                self.used.add(each)
                return each
        return None

    def unused(self) -> list[Tolerance]:
        """Those that no difference has needed: what they describe is no longer so."""
        return [each for each in self.declared if each not in self.used]


_ELR = (
    "eligible leader replicas (KIP-966), which set it cluster-wide in Kafka 4.1 and later, are not modelled"
)

DECLARED: tuple[Tolerance, ...] = (
    *(
        Tolerance(
            where="configs/*",
            step="*",
            path=path,
            clients="raw",
            what="the source of `min.insync.replicas` in DescribeConfigs",
            reason=_ELR,
        )
        for path in ("*[[]14]*", "*[[]21]*")
    ),
    Tolerance(
        where="configs/broker_options_that_are_refused",
        step="1 no.such.option=1",
        clients="raw",
        what="setting an unknown broker option",
        reason="Kafka keeps it for plugins that it might have; minikafka has none and refuses it by name",
    ),
    *(
        Tolerance(
            where=where,
            step=step,
            path=".error_message",
            clients="raw",
            what="`error_message` in Produce responses",
            reason="minikafka says what is wrong wherever it can; Kafka does so for invalid records only",
        )
        for where, step in (("produce/*", "*"), ("topics/deleted_topics", "produce"))
    ),
    *(
        Tolerance(
            where=f"java-assignors/{assignor}",
            step="as good",
            clients="java",
            what="which partitions move in a later round of a sticky assignor, where all members want the same",
            reason="the assignors are kafka-python's, and Java has an algorithm of its own for this case; "
            "assignments are as even and as many partitions stay (both are checked)",
        )
        for assignor in ("sticky", "cooperative-sticky")
    ),
)
"""Those of the scripted scenarios."""
