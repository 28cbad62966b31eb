"""A digest of everything the network carried, by which two runs are known to be the same."""

from __future__ import annotations

from minikafka.errors import IllegalStateError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from minikafka.cluster import MiniKafka
    from minikafka.messages.schema import Response
    from minikafka.network import Exchange


class Trace:
    """Writes down every request and response of a cluster from `start` (or ``with``) on.

    A line has the virtual time since the start, the two nodes, and the message with all its fields. The
    cluster's name, which counts the clusters of a process, is left out. Records carry timestamps: runs that are
    to be compared start at the same time, ``MiniKafka(start_ms=...)``.

    Args:
        kafka: the cluster to watch.
    """

    def __init__(self, kafka: MiniKafka) -> None:
        self.kafka = kafka
        self.lines: list[str] = []
        self._start_ms = kafka.scheduler.now_ms
        self._started = False

    def start(self) -> Trace:
        """Begin to watch."""
        self._started = True
        self.kafka.network.observers.append(self._observe)
        return self

    def stop(self) -> None:
        """Watch no more."""
        self.kafka.network.observers.remove(self._observe)

    def __enter__(self) -> Trace:
        return self.start()

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def digest(self) -> str:
        """The SHA-256 of all lines, in hex.

        Raises:
            IllegalStateError: the trace was never started; all such traces would seem the same.
        """
        if not self._started:
            raise IllegalStateError("this trace was never started: use it in a with block, or call start()")
        from hashlib import sha256

        return sha256("\n".join(self.lines).encode()).hexdigest()

    def _observe(self, kind: str, exchange: Exchange, response: Response | None) -> None:
        elapsed_ms = self.kafka.scheduler.now_ms - self._start_ms
        message = exchange.message if response is None else response
        line = f"{elapsed_ms} {kind} {exchange.source} -> {exchange.destination} {spell(message)}"
        self.lines.append(line.replace(self.kafka.name, "CLUSTER"))


def spell(value: object) -> str:
    """A value of the protocol as text that is the same in every process.

    Unlike ``repr`` it shows what is in a record batch and sorts what has no order.
    """
    from minikafka.log.record_batch import RecordBatch
    from minikafka.messages.schema import Message

    if isinstance(value, Message):
        inner = ", ".join(f"{field.name}={spell(getattr(value, field.name))}" for field in value.fields)
        return f"{type(value).__name__}({inner})"
    if isinstance(value, RecordBatch):
        return (
            f"RecordBatch({value.base_offset}, epoch={value.partition_leader_epoch}, "
            f"producer={value.producer_id}/{value.producer_epoch}/{value.base_sequence}, {value.records!r})"
        )
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(spell, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{spell(key)}: {spell(item)}' for key, item in value.items())}}}"
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(spell, value)))}}}"
    if value is None or isinstance(value, str | bytes | bytearray | int | float | bool):
        return repr(value)
    fields = getattr(type(value), "__slots__", None)
    if fields is not None:
        inner = ", ".join(f"{name}={spell(getattr(value, name, None))}" for name in fields)
        return f"{type(value).__name__}({inner})"
    return type(value).__name__
