"""The command `minikafka`: its subcommands, and what becomes of exceptions that none of them expected."""

from __future__ import annotations

import sys

import click

from minikafka import __version__
from minikafka.cli.consume import consume
from minikafka.cli.failures import Exit, Failure, failure_for
from minikafka.cli.groups import groups
from minikafka.cli.output import silence_stdout
from minikafka.cli.produce import produce
from minikafka.cli.serve import serve
from minikafka.cli.topics import topics

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class RootGroup(click.Group):
    """Turns the clients' exceptions into a line and an exit code; nobody sees a traceback for a broker that is down."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the subcommand."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            silence_stdout()
            raise SystemExit(Exit.BROKEN_PIPE) from None
        except KeyboardInterrupt:
            hush_clients()
            raise SystemExit(Exit.INTERRUPTED) from None
        except Failure as failure:
            leave(failure)
        except Exception as error:
            if not is_kafka_error(error):
                raise
            leave(failure_for(error))


def leave(failure: Failure) -> None:
    """Say what went wrong, and end with its code."""
    failure.show()
    raise SystemExit(failure.exit_code)


def hush_clients() -> None:
    """What a client complains of when it is collected half made, because Ctrl-C came, is nobody's concern."""
    sys.unraisablehook = lambda _: None


def is_kafka_error(error: BaseException) -> bool:
    """Whether kafka-python has raised it. It is not imported for this."""
    errors = sys.modules.get("kafka.errors")
    return errors is not None and isinstance(error, errors.KafkaError)


@click.group(cls=RootGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="minikafka")
def minikafka() -> None:
    """A Kafka cluster in one process, and the commands to look at any Kafka.

    \b
    Start a broker on localhost:9092, in place of one in Docker:
      minikafka serve --topic orders:3
    Then, in another terminal:
      echo "one espresso" | minikafka produce orders
      minikafka consume orders --from-beginning

    Exit codes: 0 done, 1 failed, 2 wrong usage, 3 no broker reachable, 4 time was up, 5 no such topic or group,
    130 interrupted, 141 nobody reads the output, 143 terminated.
    """


minikafka.add_command(serve)
minikafka.add_command(topics)
minikafka.add_command(produce)
minikafka.add_command(consume)
minikafka.add_command(groups)
