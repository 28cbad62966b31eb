"""The first steps of every Kafka tutorial, by Kafka's own console tools, each a process of its own."""

from __future__ import annotations

import json

from tests.jvm.processes import serving
from tests.jvm.tool_shell import run_tool


def test_hello_topic(jars, tmp_path):
    with serving() as bootstrap:

        def tool(name, *arguments, stdin=""):
            outcome = run_tool(tmp_path, name, "--bootstrap-server", bootstrap, *arguments, stdin=stdin)
            assert outcome.exit_code == 0, outcome
            return outcome.out

        assert tool("kafka-topics", "--create", "--topic", "hello-topic") == "Created topic hello-topic.\n"
        described = tool("kafka-topics", "--describe", "--topic", "hello-topic")
        assert "Topic: hello-topic\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1" in described
        typed = "This is my first event\nThis is my second event\n"
        tool("kafka-console-producer", "--topic", "hello-topic", stdin=typed)
        reading = ("--topic", "hello-topic", "--from-beginning", "--max-messages", "2")
        assert tool("kafka-console-consumer", *reading) == typed
        assert tool("kafka-get-offsets", "--topic", "hello-topic") == "hello-topic:0:2\n"


def test_verifiable_tools(jars, tmp_path):
    """They tell what they do in JSON lines; they end by themselves."""
    with serving("--topic", "verified:3") as bootstrap:

        def events(name, *arguments):
            common = ("--bootstrap-server", bootstrap, "--topic", "verified", "--max-messages", "50")
            outcome = run_tool(tmp_path, name, *common, *arguments)
            assert outcome.exit_code == 0, outcome
            return [json.loads(line) for line in outcome.out.splitlines()]

        produced = events("kafka-verifiable-producer")
        assert len([each for each in produced if each["name"] == "producer_send_success"]) == 50
        read = events("kafka-verifiable-consumer", "--group-id", "verifiers", "--reset-policy", "earliest")
        assert sum(each["count"] for each in read if each["name"] == "records_consumed") >= 50
        assert any(each["name"] == "offsets_committed" and each["success"] for each in read), read
