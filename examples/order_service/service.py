"""A small billing service: orders come in, invoices go out, what cannot be billed goes to the dead letters.

It knows nothing of minikafka: plain kafka-python, as it would run in production.
"""

import json
import logging

from kafka import KafkaConsumer, KafkaProducer

log = logging.getLogger(__name__)

ORDERS = "orders"
INVOICES = "invoices"
DEAD_LETTERS = "orders.dead-letter"


class InvalidOrder(Exception):
    """An order that can never be billed, however often it is tried."""


def invoice_for(value: bytes) -> dict[str, object]:
    """The invoice of one order, e.g. ``{"id": "o-1", "customer": "Ada", "cups": 2}``; 250 cents a cup."""
    try:
        order = json.loads(value)
        order_id, customer, cups = order["id"], order["customer"], order["cups"]
    except (TypeError, ValueError, KeyError) as error:
        raise InvalidOrder(f"not an order: {error!r}") from error
    if not isinstance(cups, int) or cups < 1:
        raise InvalidOrder(f"{cups!r} cups cannot be billed")
    return {"order": order_id, "customer": customer, "amount_cents": 250 * cups}


class OrderService:
    """Reads orders in the group `billing`; commits once the invoices are safe."""

    def __init__(self, bootstrap_servers: str = "kafka.production:9092") -> None:
        self.consumer = KafkaConsumer(
            ORDERS,
            bootstrap_servers=bootstrap_servers,
            group_id="billing",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        self.producer = KafkaProducer(
            bootstrap_servers=bootstrap_servers,
            acks="all",
            value_serializer=lambda invoice: json.dumps(invoice).encode(),
        )
        self.dead_letters = KafkaProducer(bootstrap_servers=bootstrap_servers, acks="all")

    def run(self, idle_polls: int | None = None) -> None:
        """Serve for ever, or until `idle_polls` polls in a row brought nothing."""
        idle = 0
        while idle_polls is None or idle < idle_polls:
            idle = 0 if self.run_once() else idle + 1

    def run_once(self, timeout_ms: int = 1000) -> int:
        """Handle what one poll brings; the number of orders."""
        batches = self.consumer.poll(timeout_ms=timeout_ms)
        records = [record for batch in batches.values() for record in batch]
        if records:
            self.handle(records)
        return len(records)

    def handle(self, records: list) -> None:
        sent = [self.process(record) for record in records]
        for future in sent:
            future.get(timeout=30)
        self.consumer.commit()

    def process(self, record):
        """Send the order's invoice, or the order to the dead letters; the future of what was sent."""
        try:
            invoice = invoice_for(record.value)
        except InvalidOrder as error:
            log.warning("order at %s-%d:%d: %s", record.topic, record.partition, record.offset, error)
            return self.dead_letters.send(
                DEAD_LETTERS, key=record.key, value=record.value, headers=[("error", str(error).encode())]
            )
        return self.producer.send(INVOICES, key=record.key, value=invoice)

    def close(self) -> None:
        self.consumer.close()
        self.producer.close()
        self.dead_letters.close()
