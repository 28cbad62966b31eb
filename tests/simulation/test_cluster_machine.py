"""The whole cluster under random operations, faults and interleavings.

Rules start operations and do not wait for them; what happens in between is whatever steps the scheduler runs.
Hypothesis draws all chance, so that a failure shrinks to the few operations that matter.
"""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from minikafka.testing.simulation import FAULTS, FAULTY_APIS, Simulation

BROKERS = 3


class ClusterMachine(RuleBasedStateMachine):
    """Drives one `Simulation`."""

    def __init__(self):
        super().__init__()
        self.world = None

    @initialize(
        brokers=st.integers(1, BROKERS),
        partitions=st.integers(1, 2),
        assignor=st.sampled_from(["range", "roundrobin", "sticky", "cooperative-sticky"]),
        seed=st.integers(0, 3),
    )
    def start(self, brokers, partitions, assignor, seed):
        self.world = Simulation(brokers=brokers, partitions=partitions, assignor=assignor, seed=seed)

    # Clients

    @rule(partition=st.integers(0, 1), count=st.integers(1, 3))
    def send(self, partition, count):
        for _ in range(count):
            self.world.send(partition)

    @rule()
    @precondition(lambda self: len(self.world.consumers) < 3)
    def add_consumer(self):
        self.world.add_consumer()

    @rule(which=st.integers(0, 2))
    def poll(self, which):
        self.world.start_poll(which)

    @rule(which=st.integers(0, 2))
    def commit(self, which):
        self.world.start_commit(which)

    @rule(which=st.integers(0, 2))
    def crash_consumer(self, which):
        self.world.crash_consumer(which)

    @rule(which=st.integers(0, 2))
    def close_consumer(self, which):
        self.world.start_close(which)

    # Brokers

    @rule(node_id=st.integers(1, BROKERS))
    def kill(self, node_id):
        self.world.kill(node_id)

    @rule(node_id=st.integers(1, BROKERS))
    def start_broker(self, node_id):
        self.world.start(node_id)

    @rule(node_id=st.integers(1, BROKERS))
    def stop(self, node_id):
        self.world.stop(node_id)

    # Faults

    @rule(
        fault=st.sampled_from(sorted(FAULTS)),
        api=st.sampled_from(FAULTY_APIS),
        times=st.integers(1, 3),
        skip=st.integers(0, 2),
    )
    def fault(self, fault, api, times, skip):
        self.world.add_fault(fault, api, times, skip)

    @rule(one=st.integers(1, BROKERS), other=st.integers(1, BROKERS))
    def cut(self, one, other):
        self.world.cut(one, other)

    @rule()
    def heal(self):
        self.world.kafka.faults.heal()

    # Time

    @rule(steps=st.integers(1, 30))
    def run_some_steps(self, steps):
        self.world.step(steps)

    @rule()
    def run_all_that_is_ready(self):
        self.world.settle()

    @rule(ms=st.sampled_from([1, 50, 500, 3_000, 10_000, 50_000]))
    def let_time_pass(self, ms):
        self.world.advance(ms)

    @invariant()
    def holds(self):
        if self.world is not None:
            self.world.check()

    def teardown(self):
        if self.world is not None:
            try:
                self.world.check_liveness()
            finally:
                self.world.close()


# The profile in force, from conftest.py: `HYPOTHESIS_PROFILE=long` runs for much longer.
ClusterMachine.TestCase.settings = settings(suppress_health_check=list(HealthCheck))
TestClusterMachine = ClusterMachine.TestCase
