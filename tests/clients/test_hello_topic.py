"""The seed's story with `minikafka serve` and kcat: hello-topic is made, described, written and read."""

from __future__ import annotations

from typing import Any

import pytest
from interop.serve import serving


def test_hello_topic(programs: dict[str, Any]) -> None:
    if "kcat" not in programs:
        pytest.skip("kcat is not installed (Debian: apt-get install kcat)")
    kcat = programs["kcat"]
    with serving() as servers:
        kcat.run(servers, "-P", "-t", "hello-topic", "-k", "hello-key").end("hello\n")
        described = kcat.run(servers, "-L", "-t", "hello-topic", "-J")
        described.end()
        (topic,) = described.lines[0]["topics"]
        assert (topic["topic"], len(topic["partitions"])) == ("hello-topic", 1)
        reader = kcat.run(servers, "-C", "-t", "hello-topic", "-o", "beginning", "-c", "1", "-J")
        reader.end()
        (record,) = reader.lines
        assert (record["key"], record["payload"]) == ("hello-key", "hello")
