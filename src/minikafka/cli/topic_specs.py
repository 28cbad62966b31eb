"""Reads the topics that `serve` is asked to begin with: ``orders:3:2`` and ``orders:retention.ms=1000``."""

from __future__ import annotations

from typing import NamedTuple

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class TopicSpec(NamedTuple):
    """A topic to create.

    Fields:
        name: of the topic.
        partitions: how many.
        replication_factor: None: the broker's default.
        configs: topic options by Kafka's names.
    """

    name: str
    partitions: int
    replication_factor: int | None
    configs: dict[str, str]


def topic_specs(topics: Iterable[str], configs: Iterable[str]) -> list[TopicSpec]:
    """The topics in the order in which they were named.

    Args:
        topics: ``NAME[:PARTITIONS[:REPLICATION]]``, one partition by default.
        configs: ``NAME:KEY=VALUE``.

    Raises:
        click.BadParameter: a text is not of that form, or an option is for a topic that is not to be created.
    """
    specs: dict[str, TopicSpec] = {}
    for text in topics:
        spec = _topic(text)
        if spec.name in specs:
            raise click.BadParameter(f"{spec.name!r} is named twice", param_hint="--topic")
        specs[spec.name] = spec
    for text in configs:
        name, colon, pair = text.partition(":")
        key, equals, value = pair.partition("=")
        key = key.strip()
        if not (colon and equals and key):
            raise click.BadParameter(f"{text!r}: expected NAME:KEY=VALUE", param_hint="--topic-config")
        if name not in specs:
            raise click.BadParameter(
                f"{text!r}: there is no --topic {name} to go with it", param_hint="--topic-config"
            )
        specs[name].configs[key] = value
    return list(specs.values())


def _topic(text: str) -> TopicSpec:
    name, *numbers = text.split(":")
    if not name or len(numbers) > 2:
        raise click.BadParameter(f"{text!r}: expected NAME[:PARTITIONS[:REPLICATION]]", param_hint="--topic")
    counts = []
    for what, number in zip(("partitions", "replication"), numbers):
        if not number.isdecimal() or int(number) < 1:
            raise click.BadParameter(
                f"{text!r}: {what} {number!r} is not a positive number", param_hint="--topic"
            )
        counts.append(int(number))
    partitions, replication = (*counts, None, None)[:2]
    return TopicSpec(name, partitions or 1, replication, {})
