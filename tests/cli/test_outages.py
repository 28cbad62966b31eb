"""Brokers that do not answer are told of, now and then."""

import logging
from types import SimpleNamespace

import pytest

pytest.importorskip("click")

from minikafka.cli import outages

CONNECTIONS = logging.getLogger("kafka.net.manager")


@pytest.mark.parametrize("level", [logging.CRITICAL, logging.DEBUG])
def test_one_line_in_half_a_minute(monkeypatch, capsys, level):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(outages, "time", SimpleNamespace(monotonic=lambda: clock.now))
    logging.getLogger("kafka").setLevel(level)
    with outages.outages_told():
        for clock.now in (100, 110, 129, 130, 131):
            CONNECTIONS.error("at %d", clock.now)
            CONNECTIONS.warning("not worth a line")
    CONNECTIONS.error("nobody listens any more")
    told = "minikafka: a broker does not answer, trying again: at"
    assert capsys.readouterr().err == f"{told} 100\n{told} 130\n"
    assert CONNECTIONS.level == logging.NOTSET
