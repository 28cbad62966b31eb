"""Kafka's console tools say the same of three minikafka brokers as of three real ones."""

from __future__ import annotations

import json


def test_replicated_topics_and_a_broker_that_stops(three):
    (three.directory / "elect.json").write_text(
        '{"partitions": [{"topic": "copied", "partition": 0}, {"topic": "copied", "partition": 1}]}'
    )
    three("""
        kafka-topics --create --topic copied --replica-assignment 1:2:3,2:3:1,3:1:2 --config min.insync.replicas=2
        kafka-topics --describe --topic copied
        kafka-cluster list-endpoints
        kafka-leader-election --election-type preferred --topic copied --partition 0
        kafka-leader-election --election-type unclean --topic copied --partition 0
        kafka-leader-election --election-type preferred --topic nothing --partition 0
    """)
    three.stop(2)
    three("""
        kafka-topics --describe --topic copied
        kafka-topics --describe --under-replicated-partitions --topic copied
        kafka-topics --describe --at-min-isr-partitions --topic copied
        kafka-topics --describe --under-min-isr-partitions --topic copied
        kafka-topics --describe --unavailable-partitions --topic copied
        kafka-cluster list-endpoints
        kafka-cluster list-endpoints --include-fenced-brokers
        kafka-topics --create --topic narrow --replication-factor 3
        kafka-topics --create --topic placed-on-the-dead --replica-assignment 2:3
        kafka-leader-election --election-type preferred --topic copied --partition 1
    """)
    three.start(2)
    three("""
        kafka-topics --describe --topic copied
        kafka-topics --describe --under-replicated-partitions --topic copied
        kafka-leader-election --election-type preferred --topic copied --partition 1
        kafka-topics --describe --topic copied
        kafka-leader-election --election-type preferred --path-to-json-file {dir}/elect.json
    """)


def test_unclean_election(three):
    three("kafka-topics --create --topic risky --replica-assignment 2:3")
    three.stop(3)
    three("kafka-topics --describe --topic risky")
    three.stop(2)
    three("kafka-topics --describe --unavailable-partitions --topic risky")
    three.start(3)
    three("""
        kafka-topics --describe --unavailable-partitions --topic risky
        kafka-leader-election --election-type preferred --topic risky --partition 0
        kafka-leader-election --election-type unclean --topic risky --partition 0
        kafka-topics --describe --topic risky
    """)
    three.start(2)
    three("kafka-topics --describe --topic risky")


def reassignment(*partitions, topic="moved"):
    return json.dumps(
        {
            "version": 1,
            "partitions": [
                {"topic": topic, "partition": index, "replicas": replicas}
                for index, replicas in enumerate(partitions)
            ],
        }
    )


def test_reassignment(three):
    (three.directory / "topics.json").write_text('{"version": 1, "topics": [{"topic": "moved"}]}')
    (three.directory / "plan.json").write_text(reassignment([2, 3], [3, 1]))
    (three.directory / "bad.json").write_text(reassignment([2, 9], [3, 1]))
    (three.directory / "unknown.json").write_text(reassignment([2, 3], topic="nothing"))
    (three.directory / "same.json").write_text(reassignment([2, 3], [3, 1]))
    (three.directory / "repeated.json").write_text(reassignment([2, 2], [3, 1]))
    three("""
        kafka-topics --create --topic moved --replica-assignment 1:2,2:3
        kafka-console-producer --topic moved <<< one\\ntwo\\nthree
        kafka-reassign-partitions --list
        kafka-reassign-partitions --verify --reassignment-json-file {dir}/plan.json
        kafka-reassign-partitions --execute --reassignment-json-file {dir}/bad.json
        kafka-reassign-partitions --execute --reassignment-json-file {dir}/unknown.json
        kafka-reassign-partitions --execute --reassignment-json-file {dir}/repeated.json
        kafka-reassign-partitions --cancel --reassignment-json-file {dir}/plan.json
        kafka-reassign-partitions --execute --reassignment-json-file {dir}/plan.json
        kafka-reassign-partitions --verify --reassignment-json-file {dir}/plan.json
        kafka-topics --describe --topic moved
        kafka-reassign-partitions --execute --reassignment-json-file {dir}/same.json
        kafka-reassign-partitions --verify --reassignment-json-file {dir}/same.json
        kafka-console-consumer --topic moved --from-beginning --max-messages 3
    """)


def test_throttled_and_cancelled_reassignment(three):
    three("kafka-topics --create --topic slow --replica-assignment 1:2,2:1")
    three.stop(3)
    (three.directory / "slow.json").write_text(reassignment([1, 3], [3, 2], topic="slow"))
    three("""
        kafka-reassign-partitions --execute --reassignment-json-file {dir}/slow.json
        kafka-reassign-partitions --list
    """)
    three.start(3)
    three("""
        kafka-reassign-partitions --verify --reassignment-json-file {dir}/slow.json
        kafka-topics --describe --topic slow
    """)


def test_generated_plan_and_log_directories(three):
    three("kafka-topics --create --topic spread --replica-assignment 1:2,2:3,3:1")
    three("kafka-log-dirs --describe --topic-list spread")
    for which in (0, 1):
        (three.directory / "spread.json").write_text('{"version": 1, "topics": [{"topic": "spread"}]}')
        said = three.run(
            which,
            "kafka-reassign-partitions --generate --topics-to-move-json-file {dir}/spread.json --broker-list 2,3",
        )
        current, proposed = (json.loads(line) for line in said.splitlines() if line.startswith("{"))
        assert [each["replicas"] for each in current["partitions"]] == [[1, 2], [2, 3], [3, 1]], said
        assert all(sorted(each["replicas"]) == [2, 3] for each in proposed["partitions"]), said
    (three.directory / "nowhere.json").write_text(
        '{"version": 1, "partitions": [{"topic": "spread", "partition": 0, "replicas": [1, 2],'
        ' "log_dirs": ["/nowhere", "any"]}]}'
    )
    (three.directory / "spread-2.json").write_text(reassignment([2, 3], [3, 2], [2, 3], topic="spread"))
    three("""
        kafka-reassign-partitions --execute --reassignment-json-file {dir}/spread-2.json --throttle 50000000 --replica-alter-log-dirs-throttle 50000000
        kafka-configs --describe --entity-type brokers
        kafka-reassign-partitions --verify --reassignment-json-file {dir}/spread-2.json --preserve-throttles
        kafka-configs --describe --topic spread
        kafka-reassign-partitions --verify --reassignment-json-file {dir}/spread-2.json
        kafka-configs --describe --entity-type brokers
        kafka-configs --describe --topic spread
        kafka-topics --describe --topic spread
    """)  # noqa: E501 - a command is a line


def test_the_quorum_is_told(three):
    """What it is differs: real brokers are controllers too, and minikafka's controller is a node of its own."""
    for which in (0, 1):
        status = three.run(which, "kafka-metadata-quorum describe --status")
        assert "MaxFollowerLag: 0" in status, status
        assert "LeaderEpoch: " in status
        replication = three.run(which, "kafka-metadata-quorum describe --replication")
        lines = [line.split("\t") for line in replication.splitlines()]
        leader = next(line for line in lines if line[0].strip().isdigit())
        assert leader[-1].strip() == "Leader", replication
        assert {"1", "2", "3"} <= {line[0].strip() for line in lines}, replication
