"""hypothesis strategies of requests that the schema allows and no client would send.

Every field gets a value of its type: mostly one that a client could send, so that a request gets past its first
check, else an odd one. Values that mean something to a broker (topics, groups, members, options) come from small
pools, so that requests meet one another; `Pool.filled` puts what a broker gave out, such as member ids and topic
ids, in place of the marks that stand for it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from minikafka.errors import ErrorCode
from minikafka.log.record_batch import RecordBatch
from minikafka.messages.consumer_protocol import ConsumerProtocolAssignment, ConsumerProtocolSubscription
from minikafka.messages.registry import request_class
from minikafka.messages.schema import Message

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from minikafka.messages.fields import Field
    from minikafka.messages.schema import Request

TOPICS = ("t", "u")
GROUP = "g"
MARKED_ID = b"the id of topic "
_MEMBER_MARK = "$member"

_PLAUSIBLE_TO_ODD = 5

_BITS = {"int8": 7, "int16": 15, "int32": 31, "int64": 63}
_TOPIC_NAMES = ["t", "u", "new", "__consumer_offsets", "no such topic", "", ".", "x" * 250, "t\0", "ä"]
_TEXTS = ["a", "", "x" * 300, "\0", "ä", "consumer", "range"]
_GROUPS = ["g", "h", "", "x" * 300, "g\0"]
_MEMBERS = [f"{_MEMBER_MARK}0", "", *(f"{_MEMBER_MARK}{number}" for number in range(1, 4)), "nobody"]
_OPTIONS = [
    "cleanup.policy", "compression.type", "retention.ms", "retention.bytes", "segment.bytes", "segment.ms",
    "min.insync.replicas", "max.message.bytes", "message.timestamp.type", "message.timestamp.before.max.ms",
    "unclean.leader.election.enable", "delete.retention.ms", "min.cleanable.dirty.ratio", "preallocate",
    "log.retention.ms", "num.partitions", "follower.replication.throttled.replicas", "broker.rack", "nonsense", "",
]  # fmt: skip
_OPTION_VALUES = [
    "1", None, "", "0", "-1", "-2", "100", "1.5", "nan", "9223372036854775807", "99999999999999999999", "true",
    "compact", "delete", "compact,delete", "LogAppendTime", "gzip", "zstd", "producer", "x", " 5 ", "1_000",
]  # fmt: skip

_STRINGS: dict[str, list[Any]] = {
    "topic": _TOPIC_NAMES,
    "name": _TOPIC_NAMES,
    "topic_name": _TOPIC_NAMES,
    "topic_names": _TOPIC_NAMES,
    "resource_name": [*_TOPIC_NAMES, "1", "2", "-1", "one"],
    "group_id": _GROUPS,
    "groups": _GROUPS,
    "groups_names": _GROUPS,
    "key": _GROUPS,
    "coordinator_keys": _GROUPS,
    "member_id": _MEMBERS,
    "leader": _MEMBERS,
    "group_instance_id": [None, "i", "j", ""],
    "protocol_type": ["consumer", "connect", "", "share"],
    "protocol_name": ["range", "roundrobin", ""],
    "transactional_id": [None, "tx", ""],
    "states_filter": ["Stable", "Empty", "nonsense", ""],
    "types_filter": ["classic", "consumer", "nonsense", ""],
}
"""Values of string fields by their names; the first is the plausible one."""
_EVEN_STRINGS: dict[str, list[Any]] = {"configuration_keys": _OPTIONS, "value": _OPTION_VALUES}
"""Those of which none is more plausible than another."""
_MS = [30_000, -(2**31), -1, 0, 1, 100, 6000, 1_800_000, 2**31 - 1]
_INTEGERS: dict[str, list[int]] = {
    "acks": [-1, 0, 1, 2, -(2**15)],
    "num_partitions": [-1, 0, 1, 3, 10_001, -(2**31), 2**31 - 1],
    "count": [3, -1, 0, 1, 2, 5, 10_001, 2**31 - 1],
    "replication_factor": [-1, 1, 0, 2, -2, 2**15 - 1],
    "max_wait_ms": [100, -1, 0, -(2**31), 2**31 - 1],
    "max_bytes": [2**20, 0, -1, 1, 100, 2**31 - 1, -(2**31)],
    "partition_max_bytes": [2**20, 0, -1, 1, 100, 2**31 - 1, -(2**31)],
    "generation_id": [1, -1, 0, 2, 3, 2**31 - 1],
    "generation_id_or_member_epoch": [1, -1, 0, 2, 2**31 - 1],
    "resource_type": [2, 0, 1, 4, 8, 16, 32, -1, 127],
    "config_operation": [0, -1, 1, 2, 3, 4],
    "key_type": [0, -1, 1, 2, 3],
    "isolation_level": [0, 1, 2, -1],
    "election_type": [0, 1, 2, -1],
    "session_id": [0, -1, 1, 2**31 - 1],
    "session_epoch": [-1, 0, 1, 2, 2**31 - 1],
    "timestamp": [-1, -2, -3, -4, -5, -6, -7, 0, 1, 1_700_000_000_000, 2**63 - 1, -(2**63)],
    "producer_id": [-1, 0, 1, 2**63 - 1, -(2**63)],
    "producer_epoch": [-1, 0, 1, 2**15 - 1, -(2**15)],
}
"""Values of integer fields by their names; the first is the plausible one."""
_SMALL = [-2, -1, 0, 1, 2, 3]


def _mostly_first(values: list[Any]) -> SearchStrategy[Any]:
    return st.sampled_from(values[:1] * (_PLAUSIBLE_TO_ODD * len(values)) + values)


def integers(field_name: str, kind: str, default: int = 0) -> SearchStrategy[int]:
    """Values of an integer field."""
    top = 1 << _BITS[kind]
    found = _INTEGERS.get(field_name)
    if found is None:
        found = _MS if field_name.endswith("_ms") and kind == "int32" else [default, *_SMALL, top - 1, -top]
    return _mostly_first(found)


@st.composite
def record_data(draw: Any) -> bytes | None:
    """A records field: a good batch, one with an odd header, bytes that are no batch, or null."""
    kind = draw(st.sampled_from(["good", "good", "odd", "odd", "cut", "two", "changed", "bytes", "null"]))
    if kind == "null":
        return None
    if kind == "bytes":
        return draw(st.binary(max_size=80))
    count = draw(st.integers(1, 3))
    time = draw(st.sampled_from([1_700_000_000_000, 0, -1, 2**62]))
    key = draw(st.sampled_from([None, b"k", b""]))
    value = draw(st.sampled_from([None, b"v", b"", b"v" * 300]))
    headers = draw(st.sampled_from([(), (("h", None),), (("", b"1"), ("", b"2"))]))
    records = [(delta, time, key, value, headers) for delta in range(count)]
    options: dict[str, Any] = {"compression": draw(st.integers(0, 4))}
    if draw(st.booleans()):
        sequences = st.sampled_from([0, 0, 1, 2**31 - 1, -1])
        options |= {
            "producer_id": draw(integers("producer_id", "int64")),
            "producer_epoch": draw(integers("producer_epoch", "int16")),
            "base_sequence": draw(sequences),
        }
    if kind == "odd":
        options |= {
            "timestamp_type": draw(st.integers(0, 1)),
            "is_transactional": draw(st.booleans()),
            "is_control": draw(st.booleans()),
            "partition_leader_epoch": draw(st.sampled_from([-1, 0, 2**31 - 1])),
            "base_offset": draw(st.sampled_from([0, 0, 1, -1, 2**62])),
            "max_timestamp": draw(st.sampled_from([None, -1, 2**63 - 1])),
            "last_offset_delta": draw(st.sampled_from([None, 0, 7, 2**31 - 1])),
            "has_delete_horizon": draw(st.booleans()),
        }
    data = RecordBatch.build(records, **options).encode()
    if kind == "cut":
        return data[: draw(st.integers(0, len(data)))]
    if kind == "two":
        return data + data
    if kind == "changed":
        return draw(changed(st.just(data)))
    return data


@st.composite
def changed(draw: Any, sources: SearchStrategy[bytes]) -> bytes:
    """Bytes that were right before some of them were overwritten, cut out or added."""
    data = bytearray(draw(sources))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        how = draw(st.integers(0, 4))
        if how == 0:
            data[at : at + 1] = bytes([draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]))])
        elif how == 1:
            data[at : at + 4] = draw(
                st.sampled_from([b"\x7f\xff\xff\xff", b"\xff\xff\xff\xfe", b"\x80\0\0\0"])
            )
        elif how == 2:
            data[at:at] = draw(
                st.sampled_from([b"\xff\xff\xff\xff\x0f", b"\x80\x80\x80\x80\x10", b"\xff" * 12])
            )
        elif how == 3:
            del data[at : at + draw(st.integers(1, 8))]
        else:
            data[at:at] = draw(st.binary(max_size=8))
    return bytes(data)


SUBSCRIPTIONS = [
    b"\0\0" + ConsumerProtocolSubscription(topics=list(TOPICS)).encode(0),
    b"\0\3" + ConsumerProtocolSubscription(topics=["t", "no such topic"]).encode(3),
    b"\0\0" + ConsumerProtocolAssignment().encode(0),
]


def _binaries() -> SearchStrategy[bytes]:
    return (
        st.sampled_from([*SUBSCRIPTIONS, b""])
        | st.binary(max_size=20)
        | changed(st.sampled_from(SUBSCRIPTIONS))
    )


def values_of(owner: str, field: Field, kind: object = None) -> SearchStrategy[Any]:
    """Any value of a field of the class `owner`."""
    kind = kind or field.kind
    values: SearchStrategy[Any]
    if kind == "array":
        element = field.element
        inner = values_of(owner, field, element) if isinstance(element, str) else messages_of(element)
        sizes = _mostly_first([1, 0, 2, 3])
        values = sizes.flatmap(lambda size: st.lists(inner, min_size=size, max_size=size))
    elif kind == "struct":
        values = messages_of(field.element)
    elif kind in _BITS:
        default = field.default if isinstance(field.default, int) else 0
        values = integers(field.name, str(kind), default)
    elif kind == "string":
        values = _strings(owner, field.name)
    elif kind == "uuid":
        values = _mostly_first([MARKED_ID, bytes(16), b"\xff" * 16])
    elif kind == "records":
        values = record_data()
    elif kind == "binary":
        values = _binaries()
    else:
        values = {"boolean": st.booleans(), "float64": st.floats(), "uint16": st.integers(0, 65535)}[
            str(kind)
        ]
    if kind == field.kind and field.nullable is not None and kind != "string":
        return st.integers(0, 7).flatmap(lambda number: values if number else st.none())
    return values


def _strings(owner: str, name: str) -> SearchStrategy[str | None]:
    if name == "name" and "Config" in owner:
        return st.sampled_from(_OPTIONS)
    if name == "name" and owner == "JoinGroupRequestProtocol":
        name = "protocol_name"
    even = _EVEN_STRINGS.get(name)
    return _mostly_first(_STRINGS.get(name, _TEXTS)) if even is None else st.sampled_from(even)


@cache
def messages_of(cls: type[Message]) -> SearchStrategy[Any]:
    """Any `cls`, with values that only some of its versions can carry."""
    return st.builds(cls, **{field.name: values_of(cls.__name__, field) for field in cls.fields})


@st.composite
def odd_requests(draw: Any, api_keys: tuple[int, ...]) -> tuple[Request, int]:
    """A request of one of the APIs, and the version that it is spoken in."""
    cls = request_class(draw(st.sampled_from(api_keys)))
    version = draw(st.integers(cls.min_version, cls.max_version))
    return carried(draw(messages_of(cls)), version), version


def carried(message: Any, version: int) -> Any:
    """What a version can carry of a message: what it lacks has its default, and so have refused nulls."""
    values = {}
    for field in message.fields:
        value = getattr(message, field.name)
        if not field.in_version(version):
            value = field.absent()
        elif value is None and not field.nullable_in(version) and field.kind != "records":
            value = _INSTEAD_OF_NULL[field.kind]
        elif isinstance(value, list):
            value = [carried(item, version) if isinstance(item, Message) else item for item in value]
        elif isinstance(value, Message):
            value = carried(value, version)
        values[field.name] = value
    return type(message)(**values)


_INSTEAD_OF_NULL: dict[str, Any] = {"array": [], "string": "", "binary": b""}


class Pool:
    """What a cluster has given out: member ids, and the id of a topic."""

    def __init__(self, topic_id: bytes) -> None:
        self.topic_id = topic_id
        self.member_ids: list[str] = []

    def learn(self, response: Any) -> None:
        """Remember a member id that a response tells."""
        member_id = getattr(response, "member_id", None)
        if member_id and member_id not in self.member_ids:
            self.member_ids.append(member_id)

    def filled(self, value: Any) -> Any:
        """The message with what was given out in place of the marks."""
        if isinstance(value, Message):
            return type(value)(**{each.name: self.filled(getattr(value, each.name)) for each in value.fields})
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if value == MARKED_ID:
            return self.topic_id
        if isinstance(value, str) and value.startswith(_MEMBER_MARK):
            number = int(value.removeprefix(_MEMBER_MARK))
            return self.member_ids[number] if number < len(self.member_ids) else "gone"
        return value


def codes_in(value: Any) -> set[int]:
    """Every error code in a message."""
    found: set[int] = set()
    if isinstance(value, list):
        for item in value:
            found |= codes_in(item)
    elif isinstance(value, Message):
        for field in value.fields:
            inner = getattr(value, field.name)
            if field.name == "error_code" and inner != ErrorCode.NONE:
                found.add(inner)
            elif isinstance(inner, (list, Message)):
                found |= codes_in(inner)
    return found
