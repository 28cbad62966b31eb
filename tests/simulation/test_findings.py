"""What the simulation has found, as it was shrunk; each must come to rest."""

import pytest

from minikafka.testing.simulation import Simulation

FINDINGS = {
    "a follower that catches up while another ISR change is asked for": (
        {"brokers": 3},
        [("kill", 2), ("stop", 1), ("start", 1), ("start", 2), ("advance", 60_000)],
    ),
    "followers of a broker that was down when they asked": (
        {"brokers": 3},
        [("stop", 1), ("stop", 2), ("stop", 3), ("start", 1), ("start", 2), ("start", 3)],
    ),
    "followers that fetch before the leader knows of the topic": (
        {"brokers": 3, "assignor": "sticky", "seed": 3, "min_isr": 2},
        [("add_consumer",), ("cut", 2, 2), ("start_poll", 0), ("step", 40)],
    ),
    "a coordinator that is dead and not known to be": (
        {"brokers": 3},
        [("add_consumer",), ("start_poll", 0), ("advance", 3000), ("kill", 1), ("kill", 2), ("start_poll", 0)]
        + [("advance", 500), ("start_poll", 0)] * 5,
    ),
    "a member that dies in a rebalance": (
        {"brokers": 2, "partitions": 2, "seed": 2},
        [
            ("add_consumer",),
            ("add_consumer",),
            ("start_poll", 1),
            ("advance", 12_000),
            ("crash_consumer", 1),
            ("start_poll", 0),
            ("advance", 4_000),
            ("crash_consumer", 0),
        ],
    ),
    "joins that are lost": (
        {"brokers": 3, "assignor": "cooperative-sticky", "min_isr": 2},
        [
            ("add_consumer",),
            ("add_consumer",),
            ("add_fault", "drop", "JoinGroup", 2, 1),
            ("start_poll", 0),
            ("advance", 4_000),
            ("start_close", 1),
        ],
    ),
}


@pytest.mark.parametrize("finding", FINDINGS)
def test_it_comes_to_rest(finding):
    options, operations = FINDINGS[finding]
    world = Simulation(**{"partitions": 1, "assignor": "range", "min_isr": 1, "seed": 0, **options})
    try:
        world.send(0)
        for name, *args in operations:
            getattr(world, name)(*args)
            world.check()
        world.check_liveness()
    finally:
        world.close()
