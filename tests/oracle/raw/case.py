"""What a raw case is: a request, or a few, that is put to minikafka and to the real Kafka alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from minikafka.messages.registry import version_range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.oracle.raw.scene import Scene

    Build = Callable[[Scene], Any]


@dataclass(frozen=True)
class Body:
    """A request whose body is given as bytes; its header is a good one unless told otherwise."""

    data: bytes
    key: int
    version: int
    header_version: int
    client_id: str | None = "raw"
    header_tags: bytes = b""


@dataclass(frozen=True)
class Frame:
    """Bytes that go out as they are, size and all."""

    data: bytes


@dataclass(frozen=True)
class At:
    """A request to one broker of several."""

    node_id: int
    request: Any


@dataclass(frozen=True)
class Case:
    """One thing to ask.

    Args:
        api: the API that it is about, by Kafka's name.
        name: what is asked, in a few words; unique within its API.
        build: makes the state that it needs, by means of the scene, and returns the request: a message, bytes
            (`Body`, `Frame`), one for a certain broker (`At`), or a list of these. The first is sent in the
            version under test, further messages in their newest; a function in the list is asked for its
            request when the ones before were answered.
        first: the first version that is asked; None for the API's first.
        last: the last version that is asked; None for the API's last.
        nodes: how many brokers the cluster has.
        bad: whether the input is bad: something that a correct client would not send, or could not know.
        own: whether only those topics and groups are compared which the case has made itself.
        is_malformed: whether it was made from the schema, by `malformed`.
    """

    api: str
    name: str
    build: Build
    first: int | None = None
    last: int | None = None
    nodes: int = 1
    bad: bool = True
    own: bool = False
    is_malformed: bool = False

    @property
    def versions(self) -> range:
        """The versions in which it is asked, unless the request cannot be told in one of them."""
        first, last = version_range(self.api)
        return range(
            first if self.first is None else self.first, (last if self.last is None else self.last) + 1
        )

    def __str__(self) -> str:
        return f"{self.api}: {self.name}"


@dataclass
class Options:
    """A build function with what else is to be said of its case."""

    build: Build
    more: dict[str, Any] = field(default_factory=dict)


def case(build: Build, **more: Any) -> Options:
    """An entry of a table that needs more than a function: ``case(lambda s: ..., first=4)``."""
    return Options(build, more)


def table(api: str, base: Build, *, good: Mapping[str, Any], bad: Mapping[str, Any]) -> list[Case]:
    """The cases of one API.

    Args:
        api: Kafka's name.
        base: a harmless good request with an element in each array; malformed ones are made from it.
        good: what correct clients ask: a function or a `case` by its name.
        bad: what they would not ask.
    """
    from tests.oracle.raw.malformed import malformed

    return [*_rows(api, good.items(), False), *_rows(api, bad.items(), True), *malformed(api, base)]


def _rows(api: str, rows: Iterable[tuple[str, Any]], bad: bool) -> list[Case]:
    cases = []
    for name, row in rows:
        options = row if isinstance(row, Options) else Options(row)
        cases.append(Case(api, name, options.build, bad=bad, **options.more))
    return cases
