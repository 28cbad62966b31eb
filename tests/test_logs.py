import subprocess
import sys

_SCRIPT = """
from minikafka import MiniKafka
with MiniKafka() as kafka:
    kafka.create_topic("orders")
    future = kafka.producer().send("orders", b"v")
    future.add_callback(lambda metadata: 1 / 0)
    future.get(timeout=5)
"""


def test_nothing_is_printed_where_nobody_set_logging_up():
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("", "")


def test_what_a_callback_raises_is_logged(caplog):
    scope = {}
    exec(_SCRIPT, scope)
    assert "Error processing callback" in caplog.text
    assert {record.name for record in caplog.records} == {"minikafka.client.future"}
