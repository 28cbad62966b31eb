"""Random programs of operations, played on minikafka and on a real Kafka, and compared step by step."""
