"""What is fuzzed: functions of any bytes, which raise nothing but what is documented; a bug is what escapes.

Both hypothesis (`tests/fuzz`, in every run of the tests) and atheris (`make fuzz`) drive these.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

import minikafka.messages
from fuzz.lab import Lab
from minikafka.broker.dispatch import CLIENT_APIS
from minikafka.client.assignors.abstract import Assignment, Subscription
from minikafka.codec import ProtocolError, read_uvarint
from minikafka.compression import CODEC_NAMES, decompress
from minikafka.errors import (
    CorruptRecordError,
    InvalidRecordError,
    KafkaProtocolError,
    UnknownError,
    UnsupportedForMessageFormatError,
    UnsupportedVersionError,
)
from minikafka.groups.consumer_protocol import subscribed_topics
from minikafka.groups.records import decode_record
from minikafka.log.record_batch import split_batches
from minikafka.messages.schema import Body, Request, Response
from minikafka.wire.connection import Connection, State

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_FRAME_BYTES = 1 << 16
MAX_EXPANDED_BYTES = 1 << 20


@cache
def bodies() -> tuple[tuple[type[Body], int], ...]:
    """Every message that has an encoding of its own, in each of its versions."""
    found = []
    for info in iter_modules(minikafka.messages.__path__):
        module = import_module(f"minikafka.messages.{info.name}")
        for cls in vars(module).values():
            if not (isinstance(cls, type) and issubclass(cls, Body) and cls.__module__ == module.__name__):
                continue
            if cls not in (Body, Request, Response):
                found += [(cls, version) for version in range(cls.min_version, cls.max_version + 1)]
    return tuple(found)


def decode(cls: type[Body], version: int, data: bytes) -> bool:
    """Decode a message; what was taken says the same when it is encoded again. Whether it was taken."""
    try:
        message = cls.decode(data, version)
    except ProtocolError:
        return False
    again = cls.decode(message.encode(version), version)
    assert repr(again) == repr(message)  # not ==, for a float may be no number
    return True


def messages(data: bytes) -> None:
    """The first two bytes choose the message and its version, the others are its encoding."""
    known = bodies()
    cls, version = known[int.from_bytes(data[:2], "big") % len(known)]
    decode(cls, version, data[2:])


def frames(data: bytes) -> None:
    """A connection takes requests until there is none, or until it closes."""
    connection = Connection(CLIENT_APIS, MAX_FRAME_BYTES)
    connection.receive_data(data)
    try:
        while (incoming := connection.next_request()) is not None:
            if incoming.refusal is None:
                connection.skip_answer()
            else:
                connection.answer(incoming.refusal)
    except ProtocolError:
        assert connection.state is State.CLOSED
    else:
        assert connection.state is State.READING
        assert not connection.has_request


def record_batches(data: bytes) -> None:
    """Batches as a log takes them, whatever their checksum, and their records."""
    try:
        batches = split_batches(data, check_crc=False, allow_partial=True)
    except (CorruptRecordError, UnsupportedForMessageFormatError, UnknownError):
        return
    for batch in batches:
        try:
            records = batch.records
        except (CorruptRecordError, InvalidRecordError):
            continue
        assert len(records) == batch.record_count
        assert batch.stamped(7, 1, None).encode()[61:] == batch.encode()[61:]


def compressed(data: bytes) -> None:
    """The first byte chooses the compression."""
    try:
        expanded = decompress(data[0] % len(CODEC_NAMES) if data else 0, data[1:], MAX_EXPANDED_BYTES)
    except ProtocolError:
        return
    assert len(expanded) <= MAX_EXPANDED_BYTES


def coordinator_records(data: bytes) -> None:
    """The key and the value of a record of ``__consumer_offsets``; the first byte says where they part."""
    at = 1 + data[0] if data else 0
    try:
        decode_record(data[1:at], data[at:])
    except (ProtocolError, UnsupportedVersionError):
        return


def consumer_protocol(data: bytes) -> None:
    """What members of a group tell one another, and what the coordinator makes of it."""
    try:
        subscribed_topics(data)
    except ValueError:
        pass
    for decode_it in (Subscription.decode, Assignment.decode):
        try:
            decode_it(data)
        except KafkaProtocolError:
            pass


def variable_length_integers(data: bytes) -> None:
    """One that begins with the first byte."""
    try:
        _, position = read_uvarint(data, 0)
    except (ProtocolError, IndexError):
        return
    assert 0 < position <= min(len(data), 5)


_RENEW_AFTER = 300
_labs: list[Lab] = []
_inputs = [0]


def cluster(data: bytes) -> None:
    """Bytes on a connection of a cluster, which lives on for some hundred inputs."""
    _inputs[0] += 1
    if _labs and _inputs[0] % _RENEW_AFTER == 0:
        _labs.pop().close()
    if not _labs:
        _labs.append(Lab())
    (lab,) = _labs
    lab.feed(1, data)
    lab.kafka.advance(ms=100)
    lab.turn()
    lab.check()


TARGETS: dict[str, Callable[[bytes], None]] = {
    function.__name__: function
    for function in (
        frames,
        messages,
        record_batches,
        compressed,
        coordinator_records,
        consumer_protocol,
        variable_length_integers,
        cluster,
    )
}
