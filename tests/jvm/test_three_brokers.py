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
