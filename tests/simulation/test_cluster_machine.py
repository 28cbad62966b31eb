"""The whole cluster under random operations, faults and interleavings.

Rules start operations and do not wait for them; what happens in between is whatever steps the scheduler runs.
Hypothesis draws all chance, so that a failure shrinks to the few operations that matter.
"""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from minikafka.testing.simulation import CONSUMER_APIS, FAULTS, Simulation

BROKERS = 3

PROGRESS = st.sampled_from(
    [("step", 1), ("step", 7), ("step", 40), ("settle",), ("advance", 1)]
) | st.sampled_from(
    [("advance", 60), ("advance", 600), ("advance", 4_000), ("advance", 12_000), ("advance", 60_000)]
)
"""How the world goes on after an operation was started: so many actions, all that are ready, or so many ms."""


class ClusterMachine(RuleBasedStateMachine):
    """Drives one `Simulation`."""

    def __init__(self):
        super().__init__()
        self.world = None

    @initialize(
        brokers=st.integers(1, BROKERS),
        partitions=st.integers(1, 2),
        consumers=st.integers(0, 2),
        assignor=st.sampled_from(["range", "roundrobin", "sticky", "cooperative-sticky"]),
        min_isr=st.integers(1, 2),
        seed=st.integers(0, 3),
    )
    def start(self, brokers, partitions, consumers, assignor, min_isr, seed):
        self.world = Simulation(
            brokers=brokers,
            partitions=partitions,
            assignor=assignor,
            min_isr=min(min_isr, brokers),
            seed=seed,
        )
        for _ in range(consumers):
            self.world.add_consumer()

    def go_on(self, progress):
        name, *args = progress
        getattr(self.world, name)(*args)

    # Clients

    @rule(partition=st.integers(0, 1), count=st.integers(1, 3), then=PROGRESS)
    def send(self, partition, count, then):
        for _ in range(count):
            self.world.send(partition)
        self.go_on(then)

    @rule(which=st.integers(0, 2), then=PROGRESS)
    def poll(self, which, then):
        self.world.start_poll(which)
        self.go_on(then)

    @rule(then=PROGRESS)
    def poll_all(self, then):
        for which in range(len(self.world.consumers)):
            self.world.start_poll(which)
        self.go_on(then)

    @rule(which=st.integers(0, 2), then=PROGRESS)
    def commit(self, which, then):
        self.world.start_commit(which)
        self.go_on(then)

    @rule(then=PROGRESS)
    def add_consumer(self, then):
        if len(self.world.consumers) < 3:
            self.world.add_consumer()
        self.go_on(then)

    @rule(which=st.integers(0, 2), how=st.sampled_from(["crash_consumer", "start_close"]), then=PROGRESS)
    def end_consumer(self, which, how, then):
        getattr(self.world, how)(which)
        self.go_on(then)

    # Brokers and faults

    @rule(
        node_id=st.integers(1, BROKERS),
        what=st.sampled_from(["kill", "start", "start", "stop"]),
        then=PROGRESS,
    )
    def broker(self, node_id, what, then):
        getattr(self.world, what)(node_id)
        self.go_on(then)

    @rule(
        fault=st.sampled_from(sorted(FAULTS)),
        times=st.integers(1, 3),
        skip=st.integers(0, 2),
        partition=st.integers(0, 1),
        then=PROGRESS,
    )
    def trouble_for_a_producer(self, fault, times, skip, partition, then):
        self.world.add_fault(fault, "Produce", times, skip)
        for _ in range(2):
            self.world.send(partition)
            self.world.step(3)
        self.go_on(then)

    @rule(
        fault=st.sampled_from(sorted(FAULTS)),
        api=st.sampled_from(CONSUMER_APIS),
        times=st.integers(1, 3),
        skip=st.integers(0, 2),
        which=st.integers(0, 2),
        then=PROGRESS,
    )
    def trouble_for_a_consumer(self, fault, api, times, skip, which, then):
        self.world.add_fault(fault, api, times, skip)
        if api == "OffsetCommit":
            self.world.start_commit(which)
        elif api == "LeaveGroup":
            self.world.start_close(which)
        else:
            self.world.start_poll(which)
        self.go_on(then)

    @rule(
        fault=st.sampled_from(sorted(FAULTS)),
        api=st.sampled_from(["Fetch", "AlterPartition", "MetadataUpdate", "OffsetForLeaderEpoch"]),
        times=st.integers(1, 3),
        skip=st.integers(0, 4),
        node_id=st.integers(1, BROKERS),
        then=PROGRESS,
    )
    def trouble_for_a_broker(self, fault, api, times, skip, node_id, then):
        self.world.add_fault(fault, api, times, skip)
        self.world.send(0)
        if api != "Fetch":
            self.world.kill(node_id)
            self.world.start(node_id)
        self.go_on(then)

    @rule(one=st.integers(1, BROKERS), other=st.integers(1, BROKERS), then=PROGRESS)
    def cut(self, one, other, then):
        self.world.cut(one, other)
        self.go_on(then)

    @rule(then=PROGRESS)
    def heal(self, then):
        self.world.kafka.faults.heal()
        self.go_on(then)

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
ClusterMachine.TestCase.settings = settings(
    max_examples=4 * settings().max_examples, suppress_health_check=list(HealthCheck)
)
TestClusterMachine = ClusterMachine.TestCase
