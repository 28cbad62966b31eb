"""InitProducerId: ids of idempotent producers."""

from __future__ import annotations

from typing import Any

from tests.oracle.raw.case import case, table
from tests.oracle.raw.scene import Scene

from minikafka.messages.init_producer_id import InitProducerIdRequest


def init(transactional_id: str | None = None, **options: Any) -> InitProducerIdRequest:
    """A whole request."""
    return InitProducerIdRequest(
        transactional_id=transactional_id, **{"transaction_timeout_ms": 1000, **options}
    )


def _init(transactional_id: str | None = None, **options: Any) -> Any:
    """To a broker that has producer ids at hand."""

    def build(s: Scene) -> InitProducerIdRequest:
        s.producer_id()
        return init(transactional_id, **options)

    return build


CASES = table(
    "InitProducerId",
    lambda s: init(""),
    good={
        "an idempotent producer": _init(),
        "a timeout that means nothing": _init(transaction_timeout_ms=2147483647),
    },
    bad={
        "an empty transactional id": lambda s: init(""),
        "a negative timeout": _init(transaction_timeout_ms=-1),
        "a timeout of 0": _init(transaction_timeout_ms=0),
        "a producer id without an epoch": case(_init(producer_id=5), first=3),
        "an epoch without a producer id": case(_init(producer_epoch=5), first=3),
        "a producer id and epoch without a transactional id": case(
            lambda s: init(producer_id=s.producer_id(), producer_epoch=0), first=3
        ),
        "an unknown producer id": case(_init(producer_id=1 << 40, producer_epoch=0), first=3),
        "a negative producer id": case(_init(producer_id=-2, producer_epoch=0), first=3),
        "a negative epoch": case(_init(producer_id=5, producer_epoch=-2), first=3),
        "an empty transactional id with a producer": case(
            _init("", producer_id=5, producer_epoch=0), first=3
        ),
        "an empty transactional id and a bad timeout": _init("", transaction_timeout_ms=-1),
    },
)
