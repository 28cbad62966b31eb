import pytest

from minikafka.messages.registry import API_KEYS, APIS, request_class, response_class
from minikafka.remote.fields import CARRIED, Kind, kind_of

NOT_CARRIED = {"AlterPartition", "AllocateProducerIds"}
"""Spoken between brokers and the controller only."""


def _classes(cls):
    yield cls
    for field in cls.fields:
        if field.kind in ("array", "struct") and not isinstance(field.element, str):
            yield from _classes(field.element)


@pytest.mark.parametrize("name", sorted(CARRIED))
def test_every_string_that_passes_has_a_kind(name):
    key = API_KEYS[name]
    for half in (request_class(key), response_class(key)):
        for cls in _classes(half):
            for field in cls.fields:
                kind_of(cls, field)  # raises for one that nobody has thought of


def test_what_is_carried_is_known():
    assert set(APIS) >= CARRIED
    assert CARRIED.isdisjoint(NOT_CARRIED)


def test_a_string_without_a_kind_is_refused():
    from minikafka.messages.fields import string
    from minikafka.messages.schema import Message

    class Unheard(Message):
        name: str = string()
        colour: str = string()

    for field in Unheard.fields:
        with pytest.raises(KeyError, match=rf"Unheard\.{field.name}"):
            kind_of(Unheard, field)


def test_resources_and_keys_are_told_apart():
    from minikafka.messages.describe_configs import DescribeConfigsResource
    from minikafka.messages.find_coordinator import FindCoordinatorRequest

    kinds = {field.name: kind_of(DescribeConfigsResource, field) for field in DescribeConfigsResource.fields}
    assert kinds == {"resource_type": None, "resource_name": Kind.RESOURCE, "configuration_keys": Kind.PLAIN}
    assert Kind.KEY in {kind_of(FindCoordinatorRequest, field) for field in FindCoordinatorRequest.fields}
