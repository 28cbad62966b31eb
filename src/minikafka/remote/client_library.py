"""The kafka-python that the user has installed: its clients are the ones that talk to a real cluster."""

from __future__ import annotations

import importlib

from minikafka import bootstrap
from minikafka.errors import KafkaConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

_OLDEST = (2, 2)

CLIENTS = ("KafkaAdminClient", "KafkaConsumer", "KafkaProducer")
VALUES = ("ConsumerRebalanceListener", "OffsetAndMetadata", "OffsetAndTimestamp", "TopicPartition")
"""What a test may have imported from `minikafka`, and kafka-python's clients know by the same name."""


def kafka_python() -> ModuleType:
    """The ``kafka`` package.

    Raises:
        KafkaConfigurationError: it is not installed, or too old.
    """
    try:
        module = importlib.import_module("kafka")
    except ImportError as error:
        raise KafkaConfigurationError(
            "a real cluster needs a client: install kafka-python ('pip install \"kafka-python>=2.2\"')"
        ) from error
    version = str(getattr(module, "__version__", "0"))
    if tuple(int(part) for part in version.split(".")[:2] if part.isdigit()) < _OLDEST:
        raise KafkaConfigurationError(
            f"a real cluster needs kafka-python 2.2 or newer; installed is {version}"
        )
    return module


class PublicNames:
    """While on, `minikafka`'s public clients and values are those that a real cluster's clients need.

    A test module that says ``from minikafka import KafkaProducer, TopicPartition`` then works on a real cluster
    as it is: kafka-python's clients insist on kafka-python's values, minikafka's take both. It has to be on
    before such modules are imported.
    """

    def __init__(self) -> None:
        self._before: dict[str, Any] = {}

    def switch_on(self) -> None:
        """Put the other names in place. Raises KafkaConfigurationError without kafka-python."""
        kafka = kafka_python()
        structs = importlib.import_module("kafka.structs")
        import minikafka

        for name in (*CLIENTS, *VALUES):
            self._before[name] = getattr(minikafka, name)
        for name in CLIENTS:
            setattr(minikafka, name, _either(self._before[name], getattr(kafka, name)))
        for name in VALUES:
            setattr(minikafka, name, getattr(kafka, name, None) or getattr(structs, name))

    def switch_off(self) -> None:
        """Put minikafka's own names back."""
        import minikafka

        for name, value in self._before.items():
            setattr(minikafka, name, value)
        self._before.clear()


def _either(own: Any, theirs: Any) -> Any:
    """A client class: kafka-python's, but of a cluster in this process its clients are minikafka's own."""

    def new(cls: Any, *args: Any, **options: Any) -> Any:
        wanted = options.get("bootstrap_servers")
        if isinstance(wanted, str | list | tuple) and bootstrap.find(wanted) is not None:
            return own(*args, **options)
        return object.__new__(cls)

    namespace = {"__new__": new, "__doc__": theirs.__doc__, "__module__": theirs.__module__}
    return type(theirs.__name__, (theirs,), namespace)
