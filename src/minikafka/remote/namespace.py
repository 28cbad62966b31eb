"""`Namespace`: the names that one test uses, and what they are called on the cluster that it shares with others."""

from __future__ import annotations

import os

SUFFIX = "-mk-"
"""Stands between a test's own name for something and the part that makes it unique."""

INTERNAL_TOPICS = frozenset({"__consumer_offsets", "__transaction_state", "__share_group_state"})
"""Kafka's own topics; every test sees the same ones."""

_NEVER_VALID = frozenset({"", ".", ".."})
"""Kafka refuses these as topics; with a suffix it would not."""


class Namespace:
    """Translates names of topics, groups and transactional ids, which Kafka tells apart only by their text.

    A name gets a suffix: ``"orders"`` is ``"orders-mk-5f0c21ab"`` on the cluster. The suffix holds no character that
    is legal in one kind of name only, and leaves alone what Kafka refuses for its characters.

    Args:
        unique: what makes the suffix unique; by default drawn at random.
    """

    def __init__(self, unique: str | None = None) -> None:
        self.suffix: str = SUFFIX + (unique or os.urandom(4).hex())

    def outward(self, name: str) -> str:
        """What the cluster is told for the test's `name`."""
        if name in INTERNAL_TOPICS or name in _NEVER_VALID:
            return name
        return name + self.suffix

    def inward(self, name: str) -> str | None:
        """The test's name for what the cluster calls `name`; None if it is not this test's."""
        if name.endswith(self.suffix):
            return name[: -len(self.suffix)]
        return name if name in INTERNAL_TOPICS or name in _NEVER_VALID else None

    def text(self, text: str) -> str:
        """A message of the broker's with the test's names in it."""
        return text.replace(self.suffix, "")

    def __repr__(self) -> str:
        return f"<Namespace *{self.suffix}>"
