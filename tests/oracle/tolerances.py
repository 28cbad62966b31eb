"""The differences from a real Kafka that are tolerated, each with its reason; docs/fidelity.md lists them."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Tolerance:
    """A difference that is known and meant.

    Args:
        where: pattern of ``AREA/SCENARIO`` (``fnmatch``): ``"configs/*"``.
        step: pattern of the step's label, or for comparisons without steps of the observation's path.
        what: what differs, in a few words, for people.
        reason: why it stays so.
        clients: pattern of the client that sees it: ``kafka-python``, ``confluent``, ``raw``.
        kafka: pattern of the Kafka version it holds against.
    """

    where: str
    step: str
    what: str
    reason: str
    clients: str = "*"
    kafka: str = "*"

    def covers(self, where: str, step: str, client: str = "*", kafka: str = "*") -> bool:
        """Whether a difference seen there is this one."""
        return (
            fnmatchcase(where, self.where)
            and fnmatchcase(step, self.step)
            and (client == "*" or fnmatchcase(client, self.clients))
            and (kafka == "*" or fnmatchcase(kafka, self.kafka))
        )


@dataclass
class Tolerances:
    """A set of tolerances, and which of them were needed."""

    declared: tuple[Tolerance, ...]
    used: set[Tolerance] = field(default_factory=set)

    def find(self, where: str, step: str, client: str = "*", kafka: str = "*") -> Tolerance | None:
        """The first that covers a difference, which is then counted as used."""
        for each in self.declared:
            if each.covers(where, step, client, kafka):
                self.used.add(each)
                return each
        return None

    def unused(self) -> list[Tolerance]:
        """Those that no difference has needed: what they describe is no longer so."""
        return [each for each in self.declared if each not in self.used]


DECLARED: tuple[Tolerance, ...] = ()
"""Those of the scripted scenarios."""
