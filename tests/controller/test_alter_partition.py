import pytest

from minikafka.errors import ErrorCode
from minikafka.messages.alter_partition import AlterPartitionRequest, BrokerState, PartitionData, TopicData
from minikafka.messages.alter_partition_reassignments import (
    AlterPartitionReassignmentsRequest,
    ReassignablePartition,
    ReassignableTopic,
)
from minikafka.messages.list_partition_reassignments import (
    ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsTopics,
)


def alter(cluster, isr, leader=1, topic_id=None, index=0, broker_epoch=None, epochs=None, **changes):
    partition = cluster.partition()
    values = {
        "partition_index": index,
        "leader_epoch": partition.leader_epoch,
        "partition_epoch": partition.partition_epoch,
        **changes,
    }
    states = [BrokerState(broker_id=each, broker_epoch=(epochs or {}).get(each, -1)) for each in isr]
    data = PartitionData(new_isr_with_epochs=states, **values)
    request = AlterPartitionRequest(
        broker_id=leader,
        broker_epoch=cluster.image.brokers[leader].epoch if broker_epoch is None else broker_epoch,
        topics=[TopicData(topic_id=topic_id or cluster.image.topics["orders"].topic_id, partitions=[data])],
    )
    return cluster.ask(request)


def code_of(response):
    return response.error_code or response.topics[0].partitions[0].error_code


@pytest.fixture
def three(cluster):
    cluster = cluster()
    cluster.create("orders", assignments={0: (1, 2, 3)})
    return cluster


class TestAlterPartition:
    def test_another_isr(self, three):
        answer = alter(three, (1, 3)).topics[0].partitions[0]
        assert (answer.error_code, answer.leader_id, answer.isr, answer.leader_epoch) == (0, 1, [1, 3], 0)
        assert answer.partition_epoch == 1
        assert three.partition().isr == (1, 3)

    def test_the_same_isr_changes_nothing(self, three):
        before = three.image
        answer = alter(three, (1, 2, 3)).topics[0].partitions[0]
        assert (answer.error_code, answer.partition_epoch) == (0, 0)
        assert three.image is before

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            ({"isr": (1,), "leader_epoch": -1}, ErrorCode.FENCED_LEADER_EPOCH),
            ({"isr": (1,), "leader_epoch": 1}, ErrorCode.NOT_CONTROLLER),
            ({"isr": (1,), "partition_epoch": 1}, ErrorCode.NOT_CONTROLLER),
            ({"isr": (1,), "partition_epoch": -1}, ErrorCode.INVALID_UPDATE_VERSION),
            ({"isr": (2,), "leader": 2}, ErrorCode.INVALID_REQUEST),
            ({"isr": (2, 3)}, ErrorCode.INVALID_REQUEST),
            ({"isr": (1, 4)}, ErrorCode.INVALID_REQUEST),
            ({"isr": (1, 2, 2)}, ErrorCode.INVALID_REQUEST),
            ({"isr": ()}, ErrorCode.INVALID_REQUEST),
            ({"isr": (1,), "index": 5}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
            ({"isr": (1,), "topic_id": b"x" * 16}, ErrorCode.UNKNOWN_TOPIC_ID),
            ({"isr": (1,), "broker_epoch": 0}, ErrorCode.STALE_BROKER_EPOCH),
            ({"isr": (1, 2), "epochs": {2: 99}}, ErrorCode.INELIGIBLE_REPLICA),
        ],
    )
    def test_refusals(self, three, arguments, code):
        before = three.image
        assert code_of(alter(three, **arguments)) == code
        assert three.image is before

    def test_fenced_and_leaving_brokers_do_not_join(self, three):
        three.down(3)
        assert code_of(alter(three, (1, 2, 3))) == ErrorCode.INELIGIBLE_REPLICA
        three.controller.controlled_shutdown(2)
        assert code_of(alter(three, (1, 2))) == ErrorCode.INELIGIBLE_REPLICA


class TestReassignment:
    def reassign(self, cluster, replicas, topic="orders", index=0, **more):
        partition = ReassignablePartition(partition_index=index, replicas=replicas)
        request = AlterPartitionReassignmentsRequest(
            topics=[ReassignableTopic(name=topic, partitions=[partition])], **more
        )
        answer = cluster.ask(request).responses[0].partitions[0]
        return answer.error_code

    def listed(self, cluster, **more):
        response = cluster.ask(ListPartitionReassignmentsRequest(**more))
        return [
            (topic.name, each.partition_index, each.replicas, each.adding_replicas, each.removing_replicas)
            for topic in response.topics
            for each in topic.partitions
        ]

    @pytest.fixture
    def four(self, cluster):
        cluster = cluster(brokers=4)
        cluster.create("orders", assignments={0: (1, 2)})
        return cluster

    def test_from_beginning_to_end(self, four):
        assert self.reassign(four, [3, 4]) == 0
        partition = four.partition()
        assert (partition.replicas, partition.isr, partition.leader) == ((3, 4, 1, 2), (1, 2), 1)
        assert self.listed(four) == [("orders", 0, [3, 4, 1, 2], [3, 4], [1, 2])]
        assert code_of(alter(four, (1, 2, 3))) == 0
        assert self.listed(four)
        assert code_of(alter(four, (1, 2, 3, 4))) == ErrorCode.NEW_LEADER_ELECTED
        partition = four.partition()
        assert (partition.replicas, partition.isr, partition.leader) == ((3, 4), (3, 4), 3)
        assert partition.leader_epoch == 1
        assert self.listed(four) == []

    def test_that_keeps_the_leader(self, four):
        self.reassign(four, [1, 3])
        answer = alter(four, (1, 2, 3)).topics[0].partitions[0]
        assert (answer.error_code, answer.isr, answer.leader_epoch) == (0, [1, 3], 1)

    def test_cancelled(self, four):
        self.reassign(four, [3, 4])
        alter(four, (1, 2, 3))
        assert self.reassign(four, None) == 0
        partition = four.partition()
        assert (partition.replicas, partition.isr, partition.leader) == ((1, 2), (1, 2), 1)
        assert self.reassign(four, None) == ErrorCode.NO_REASSIGNMENT_IN_PROGRESS

    def test_replaced_by_another(self, four):
        self.reassign(four, [3, 4])
        self.reassign(four, [1, 4])
        partition = four.partition()
        assert set(partition.replicas) == {1, 2, 3, 4}
        assert code_of(alter(four, (1, 2, 4))) == 0
        assert four.partition().replicas == (1, 4)

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            ({"replicas": [1, 9]}, ErrorCode.INVALID_REPLICA_ASSIGNMENT),
            ({"replicas": []}, ErrorCode.INVALID_REPLICA_ASSIGNMENT),
            ({"replicas": [1, 1]}, ErrorCode.INVALID_REPLICA_ASSIGNMENT),
            ({"replicas": [1], "topic": "none"}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
            ({"replicas": [1], "index": 3}, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
            (
                {"replicas": [1], "allow_replication_factor_change": False},
                ErrorCode.INVALID_REPLICATION_FACTOR,
            ),
        ],
    )
    def test_refusals(self, four, arguments, code):
        assert self.reassign(four, **arguments) == code

    def test_listed_by_name(self, four):
        self.reassign(four, [3, 4])
        wanted = [
            ListPartitionReassignmentsTopics(name="orders", partition_indexes=[0, 7]),
            ListPartitionReassignmentsTopics(name="none", partition_indexes=[0]),
        ]
        assert len(self.listed(four, topics=wanted)) == 1
        wanted = [ListPartitionReassignmentsTopics(name="orders", partition_indexes=[7])]
        assert self.listed(four, topics=wanted) == []
