"""What a real cluster cannot do for a test, and why: the reasons with which a test is skipped."""

from __future__ import annotations

_TIME = "a real cluster's time cannot be moved"
_INSIDE = "a real cluster's insides cannot be seen"
_LIVES = "a test cannot kill, stop or start the brokers of a cluster that it shares"

REASONS = {
    "advance": _TIME,
    "scheduler": _TIME,
    "driver": _TIME,
    "faults": "messages of a real cluster cannot be dropped, delayed or duplicated by plan",
    "crash": "a kafka-python client cannot die without its last requests",
    "kill": _LIVES,
    "stop": _LIVES,
    "start": _LIVES,
    "seed": "a real cluster draws from no seed",
    "brokers": _INSIDE,
    "config": _INSIDE,
    "controller": _INSIDE,
    "endpoint": _INSIDE,
    "group_shards": _INSIDE,
    "image": _INSIDE,
    "logs": _INSIDE,
    "network": _INSIDE,
}
"""Every public attribute of `MiniKafka` that `RealCluster` does not have."""
