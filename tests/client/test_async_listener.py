"""A listener with coroutine methods may await the library's own futures."""

from minikafka import MiniKafka, OffsetAndMetadata, TopicPartition
from minikafka.consumer import AsyncConsumerRebalanceListener


def test_a_listener_may_await_a_commit_that_is_pending():
    partition = TopicPartition("orders", 0)

    class Listener(AsyncConsumerRebalanceListener):
        committed = None

        async def on_partitions_revoked(self, revoked):
            if revoked:
                future = consumer.commit_async({partition: OffsetAndMetadata(1, "", -1)})
                assert not future.is_done
                await future
                self.committed = future.succeeded()

        async def on_partitions_assigned(self, assigned):
            pass

    with MiniKafka() as kafka:
        kafka.create_topic("orders")
        consumer = kafka.consumer(group_id="billing", enable_auto_commit=False)
        listener = Listener()
        consumer.subscribe(["orders"], listener=listener)
        consumer.poll(timeout_ms=100)
        consumer.close()
        assert listener.committed is True
        assert kafka.group("billing").committed == {partition: 1}
