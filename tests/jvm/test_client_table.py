"""What Kafka's Java clients and tools send, against the table in docs/clients.md."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from interop import table
from interop.capture import CLOSED, capture
from tests.oracle.artifacts import KAFKA_VERSION

from minikafka import MiniKafka

if TYPE_CHECKING:
    from pathlib import Path

    from tests.jvm.tool_shell import ToolShell


def test_the_tools_do_what_they_can_and_the_table_tells_it(tools: ToolShell, tmp_path: Path) -> None:
    partition = {"topic": "t", "partition": 0}
    files = {
        "delete": {"partitions": [{**partition, "offset": 1}], "version": 1},
        "elect": {"partitions": [partition]},
        "move": {"partitions": [{**partition, "replicas": [1]}], "version": 1},
    }
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))

    with capture() as captured, MiniKafka(clock="system") as kafka:
        server = kafka.listen()

        def run(tool: str, *arguments: str, stdin: str = "") -> str:
            words = ["--bootstrap-server", server, *arguments]
            if tool == "kafka-cluster":
                words = [*arguments, "--bootstrap-server", server]
            outcome = tools.run(tool, *words, stdin=stdin)
            assert outcome.exit_code == 0, outcome
            return outcome.out

        topic = ("--topic", "t")
        group = ("--group", "g")
        run("kafka-topics", "--create", *topic)
        run("kafka-topics", "--alter", *topic, "--partitions", "2")
        assert "PartitionCount: 2" in run("kafka-topics", "--describe", *topic)
        run("kafka-console-producer", *topic, stdin="a\nb\n")
        run("kafka-console-producer", *topic, "--command-property", "enable.idempotence=false", stdin="c\n")
        beats = ("--command-property", "heartbeat.interval.ms=50")
        read = run(
            "kafka-console-consumer", *topic, *group, *beats, "--from-beginning", "--timeout-ms", "2000"
        )
        assert sorted(read.split()) == ["a", "b", "c"]
        assert captured.has("Heartbeat")
        run("kafka-configs", "--alter", *topic, "--add-config", "retention.ms=-1")
        run("kafka-configs", "--describe", *topic)
        run("kafka-get-offsets", *topic)
        run("kafka-consumer-groups", "--list")
        run("kafka-consumer-groups", "--describe", *group)
        run("kafka-consumer-groups", "--reset-offsets", *group, *topic, "--to-earliest", "--execute")
        run("kafka-consumer-groups", "--delete-offsets", *group, *topic)
        run("kafka-consumer-groups", "--delete", *group)
        run("kafka-delete-records", "--offset-json-file", str(tmp_path / "delete"))
        run("kafka-log-dirs", "--describe")
        elect = str(tmp_path / "elect")
        run("kafka-leader-election", "--election-type", "preferred", "--path-to-json-file", elect)
        run("kafka-reassign-partitions", "--reassignment-json-file", str(tmp_path / "move"), "--execute")
        run("kafka-reassign-partitions", "--list")
        run("kafka-broker-api-versions")
        run("kafka-features", "describe")
        run("kafka-metadata-quorum", "describe", "--status")
        run("kafka-configs", "--describe", "--entity-type", "users")
        run("kafka-client-metrics", "--list")
        run("kafka-cluster", "cluster-id")
        run("kafka-topics", "--delete", *topic)
    assert CLOSED not in {each.outcome for each in captured.sent}
    assert table.check("Java", KAFKA_VERSION, captured) is None
