"""Random messages made from the schema itself, for every test of this folder."""

import pytest
from hypothesis import strategies as st

from minikafka.messages import registry

INTEGERS = {
    "int8": (-(2**7), 2**7 - 1),
    "int16": (-(2**15), 2**15 - 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
}
ERROR_CODES = st.sampled_from([0, 1, 3, 6, 16, 25, 27, 79])


def _value(field, version):
    kind = field.kind
    if field.name == "error_code" or field.name.endswith("_error_code"):
        strategy = ERROR_CODES
    elif kind in INTEGERS:
        low, high = INTEGERS[kind]
        if kind == "int64" or (kind == "int32" and field.name.endswith("_ms")):
            # kio turns timestamps and durations into Python's, which do not reach as far.
            low, high = (0, 2**40) if kind == "int64" else (0, 2**31 - 1)
        strategy = st.integers(low, high)
    elif kind == "struct":
        strategy = messages(field.element, version)
    elif kind == "array":
        strategy = st.lists(_element(field.element, version), max_size=3)
    else:
        strategy = _simple(kind)
    if field.nullable_in(version) and kind != "uuid":
        strategy = st.none() | strategy
    return strategy


def _simple(kind):
    return {
        "float64": st.floats(allow_nan=False),
        "boolean": st.booleans(),
        "string": st.text(max_size=12),
        "binary": st.binary(max_size=12),
        "records": st.binary(max_size=40),
        "uuid": st.binary(min_size=16, max_size=16),
    }[kind]


def _element(element, version):
    if not isinstance(element, str):
        return messages(element, version)
    if element in INTEGERS:
        return st.integers(*INTEGERS[element])
    return _simple(element)


def messages(cls, version):
    """Messages of `cls` in which every field that this version carries has a random value."""
    return st.builds(
        cls, **{field.name: _value(field, version) for field in cls.fields if field.in_version(version)}
    )


def all_versions():
    """(class, version) for every request and response there is."""
    return [
        pytest.param(cls, version, id=f"{cls.__name__}-v{version}")
        for key in sorted(registry.API_KEYS.values())
        for cls in (registry.request_class(key), registry.response_class(key))
        for version in range(cls.min_version, cls.max_version + 1)
    ]


def pytest_generate_tests(metafunc):
    if {"message_class", "version"} <= set(metafunc.fixturenames):
        metafunc.parametrize(("message_class", "version"), all_versions())


@pytest.fixture(scope="session")
def random_messages():
    return messages
