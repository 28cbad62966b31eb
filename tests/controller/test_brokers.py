import pytest

from minikafka.errors import BrokerIdNotRegisteredError, ErrorCode
from minikafka.image import NO_LEADER
from minikafka.messages.allocate_producer_ids import AllocateProducerIdsRequest
from minikafka.messages.elect_leaders import ElectLeadersRequest, TopicPartitions


def fenced(cluster):
    return [broker.node_id for broker in cluster.image.brokers.values() if broker.fenced]


class TestSessions:
    def test_a_lost_broker_is_fenced_when_its_session_ends(self, cluster):
        cluster = cluster()
        cluster.create("orders", assignments={0: (1, 2, 3)})
        cluster.controller.broker_lost(1)
        cluster.advance(8999)
        assert (fenced(cluster), cluster.partition().leader) == ([], 1)
        cluster.advance(1)
        partition = cluster.partition()
        assert fenced(cluster) == [1]
        assert (partition.leader, partition.isr, partition.leader_epoch) == (2, (2, 3), 1)

    def test_a_broker_that_comes_back_ends_its_old_session_at_once(self, cluster):
        cluster = cluster()
        cluster.create("orders", assignments={0: (1, 2, 3)})
        epoch = cluster.image.brokers[1].epoch
        cluster.controller.broker_lost(1)
        cluster.controller.broker_back(1)
        cluster.advance(20_000)
        assert fenced(cluster) == []
        assert cluster.image.brokers[1].epoch > epoch
        assert (cluster.partition().leader, cluster.partition().isr) == (2, (2, 3))

    def test_the_last_of_the_isr_leads_again_when_it_is_back(self, cluster):
        cluster = cluster()
        cluster.create("orders", assignments={0: (1, 2)})
        cluster.down(1)
        cluster.down(2)
        assert (cluster.partition().leader, cluster.partition().isr) == (NO_LEADER, (2,))
        cluster.up(1)
        assert cluster.partition().leader == NO_LEADER
        cluster.up(2)
        assert (cluster.partition().leader, cluster.partition().leader_epoch) == (2, 3)

    def test_unclean_election_where_it_is_allowed(self, cluster):
        cluster = cluster()
        cluster.create("orders", assignments={0: (1, 2)}, configs={"unclean.leader.election.enable": "true"})
        cluster.down(2)
        cluster.down(1)
        cluster.up(2)
        assert (cluster.partition().leader, cluster.partition().isr) == (2, (2,))

    def test_controlled_shutdown(self, cluster):
        cluster = cluster()
        cluster.create("orders", assignments={0: (1, 2, 3)})
        cluster.create("single", assignments={0: (1,)})
        promise = cluster.controller.controlled_shutdown(1)
        assert not promise.done()
        assert (cluster.partition().leader, cluster.partition().isr) == (2, (2, 3))
        assert (cluster.partition("single").leader, cluster.partition("single").isr) == (NO_LEADER, (1,))
        assert cluster.create("new", assignments={0: (1,)}).error_code == ErrorCode.INVALID_REPLICA_ASSIGNMENT
        cluster.settle()
        assert promise.done()
        assert fenced(cluster) == [1]
        cluster.down(1)
        cluster.up(1)
        assert cluster.partition("single").leader == 1

    def test_a_broker_that_has_shut_down_is_given_replicas(self, cluster):
        cluster = cluster()
        cluster.controller.controlled_shutdown(1)
        cluster.settle()
        cluster.down(1)
        assert cluster.create("wide", assignments={0: (1, 2, 3)}).error_code == ErrorCode.NONE
        assert (cluster.partition("wide").replicas, cluster.partition("wide").isr) == ((1, 2, 3), (2, 3))
        assert cluster.create("anywhere", replication_factor=3).error_code == ErrorCode.NONE

    def test_unknown_brokers(self, cluster):
        for method in ("broker_lost", "broker_back", "controlled_shutdown"):
            with pytest.raises(BrokerIdNotRegisteredError, match="9"):
                getattr(cluster().controller, method)(9)

    def test_the_controller_that_clients_are_told_is_alive(self, cluster):
        cluster = cluster()
        assert cluster.image.controller_id == 1
        cluster.down(1)
        assert cluster.image.controller_id == 2
        cluster.up(1)
        assert cluster.image.controller_id == 2
        cluster.down(1, 2, 3)
        assert cluster.image.controller_id == -1


class TestPublishing:
    def test_every_broker_gets_the_newest_image(self, cluster):
        cluster = cluster()
        assert [len(images) for images in cluster.images.values()] == [1, 1, 1]
        cluster.create("orders")
        assert all(images[-1] is cluster.image for images in cluster.images.values())

    def test_changes_of_one_action_travel_together(self, cluster):
        cluster = cluster()
        before = len(cluster.images[1])
        for name in "abc":
            from minikafka.messages.create_topics import CreatableTopic, CreateTopicsRequest

            topic = CreatableTopic(name=name, num_partitions=1, replication_factor=1)
            cluster.controller.handle(CreateTopicsRequest(topics=[topic]), None)
        cluster.settle()
        assert len(cluster.images[1]) == before + 1

    @pytest.mark.parametrize("fault", ["drop", "lose_reply", "disconnect"])
    def test_is_repeated_until_acknowledged(self, cluster, fault):
        cluster = cluster()
        getattr(cluster.faults, fault)(destination=2, times=3)
        cluster.create("one")
        cluster.create("two")
        cluster.advance(20_000)
        assert cluster.images[2][-1] is cluster.image
        assert cluster.scheduler.next_deadline_ms() is None

    def test_an_error_in_the_brokers_place(self, cluster):
        cluster = cluster()
        cluster.faults.answer(ErrorCode.UNKNOWN_SERVER_ERROR, destination=2)
        cluster.create("one")
        cluster.advance(1000)
        assert cluster.images[2][-1] is cluster.image

    def test_a_mended_link_is_used_at_once(self, cluster):
        cluster = cluster()
        cluster.faults.cut("controller", 2)
        cluster.create("one")
        cluster.advance(60_000)
        assert "one" not in cluster.images[2][-1].topics
        cluster.faults.heal()
        cluster.controller.links_changed()
        cluster.settle()
        assert cluster.images[2][-1] is cluster.image

    def test_nothing_is_sent_to_a_broker_that_is_gone(self, cluster):
        cluster = cluster()
        cluster.down(2)
        cluster.advance(10**9)
        before = cluster.network.requests
        cluster.create("one")
        cluster.advance(10**9)
        assert cluster.network.requests == before + 2

    def test_images_never_change(self, cluster):
        cluster = cluster()
        cluster.create("orders", assignments={0: (1, 2)})
        image, topic = cluster.image, cluster.image.topics["orders"]
        cluster.create("other")
        assert cluster.image.topics["orders"] is topic
        cluster.down(1)
        assert image.topics["orders"] is topic
        assert topic.partitions[0].leader == 1
        assert not image.brokers[1].fenced
        assert cluster.image.version > image.version


class TestBalance:
    def test_preferred_leaders_come_back_after_five_minutes(self, cluster):
        cluster = cluster()
        cluster.create("orders", assignments={0: (1, 2)})
        cluster.down(1)
        cluster.up(1)
        cluster.settle()
        alter(cluster, 2, (2, 1))
        cluster.advance(299_999)
        assert cluster.partition().leader == 2
        cluster.advance(1)
        assert (cluster.partition().leader, cluster.partition().leader_epoch) == (1, 2)
        assert cluster.scheduler.next_deadline_ms() is None

    def test_only_if_it_is_enabled(self, cluster):
        cluster = cluster(auto_leader_rebalance_enable=False)
        cluster.create("orders", assignments={0: (1, 2)})
        cluster.down(1)
        cluster.up(1)
        alter(cluster, 2, (2, 1))
        cluster.advance(10**6)
        assert cluster.partition().leader == 2


def alter(cluster, leader, isr):
    from minikafka.messages.alter_partition import (
        AlterPartitionRequest,
        BrokerState,
        PartitionData,
        TopicData,
    )

    topic = cluster.image.topics["orders"]
    partition = topic.partitions[0]
    data = PartitionData(
        partition_index=0,
        leader_epoch=partition.leader_epoch,
        partition_epoch=partition.partition_epoch,
        new_isr_with_epochs=[BrokerState(broker_id=each) for each in isr],
    )
    request = AlterPartitionRequest(
        broker_id=leader,
        broker_epoch=cluster.image.brokers[leader].epoch,
        topics=[TopicData(topic_id=topic.topic_id, partitions=[data])],
    )
    assert cluster.ask(request).topics[0].partitions[0].error_code == 0


class TestElectLeaders:
    def elect(self, cluster, kind, *topics):
        wanted = [TopicPartitions(topic=name, partitions=[index]) for name, index in topics] or None
        response = cluster.ask(ElectLeadersRequest(election_type=kind, topic_partitions=wanted))
        return [
            (topic.topic, each.partition_id, each.error_code)
            for topic in response.replica_election_results
            for each in topic.partition_result
        ]

    def test_preferred(self, cluster):
        cluster = cluster()
        cluster.create("orders", assignments={0: (1, 2), 1: (2, 1), 2: (1, 3)})
        cluster.down(1)
        cluster.up(1)
        alter(cluster, 2, (2, 1))
        assert self.elect(
            cluster, 0, ("orders", 0), ("orders", 1), ("orders", 2), ("orders", 9), ("none", 0)
        ) == [
            ("orders", 0, 0),
            ("orders", 1, ErrorCode.ELECTION_NOT_NEEDED),
            ("orders", 2, ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE),
            ("orders", 9, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
            ("none", 0, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        ]
        assert cluster.partition().leader == 1

    def test_unclean(self, cluster):
        cluster = cluster()
        cluster.create("orders", assignments={0: (1, 2), 1: (2, 3)})
        cluster.create("single", assignments={0: (1,)})
        cluster.down(2)
        cluster.down(1)
        cluster.up(2)
        assert self.elect(cluster, 1, ("orders", 0), ("orders", 1), ("single", 0)) == [
            ("orders", 0, 0),
            ("orders", 1, ErrorCode.ELECTION_NOT_NEEDED),
            ("single", 0, ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE),
        ]
        assert (cluster.partition().leader, cluster.partition().isr) == (2, (2,))

    def test_of_every_partition_tells_of_those_that_needed_one(self, cluster):
        cluster = cluster()
        cluster.create("orders", assignments={0: (1, 2), 1: (3, 2)})
        cluster.down(1)
        assert self.elect(cluster, 0) == [("orders", 0, ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE)]

    def test_unknown_type(self, cluster):
        response = cluster().ask(ElectLeadersRequest(election_type=7, topic_partitions=[]))
        assert response.error_code == ErrorCode.INVALID_REQUEST


class TestProducerIds:
    def test_blocks_are_given_once(self, cluster):
        cluster = cluster()
        epoch = cluster.image.brokers[2].epoch
        request = AllocateProducerIdsRequest(broker_id=2, broker_epoch=epoch)
        blocks = [cluster.ask(request) for _ in range(3)]
        assert [(each.producer_id_start, each.producer_id_len) for each in blocks] == [
            (0, 1000),
            (1000, 1000),
            (2000, 1000),
        ]

    def test_only_to_the_registered_process(self, cluster):
        response = cluster().ask(AllocateProducerIdsRequest(broker_id=2, broker_epoch=99))
        assert response.error_code == ErrorCode.STALE_BROKER_EPOCH
