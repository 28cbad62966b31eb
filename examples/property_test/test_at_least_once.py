"""Killed at any step and restarted, the order service bills every acknowledged order at least once.

The same test finds the bug in a version that commits before it processes, and shrinks it to one order and one
crash.
"""

import json

import pytest

pytest.importorskip("kafka")

from examples.order_service.service import DEAD_LETTERS, INVOICES, ORDERS, OrderService
from hypothesis import find, given, settings
from hypothesis import strategies as st

from minikafka import MiniKafka, patch
from minikafka.testing import CrashHarness, assert_at_least_once
from minikafka.testing.strategies import crash_points

orders = st.tuples(st.sampled_from(["Ada", "Grace"]), st.integers(0, 3))
"""A customer and how many cups; no cups is an order that cannot be billed."""


def as_json(number, customer, cups):
    return json.dumps({"id": f"o-{number}", "customer": customer, "cups": cups}).encode()


def run(service_class, orders, crashes):
    """Run the service on the orders, through the crashes; the orders acknowledged, and those handled."""
    with MiniKafka() as kafka, patch(kafka):
        for topic in (ORDERS, INVOICES, DEAD_LETTERS):
            kafka.create_topic(topic, partitions=2)
        shop = kafka.producer()
        for number, order in enumerate(orders):
            shop.send(ORDERS, as_json(number, *order)).get(timeout=10)
        acknowledged = [json.loads(record.value)["id"] for record in kafka.records(ORDERS)]

        def serve():
            service = service_class()
            try:
                service.run(idle_polls=2)
            finally:
                service.close()

        CrashHarness(kafka).run_through(serve, crashes)
        refused = [json.loads(record.value)["id"] for record in kafka.records(DEAD_LETTERS)]
        billed = [json.loads(record.value)["order"] for record in kafka.records(INVOICES)]
        return acknowledged, refused + billed


@settings(max_examples=30)
@given(orders=st.lists(orders, min_size=1, max_size=6), crashes=crash_points())
def test_every_acknowledged_order_is_handled(orders, crashes):
    assert_at_least_once(*run(OrderService, orders, crashes))


class CommitsFirst(OrderService):
    """The planted bug: a crash between the commit and the work loses the work."""

    def handle(self, records):
        self.consumer.commit()
        for future in [self.process(record) for record in records]:
            future.get(timeout=30)


def loses_an_order(example):
    acknowledged, handled = run(CommitsFirst, *example)
    return not set(acknowledged) <= set(handled)


def test_the_planted_bug_is_found_and_shrunk():
    examples = st.tuples(st.lists(orders, min_size=1, max_size=6), crash_points())
    found = find(
        examples, loses_an_order, settings=settings(max_examples=100, database=None, derandomize=True)
    )
    # One order; killed at the third library call: poll, commit, and the send that never happened.
    assert found == ([("Ada", 0)], [3])
