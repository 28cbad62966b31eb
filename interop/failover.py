"""Brokers that are killed and restarted while a client produces, and what must be true afterwards."""

from __future__ import annotations

from interop.process import Process
from minikafka import MiniKafka

OPTIONS = {"brokers": 3, "broker_session_timeout_ms": 200}
"""Of a cluster that fails over soon."""


def kill_brokers_under(load: Process, kafka: MiniKafka, topic: str) -> None:
    """Kill the leader of the topic's partition twice while `load` produces; the first is back before the second dies.

    Every record that was acknowledged must be in the log, in order, and none twice.
    """

    def wait_for_more(what: str) -> None:
        before = len(load.told("acknowledged"))
        load.wait_for(lambda: len(load.told("acknowledged")) >= before + 20, what)

    def leader() -> int:
        return kafka.image.topics[topic].partitions[0].leader

    def in_sync() -> bool:
        return len(kafka.image.topics[topic].partitions[0].isr) == 3

    wait_for_more("it produces")
    for _ in range(2):
        down = leader()
        kafka.kill(down)
        wait_for_more("it goes on without a broker")
        kafka.start(down)
        load.wait_for(in_sync, "the broker is in sync again")
    wait_for_more("it goes on")
    load.end()
    acknowledged = load.told("acknowledged")
    assert acknowledged == [str(number) for number in range(len(acknowledged))]
    assert [(record.value or b"").decode() for record in kafka.records(topic)] == acknowledged
