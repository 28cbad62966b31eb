"""The first steps of every Kafka tutorial, by Kafka's own console tools, each a process of its own."""

from __future__ import annotations

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
