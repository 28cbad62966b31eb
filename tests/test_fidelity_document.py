"""docs/fidelity.md names everything that the code accepts without effect."""

from pathlib import Path

import pytest

from minikafka.client.options import IDLE_OPTIONS, TRANSPORT_OPTIONS
from minikafka.config.topic import INERT

DOCUMENT = (Path(__file__).parent.parent / "docs" / "fidelity.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("option", INERT)
def test_inert_topic_options_are_named(option):
    assert f"`{option}`" in DOCUMENT


@pytest.mark.parametrize(("option", "reason"), TRANSPORT_OPTIONS.items())
def test_transport_options_are_listed_with_their_reason(option, reason):
    assert f"| `{option}` | {reason} |" in DOCUMENT


@pytest.mark.parametrize(
    ("client", "option"), [(client, option) for client, idle in IDLE_OPTIONS.items() for option in idle]
)
def test_idle_options_are_listed_with_their_reason(client, option):
    [row] = [line for line in DOCUMENT.splitlines() if line.startswith(f"| `{option}` (")]
    assert client in row
    assert row.endswith(f"| {IDLE_OPTIONS[client][option]} |")
