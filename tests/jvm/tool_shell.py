"""Kafka's console tools by the names of their scripts: in a JVM of their own, or one after the other in one JVM."""

from __future__ import annotations

import os
import struct
import subprocess
from typing import TYPE_CHECKING, NamedTuple

from tests.oracle.artifacts import class_path, java
from tests.oracle.closing import Closing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAIN_CLASSES = {
    "admin-lab": "AdminLab",
    "kafka-acls": "org.apache.kafka.tools.AclCommand",
    "kafka-broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
    "kafka-client-metrics": "org.apache.kafka.tools.ClientMetricsCommand",
    "kafka-cluster": "org.apache.kafka.tools.ClusterTool",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-console-share-consumer": "org.apache.kafka.tools.consumer.ConsoleShareConsumer",
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-consumer-perf-test": "org.apache.kafka.tools.ConsumerPerformance",
    "kafka-delegation-tokens": "org.apache.kafka.tools.DelegationTokenCommand",
    "kafka-delete-records": "org.apache.kafka.tools.DeleteRecordsCommand",
    "kafka-e2e-latency": "org.apache.kafka.tools.EndToEndLatency",
    "kafka-features": "org.apache.kafka.tools.FeatureCommand",
    "kafka-get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "kafka-groups": "org.apache.kafka.tools.GroupsCommand",
    "kafka-leader-election": "org.apache.kafka.tools.LeaderElectionCommand",
    "kafka-log-dirs": "org.apache.kafka.tools.LogDirsCommand",
    "kafka-metadata-quorum": "org.apache.kafka.tools.MetadataQuorumCommand",
    "kafka-producer-perf-test": "org.apache.kafka.tools.ProducerPerformance",
    "kafka-reassign-partitions": "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
    "kafka-replica-verification": "org.apache.kafka.tools.ReplicaVerificationTool",
    "kafka-share-groups": "org.apache.kafka.tools.consumer.group.ShareGroupCommand",
    "kafka-streams-groups": "org.apache.kafka.tools.streams.StreamsGroupCommand",
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
    "kafka-transactions": "org.apache.kafka.tools.TransactionsCommand",
    "kafka-verifiable-consumer": "org.apache.kafka.tools.VerifiableConsumer",
    "kafka-verifiable-producer": "org.apache.kafka.tools.VerifiableProducer",
}
"""The class whose main method a script of Kafka's bin folder runs; the first is ours."""

JVM_OPTIONS = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
_LIMIT_MS = 60_000
TIMED_OUT = 124
"""The exit code of a tool that was given up."""

# Warnings and errors to standard error: Kafka's own tools-log4j2.yaml does the same.
_LOG4J2 = """\
rootLogger.level = WARN
rootLogger.appenderRef.stderr.ref = STDERR
appender.stderr.type = Console
appender.stderr.name = STDERR
appender.stderr.target = SYSTEM_ERR
appender.stderr.follow = true
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = [%d] %p %m (%c)%n
"""


class Outcome(NamedTuple):
    """What a tool left behind."""

    exit_code: int
    out: str
    err: str


def logging_option(directory: Path) -> str:
    """The JVM's option for how tools log, its file written into a directory."""
    file = directory / "log4j2.properties"
    file.write_text(_LOG4J2)
    return f"-Dlog4j2.configurationFile={file}"


def run_tool(
    directory: Path,
    name: str,
    *arguments: str,
    stdin: str = "",
    timeout_s: float = 60,
    options: Mapping[str, str] | None = None,
) -> Outcome:
    """Run one tool in a process of its own, as a user would.

    Args:
        directory: for the logging configuration.
        name: the script's name, such as ``"kafka-topics"``.
        arguments: the script's arguments.
        stdin: what is typed into it.
        timeout_s: how long it may take.
        options: more environment.
    """
    command = [
        java(),
        *JVM_OPTIONS,
        logging_option(directory),
        "-cp",
        class_path(),
        MAIN_CLASSES[name],
        *arguments,
    ]
    run = subprocess.run(
        command,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout_s,
        env={**os.environ, **(options or {})},
    )
    return Outcome(run.returncode, run.stdout, run.stderr)


class ToolShell(Closing):
    """One JVM that runs the main methods of tools (java/ToolShell.java).

    Args:
        classes: where ToolShell is compiled, and the logging configuration goes.
    """

    def __init__(self, classes: Path) -> None:
        self._command = [
            java(),
            *JVM_OPTIONS,
            logging_option(classes),
            "-cp",
            f"{classes}{os.pathsep}{class_path()}",
            "ToolShell",
        ]
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self, name: str, *arguments: str, stdin: str = "", limit_ms: int = _LIMIT_MS) -> Outcome:
        """Run one tool; exit code `TIMED_OUT` for one that took longer than `limit_ms`."""
        assert self._process.stdin is not None
        words = [MAIN_CLASSES[name], *arguments]
        typed = stdin.encode()
        call = struct.pack(">i", len(words))
        for word in words:
            call += struct.pack(">H", len(word.encode())) + word.encode()
        call += struct.pack(">i", len(typed)) + typed + struct.pack(">i", limit_ms)
        self._process.stdin.write(call)
        self._process.stdin.flush()
        exit_code = self._int()
        out, err = (self._read(self._int()).decode() for _ in range(2))
        if exit_code == TIMED_OUT:
            # It runs on, and would write into what the next ones say.
            self.close()
            self._process = self._start()
        return Outcome(exit_code, out, err)

    def _int(self) -> int:
        (number,) = struct.unpack(">i", self._read(4))
        assert isinstance(number, int)
        return number

    def _read(self, size: int) -> bytes:
        assert self._process.stdout is not None
        data = self._process.stdout.read(size)
        if len(data) < size:
            raise RuntimeError(f"the tools' JVM ended with exit code {self._process.wait(10)}")
        return data

    def close(self) -> None:
        """End the JVM."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process.stdout.close()
