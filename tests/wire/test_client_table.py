"""What the Python clients send, against the table in docs/clients.md; and that they all do what they can."""

from __future__ import annotations

import gc
import importlib
from importlib.metadata import version
from pathlib import Path

import pytest
from interop import table
from interop.capture import ANSWERED, CLOSED, REFUSED, Capture, Sent, capture

from minikafka import MiniKafka
from minikafka.broker.dispatch import CLIENT_APIS
from minikafka.messages.registry import advertised_range

CLIENTS = {
    "kafka-python 3": ("kafka-python", "kafka_python_3"),
    "kafka-python 2": ("kafka-python", "kafka_python_2"),
    "aiokafka": ("aiokafka", "aio_kafka"),
    "confluent-kafka": ("confluent-kafka", "confluent"),
}


def installed(client: str) -> str:
    """The version of the client's distribution; skips if it is not there, or is another one."""
    distribution, module = CLIENTS[client]
    pytest.importorskip(
        module.split("_")[0] if client.startswith("kafka") else distribution.replace("-", "_")
    )
    found = version(distribution)
    if client.startswith("kafka-python") and not found.startswith(client[-1]):
        pytest.skip(f"kafka-python {found} is installed")
    return found


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("client", CLIENTS)
def test_the_client_does_all_it_can_and_the_table_tells_it(client: str) -> None:
    here = installed(client)
    with capture() as captured, MiniKafka(clock="system") as kafka:
        exercise = importlib.import_module(f"interop.{CLIENTS[client][1]}").exercise
        exercise(kafka.listen(), captured)
    gc.collect()  # what a client forgot to close is its own affair
    assert CLOSED not in {each.outcome for each in captured.sent}
    wrong = table.check(client, here, captured)
    if wrong is not None and here != table.version_told(client):
        pytest.skip(wrong)
    assert wrong is None, wrong


def test_the_table_tells_what_is_served() -> None:
    text = table.DOCUMENT.read_text()
    assert table.write(text, table.read(text)) == text, "python -m interop.table brings it up to date"
    for column in table.read(text):
        for api, number, outcome in column.sent:
            first, last = advertised_range(api) if api in CLIENT_APIS else (0, -1)
            assert (first <= number <= last) == (outcome == ANSWERED), (column.title, api)


def test_a_table_that_is_out_of_date_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "clients.md"
    document.write_text(table.write("# Clients\n", []))
    captured = Capture()
    captured.sent = {Sent("Metadata", 13, ANSWERED), Sent("ApiVersions", 5, REFUSED)}
    monkeypatch.delenv(table.UPDATE, raising=False)
    assert "new [" in (table.check("kcat", "1.7.1", captured, document) or "")
    monkeypatch.setenv(table.UPDATE, "1")
    assert table.check("kcat", "1.7.1", captured, document) is None
    monkeypatch.delenv(table.UPDATE)
    assert table.check("kcat", "1.7.1", captured, document) is None
    assert table.version_told("kcat", document) == "1.7.1"
    captured.sent.pop()
    assert "gone [" in (table.check("kcat", "1.7.1", captured, document) or "")
