"""What a cluster is made of before it runs: checked arguments, options, a driver, an id."""

from __future__ import annotations

from binascii import b2a_base64

from minikafka.config import BrokerConfig
from minikafka.errors import IllegalArgumentError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from minikafka.drivers.manual import ManualDriver
    from minikafka.drivers.system import SystemDriver
    from minikafka.drivers.virtual import VirtualDriver
    from minikafka.scheduler import Scheduler

CLOCKS = ("virtual", "system", "manual")


def check_arguments(brokers: int, clock: str, racks: Sequence[str | None] | None) -> None:
    """Raise IllegalArgumentError for what `MiniKafka` cannot be made of."""
    if type(brokers) is not int or brokers < 1:
        raise IllegalArgumentError(f"brokers={brokers!r}: expected a positive number")
    if clock not in CLOCKS:
        expected = f"{', '.join(map(repr, CLOCKS[:-1]))} or {CLOCKS[-1]!r}"
        raise IllegalArgumentError(f"clock={clock!r}: expected {expected}")
    if racks is not None and (isinstance(racks, str) or len(racks) != brokers):
        raise IllegalArgumentError(
            f"racks={racks!r}: expected one rack (or None) for each of {brokers} brokers"
        )


def broker_config(brokers: int, options: Mapping[str, object]) -> BrokerConfig:
    """The brokers' options; the internal topics' factors default to what so many brokers can hold.

    Raises:
        KafkaConfigurationError: an unknown option or a bad value.
        UnsupportedOptionError: an option of Kafka's that minikafka does not model.
    """
    config = BrokerConfig(options)
    smaller = {
        name: brokers
        for name, default in (
            ("offsets.topic.replication.factor", config.offsets_topic_replication_factor),
            ("transaction.state.log.replication.factor", config.transaction_state_log_replication_factor),
            ("transaction.state.log.min.isr", config.transaction_state_log_min_isr),
        )
        if name not in config.set_options and default > brokers
    }
    return config.with_options(smaller)


def new_driver(clock: str, scheduler: Scheduler) -> VirtualDriver | SystemDriver | ManualDriver:
    """The driver for a clock; its module is imported only when it is wanted."""
    if clock == "virtual":
        from minikafka.drivers.virtual import VirtualDriver

        return VirtualDriver(scheduler)
    if clock == "manual":
        from minikafka.drivers.manual import ManualDriver

        return ManualDriver(scheduler)
    from minikafka.drivers.system import SystemDriver

    return SystemDriver(scheduler)


def new_cluster_id(random: Random) -> str:
    """A random UUID as Kafka writes one: 22 characters of base64 for URLs."""
    text = b2a_base64(random.randbytes(16), newline=False).decode()
    return text.rstrip("=").replace("+", "-").replace("/", "_")
