"""`Player`: plays a program on a cluster, one request (or a few) an operation, and notes down every answer."""

from __future__ import annotations

from contextlib import suppress
from secrets import token_hex
from typing import TYPE_CHECKING

from tests.oracle.clusters import REAL
from tests.oracle.differential.player_groups import GroupOperations
from tests.oracle.differential.player_logs import LogOperations
from tests.oracle.differential.player_topics import TopicOperations
from tests.oracle.normalise import Normaliser

from minikafka.messages.delete_groups import DeleteGroupsRequest
from minikafka.messages.delete_topics import DeleteTopicsRequest
from minikafka.messages.find_coordinator import FindCoordinatorRequest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tests.oracle.clusters import Cluster

    from minikafka.messages.schema import Request

WAIT_MS = 20_000
_POLL_MS = 5
_COMING = {14, 15, 16}


class Player(LogOperations, TopicOperations, GroupOperations):
    """Plays one program.

    Args:
        cluster: where.
        guide: what was seen elsewhere. Whether a parked request has an answer by now takes time to find out on
            sockets; the guide tells how long to look. Nothing else is taken from it.
        patience: how many times longer to wait for what a real Kafka does in its own time.
    """

    def __init__(
        self, cluster: Cluster, guide: Sequence[Sequence[Any]] | None = None, patience: int = 1
    ) -> None:
        self.cluster = cluster
        self.patience = patience
        self.guide = guide
        self.step = -1
        run = token_hex(4)
        self.names = {f"{label}-{run}": label for label in ("t0", "t1", "g0", "g1")}
        self._made = {label: made for made, label in self.names.items()}
        self._normalise = Normaliser(self.names)
        super().__init__()

    def name(self, label: str) -> str:
        """What a topic or group is called on the cluster."""
        return self._made[label]

    def play(self, program: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """Play a program on a new world; what was seen."""
        seen: list[list[Any]] = []
        try:
            self._begin()
            for self.step, (name, arguments) in enumerate(program):
                observed = getattr(self, f"do_{name}")(**arguments)
                seen.append([name, self._normalise(observed)])
        finally:
            self._end()
        return seen

    def _begin(self) -> None:
        self.do_create_topic("t0", 2, 1, [])
        for label in ("g0", "g1"):
            request = FindCoordinatorRequest(key=self.name(label), key_type=0)
            self.until(lambda asked=request: not self.cluster.ask(asked, 3)["error_code"])

    def _end(self) -> None:
        """Leave nothing behind: nobody waits, no group has members, no topic is left."""
        self.abandon()
        for label in ("g0", "g1"):
            with suppress(KeyError, IndexError):
                self.remove_members(label)
                self.cluster.ask(DeleteGroupsRequest(groups_names=[self.name(label)]))
        names = [self.name(label) for label in ("t0", "t1")]
        self.cluster.ask(DeleteTopicsRequest(topic_names=names, timeout_ms=WAIT_MS), 5)

    # What operations are made of

    def ask(self, request: Request, version: int) -> dict[str, Any]:
        """One request, again while a coordinator is not ready."""
        answer: dict[str, Any] = {}

        def attempt() -> bool:
            answer.clear()
            answer.update(self.cluster.ask(request, version))
            return answer.get("error_code", 0) not in _COMING

        self.until(attempt)
        return answer

    def until(self, predicate: Any, timeout_ms: int = WAIT_MS) -> None:
        """Let time pass until something is so; goes on if it does not come about, for that will be seen."""
        deadline = self.cluster.now_ms() + timeout_ms
        while not predicate() and self.cluster.now_ms() < deadline:
            self.cluster.pass_time(_POLL_MS)

    def settle(self, ms: int) -> None:
        """Let a real Kafka finish what it does after it has answered."""
        if self.cluster.kind == REAL:
            self.cluster.pass_time(ms * self.patience)
