import pytest

from minikafka.client.network_client import NetworkClient
from minikafka.errors import (
    ERRORS,
    ErrorCode,
    InvalidTopicError,
    KafkaConnectionError,
    KafkaTimeoutError,
    NodeNotReadyError,
    TopicAuthorizationFailedError,
)
from minikafka.messages.metadata import MetadataRequest
from minikafka.structs import BrokerMetadata, TopicPartition


@pytest.fixture
def client(cluster):
    return make_client(cluster)


def make_client(cluster, **options):
    made = NetworkClient(cluster.endpoint, "consumer", options, ERRORS)
    cluster.driver.run(made.bootstrap(30000))
    return made


def ensure(cluster, client, *topics, timeout_ms=1000):
    cluster.driver.run(client.ensure_topics(topics, timeout_ms))


def test_bootstrap_knows_the_brokers_and_no_topic(cluster, client):
    assert client.address == "consumer-1"
    assert client.client_id == "kafka-python-consumer-1"
    assert client.metadata.brokers() == [BrokerMetadata(1, "fake", 9001)]
    assert client.metadata.broker_metadata(1).host == "fake"
    assert client.metadata.controller.nodeId == 1
    assert client.metadata.cluster_id == "fake"
    assert client.metadata.topics() == set()
    assert client.bootstrap_connected()
    assert str(client.metadata) == "ClusterMetadata(brokers: 1, topics: 0)"


def test_bootstrap_gives_up(cluster):
    cluster.network.unbind("broker-1")
    client = NetworkClient(cluster.endpoint, "admin", {}, ERRORS)
    start = cluster.scheduler.now_ms
    with pytest.raises(KafkaTimeoutError, match="1000 ms"):
        cluster.driver.run(client.bootstrap(1000))
    assert cluster.scheduler.now_ms - start == 1000
    assert not client.bootstrap_connected()


def test_bootstrap_tries_until_a_broker_answers(cluster):
    cluster.faults.drop("Metadata", times=1)
    client = make_client(cluster, request_timeout_ms=500)
    assert client.bootstrapped


def test_topics_are_described_on_demand_without_waiting(cluster, client):
    start = cluster.scheduler.now_ms
    ensure(cluster, client, "t")
    metadata = client.metadata
    assert cluster.scheduler.now_ms == start
    assert metadata.partitions_for_topic("t") == {0, 1, 2}
    assert metadata.available_partitions_for_topic("t") == {0, 1, 2}
    assert metadata.leader_for_partition(TopicPartition("t", 1)) == 1
    assert metadata.leader_epoch_for_partition(TopicPartition("t", 1)) == 0
    assert metadata.leader_for_partition(TopicPartition("t", 9)) is None
    assert metadata.leader_epoch_for_partition(TopicPartition("u", 0)) is None
    assert metadata.partitions_for_topic("u") is None
    assert metadata.available_partitions_for_topic("u") is None
    assert metadata.topic_name_for_id(metadata.topic_id("t")) == "t"
    assert metadata.partitions_for_broker(1) == {TopicPartition("t", p) for p in range(3)}
    assert metadata.is_replica_node(TopicPartition("t", 0), 1).nodeId == 1
    assert metadata.is_replica_node(TopicPartition("t", 0), 2) is None
    assert metadata.topics() == {"t"}


def test_an_unknown_topic_is_asked_for_again_after_the_backoff(cluster, client):
    cluster.scheduler.call_later(250, cluster.topic, "late")
    start = cluster.scheduler.now_ms
    ensure(cluster, client, "late")
    assert cluster.scheduler.now_ms - start == 300
    with pytest.raises(KafkaTimeoutError, match=r"'never'.*UNKNOWN_TOPIC_OR_PARTITION"):
        ensure(cluster, client, "never")


def test_a_client_that_is_closed_waits_for_topics_no_longer(cluster, client, monkeypatch):
    """It would ask for ever, and let nobody else have the lock."""
    ask = client.request_metadata_update

    def ask_while_open():
        assert not client.closed
        return ask()

    monkeypatch.setattr(client, "request_metadata_update", ask_while_open)
    cluster.scheduler.call_later(250, client.close)
    with pytest.raises(KafkaConnectionError, match="is closed"):
        ensure(cluster, client, "never")


def test_errors_that_do_not_pass_are_raised(cluster, client):
    cluster.topic_errors.update(
        secret=ErrorCode.TOPIC_AUTHORIZATION_FAILED, bad=ErrorCode.INVALID_TOPIC_EXCEPTION
    )
    with pytest.raises(TopicAuthorizationFailedError):
        ensure(cluster, client, "secret")
    assert client.metadata.unauthorized_topics == {"secret"}
    with pytest.raises(InvalidTopicError):
        ensure(cluster, client, "bad")
    assert client.metadata.tracked_topics == ["secret"]


def test_refreshes_are_shared_and_newer_questions_get_newer_answers(cluster, client):
    client.metadata.add_topic("t")
    first = client.request_metadata_update()
    assert client.request_metadata_update() is first
    cluster.topic("u")
    client.metadata.add_topic("u")
    second = client.request_metadata_update()
    assert second is not first
    assert client.request_metadata_update() is second
    cluster.driver.wait(second)
    assert first.done()
    assert client.metadata.topics() == {"t", "u"}
    assert len(cluster.requests) == 3


def test_metadata_grows_old(cluster):
    client = make_client(cluster, metadata_max_age_ms=1000)
    before = len(cluster.requests)
    cluster.driver.advance(3500)
    assert len(cluster.requests) - before == 3
    client.close()
    cluster.driver.advance(3500)
    assert len(cluster.requests) - before == 3


def test_all_topics(cluster, client):
    client.metadata.need_all_topic_metadata = True
    cluster.driver.wait(client.request_metadata_update())
    assert client.metadata.topics() == {"t"}
    assert cluster.requests[-1][1].topics is None


def test_set_topics_and_listeners(cluster, client):
    seen = []
    listener = seen.append
    client.metadata.add_listener(listener)
    assert client.metadata.set_topics(["t"])
    assert not client.metadata.set_topics(["t"])
    cluster.driver.wait(client.request_metadata_update())
    client.metadata.remove_listener(listener)
    client.metadata.remove_listener(listener)
    cluster.driver.wait(client.request_metadata_update())
    assert seen == [client.metadata]


def test_leader_hints_count_only_when_newer(cluster, client):
    ensure(cluster, client, "t")
    tp = TopicPartition("t", 0)
    assert client.metadata.update_leader(tp, 2, 5)
    assert client.metadata.leader_for_partition(tp) == 2
    assert not client.metadata.update_leader(tp, 1, 5)
    assert not client.metadata.update_leader(TopicPartition("x", 0), 1, 9)
    # A broker that lags behind does not turn the clock back (KIP-320).
    cluster.driver.wait(client.request_metadata_update())
    assert client.metadata.leader_for_partition(tp) == 2


def test_a_topic_made_anew_starts_its_epochs_over(cluster, client, monkeypatch):
    ensure(cluster, client, "t")
    client.metadata.update_leader(TopicPartition("t", 0), 2, 5)
    describe = cluster.describe

    def renamed(name):
        topic = describe(name)
        topic.topic_id = b"2" * 16
        return topic

    monkeypatch.setattr(cluster, "describe", renamed)
    cluster.driver.wait(client.request_metadata_update())
    assert client.metadata.leader_epoch_for_partition(TopicPartition("t", 0)) == 0


def test_send_fails_and_backs_off(fake):
    cluster = fake(2)
    client = make_client(cluster)
    cluster.network.unbind("broker-1")
    promise = client.send(1, MetadataRequest(topics=[]))
    assert client.in_flight_request_count(1) == client.in_flight_request_count() == 1
    with pytest.raises(KafkaConnectionError):
        cluster.driver.run(_await(promise))
    assert client.in_flight_request_count(1) == 0
    assert 40 <= client.connection_delay_ms(1) <= 60
    assert all(client.least_loaded_node() == 2 for _ in range(5))
    assert not client.connect(1)
    assert 80 <= client.connection_delay_ms(1) <= 120
    cluster.network.bind("broker-1", lambda r, c: cluster.handle(1, r))
    cluster.driver.run(_await(client.send(1, MetadataRequest(topics=[]))))
    assert client.connection_delay_ms(1) == 0
    assert {client.least_loaded_node() for _ in range(4)} == {1, 2}


def test_requests_time_out(cluster, client):
    cluster.faults.drop("Metadata", times=2)
    start = cluster.scheduler.now_ms
    with pytest.raises(KafkaTimeoutError):
        cluster.driver.run(_await(client.send(1, MetadataRequest(topics=[]))))
    assert cluster.scheduler.now_ms - start == 30000
    with pytest.raises(KafkaTimeoutError):
        cluster.driver.run(_await(client.send(1, MetadataRequest(topics=[]), timeout_ms=5)))


def test_a_refresh_that_fails_is_tried_again(cluster, client):
    client.metadata.add_topic("t")
    cluster.faults.disconnect("Metadata", times=1)
    promise = client.request_metadata_update()
    with pytest.raises(KafkaConnectionError):
        cluster.driver.run(_await(promise))
    cluster.driver.advance(1000)
    assert client.metadata.topics() == {"t"}


def test_closed(cluster, client):
    cluster.faults.drop("Metadata")
    pending = client.send(1, MetadataRequest(topics=[]))
    client.metadata.add_topic("t")
    wanted = client.request_metadata_update()
    client.close()
    client.close()
    for promise in (
        pending,
        wanted,
        client.send(1, MetadataRequest(topics=[])),
        client.request_metadata_update(),
    ):
        with pytest.raises(KafkaConnectionError):
            cluster.driver.run(_await(promise))


def test_no_broker_known(cluster):
    client = NetworkClient(cluster.endpoint, "admin", {}, ERRORS)
    with pytest.raises(NodeNotReadyError):
        client.least_loaded_node()
    with pytest.raises(NodeNotReadyError):
        cluster.driver.run(_await(client.request_metadata_update()))


async def _await(promise):
    return await promise
