"""The README's code runs as it stands there."""

import re
import sys
import types
from pathlib import Path

import pytest

from minikafka import MiniKafka

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_first_test_comes_within_twenty_lines_and_passes():
    assert README[: README.index(BLOCKS[0])].count("\n") + BLOCKS[0].count("\n") <= 20
    scope = {}
    exec(BLOCKS[0], scope)
    with MiniKafka() as kafka:
        scope["test_orders_are_billed_once"](kafka)


def test_the_second_example_runs():
    exec(BLOCKS[1], {})


@pytest.mark.minikafka(topics={"orders": 3, "invoices": 1})
def test_unchanged_user_code_runs(minikafka_broker, minikafka_patch, monkeypatch):
    from kafka import KafkaConsumer, KafkaProducer

    def run_billing(bootstrap_servers, max_records):
        producer = KafkaProducer(bootstrap_servers=bootstrap_servers)
        consumer = KafkaConsumer("orders", bootstrap_servers=bootstrap_servers, auto_offset_reset="earliest")
        for _, record in zip(range(max_records), consumer):
            producer.send("invoices", record.value)
        producer.flush()

    billing = types.ModuleType("shop.billing")
    billing.run_billing = run_billing
    monkeypatch.setitem(sys.modules, "shop", types.ModuleType("shop"))
    monkeypatch.setitem(sys.modules, "shop.billing", billing)
    scope = {}
    exec(BLOCKS[2], scope)
    scope["test_billing"](minikafka_broker, minikafka_patch)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_clients_by_sockets():
    pytest.importorskip("confluent_kafka")
    pytest.importorskip("aiokafka")
    [block] = [block for block in BLOCKS if "listen_in_loop" in block]
    exec(block, {})
