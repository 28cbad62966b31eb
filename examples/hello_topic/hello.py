"""The hello-topic story: one message, one listener, no broker to install.

python examples/hello_topic/hello.py
"""

from minikafka import KafkaConsumer, KafkaProducer, MiniKafka


def main() -> list[str]:
    """Tell the story; what the listener heard."""
    with MiniKafka() as kafka:
        kafka.create_topic("hello-topic")
        print("created hello-topic")

        producer = KafkaProducer(bootstrap_servers=kafka.bootstrap_servers)
        sent = producer.send("hello-topic", key=b"hello-key", value=b"Hello, Kafka!").get(timeout=10)
        print(f"sent hello-key to {sent.topic}-{sent.partition} at offset {sent.offset}")

        listener = KafkaConsumer(
            "hello-topic",
            bootstrap_servers=kafka.bootstrap_servers,
            group_id="hello-group-id",
            auto_offset_reset="earliest",
            consumer_timeout_ms=1000,
        )
        heard = []
        for record in listener:
            heard.append(f"{record.key.decode()}: {record.value.decode()}")
            print(f"hello-group-id heard {heard[-1]}")
        listener.close()
        return heard


if __name__ == "__main__":
    main()
