"""The first steps of every Kafka tutorial, by Kafka's own console tools, each a process of its own."""

from __future__ import annotations

import pytest
from tests.jvm.tool_shell import run_tool

from minikafka import MiniKafka


@pytest.fixture
def kafka():
    with MiniKafka(clock="system") as cluster:
        cluster.listen()
        yield cluster


def test_hello_topic(kafka, jars, tmp_path):
    def tool(name, *arguments, stdin=""):
        outcome = run_tool(tmp_path, name, "--bootstrap-server", kafka.listening_on, *arguments, stdin=stdin)
        assert outcome.exit_code == 0, outcome
        return outcome.out

    assert tool("kafka-topics", "--create", "--topic", "hello-topic") == "Created topic hello-topic.\n"
    described = tool("kafka-topics", "--describe", "--topic", "hello-topic")
    assert "Topic: hello-topic\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1" in described
    typed = "This is my first event\nThis is my second event\n"
    tool("kafka-console-producer", "--topic", "hello-topic", stdin=typed)
    read = tool("kafka-console-consumer", "--topic", "hello-topic", "--from-beginning", "--max-messages", "2")
    assert read == typed
    assert [record.value for record in kafka.records("hello-topic")] == typed.encode().splitlines()
