"""`minikafka topics`: lists, creates, describes, alters and deletes topics, as kafka-topics and kafka-configs do."""

from __future__ import annotations

import re

import click

from minikafka.cli.connection import connects, errors_of_kafka
from minikafka.cli.failures import Exit, Failure, error_name, exit_for, one_line
from minikafka.cli.options import LARGEST_INT, LARGEST_SHORT, json_option, key_values
from minikafka.cli.output import flush, write_json, write_line
from minikafka.cli.topic_views import describe_lines, summary, topic_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from minikafka.cli.connection import Connection


@click.group()
def topics() -> None:
    """List, create, describe, alter and delete topics.

    \b
    Example:
      minikafka topics create orders --partitions 3
    """


@topics.command("list")
@click.option("--exclude-internal", is_flag=True, help="Leave out topics such as __consumer_offsets.")
@json_option
@connects
def list_topics(*, connection: Connection, exclude_internal: bool, as_json: bool) -> None:
    """Name the topics, one a line.

    \b
    Example:
      minikafka topics list --exclude-internal
    """
    with connection.admin() as admin:
        found = [
            topic for topic in admin.describe_topics() if not (exclude_internal and topic["is_internal"])
        ]
    found.sort(key=lambda topic: str(topic["name"]))
    if as_json:
        write_json([summary(topic) for topic in found])
    else:
        for topic in found:
            write_line(topic["name"])
    flush()


@topics.command()
@click.argument("names", metavar="TOPIC...", nargs=-1, required=True)
@click.option(
    "--partitions",
    type=click.IntRange(1, LARGEST_INT),
    help="How many each; by default the broker's num.partitions.",
)
@click.option(
    "--replication-factor",
    type=click.IntRange(1, LARGEST_SHORT),
    help="How many replicas of each partition; by default the broker's default.replication.factor.",
)
@click.option("--config", "configs", metavar="KEY=VALUE", multiple=True, help="A topic option. Repeatable.")
@click.option("--if-not-exists", is_flag=True, help="Be content with topics that are there already.")
@json_option
@connects
def create(
    *,
    connection: Connection,
    names: tuple[str, ...],
    partitions: int | None,
    replication_factor: int | None,
    configs: tuple[str, ...],
    if_not_exists: bool,
    as_json: bool,
) -> None:
    """Create topics, and wait until they have leaders.

    \b
    Example:
      minikafka topics create orders --partitions 3 --config retention.ms=60000
    """
    wanted = {
        name: {
            "num_partitions": partitions or -1,
            "replication_factor": replication_factor or -1,
            "configs": key_values(configs, "--config"),
        }
        for name in names
    }
    with connection.admin() as admin:
        answer = admin.create_topics(wanted, timeout_ms=connection.timeout_ms, raise_errors=False)
        outcomes = _outcomes(answer["topics"], {"TopicAlreadyExistsError"} if if_not_exists else set())
        created = [name for name, outcome in outcomes if outcome is None]
        admin.wait_for_topics(created, timeout_ms=connection.timeout_ms)
    _report(outcomes, "created", "create", as_json)


@topics.command()
@click.argument("names", metavar="[TOPIC...]", nargs=-1)
@click.option("--exclude-internal", is_flag=True, help="Leave out topics such as __consumer_offsets.")
@json_option
@connects
def describe(
    *, connection: Connection, names: tuple[str, ...], exclude_internal: bool, as_json: bool
) -> None:
    """Show partitions, leaders, replicas and changed options; of all topics by default.

    \b
    Example:
      minikafka topics describe orders
    """
    with connection.admin() as admin:
        found = admin.describe_topics(list(names) or None)
        _refuse_unknown(found)
        found = [topic for topic in found if not (exclude_internal and topic["is_internal"])]
        found.sort(key=lambda topic: str(topic["name"]))
        configs = _modified_configs(admin, [topic["name"] for topic in found])
    documents = [topic_document(topic, configs.get(topic["name"], {})) for topic in found]
    if as_json:
        write_json(documents)
    else:
        for document in documents:
            for line in describe_lines(document):
                write_line(line)
    flush()


@topics.command()
@click.argument("name", metavar="TOPIC")
@click.option(
    "--partitions",
    type=click.IntRange(1, LARGEST_INT),
    help="How many there shall be; more than there are.",
)
@click.option(
    "--config", "configs", metavar="KEY=VALUE", multiple=True, help="A topic option to set. Repeatable."
)
@click.option("--delete-config", "deleted", metavar="KEY", multiple=True, help="One to set back. Repeatable.")
@json_option
@connects
def alter(
    *,
    connection: Connection,
    name: str,
    partitions: int | None,
    configs: tuple[str, ...],
    deleted: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add partitions to a topic, or change its options.

    \b
    Examples:
      minikafka topics alter orders --partitions 6
      minikafka topics alter orders --config retention.ms=60000 --delete-config cleanup.policy
    """
    changed = key_values(configs, "--config")
    for key in deleted:
        if key in changed:
            raise click.UsageError(f"--config {key} and --delete-config {key} contradict one another")
    changes: dict[str, object] = {**changed, **dict.fromkeys(deleted)}
    if partitions is None and not changes:
        raise click.UsageError("nothing to alter: give --partitions, --config or --delete-config")
    with connection.admin() as admin:
        _refuse_unknown(admin.describe_topics([name]))
        if changes:
            problem = _alter_configs(admin, name, changes)
            if problem is not None:
                _report([(name, problem)], "altered", "alter", as_json)
        if partitions is not None:
            answer = admin.create_partitions(
                {name: partitions}, timeout_ms=connection.timeout_ms, raise_errors=False
            )
            outcomes = _outcomes([result.to_dict() for result in answer.results], set())
            if outcomes[0][1] is not None:
                _report(outcomes, "altered", "alter", as_json)
            admin.wait_for_topics([name], timeout_ms=connection.timeout_ms)
    _report([(name, None)], "altered", "alter", as_json)


@topics.command()
@click.argument("names", metavar="TOPIC...", nargs=-1, required=True)
@click.option("--if-exists", is_flag=True, help="Be content with topics that are not there.")
@json_option
@connects
def delete(*, connection: Connection, names: tuple[str, ...], if_exists: bool, as_json: bool) -> None:
    """Delete topics with all their records.

    \b
    Example:
      minikafka topics delete orders
    """
    with connection.admin() as admin:
        answer = admin.delete_topics(list(names), timeout_ms=connection.timeout_ms, raise_errors=False)
    content = {"UnknownTopicOrPartitionError"} if if_exists else set()
    _report(_outcomes(answer["topics"], content), "deleted", "delete", as_json)


Outcome = tuple[str, "tuple[str, Exit] | None"]
"""A topic and what was wrong with it, or None; an error that was to be expected counts as ``("", DONE)``."""


def _outcomes(results: Sequence[dict[str, Any]], content_with: set[str]) -> list[Outcome]:
    errors = errors_of_kafka()
    outcomes: list[Outcome] = []
    for result in results:
        error = errors.for_code(result["error_code"])
        if result["error_code"] == 0:
            outcomes.append((result["name"], None))
        elif error.__name__ in content_with:
            outcomes.append((result["name"], ("", Exit.DONE)))
        else:
            said = result.get("error_message") or getattr(error, "description", "")
            name = error.__name__.removesuffix("Error")
            outcomes.append((result["name"], (one_line(f"{name}: {said}"), exit_for(error))))
    return sorted(outcomes)


def _report(outcomes: list[Outcome], done: str, verb: str, as_json: bool) -> None:
    """Tell of every topic; leave with the code of the first failure."""
    if as_json:
        write_json(
            [
                {"name": name, done: problem is None, "error": (problem[0] if problem else None) or None}
                for name, problem in outcomes
            ]
        )
    else:
        for name, problem in outcomes:
            if problem is None:
                write_line(f"{done.capitalize()} topic {name}.")
    flush()
    failed = [(name, *problem) for name, problem in outcomes if problem and problem[1] != Exit.DONE]
    for name, message, code in failed[1:]:
        Failure(f"cannot {verb} topic {name}: {message}", code).show()
    if failed:
        name, message, code = failed[0]
        raise Failure(f"cannot {verb} topic {name}: {message}", code)


def _refuse_unknown(found: Sequence[dict[str, Any]]) -> None:
    for topic in found:
        if topic["error_code"]:
            error = errors_of_kafka().for_code(topic["error_code"])
            if exit_for(error) == Exit.NOT_FOUND:
                raise Failure(f"no topic {topic['name']!r}", Exit.NOT_FOUND)
            raise Failure(f"topic {topic['name']!r}: {error_name(error)}")


def _modified_configs(admin: Any, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    from kafka.admin import ConfigResource

    if not names:
        return {}
    answer = admin.describe_configs([ConfigResource("topic", name) for name in names])
    configs: dict[str, dict[str, Any]] = answer.get("topic", {})
    return configs


def _alter_configs(admin: Any, name: str, changes: dict[str, object]) -> tuple[str, Exit] | None:
    """Change options of a topic; tells what was wrong."""
    from kafka.admin import AlterConfigOp, ConfigResource

    operations = {
        key: (AlterConfigOp.DELETE if value is None else AlterConfigOp.SET, value)
        for key, value in changes.items()
    }
    answer = admin.alter_configs([ConfigResource("topic", name, operations)], raise_on_unknown=False)
    result = str(answer["topic"][name])
    said = re.sub(r"^\[Error \d+\] (\w+?)(?:Error)?: ", r"\1: ", result)
    return None if result == "OK" else (one_line(said), Exit.FAILED)
