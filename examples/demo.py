"""The examples as a story: `make demo`.

python examples/demo.py
"""

import importlib.util
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))


def chapter(title: str) -> None:
    print(f"\n== {title}")


def hello_topic() -> None:
    chapter("hello-topic: one message, one listener, no broker to install")
    from examples.hello_topic.hello import main

    main()


def replication() -> None:
    chapter("Three brokers: the leader dies, nothing acknowledged is lost")
    from minikafka import MiniKafka

    with MiniKafka(brokers=3, seed=7) as kafka:
        kafka.create_topic("orders", partitions=1, replication_factor=3)
        producer = kafka.producer(acks="all")
        for number in range(3):
            producer.send("orders", b"order %d" % number).get(timeout=10)
        before = kafka.topic("orders").partitions[0]
        print(f"leader {before.leader}, in-sync replicas {list(before.isr)}")
        kafka.kill(before.leader)
        producer.send("orders", b"order 3").get(timeout=60)
        after = kafka.topic("orders").partitions[0]
        print(f"killed broker {before.leader}; leader {after.leader}, in-sync replicas {list(after.isr)}")
        print("still there:", [record.value.decode() for record in kafka.records("orders")])
        kafka.start(before.leader)
        kafka.advance(seconds=30)
        print(
            f"broker {before.leader} is back: in-sync replicas "
            f"{list(kafka.topic('orders').partitions[0].isr)}"
        )


def virtual_time() -> None:
    chapter("Virtual time: an hour of polling an empty topic")
    from minikafka import MiniKafka

    with MiniKafka() as kafka:
        kafka.create_topic("quiet")
        consumer = kafka.consumer("quiet", group_id="patient")
        started = time.perf_counter()
        for _ in range(60):
            consumer.poll(timeout_ms=60_000)
        print(f"60 polls of a minute each took {time.perf_counter() - started:.2f} s")
        print(kafka.group("patient"))


def order_service() -> None:
    if importlib.util.find_spec("kafka") is None:
        chapter("The order service needs kafka-python: pip install kafka-python")
        return
    chapter("The order service: plain `from kafka import KafkaConsumer`, run on minikafka")
    from examples.order_service.service import DEAD_LETTERS, INVOICES, ORDERS, OrderService

    from minikafka import MiniKafka, patch

    with MiniKafka() as kafka, patch(kafka):
        for topic in (ORDERS, INVOICES, DEAD_LETTERS):
            kafka.create_topic(topic, partitions=3)
        shop = kafka.producer()
        for order in (
            {"id": "o-1", "customer": "Ada", "cups": 2},
            {"id": "o-2", "customer": "Bob", "cups": 0},
        ):
            shop.send(ORDERS, json.dumps(order).encode())
        service = OrderService("kafka.production:9092")
        service.run(idle_polls=1)
        service.close()
        for record in kafka.records(INVOICES):
            print("invoice:    ", record.value.decode())
        for record in kafka.records(DEAD_LETTERS):
            print("dead letter:", record.value.decode(), "because", record.headers[0][1].decode())
        print(kafka.group("billing"))


def suites() -> int:
    chapter("Their test suites, on minikafka")
    command = [sys.executable, "-m", "pytest", "examples", "--quiet", "-p", "no:randomly", "--no-header"]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    hello_topic()
    replication()
    virtual_time()
    order_service()
    sys.exit(suites())
