import os
import subprocess
import sys

import pytest

from minikafka import MiniKafka
from minikafka.errors import IllegalStateError
from minikafka.testing import Trace

SCENARIO = """
from minikafka import MiniKafka
from minikafka.testing import Trace

def run(seed):
    with MiniKafka(brokers=3, seed=seed, start_ms=1_700_000_000_000) as kafka, Trace(kafka) as trace:
        for name in ("orders", "invoices", "audit"):
            kafka.create_topic(name, partitions=3, replication_factor=3)
        producer = kafka.producer()
        consumers = [
            kafka.consumer("orders", "invoices", "audit", group_id="billing", auto_offset_reset="earliest")
            for _ in range(3)
        ]
        kafka.faults.delay((1, 20), "Fetch", times=40)
        kafka.faults.drop("Produce", skip=3, times=2)
        for number in range(60):
            producer.send(("orders", "invoices", "audit")[number % 3], b"%d" % number, key=b"%d" % (number % 7))
            for consumer in consumers:
                consumer.poll(timeout_ms=50)
            if number == 20:
                kafka.kill(2)
            if number == 40:
                kafka.start(2)
                kafka.crash(consumers.pop())
        producer.flush()
        kafka.advance(seconds=60)
        for consumer in consumers:
            consumer.poll(timeout_ms=1000)
        return trace.digest(), trace.lines
"""


@pytest.fixture(scope="module")
def run():
    namespace = {}
    exec(SCENARIO, namespace)
    return namespace["run"]


def test_one_seed_gives_one_run(run):
    (digest, lines), (again, _) = run(3), run(3)
    assert digest == again
    assert len(lines) > 200


def test_another_seed_gives_another(run):
    assert run(3)[0] != run(4)[0]


def test_two_hash_seeds_give_one_run():
    digests = [
        subprocess.run(
            [sys.executable, "-c", SCENARIO + "\nprint(run(3)[0])"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert digests[0] == digests[1]
    assert len(digests[0].strip()) == 64


def test_a_trace_that_was_never_started_has_no_digest():
    with MiniKafka() as kafka, pytest.raises(IllegalStateError, match="never started"):
        Trace(kafka).digest()
