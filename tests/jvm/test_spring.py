"""An ordinary Spring Boot application (spring/) sends by KafkaTemplate, and its @KafkaListener hears it."""

from __future__ import annotations

import re
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest
from kafka import KafkaConsumer
from tests.jvm.processes import program, serving
from tests.oracle.artifacts import java

APPLICATION = Path(__file__).with_name("spring")
JAR = APPLICATION / "target" / "hello-kafka.jar"


@pytest.fixture(scope="session")
def jar(jars):
    """The application, built by Maven."""
    maven = shutil.which("mvn")
    if maven is None:
        pytest.skip("no Maven on this machine: it builds the Spring Boot application")
    run = subprocess.run(
        [maven, "--batch-mode", "--quiet", f"--file={APPLICATION / 'pom.xml'}", "package"],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if "Could not resolve" in run.stdout or "Could not transfer" in run.stdout:
        pytest.skip(f"Spring Boot does not resolve: {run.stdout.splitlines()[0]}")
    assert run.returncode == 0, run.stdout
    return JAR


def post(url, message):
    request = urllib.request.Request(
        url, data=message.encode(), headers={"Content-Type": "text/plain"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


def test_what_is_posted_is_sent_heard_and_in_the_log(jar):
    with (
        serving() as bootstrap,
        program(
            java(),
            "-XX:TieredStopAtLevel=1",
            "-jar",
            str(jar),
            "--server.port=0",
            f"--spring.kafka.bootstrap-servers={bootstrap}",
        ) as application,
    ):
        started = application.wait_for("Tomcat started on port")
        port = re.search(r"port (\d+)", started)[1]
        application.wait_for("partitions assigned")
        partition, offset = post(f"http://127.0.0.1:{port}/hello", "hello, Kafka").split(":")
        heard = application.wait_for("received ")
        assert f"received hello-key=hello, Kafka at {partition}:{offset}" in heard
        consumer = KafkaConsumer(
            "hello-topic",
            bootstrap_servers=bootstrap,
            auto_offset_reset="earliest",
            consumer_timeout_ms=20_000,
        )
        record = next(consumer)
        consumer.close()
        assert (record.key, record.value) == (b"hello-key", b"hello, Kafka")
        assert (record.partition, record.offset) == (int(partition), int(offset))
        assert not [line for line in application.lines if " WARN " in line or " ERROR " in line]
