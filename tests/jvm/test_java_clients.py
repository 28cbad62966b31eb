"""Kafka's Java clients at their defaults (java/ClientLab.java): records, groups, brokers that die under load."""

from __future__ import annotations

import os

import pytest
from tests.jvm.processes import program
from tests.jvm.tool_shell import JVM_OPTIONS, logging_option
from tests.oracle.artifacts import OracleMissingError, class_path, java

from minikafka import MiniKafka


@pytest.fixture
def client_lab(classes, jars):
    """Starts our Java program on a cluster."""

    def start(kafka, mode, *arguments, libraries=jars):
        command = [java(), *JVM_OPTIONS, logging_option(classes), "-cp", f"{classes}{os.pathsep}{libraries}"]
        return program(*command, "ClientLab", mode, kafka.listening_on, *arguments)

    return start


@pytest.mark.parametrize("mode", ["roundtrip", "groups"])
def test_producers_consumers_and_groups(client_lab, mode):
    with MiniKafka(clock="system") as kafka:
        kafka.listen()
        with client_lab(kafka, mode) as lab:
            lab.wait_for("done")
        kafka.check_health()


@pytest.mark.parametrize("mode", ["roundtrip", "groups"])
def test_the_last_clients_of_kafka_3(client_lab, mode):
    try:
        libraries = class_path("3.9.1")
    except OracleMissingError as error:
        pytest.skip(str(error))
    with MiniKafka(clock="system") as kafka:
        kafka.listen()
        with client_lab(kafka, mode, libraries=libraries) as lab:
            lab.wait_for("done")
        kafka.check_health()


def test_nothing_acknowledged_is_lost_while_brokers_die(client_lab):
    with MiniKafka(3, clock="system", config={"min.insync.replicas": 2}) as kafka:
        kafka.listen()
        with client_lab(kafka, "load", "3000") as lab:
            for number, node_id in enumerate((1, 2, 3)):
                lab.wait_for(f"sent {300 + 800 * number}\n")
                kafka.kill(node_id)
                lab.wait_for(f"sent {600 + 800 * number}\n")
                kafka.start(node_id)
            assert lab.wait_for("acknowledged") == "acknowledged 3000 failed []\n"
            assert lab.wait_for("repeated") == "repeated 0\n"
            lab.wait_for("done")
        kafka.check_health()
