"""The order service's tests, as its owner would write them."""

import json

import pytest

pytest.importorskip("kafka")

from examples.order_service.service import DEAD_LETTERS, INVOICES, ORDERS, OrderService

pytestmark = [
    pytest.mark.minikafka(topics={ORDERS: 3, INVOICES: 3, DEAD_LETTERS: 1}),
    pytest.mark.minikafka_patch,
]


@pytest.fixture
def service():
    service = OrderService()
    yield service
    service.close()


@pytest.fixture
def shop(minikafka_broker):
    """The other end: the shop that takes the orders."""
    return minikafka_broker.producer(key_serializer=str.encode, value_serializer=_as_json)


def _as_json(value):
    return json.dumps(value).encode()


def order(number, customer="Ada", cups=1):
    return {"id": f"o-{number}", "customer": customer, "cups": cups}


def invoices(kafka):
    return [json.loads(record.value) for record in kafka.records(INVOICES)]


def test_an_order_becomes_an_invoice(minikafka_broker, shop, service):
    shop.send(ORDERS, key="Ada", value=order(1, cups=2))
    service.run(idle_polls=1)
    assert invoices(minikafka_broker) == [{"order": "o-1", "customer": "Ada", "amount_cents": 500}]


def test_what_was_billed_is_committed(minikafka_broker, shop, service):
    for number in range(10):
        shop.send(ORDERS, key=f"customer-{number}", value=order(number))
    service.run(idle_polls=1)
    assert minikafka_broker.group("billing").lag == 0
    assert len(invoices(minikafka_broker)) == 10


@pytest.mark.parametrize("value", [b"not json", b'{"id": "o-1"}', b"[]", None])
def test_what_is_no_order_goes_to_the_dead_letters(minikafka_broker, service, value):
    minikafka_broker.producer().send(ORDERS, key=b"Ada", value=value)
    service.run(idle_polls=1)
    [letter] = minikafka_broker.records(DEAD_LETTERS)
    assert (letter.key, letter.value) == (b"Ada", value)
    assert letter.headers[0][0] == "error"
    assert invoices(minikafka_broker) == []


def test_a_bad_order_does_not_stop_the_good_ones(minikafka_broker, shop, service):
    shop.send(ORDERS, key="Ada", value=order(1, cups=0))
    shop.send(ORDERS, key="Ada", value=order(2))
    service.run(idle_polls=1)
    assert [invoice["order"] for invoice in invoices(minikafka_broker)] == ["o-2"]


def test_a_customers_invoices_keep_their_order(minikafka_broker, shop, service):
    for number in range(20):
        shop.send(ORDERS, key="Ada", value=order(number))
    service.run(idle_polls=1)
    assert [invoice["order"] for invoice in invoices(minikafka_broker)] == [f"o-{n}" for n in range(20)]


def test_a_restarted_service_goes_on_where_it_stopped(minikafka_broker, shop):
    shop.send(ORDERS, key="Ada", value=order(1))
    first = OrderService()
    first.run(idle_polls=1)
    first.close()
    shop.send(ORDERS, key="Ada", value=order(2))
    second = OrderService()
    second.run(idle_polls=1)
    second.close()
    assert [invoice["order"] for invoice in invoices(minikafka_broker)] == ["o-1", "o-2"]


def test_two_instances_share_the_work(minikafka_broker, shop, service):
    other = OrderService()
    for _ in range(3):
        service.run_once()
        other.run_once()
    members = minikafka_broker.group("billing").members
    assert sorted(len(member.assignment) for member in members) == [1, 2]
    for number in range(30):
        shop.send(ORDERS, key=f"customer-{number}", value=order(number))
    for _ in range(4):
        service.run_once()
        other.run_once()
    other.close()
    assert sorted(invoice["order"] for invoice in invoices(minikafka_broker)) == sorted(
        f"o-{number}" for number in range(30)
    )


@pytest.mark.minikafka(
    brokers=3,
    topics={name: {"partitions": 1, "replication_factor": 3} for name in (ORDERS, INVOICES, DEAD_LETTERS)},
)
def test_a_broker_dies_in_the_middle(minikafka_broker, shop, service):
    for number in range(10):
        shop.send(ORDERS, key="Ada", value=order(number)).get(timeout=10)
    service.run_once()
    minikafka_broker.kill(1)
    for number in range(10, 20):
        shop.send(ORDERS, key="Ada", value=order(number)).get(timeout=60)
    service.run(idle_polls=3)
    billed = {invoice["order"] for invoice in invoices(minikafka_broker)}
    assert billed == {f"o-{number}" for number in range(20)}
