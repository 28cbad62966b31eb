"""Every (API, version), byte for byte against kio's codec, which knows nothing of ours."""

import datetime
import io
import uuid
from importlib import import_module

from hypothesis import given, settings
from hypothesis import strategies as st
from kio.serial import entity_reader, entity_writer

from minikafka.messages import registry
from minikafka.messages.schema import Message, Request


def kio_class(cls, version):
    kind = "request" if issubclass(cls, Request) else "response"
    module = registry._MODULES[cls.api_key][1]
    return getattr(import_module(f"kio.schema.{module}.v{version}.{kind}"), cls.__name__)


def plain(value):
    """kio's value in our terms."""
    if isinstance(value, datetime.timedelta):
        return round(value.total_seconds() * 1000)
    if isinstance(value, datetime.datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, uuid.UUID):
        return value.bytes
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


def assert_same(ours, theirs, path=""):
    if isinstance(ours, Message):
        names = [field.name for field in ours.fields if field.in_version(theirs.__version__)]
        for name in names:
            other = name if hasattr(theirs, name) else name.removesuffix("_ms")
            if hasattr(theirs, other):
                assert_same(getattr(ours, name), getattr(theirs, other), f"{path}.{name}")
            else:
                # kio renames a few (a trailing underscore, an abbreviation); the bytes still agree.
                assert len(names) == len(theirs.__dataclass_fields__), f"{path}.{name} is missing"
    elif isinstance(ours, list):
        assert len(ours) == len(theirs), path
        for index, (one, other) in enumerate(zip(ours, theirs)):
            assert_same(one, other, f"{path}[{index}]")
    elif ours == bytes(16):
        assert theirs in (None, uuid.UUID(int=0)), path
    else:
        other = plain(theirs)
        assert ours == other or (ours in (-1, 0) and other is None), f"{path}: {ours!r} != {other!r}"


def test_encodes_and_decodes_as_kio_does(message_class, version, random_messages):
    theirs = kio_class(message_class, version)
    read, write = entity_reader(theirs), entity_writer(theirs)

    @settings(max_examples=12, deadline=None)
    @given(st.data())
    def check(data):
        message = data.draw(random_messages(message_class, version))
        encoded = message.encode(version)
        parsed, size = read(encoded, 0)
        assert size == len(encoded)
        assert_same(message, parsed)
        out = io.BytesIO()
        write(out, parsed)
        assert out.getvalue() == encoded
        assert message_class.decode(encoded, version) == message

    check()
