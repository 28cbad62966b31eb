"""Translates the names in requests and responses: what a test says, and what the shared cluster is told.

Messages are changed where they are: they were decoded for this alone. Of a response's lists, what belongs to
somebody else's test is left out, so that a client which asks for everything sees what is its own.
"""

from __future__ import annotations

from minikafka.codec import ProtocolError
from minikafka.errors import UnsupportedVersionError
from minikafka.messages.consumer_protocol import ConsumerProtocolAssignment, ConsumerProtocolSubscription
from minikafka.remote.fields import NAMED_KEYS, NAMED_RESOURCES, Kind, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from minikafka.messages.schema import Body, Message, Request, Response
    from minikafka.remote.namespace import Namespace

    Rename = Callable[[str], str | None]

_VERSION_BYTES = 2
_CONSUMERS = "consumer"

_plans: dict[type[Message], tuple[tuple[str, Kind | None], ...]] = {}
"""For each message class the fields that need a look: their kind, or None for nested messages."""


class Translator:
    """Translates between a namespace and the cluster.

    It remembers which groups are of consumers: a SyncGroup request need not say so.

    Args:
        namespace: the names.
    """

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self._protocol_types: dict[str, str] = {}

    def request(self, request: Request) -> None:
        """Put the cluster's names into a client's request."""
        message: Any = request
        if request.api_name == "JoinGroup":
            self._protocol_types[message.group_id] = message.protocol_type
        consumers = self._of_consumers(request)
        _Pass(self.namespace.outward, lambda text: text, consumers, _names_keys(request)).message(request)

    def response(self, response: Response, request: Request) -> None:
        """Put the test's names into the answer to `request`, which was translated before."""
        consumers = response.api_name == "DescribeGroups" or self._of_consumers(request, asked=True)
        _Pass(self.namespace.inward, self.namespace.text, consumers, _names_keys(request)).message(response)

    def _of_consumers(self, request: Any, *, asked: bool = False) -> bool:
        if request.api_name not in ("JoinGroup", "SyncGroup"):
            return False
        group_id = self.namespace.inward(request.group_id) if asked else request.group_id
        return self._protocol_types.get(group_id or "", _CONSUMERS) == _CONSUMERS


def _names_keys(request: Any) -> bool:
    return request.api_name == "FindCoordinator" and request.key_type in NAMED_KEYS


class _Pass:
    """One pass over one message in one direction.

    Args:
        rename: gives the other name, or None for a name of somebody else.
        text: gives the words with the right names in them.
        consumers: whether subscriptions and assignments are of consumers.
        keys: whether the keys of FindCoordinator are names.
    """

    def __init__(self, rename: Rename, text: Callable[[str], str], consumers: bool, keys: bool) -> None:
        self.rename = rename
        self.text = text
        self.consumers = consumers
        self.keys = keys

    def message(self, message: Message) -> bool:
        """Translate all there is; False if the message itself is about something of somebody else."""
        is_ours = True
        if type(message).__name__ == "DescribedGroup":
            self.consumers = message.protocol_type == _CONSUMERS  # type: ignore[attr-defined]
        for name, kind in _plan(type(message)):
            value = getattr(message, name)
            if value is None:
                continue
            if kind is None:
                self._nested(message, name, value)
            elif isinstance(value, list):
                translated = [self._value(kind, message, each) for each in value]
                setattr(message, name, [each for each in translated if each is not None])
            else:
                translated_value = self._value(kind, message, value)
                if translated_value is None:
                    is_ours = False
                else:
                    setattr(message, name, translated_value)
        return is_ours

    def _nested(self, message: Message, name: str, value: Any) -> None:
        if isinstance(value, list):
            setattr(message, name, [each for each in value if self.message(each)])
        else:
            # A cursor may stand at somebody else's topic: it goes back as it came, and the order is the same.
            self.message(value)

    def _value(self, kind: Kind, message: Any, value: Any) -> Any:
        if kind is Kind.NAME or (kind is Kind.KEY and self.keys):
            return self.rename(value)
        if kind is Kind.RESOURCE and message.resource_type in NAMED_RESOURCES:
            return self.rename(value)
        if kind is Kind.TEXT:
            return self.text(value)
        if kind is Kind.SUBSCRIPTION and self.consumers:
            return self._inside(ConsumerProtocolSubscription, value)
        if kind is Kind.ASSIGNMENT and self.consumers:
            return self._inside(ConsumerProtocolAssignment, value)
        return value

    def _inside(self, cls: type[Body], data: bytes) -> bytes:
        """The consumer protocol's bytes with other names; bytes of another kind stay as they are."""
        version = int.from_bytes(data[:_VERSION_BYTES], "big", signed=True)
        try:
            body: Any = cls.decode(data[_VERSION_BYTES:], version)
        except (ProtocolError, UnsupportedVersionError):
            return data
        if isinstance(body, ConsumerProtocolSubscription):
            body.topics = [self._kept(topic) for topic in body.topics]
            parts: list[Any] = body.owned_partitions
        else:
            parts = body.assigned_partitions
        for part in parts:
            part.topic = self._kept(part.topic)
        encoded: bytes = body.encode(version)
        return data[:_VERSION_BYTES] + encoded

    def _kept(self, topic: str) -> str:
        """The topic's other name; a member of this group can have named no other than this test's."""
        found = self.rename(topic)
        return topic if found is None else found


def _plan(cls: type[Message]) -> tuple[tuple[str, Kind | None], ...]:
    found = _plans.get(cls)
    if found is None:
        found = _plans[cls] = tuple(_look(cls))
    return found


def _look(cls: type[Message]) -> list[tuple[str, Kind | None]]:
    fields: list[tuple[str, Kind | None]] = []
    for field in cls.fields:
        kind = kind_of(cls, field)
        if kind is not None and kind is not Kind.PLAIN:
            fields.append((field.name, kind))
        elif (
            field.kind in ("array", "struct") and not isinstance(field.element, str) and _plan(field.element)
        ):
            fields.append((field.name, None))
    return fields
