"""The fixtures' face over a real Kafka: what `pytest --minikafka-bootstrap-servers` gives in place of `MiniKafka`.

An outer floor, like the drivers: it opens sockets, has a thread and reads the clock.
"""
