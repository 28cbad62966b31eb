"""`minikafka serve`: a cluster that clients reach by sockets, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import errno
import os
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from minikafka.cli.failures import Exit, Failure, one_line
from minikafka.cli.options import LOG_LEVELS, key_values, log_to_stderr
from minikafka.cli.output import flush, note, silence_stdout, write_json, write_line
from minikafka.cli.ready import ReadyFile
from minikafka.cli.signals import Stop
from minikafka.cli.topic_specs import topic_specs
from minikafka.cluster import MiniKafka
from minikafka.errors import InternalError, InvalidConfigurationError, KafkaError
from minikafka.wire.addresses import HOST, is_anywhere, is_host
from minikafka.wire.options import LAST_PORT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from minikafka.cli.topic_specs import TopicSpec

_LOOK_EVERY_S = 0.5
_OTHER_PORT_HELPS = (errno.EADDRINUSE, errno.EACCES)


def a_host(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    """A name or an address."""
    if text and not is_host(text):
        raise click.BadParameter(f"{text!r}: {HOST}")
    return text


@click.command()
@click.option("--brokers", type=click.IntRange(min=1), default=1, show_default=True, help="How many brokers.")
@click.option(
    "--host",
    callback=a_host,
    default="localhost",
    show_default=True,
    help="The address to bind to; a name is bound at every address that it stands for.",
)
@click.option(
    "--port",
    type=click.IntRange(0, LAST_PORT),
    default=9092,
    show_default=True,
    help="Of the first broker; the others follow. 0: any free port for each.",
)
@click.option(
    "--advertised-host",
    callback=a_host,
    metavar="HOST",
    help="Where clients are told to connect to; by default --host. Needed to bind to 0.0.0.0.",
)
@click.option(
    "--advertised-port",
    type=click.IntRange(1, LAST_PORT),
    help="The port that clients are told, of the first broker; by default the one that is listened on.",
)
@click.option(
    "--topic",
    "topics",
    metavar="NAME[:PARTITIONS[:REPLICATION]]",
    multiple=True,
    help="A topic to begin with. Repeatable.",
)
@click.option(
    "--topic-config",
    "topic_configs",
    metavar="NAME:KEY=VALUE",
    multiple=True,
    help="An option of such a topic. Repeatable.",
)
@click.option(
    "--config",
    "configs",
    metavar="KEY=VALUE",
    multiple=True,
    help="A broker option by Kafka's name, such as auto.create.topics.enable=false. Repeatable.",
)
@click.option(
    "--prompt-rebalances/--no-prompt-rebalances",
    default=None,
    help="Whether members of a group hear of a rebalance mostly at once, not by their next heartbeat as with Kafka.  "
    "[default: clients of librdkafka and Java do]",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of everything drawn at random.")
@click.option(
    "--ready-file",
    type=click.Path(path_type=Path),
    help="Written when clients may come, with the bootstrap servers in it; removed at the end.",
)
@click.option("--json", "as_json", is_flag=True, help="Write JSON lines: ready, stopped.")
@click.option(
    "--log-level",
    type=click.Choice(LOG_LEVELS),
    default="warning",
    show_default=True,
    help="What to log on stderr.",
)
def serve(
    *,
    brokers: int,
    host: str,
    port: int,
    advertised_host: str | None,
    advertised_port: int | None,
    topics: tuple[str, ...],
    topic_configs: tuple[str, ...],
    configs: tuple[str, ...],
    prompt_rebalances: bool | None,
    seed: int,
    ready_file: Path | None,
    as_json: bool,
    log_level: str,
) -> None:
    """Run a cluster until Ctrl-C or SIGTERM.

    Clients in any language find it on localhost:9092. Its topics live in memory and end with it. A line on stdout
    says when clients may come.

    \b
    Examples:
      minikafka serve
      minikafka serve --brokers 3 --topic orders:3:2 --topic-config orders:retention.ms=60000
      minikafka serve --port 0 --ready-file broker.txt
      minikafka serve --host 0.0.0.0 --advertised-host kafka.local

    Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 a port is taken, 2 an option makes no sense.
    """
    log_to_stderr(log_level, ["minikafka"])
    check_ports(brokers, "--port", port)
    check_ports(brokers, "--advertised-port", advertised_port or 0)
    told = host if advertised_host is None else advertised_host
    if is_anywhere(told):
        raise click.BadParameter(
            f"clients cannot connect to {told!r}: give the name that they know this machine by",
            param_hint="--advertised-host",
        )
    wanted = topic_specs(topics, topic_configs)
    options = key_values(configs, "--config")
    ready = ReadyFile(ready_file) if ready_file is not None else None
    with Stop() as stop, ExitStack() as stack:
        kafka = stack.enter_context(closing_cluster(start(brokers, options, seed, wanted)))
        with refusals_told():
            servers = kafka.listen(
                host,
                port,
                advertised_host=advertised_host,
                advertised_port=advertised_port,
                prompt_rebalances=prompt_rebalances,
            )
        if ready is not None:
            stack.callback(ready.remove)
            ready.write(servers)
        announce(kafka, servers, as_json)
        while not stop.wait(_LOOK_EVERY_S):
            kafka.check_health()
        if stop.signal is not None and not as_json:
            note(f"{stop.signal.name}: stopping")
    if as_json:
        try:
            write_json({"event": "stopped"})
            flush()
        except BrokenPipeError:
            silence_stdout()  # who has read that it is ready need not wait for its end


def check_ports(brokers: int, option: str, first: int) -> None:
    """Raise BadParameter if the brokers need more ports than there are."""
    last = first + brokers - 1
    if first and last > LAST_PORT:
        raise click.BadParameter(
            f"{first}: {brokers} brokers would need ports up to {last}", param_hint=option
        )


def start(brokers: int, options: dict[str, str], seed: int, topics: list[TopicSpec]) -> MiniKafka:
    """A cluster in real time with its topics.

    Raises:
        Failure: an option or a topic is not what Kafka accepts.
    """
    try:
        kafka = MiniKafka(brokers, clock="system", seed=seed, config=options)
    except KafkaError as error:
        raise Failure(f"--config: {one_line(_text(error))}", Exit.USAGE) from None
    for topic in topics:
        try:
            kafka.create_topic(topic.name, topic.partitions, topic.replication_factor, topic.configs)
        except KafkaError as error:
            kafka.close()
            option = "--topic-config" if isinstance(error, InvalidConfigurationError) else "--topic"
            raise Failure(f"{option} {topic.name}: {one_line(_text(error))}", Exit.USAGE) from None
    return kafka


@contextmanager
def refusals_told() -> Iterator[None]:
    """Inside, a port that is taken, or a host that there is not, is told as a Failure."""
    try:
        yield
    except KafkaError as error:
        why = error.__context__
        taken = isinstance(why, OSError) and why.errno in _OTHER_PORT_HELPS
        hint = " (--port takes another one, --port 0 any free one)" if taken else ""
        raise Failure(one_line(f"{_text(error)}{hint}")) from None


def announce(kafka: MiniKafka, servers: str, as_json: bool) -> None:
    """The ready line."""
    if as_json:
        write_json(
            {
                "event": "ready",
                "bootstrap_servers": servers,
                "cluster_id": kafka.image.cluster_id,
                "pid": os.getpid(),
            }
        )
    else:
        write_line(f"minikafka is ready on {servers}")
    flush()


@contextmanager
def closing_cluster(kafka: MiniKafka) -> Iterator[MiniKafka]:
    """Closes the cluster; an internal error of its is told in full, for it is a bug that somebody must see."""
    try:
        with kafka:
            yield kafka
    except InternalError as error:
        import traceback

        traceback.print_exception(error)
        raise Failure("an internal error of minikafka's has stopped the cluster; please report it") from None


def _text(error: KafkaError) -> str:
    return " ".join(str(argument) for argument in error.args) or type(error).__name__
