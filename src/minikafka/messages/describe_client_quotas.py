"""DescribeClientQuotas (API key 48): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, boolean, float64, int8, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class ComponentData(Message):
    """One part of the filter: an entity type, and whether its name is given, the default or any."""

    entity_type: str = string()
    match_type: int = int8()
    match: str | None = string(nullable=0)


class DescribeClientQuotasRequest(Request, api="DescribeClientQuotas"):
    """Asks for the quotas of the entities that a filter matches."""

    components: list[ComponentData] = array(ComponentData)
    strict: bool = boolean()


class EntityData(Message):
    """One part of an entity: its type, and its name or null for the default."""

    entity_type: str = string()
    entity_name: str | None = string(nullable=0)


class ValueData(Message):
    """A quota and its value."""

    key: str = string()
    value: float = float64()


class EntryData(Message):
    """An entity and its quotas."""

    entity: list[EntityData] = array(EntityData)
    values: list[ValueData] = array(ValueData)


class DescribeClientQuotasResponse(Response, api="DescribeClientQuotas"):
    """Tells the quotas of the entities that matched."""

    throttle_time_ms: int = int32()
    error_code: int = int16()
    error_message: str | None = string(nullable=0)
    entries: list[EntryData] | None = array(EntryData, nullable=0)
