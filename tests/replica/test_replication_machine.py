"""Three replicas under random failures: what was acknowledged stays, and replicas agree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

NODES = (1, 2, 3)

OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("produce"), st.sampled_from(NODES), st.sampled_from((-1, -1, -1, 1))),
        st.tuples(st.just("produce to leader")),
        st.tuples(st.just("kill"), st.sampled_from(NODES)),
        st.tuples(st.just("stop"), st.sampled_from(NODES)),
        st.tuples(st.just("start"), st.sampled_from(NODES)),
        st.tuples(st.just("cut"), st.sampled_from(NODES), st.sampled_from((*NODES, "controller"))),
        st.tuples(st.just("heal")),
        st.tuples(
            st.just("fault"),
            st.sampled_from(("drop", "lose_reply", "duplicate", "disconnect", "delay")),
            st.sampled_from(("Fetch", "AlterPartition", "MetadataUpdate", "ListOffsets")),
            st.sampled_from(NODES),
        ),
        st.tuples(st.just("step"), st.integers(1, 20)),
        st.tuples(st.just("advance"), st.sampled_from((1, 100, 600, 5_000, 16_000, 40_000))),
        st.tuples(st.just("delete")),
    ),
    max_size=40,
)


class Run:
    def __init__(self, world, seed, tp, **options):
        self.world = world(seed=seed, **options)
        self.world.create()
        self.tp = tp
        self.count = 0
        self.sent = {}
        self.deleted_to = 0

    def produce(self, node_id, acks=-1):
        if node_id in self.world.brokers and self.tp in self.world.manager(node_id).partitions:
            value = b"%d" % self.count
            self.count += 1
            self.sent[value] = (
                acks,
                self.world.produce(value, acks=acks, node_id=node_id, timeout_ms=60_000),
            )

    def produce_to_leader(self):
        self.produce(self.world.image.leader)

    def kill(self, node_id):
        if node_id in self.world.brokers:
            self.world.kill(node_id)

    def stop(self, node_id):
        """The broker may be cut off; it does not wait for ever."""
        if node_id in self.world.brokers:
            self.world.controller.controlled_shutdown(node_id)
            self.world.advance(3000)
            self.world.kill(node_id)

    def start(self, node_id):
        if node_id not in self.world.brokers:
            self.world.start(node_id)

    def cut(self, one, other):
        if one != other:
            self.world.faults.cut(one, other)

    def heal(self):
        self.world.faults.heal()

    def fault(self, kind, api, source):
        add = getattr(self.world.faults, kind)
        when = {"when": lambda envelope: envelope.api_name == api, "times": 2}
        if kind == "delay":
            add((0, 3000), **when)
        else:
            add(source=None if api == "MetadataUpdate" else source, **when)

    def step(self, steps):
        for _ in range(steps):
            self.world.scheduler.step()

    def advance(self, ms):
        self.world.advance(ms)

    def delete(self):
        leader = self.world.image.leader
        if leader in self.world.brokers and self.tp in self.world.manager(leader).partitions:
            partition = self.world.partition(leader)
            if partition.is_leader:
                self.world.manager(leader).delete_records({self.tp: -1}, 1000)

    def recover(self):
        self.world.faults.heal()
        for node_id in NODES:
            self.start(node_id)
        self.world.advance(120_000)

    def check_end(self):
        world = self.world
        assert sorted(world.image.isr) == list(NODES), world.image.isr
        world.check()
        logs = [world.log(node_id) for node_id in NODES]
        assert len({log.log_end_offset for log in logs}) == 1
        assert len({log.high_watermark for log in logs}) == 1
        after = world.produce(b"after", timeout_ms=60_000)
        world.advance(60_000)  # the answer to a fetch that has been parked since may be fated to be lost
        assert after.acknowledged


@settings(max_examples=80)
@given(OPERATIONS, st.integers(0, 3))
def test_nothing_acknowledged_is_lost_by_clean_elections(world, tp, operations, seed):
    run = Run(world, seed, tp)
    for name, *arguments in operations:
        getattr(run, name.replace(" ", "_"))(*arguments)
        run.world.check()
    run.recover()
    run.check_end()
    log = run.world.log(1)
    kept = set(run.world.values(1))
    for value, (acks, produced) in run.sent.items():
        if acks == -1 and produced.acknowledged and produced.result.base_offset >= log.log_start_offset:
            assert value in kept, (value, produced.result)


@settings(max_examples=40)
@given(OPERATIONS, st.integers(0, 3))
def test_unclean_elections_lose_records_but_no_agreement(world, tp, operations, seed):
    run = Run(world, seed, tp, unclean_leader_election_enable=True)
    for name, *arguments in operations:
        getattr(run, name.replace(" ", "_"))(*arguments)
        run.world.settle()
    run.recover()
    run.check_end()


def trace(world, operations):
    run = Run(world, 5, None)
    seen = []
    run.world.network.observers.append(
        lambda kind, exchange, _: seen.append(
            (kind, exchange.source, exchange.destination, exchange.message.api_name)
        )
    )
    for _ in range(operations):
        run.world.produce(b"v")
        run.world.settle()
    run.world.fence(2)
    run.world.start(2)
    run.world.advance(1000)
    return seen


@pytest.mark.parametrize("operations", [0, 5])
def test_the_same_seed_gives_the_same_trace(world, operations):
    assert trace(world, operations) == trace(world, operations)
