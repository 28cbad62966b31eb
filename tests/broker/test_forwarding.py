"""What brokers send on to the controller, and what happens when it cannot be reached."""

from __future__ import annotations

from minikafka.errors import ErrorCode
from minikafka.messages.allocate_producer_ids import AllocateProducerIdsRequest
from minikafka.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    ReassignablePartition,
    ReassignableTopic,
)
from minikafka.messages.create_partitions import CreatePartitionsRequest, CreatePartitionsTopic
from minikafka.messages.create_topics import CreatableTopic, CreateTopicsRequest
from minikafka.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState
from minikafka.messages.elect_leaders import ElectLeadersRequest, TopicPartitions
from minikafka.messages.list_partition_reassignments import ListPartitionReassignmentsRequest


def create(lab, name="orders", partitions=1, factor=1, **options):
    request = CreateTopicsRequest(
        topics=[CreatableTopic(name=name, num_partitions=partitions, replication_factor=factor)], **options
    )
    answer = lab.ask(request).topics[0]
    lab.settle()
    return answer


def test_topics_are_made_grown_and_deleted(lab):
    made = create(lab, partitions=2)
    assert (made.error_code, made.num_partitions, made.replication_factor) == (0, 2, 1)
    assert made.topic_id == lab.image.topics["orders"].topic_id
    assert create(lab).error_code == ErrorCode.TOPIC_ALREADY_EXISTS
    assert create(lab, "a/b").error_code == ErrorCode.INVALID_TOPIC_EXCEPTION
    assert create(lab, "x", factor=2).error_code == ErrorCode.INVALID_REPLICATION_FACTOR
    assert create(lab, "x", partitions=0).error_code == ErrorCode.INVALID_PARTITIONS
    assert create(lab, "dry", validate_only=True).error_code == 0
    assert set(lab.image.topics) == {"orders"}

    grow = CreatePartitionsRequest(
        topics=[CreatePartitionsTopic(name="orders", count=5, assignments=None)], timeout_ms=1000
    )
    assert lab.ask(grow).results[0].error_code == 0
    assert lab.ask(grow).results[0].error_code == ErrorCode.INVALID_PARTITIONS
    lab.settle()
    assert len(lab.image.topics["orders"].partitions) == 5

    delete = DeleteTopicsRequest(topics=[DeleteTopicState(name="orders")], timeout_ms=1000)
    assert lab.ask(delete).responses[0].error_code == 0
    assert lab.ask(delete).responses[0].error_code == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
    lab.settle()
    assert lab.image.topics == {}
    assert lab.kafka.logs(1) == {}


def test_elections_and_reassignments(make_lab):
    lab = make_lab(brokers=3)
    lab.kafka.create_topic("orders", replication_factor=2)
    partition = lab.image.topics["orders"].partitions[0]
    preferred = ElectLeadersRequest(
        election_type=0, topic_partitions=[TopicPartitions(topic="orders", partitions=[0])]
    )
    (topic,) = lab.ask(preferred).replica_election_results
    assert topic.partition_result[0].error_code == ErrorCode.ELECTION_NOT_NEEDED
    spare = next(node for node in (1, 2, 3) if node not in partition.replicas)
    target = [spare, partition.replicas[1]]
    move = AlterPartitionReassignmentsRequest(
        topics=[
            ReassignableTopic(
                name="orders", partitions=[ReassignablePartition(partition_index=0, replicas=target)]
            )
        ]
    )
    assert lab.ask(move).responses[0].partitions[0].error_code == 0
    lab.kafka.advance(seconds=5)
    assert lab.ask(ListPartitionReassignmentsRequest(topics=None)).topics == []
    assert list(lab.image.topics["orders"].partitions[0].replicas) == target


def test_a_controller_out_of_reach_is_tried_again(lab):
    lab.kafka.faults.cut(1, "controller")
    promise = lab.send(
        CreateTopicsRequest(topics=[CreatableTopic(name="late", num_partitions=1, replication_factor=1)])
    )
    lab.kafka.advance(seconds=5)
    assert not promise.done()
    lab.kafka.faults.heal()
    lab.kafka.advance(seconds=2)
    assert promise.result().topics[0].error_code == 0


def test_a_dead_broker_forwards_nothing(make_lab):
    lab = make_lab(brokers=2)
    lab.kafka.faults.cut(1, "controller")
    lab.send(
        CreateTopicsRequest(topics=[CreatableTopic(name="ghost", num_partitions=1, replication_factor=1)])
    )
    lab.kafka.advance(seconds=1)
    lab.kafka.kill(1)
    lab.kafka.faults.heal()
    lab.kafka.advance(seconds=60)
    assert "ghost" not in lab.kafka.image.topics


def test_what_brokers_do_not_serve(lab):
    answer = lab.ask(AllocateProducerIdsRequest(broker_id=1))
    assert answer.error_code == ErrorCode.UNSUPPORTED_VERSION


def test_a_controller_out_of_reach_for_too_long(lab):
    lab.kafka.faults.cut(1, "controller")
    assert create(lab, "never").error_code == ErrorCode.REQUEST_TIMED_OUT
    lab.kafka.faults.heal()
