"""The one door of failure: a `FaultPlan` decides the fate of every message between any two nodes."""

from __future__ import annotations

from enum import Enum

from minikafka.errors import ErrorCode, IllegalArgumentError
from minikafka.structs import broker_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from minikafka.messages.schema import Request

    Chooser = Callable[["Envelope"], "Fate | None"]


class Envelope:
    """A message on its way: who sends what to whom, and when (ms since the epoch)."""

    __slots__ = ("destination", "message", "sent_ms", "source")

    def __init__(self, source: str, destination: str, message: Request, sent_ms: int) -> None:
        self.source: str = source
        self.destination: str = destination
        self.message: Request = message
        self.sent_ms: int = sent_ms

    @property
    def api_name(self) -> str:
        """Kafka's name for the request: ``"Produce"``."""
        return self.message.api_name

    def __repr__(self) -> str:
        return f"<{self.api_name} {self.source} -> {self.destination} at {self.sent_ms}>"


class Action(Enum):
    """What can become of a message."""

    DELIVER = "deliver"
    DROP = "drop"
    """The request never arrives; the sender waits for its own timeout."""
    LOSE_REPLY = "lose_reply"
    """The request arrives and is carried out; its response never comes back."""
    DUPLICATE = "duplicate"
    """The request arrives twice; the first answer counts."""
    ANSWER_ERROR = "answer_error"
    """The request never arrives; the sender is answered with an error code."""
    DISCONNECT = "disconnect"
    """The connection closes: the request never arrives and the sender is told at once."""


class Fate:
    """What becomes of one message.

    Args:
        action: the kind of fate.
        delay_ms: how long the request takes to arrive, in ms.
        reply_delay_ms: how long the response takes to come back, in ms.
        error: the code to answer with (ANSWER_ERROR only).
    """

    __slots__ = ("action", "delay_ms", "error", "reply_delay_ms")

    def __init__(
        self,
        action: Action = Action.DELIVER,
        delay_ms: int = 0,
        reply_delay_ms: int = 0,
        error: ErrorCode = ErrorCode.NONE,
    ) -> None:
        self.action: Action = action
        self.delay_ms: int = delay_ms
        self.reply_delay_ms: int = reply_delay_ms
        self.error: ErrorCode = error

    def __repr__(self) -> str:
        extra = f" {self.error.name}" if self.action is Action.ANSWER_ERROR else ""
        return f"<Fate {self.action.value}{extra} +{self.delay_ms}/+{self.reply_delay_ms} ms>"


DELIVER = Fate()


class FaultRule:
    """Gives its fate to the messages it matches, `times` times (None: always), after letting `skip` pass."""

    __slots__ = ("api", "applied", "delay_range", "destination", "fate", "skip", "source", "times", "when")

    def __init__(
        self,
        fate: Fate,
        *,
        api: str | None = None,
        source: str | int | None = None,
        destination: str | int | None = None,
        times: int | None = 1,
        skip: int = 0,
        when: Callable[[Envelope], bool] | None = None,
        delay_range: tuple[int, int] | None = None,
    ) -> None:
        if times is not None and times < 1:
            raise IllegalArgumentError(f"times={times}: expected a positive number, or None for always")
        if skip < 0:
            raise IllegalArgumentError(f"skip={skip}: expected 0 or more messages")
        self.fate: Fate = fate
        self.api: str | None = api
        self.source: str | None = _address(source)
        self.destination: str | None = _address(destination)
        self.times: int | None = times
        self.skip: int = skip
        self.when: Callable[[Envelope], bool] | None = when
        self.delay_range: tuple[int, int] | None = delay_range
        self.applied: int = 0
        """How many messages have met this fate."""

    def matches(self, envelope: Envelope) -> bool:
        """Whether this rule speaks about the message at all."""
        return (
            (self.api is None or self.api == envelope.api_name)
            and _covers(self.source, envelope.source)
            and _covers(self.destination, envelope.destination)
            and (self.when is None or self.when(envelope))
        )

    @property
    def spent(self) -> bool:
        """Whether the rule has done all it was to do."""
        return self.times is not None and self.applied >= self.times


class FaultPlan:
    """The fates of all messages of a cluster; without rules everything is delivered at once.

    The first rule that matches a message and is not spent decides. Rules are added with `drop`, `delay`,
    `duplicate`, `lose_reply`, `answer` and `disconnect`, which take the same filters:

    * ``api``: Kafka's name of the request (``"Produce"``, ``"Fetch"``, ``"JoinGroup"`` ...),
    * ``source`` / ``destination``: a broker's node id, an address (``"consumer-2"``) or a kind of node
      (``"producer"``, ``"consumer"``, ``"broker"``, ``"controller"``),
    * ``times`` (default 1; None for always), ``skip`` (default 0: let so many pass first),
    * ``when``: a function of the `Envelope`.
    """

    def __init__(self, random: Random) -> None:
        self.rules: list[FaultRule] = []
        self.chooser: Chooser | None = None
        """Asked first about every message; None from it means that the rules decide."""
        self._random = random
        self._cuts: dict[tuple[str, str], None] = {}
        self.on_links_changed: Callable[[], object] | None = None

    @property
    def active(self) -> bool:
        """Whether anything but plain delivery can happen."""
        return bool(self.rules) or self.chooser is not None

    def fate(self, envelope: Envelope) -> Fate:
        """What becomes of this message; asked exactly once per request."""
        if self.chooser is not None:
            chosen = self.chooser(envelope)
            if chosen is not None:
                return chosen
        for rule in self.rules:
            if rule.spent or not rule.matches(envelope):
                continue
            if rule.skip > 0:
                rule.skip -= 1
                continue
            rule.applied += 1
            if rule.delay_range is not None:
                return Fate(Action.DELIVER, self._random.randint(*rule.delay_range))
            return rule.fate
        return DELIVER

    def add(self, rule: FaultRule) -> FaultRule:
        """Add a rule after those there are."""
        self.rules.append(rule)
        return rule

    def drop(self, api: str | None = None, **filters: object) -> FaultRule:
        """Requests never arrive; senders wait for their own timeout."""
        return self._add(Fate(Action.DROP), api, filters)

    def lose_reply(self, api: str | None = None, **filters: object) -> FaultRule:
        """Requests are carried out; their responses are lost."""
        return self._add(Fate(Action.LOSE_REPLY), api, filters)

    def duplicate(self, api: str | None = None, **filters: object) -> FaultRule:
        """Requests arrive twice."""
        return self._add(Fate(Action.DUPLICATE), api, filters)

    def disconnect(self, api: str | None = None, **filters: object) -> FaultRule:
        """The connection closes under the request."""
        return self._add(Fate(Action.DISCONNECT), api, filters)

    def answer(self, error: ErrorCode | int, api: str | None = None, **filters: object) -> FaultRule:
        """Requests are answered with an error code and never arrive."""
        try:
            code = ErrorCode(error)
        except ValueError:
            raise IllegalArgumentError(
                f"error={error!r}: expected an ErrorCode or the number of one, {min(ErrorCode)} to {max(ErrorCode)}"
            ) from None
        return self._add(Fate(Action.ANSWER_ERROR, error=code), api, filters)

    def delay(
        self,
        delay_ms: int | tuple[int, int],
        api: str | None = None,
        *,
        reply_delay_ms: int = 0,
        **filters: object,
    ) -> FaultRule:
        """Requests take `delay_ms` (a number, or a range to draw from); by default all that match do."""
        filters.setdefault("times", None)
        if isinstance(delay_ms, tuple):
            return self._add(Fate(), api, {**filters, "delay_range": delay_ms})
        return self._add(Fate(Action.DELIVER, delay_ms, reply_delay_ms), api, filters)

    def _add(self, fate: Fate, api: str | None, filters: dict[str, object]) -> FaultRule:
        unknown = sorted(set(filters) - _FILTERS)
        if unknown:
            raise IllegalArgumentError(f"unknown filter {unknown[0]!r}: expected one of {sorted(_FILTERS)}")
        if api is not None:
            from minikafka.messages.registry import API_KEYS

            known = sorted([*API_KEYS, *_INTERNAL_APIS])
            if api not in known:
                raise IllegalArgumentError(f"api={api!r}: expected one of {known}")
        return self.add(FaultRule(fate, api=api, **filters))  # type: ignore[arg-type]

    def cut(self, one: str | int, other: str | int) -> None:
        """Cut the link between two nodes, both ways, until `heal`."""
        first, second = _address(one), _address(other)
        if first is None or second is None:
            raise IllegalArgumentError("cut() takes two nodes: node ids or addresses")
        self._cuts[first, second] = self._cuts[second, first] = None
        if self.on_links_changed is not None:
            self.on_links_changed()

    def heal(self) -> None:
        """Mend every cut link and forget every rule and the chooser."""
        self._cuts.clear()
        self.rules.clear()
        self.chooser = None
        if self.on_links_changed is not None:
            self.on_links_changed()

    def is_cut(self, source: str, destination: str) -> bool:
        """Whether the link between two addresses is cut."""
        return bool(self._cuts) and (source, destination) in self._cuts


_INTERNAL_APIS = ("MetadataUpdate",)
"""What minikafka's own nodes send one another besides Kafka's requests."""

_FILTERS = {"source", "destination", "times", "skip", "when", "delay_range"}


def _address(node: str | int | None) -> str | None:
    return broker_address(node) if isinstance(node, int) else node


def _covers(pattern: str | None, address: str) -> bool:
    return pattern is None or address == pattern or address.startswith(pattern + "-")
