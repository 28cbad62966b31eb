"""Random messages made from the schema, and two independent codecs to compare ours with."""

import dataclasses
import datetime
import importlib
import itertools
import pkgutil
import uuid as uuids
from functools import cache
from types import SimpleNamespace

import pytest
from fuzz.odd_messages import carried
from hypothesis import strategies as st
from kio.schema.errors import ErrorCode as KioErrorCode
from kio.serial import entity_reader, entity_writer

import minikafka.messages
from minikafka.messages.registry import APIS, module_name
from minikafka.messages.schema import Body, Message

KIO_ERRORS = sorted(code.value for code in KioErrorCode)
LAST_DATE_MS = 253_402_300_799_000  # the last second of the year 9999, as far as kio's dates reach
EPOCH = datetime.datetime.fromtimestamp(0, datetime.UTC)
KAFKA_PYTHON_MODULES = [
    f"kafka.protocol.{name}"
    for name in (
        "admin.cluster",
        "admin.configs",
        "admin.groups",
        "admin.topics",
        "consumer.fetch",
        "consumer.group",
        "consumer.metadata",
        "consumer.offsets",
        "metadata.api_versions",
        "metadata.find_coordinator",
        "metadata.metadata",
        "producer.produce",
        "producer.transaction",
    )
]


# -- random messages ----------------------------------------------------------------------------------------

RANGES = {"int8": 7, "int16": 15, "int32": 31, "int64": 63}
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12) | st.just("x" * 200)
BYTES = st.binary(max_size=20) | st.just(bytes(300))


def integers(bits):
    return st.sampled_from([-(1 << bits), -1, 0, 1, (1 << bits) - 1]) | st.integers(
        -(1 << bits), (1 << bits) - 1
    )


PRIMITIVES = {
    **{kind: integers(bits) for kind, bits in RANGES.items()},
    "uint16": st.integers(0, 0xFFFF),
    "uint32": st.integers(0, 0xFFFFFFFF),
    "float64": st.floats(allow_nan=False),
    "boolean": st.booleans(),
    "string": TEXT,
    "binary": BYTES,
    "records": BYTES,
    "uuid": st.binary(min_size=16, max_size=16),
}


def field_values(field, kind=None):
    kind = kind or field.kind
    if kind == "array":
        element = field.element
        inner = field_values(field, element) if isinstance(element, str) else messages_of(element)
        values = st.lists(inner, max_size=2)
    elif kind == "struct":
        values = messages_of(field.element)
    elif field.name == "error_code":
        values = st.sampled_from(KIO_ERRORS)
    elif kind == "int64" and "time" in field.name:
        values = st.integers(-1, LAST_DATE_MS)
    else:
        values = PRIMITIVES[kind]
    if kind == field.kind and (field.nullable is not None or kind == "records"):
        values = st.none() | values
    if field.tag is not None:
        values = st.just(field.absent()) | values
    return values


@cache
def messages_of(cls):
    """Any `cls`, with values that only some of its versions can carry."""
    return st.builds(cls, **{field.name: field_values(field) for field in cls.fields})


# -- kio ----------------------------------------------------------------------------------------------------


def kio_class(cls, version):
    """kio's class of a message, or None."""
    if hasattr(cls, "api_name"):
        package = module_name(cls.api_name).rpartition(".")[2]
        half = cls.__name__.removeprefix(cls.api_name).lower()
    else:
        package = module_name(cls.__name__).rpartition(".")[2]
        half = "header" if cls.__name__.endswith("Header") else "data"
    try:
        module = importlib.import_module(f"kio.schema.{package}.v{version}.{half}")
    except ImportError:
        return None
    return getattr(module, cls.__name__)


@cache
def kio_plan(kio_cls, cls, version):
    """Our field, kio's name, kio's type and kio's class of every field; asserts that the names match."""
    fields = [field for field in cls.fields if field.in_version(version)]
    plan = []
    for ours, theirs in itertools.zip_longest(fields, dataclasses.fields(kio_cls)):
        assert ours is not None, theirs.name
        assert theirs is not None, ours.name
        assert ours.name.removesuffix("_ms") == theirs.name.removesuffix("_ms"), (ours.name, theirs.name)
        tag = theirs.metadata.get("tag")
        assert tag == (ours.tag if kio_cls.__flexible__ else None)
        plan.append((ours, theirs.name, theirs.metadata.get("kafka_type"), nested_class(theirs.type)))
    return plan


def nested_class(annotation):
    if hasattr(annotation, "__dataclass_fields__"):
        return annotation
    inner = (nested_class(part) for part in getattr(annotation, "__args__", ()))
    return next(filter(None, inner), None)


def to_kio(message, kio_cls, version):
    values = {}
    for ours, name, kind, nested in kio_plan(kio_cls, type(message), version):
        value = getattr(message, ours.name)
        if isinstance(value, list):
            values[name] = tuple(kio_value(item, kind, nested, version) for item in value)
        else:
            values[name] = kio_value(value, kind, nested, version)
    return kio_cls(**values)


def kio_value(value, kind, nested, version):
    if value is None:
        return None
    if nested is not None:
        return to_kio(value, nested, version)
    if kind == "error_code":
        return KioErrorCode(value)
    if kind == "uuid":
        return uuids.UUID(bytes=value) if any(value) else None
    if kind.startswith("timedelta"):
        return datetime.timedelta(milliseconds=value)
    if kind.startswith("datetime"):
        return None if value == -1 else EPOCH + datetime.timedelta(milliseconds=value)
    return value


class Sink(bytearray):
    write = bytearray.extend


def kio_encoded(message, version):
    """The message as kio encodes it; None where kio has no such message."""
    kio_cls = kio_class(type(message), version)
    if kio_cls is None:
        return None
    sink = Sink()
    entity_writer(kio_cls)(sink, to_kio(message, kio_cls, version))
    return bytes(sink)


def kio_reencoded(cls, data, version):
    """`data` after kio has decoded and encoded it."""
    kio_cls = kio_class(cls, version)
    value, size = entity_reader(kio_cls)(data, 0)
    assert size == len(data)
    sink = Sink()
    entity_writer(kio_cls)(sink, value)
    return bytes(sink)


# -- kafka-python -------------------------------------------------------------------------------------------


@cache
def kafka_python_classes():
    found = {}
    for name in KAFKA_PYTHON_MODULES:
        found.update(vars(importlib.import_module(name)))
    return found


def kafka_python_encoded(message, version):
    """The message as kafka-python 3 encodes it; None where it has no such message or version."""
    cls = kafka_python_classes().get(type(message).__name__)
    if cls is None or version > cls.max_version or message_class_has_operations(type(message)):
        return None
    options = {} if hasattr(message, "api_name") else {"header": False}
    return cls(version=version, **kafka_python_values(message, cls, version)).encode(
        version=version, **options
    )


def message_class_has_operations(cls):
    """Whether it has authorized operations, which kafka-python turns into sets."""
    return any(
        field.name.endswith("authorized_operations")
        or (isinstance(field.element, type) and message_class_has_operations(field.element))
        for field in cls.fields
    )


def kafka_python_values(message, cls, version):
    values = {}
    for field in message.fields:
        value = getattr(message, field.name)
        if not field.in_version(version) or (field.tag is not None and value == field.absent()):
            continue
        nested = cls._struct.fields[field.name].data_class if isinstance(field.element, type) else None
        if isinstance(value, list) and nested:
            value = [nested(version=version, **kafka_python_values(item, nested, version)) for item in value]
        elif isinstance(value, Message):
            value = nested(version=version, **kafka_python_values(value, nested, version))
        elif field.kind == "uuid":
            value = uuids.UUID(bytes=value)
        values[field.name] = value
    return values


# -- fixtures -----------------------------------------------------------------------------------------------


@cache
def all_classes():
    """Every message class with versions of its own, by name."""
    found = {}
    for info in pkgutil.iter_modules(minikafka.messages.__path__):
        module = importlib.import_module(f"minikafka.messages.{info.name}")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Body) and value.__module__ == module.__name__:
                found[value.__name__] = value
    for base in ("Body", "Request", "Response"):
        del found[base]
    return found


def pytest_generate_tests(metafunc):
    if "message_class" in metafunc.fixturenames:
        metafunc.parametrize("message_class", all_classes().values(), ids=all_classes().keys())
    if "api" in metafunc.fixturenames:
        metafunc.parametrize("api", APIS)


@pytest.fixture(scope="session")
def random_messages():
    """Strategy of the messages of a class that one version can carry: ``random_messages(cls, version)``."""
    return lambda cls, version: messages_of(cls).map(lambda message: carried(message, version))


@pytest.fixture(scope="session")
def protocol():
    """The helpers of this file, for tests that must not import it."""
    return SimpleNamespace(
        classes=all_classes(),
        messages_of=messages_of,
        carried=carried,
        kio_class=kio_class,
        kio_encoded=kio_encoded,
        kio_reencoded=kio_reencoded,
        kafka_python_encoded=kafka_python_encoded,
    )
