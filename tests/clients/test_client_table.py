"""What kcat, kafkajs and franz-go send, against the table in docs/clients.md; and that they do all they can."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from interop import table
from interop.capture import CLOSED, Capture, capture

from minikafka import MiniKafka


def compare(client: str, version: str, captured: Capture) -> None:
    assert CLOSED not in {each.outcome for each in captured.sent}
    assert table.check(client, version, captured) is None


def test_kafkajs_and_franz_go(programs: dict[str, Any], versions: dict[str, str]) -> None:
    for name in programs.keys() & versions.keys():
        with capture() as captured, MiniKafka(clock="system", group_min_session_timeout_ms=1) as kafka:
            servers = kafka.listen()
            programs[name].start("exercise", servers).end()
            kafka.create_topic("t")
            member = programs[name].member(servers, "t", "beats")
            member.wait_for(lambda captured=captured: captured.has("Heartbeat"), "it beats")
            member.end()
        compare(name, versions[name], captured)


def test_kcat(programs: dict[str, Any]) -> None:
    if "kcat" not in programs:
        pytest.skip("kcat is not installed (Debian: apt-get install kcat)")
    kcat = programs["kcat"]
    told = subprocess.run(["kcat", "-V"], capture_output=True, text=True, check=True).stdout
    version = told.partition("Version ")[2].split(" ")[0]
    with capture() as captured, MiniKafka(clock="system", group_min_session_timeout_ms=1) as kafka:
        servers = kafka.listen()
        kafka.create_topic("t")
        kcat.produce(servers, "t", "none", ["a", "b"])
        kcat.run(servers, "-P", "-t", "t", "-X", "enable.idempotence=true").end("c\n")
        listed = kcat.run(servers, "-L", "-t", "t", "-J")
        listed.end()
        assert listed.lines[0]["topics"][0]["topic"] == "t"
        asked = kcat.run(servers, "-Q", "-t", "t:0:0")
        asked.end()
        assert asked.text == "t [0] offset 0\n"
        member = kcat.member(servers, "t", "g")
        member.wait_for(
            lambda: len(member.told("value")) == 3 and captured.has("Heartbeat"), "it reads and beats"
        )
        kcat.leave(member)
        assert kafka.group("g").lag == 0
    compare("kcat", version, captured)
