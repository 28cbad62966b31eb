"""A real Kafka and a minikafka side by side: the same tool runs against both, and what it says is compared."""

from __future__ import annotations

import difflib
import re
import shlex
import time
from typing import TYPE_CHECKING

from kafka import KafkaConsumer, KafkaProducer
from tests.jvm.tool_shell import TIMED_OUT, Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from tests.jvm.tool_shell import ToolShell
    from tests.oracle.kafka_server import RealKafka

    from minikafka import MiniKafka

WITHOUT_FEATURES = {
    "eligible.leader.replicas.version": 0,
    "group.version": 0,
    "share.version": 0,
    "streams.version": 0,
    "transaction.version": 0,
}
"""A Kafka of the same version that has been upgraded to none of the features that minikafka does not model."""

_OPTION_LAST = ("kafka-cluster",)
"""Tools that take --bootstrap-server behind their subcommand."""
_READ_ONLY = ("--describe", "--list", "--verify", "describe", "kafka-get-offsets")
_PATIENCE_S = 60
"""How long a real Kafka may take for what it does behind a command's back, such as moving a partition."""

_PATTERNS = [
    (r"TopicId: \S+", "TopicId: <id>"),
    (r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+\]", "[<now>]"),
    # Java's stack traces tell where the tool was.
    (r"(?m)^\s+(at |\.\.\. \d+ more).*\n?", ""),
    (r"(?m)^\S+ WARN \[AdminClient [^\n]*\] Connection to node [^\n]*\n?", ""),
    (r"(?m)[ \t]+$", ""),
    (r"(?m)^\n", ""),
    (r"(?ms)^Option +Description\n.*?^--version[^\n]*\n", "<usage>\n"),
    (r"Local controller \d+", "Local controller <id>"),
    (r"Cluster ID: \S+", "Cluster ID: <id>"),
    (r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<uuid>"),
    (r"adminclient-\d+", "adminclient-<n>"),
    (r"console-consumer-\d+", "console-consumer-<n>"),
    (r'"logDir":"[^"]*"', '"logDir":"<dir>"'),
    (r'"log_dirs":\[[^\]]*\]', '"log_dirs":["<dirs>"]'),
    (r" +", " "),
]


class Pair:
    """The same cluster twice, and the tools that ask both.

    Args:
        tools: runs the tools.
        real: the judge.
        mini: what is judged.
    """

    def __init__(self, tools: ToolShell, real: RealKafka, mini: MiniKafka, directory: Path) -> None:
        self._tools = tools
        self._real = real
        self._mini = mini
        self._members: list[KafkaConsumer] = []
        self.directory = directory
        """For the files that tools read; ``{dir}`` in a command."""
        bootstrap = mini.listening_on
        assert bootstrap is not None
        self.bootstraps = (real.bootstrap_servers, bootstrap)
        """Where the real one listens, and where minikafka does."""
        self.differences: list[str] = []

    # Tools

    def __call__(self, script: str) -> None:
        """Run commands on both, a line each, and compare.

        ``tool --option <<< line\\nline`` types lines into a tool. ``--bootstrap-server`` is added.
        """
        for line in script.strip().splitlines():
            if line.strip():
                self._compare(line.strip())

    def _compare(self, line: str) -> None:
        # A real Kafka's brokers learn a little later what its controller knows: what only looks looks again.
        looks = any(word in line for word in _READ_ONLY)
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            said = [self.run(which, line) for which in (0, 1)]
            if said[0] == said[1]:
                return
            if not looks or time.monotonic() >= deadline:
                break
        lines = difflib.unified_diff(
            *(each.splitlines() for each in said), "kafka", "minikafka", lineterm="", n=9
        )
        self.differences.append("\n".join([f"$ {line}", *lines]))

    def run(self, which: int, line: str) -> str:
        """What a command says on one of the two (0: the real one), without what differs between any two runs."""
        command, _, typed = line.partition("<<<")
        bootstrap = self.bootstraps[which]
        words = shlex.split(command.replace("{dir}", str(self.directory)).replace("{bootstrap}", bootstrap))
        if bootstrap not in words:
            at = len(words) if words[0] in _OPTION_LAST else 1
            words[at:at] = ["--bootstrap-server", bootstrap]
        stdin = typed.strip().encode().decode("unicode_escape") + "\n" if typed else ""
        outcome = self._tools.run(*words, stdin=stdin)
        assert outcome.exit_code != TIMED_OUT, f"{line} takes forever on {('kafka', 'minikafka')[which]}"
        return self._normal(outcome, bootstrap)

    def _normal(self, outcome: Outcome, bootstrap: str) -> str:
        text = f"{outcome.out.rstrip()}\n{outcome.err.rstrip()}\nexit {outcome.exit_code}"
        for number, address in enumerate(bootstrap.split(","), 1):
            port = address.rpartition(":")[2]
            text = text.replace(address, f"<broker {number}>").replace(port, f"<port {number}>")
        for pattern, replacement in _PATTERNS:
            text = re.sub(pattern, replacement, text)
        if "<uuid>" in text:
            # Kafka keeps members by their random ids, so their order is chance.
            text = "\n".join(sorted(text.splitlines()))
        return text

    def check(self) -> None:
        """Raise AssertionError with every difference there was."""
        found, self.differences = self.differences, []
        assert not found, "\n\n".join(found)

    # Others who use the clusters

    def fill(self, topic: str, partitions: int, count: int = 2) -> None:
        """Append to every partition, the same to both clusters."""
        for bootstrap in self.bootstraps:
            producer = KafkaProducer(bootstrap_servers=bootstrap)
            for number in range(count * partitions):
                producer.send(
                    topic, b"%d" % number, partition=number % partitions, timestamp_ms=1_700_000_000_000
                )
            producer.close()

    def join(self, group: str, topic: str, partitions: int, *client_ids: str) -> None:
        """Start members of a group, poll until they have all partitions between them, and commit."""
        for bootstrap in self.bootstraps:
            members = [
                KafkaConsumer(
                    topic,
                    group_id=group,
                    client_id=client_id,
                    bootstrap_servers=bootstrap,
                    auto_offset_reset="earliest",
                    enable_auto_commit=False,
                )
                for client_id in client_ids
            ]
            self._members += members
            for member in members:
                # kafka-python's leader assigns nothing of a topic that it has no metadata of yet.
                member.partitions_for_topic(topic)
            for _ in range(100):
                for member in members:
                    member.poll(timeout_ms=100)
                owned = [member.assignment() for member in members]
                if all(owned) and sum(map(len, owned)) == partitions:
                    break
            else:
                raise AssertionError(f"{client_ids} own {owned} of {topic}")
            for member in members:
                member.seek_to_end()
                for partition in member.assignment():
                    member.position(partition)
                member.commit()

    def leave(self) -> None:
        """End all members."""
        for member in self._members:
            member.close()
        self._members.clear()

    def stop(self, node_id: int) -> None:
        """Shut a broker down on both."""
        self._real.stop_node(node_id)
        self._mini.stop(node_id)

    def start(self, node_id: int) -> None:
        """Start a broker again on both."""
        self._real.start_node(node_id)
        self._mini.start(node_id)
