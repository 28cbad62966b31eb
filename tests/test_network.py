from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minikafka.errors import KafkaConnectionError, KafkaTimeoutError
from minikafka.faults import FaultPlan
from minikafka.network import Network
from minikafka.scheduler import Promise, Scheduler


class Ask:
    """As much of a request as the network looks at."""

    api_name = "Ask"
    max_version = 3

    def __init__(self, text):
        self.text = text


class World:
    def __init__(self):
        self.scheduler = Scheduler(Random(1), 1000)
        self.faults = FaultPlan(self.scheduler.random)
        self.network = Network(self.scheduler, self.faults)
        self.faults.on_links_changed = self.network.break_cut_links
        self.taken = []
        self.network.bind("broker-1", self.answer)

    def answer(self, message, context):
        self.taken.append(message.text)
        return f"re: {message.text}"

    def ask(self, text="hello", source="client-1", destination="broker-1", **options):
        return self.network.request(source, destination, Ask(text), **options)

    def run(self, until_ms=1_000_000):
        while True:
            self.scheduler.run_ready()
            deadline = self.scheduler.next_deadline_ms()
            if deadline is None or deadline > until_ms:
                break
            self.scheduler.advance_to(deadline)
        assert self.scheduler.failure is None


@pytest.fixture
def world():
    world = World()
    yield world
    world.scheduler.close()


def test_an_answer_comes_back_in_no_time(world):
    promise = world.ask()
    assert not promise.done()
    world.scheduler.run_ready()
    assert promise.result() == "re: hello"
    assert world.scheduler.now_ms == 1000
    assert not world.network._pending


def test_nobody_runs_inside_anothers_call(world):
    inside = []

    def answer(message, context):
        inside.append(len(inside))
        promise = world.ask("nested", destination="broker-2")
        assert not promise.done()
        return promise

    world.network.bind("broker-1", answer)
    world.network.bind("broker-2", lambda message, context: "nested answer")
    promise = world.ask()
    assert inside == []
    world.scheduler.run_ready()
    assert promise.result() == "nested answer"


def test_the_handler_is_told_who_asks_in_the_newest_version(world):
    seen = []
    world.network.bind("broker-1", lambda message, context: seen.append(context) or "ok")
    world.ask(client_id="me")
    world.scheduler.run_ready()
    [context] = seen
    assert (context.source, context.client_id, context.api_version) == ("client-1", "me", 3)


def test_a_parked_answer_comes_when_it_is_there(world):
    parked = Promise()
    world.network.bind("broker-1", lambda message, context: parked)
    promise = world.ask()
    world.scheduler.run_ready()
    assert not promise.done()
    parked.set_result("later")
    world.scheduler.run_ready()
    assert promise.result() == "later"


def test_an_unbound_address_refuses_the_connection(world):
    promise = world.ask(destination="broker-9")
    assert not promise.done()
    world.scheduler.run_ready()
    assert isinstance(promise.exception(), KafkaConnectionError)
    assert not world.network.reachable("client-1", "broker-9")


def test_a_node_that_goes_down_breaks_its_connections(world):
    world.network.bind("broker-2", lambda message, context: Promise())
    to, elsewhere = world.ask(destination="broker-2"), world.ask()
    by = world.ask(source="broker-2")
    world.scheduler.step()
    world.network.unbind("broker-2")
    world.scheduler.run_ready()
    assert isinstance(to.exception(), KafkaConnectionError)
    assert isinstance(by.exception(), KafkaConnectionError)
    assert elsewhere.result() == "re: hello"


def test_a_timeout(world):
    world.network.bind("broker-1", lambda message, context: Promise())
    promise = world.ask(timeout_ms=500)
    world.run()
    assert isinstance(promise.exception(), KafkaTimeoutError)
    assert "500 ms" in str(promise.exception())
    assert world.scheduler.now_ms == 1500


def test_an_answer_in_time_leaves_no_timer(world):
    world.ask(timeout_ms=500)
    world.scheduler.run_ready()
    assert world.scheduler.next_deadline_ms() is None


def test_an_answer_after_the_timeout_is_ignored(world):
    parked = Promise()
    world.network.bind("broker-1", lambda message, context: parked)
    promise = world.ask(timeout_ms=500)
    world.run()
    parked.set_result("too late")
    world.run()
    assert isinstance(promise.exception(), KafkaTimeoutError)


def test_what_was_sent_one_way_outlives_its_sender(world):
    world.network.send_one_way("client-1", "broker-1", Ask("written"))
    asked = world.ask("asked")
    world.network.disconnect("client-1")
    world.run()
    assert world.taken == ["written"]
    assert isinstance(asked.exception(), KafkaConnectionError)
    world.network.send_one_way("client-1", "broker-1", Ask("too late"))
    world.network.unbind("broker-1")
    world.run()
    assert world.taken == ["written"]


def test_a_one_way_message_is_never_answered(world):
    world.network.send_one_way("client-1", "broker-1", Ask("once"))
    world.run()
    assert world.taken == ["once"]
    assert not world.network._pending


class TestFates:
    def test_drop(self, world):
        world.faults.drop()
        dropped, later = world.ask("first", timeout_ms=100), world.ask("second")
        world.run()
        assert isinstance(dropped.exception(), KafkaTimeoutError)
        assert later.done()
        assert world.taken == ["second"]

    def test_lose_reply(self, world):
        world.faults.lose_reply()
        promise = world.ask(timeout_ms=100)
        world.run()
        assert isinstance(promise.exception(), KafkaTimeoutError)
        assert world.taken == ["hello"]

    def test_duplicate(self, world):
        world.faults.duplicate()
        promise = world.ask()
        world.run()
        assert promise.result() == "re: hello"
        assert world.taken == ["hello", "hello"]

    def test_disconnect(self, world):
        world.faults.disconnect()
        promise = world.ask()
        world.run()
        assert isinstance(promise.exception(), KafkaConnectionError)
        assert world.taken == []

    def test_delay_of_request_and_reply(self, world):
        world.faults.delay(30, reply_delay_ms=12)
        promise = world.ask()
        world.run(until_ms=1029)
        assert world.taken == []
        world.run(until_ms=1041)
        assert world.taken == ["hello"]
        assert not promise.done()
        world.run()
        assert promise.done()
        assert world.scheduler.now_ms == 1042

    def test_a_later_message_does_not_overtake(self, world):
        world.faults.delay(30, times=1)
        world.ask("slow")
        world.ask("quick")
        world.ask("other link", source="client-2")
        world.run()
        assert world.taken == ["other link", "slow", "quick"]

    def test_not_even_in_the_millisecond_of_arrival(self, world):
        world.scheduler.call_at(1030, world.ask, "quick")
        world.faults.delay(30, times=1)
        world.ask("slow")
        world.run()
        assert world.taken == ["slow", "quick"]

    def test_a_cut_link_breaks_what_is_on_it_until_it_heals(self, world):
        world.network.bind("broker-1", lambda message, context: Promise())
        promise = world.ask()
        world.scheduler.run_ready()
        world.faults.cut("client-1", 1)
        world.run()
        assert isinstance(promise.exception(), KafkaConnectionError)
        assert not world.network.reachable("client-1", "broker-1")
        assert world.network.reachable("client-2", "broker-1")
        refused = world.ask()
        world.run()
        assert isinstance(refused.exception(), KafkaConnectionError)
        world.faults.heal()
        world.network.bind("broker-1", world.answer)
        healed = world.ask()
        world.run()
        assert healed.done()


def test_observers_see_requests_answers_and_losses(world):
    seen = []
    world.network.observers.append(
        lambda kind, exchange, response: seen.append((kind, exchange.message.text, response))
    )
    world.faults.drop(skip=1)
    world.ask("a")
    world.ask("b", timeout_ms=10)
    world.run()
    assert seen == [
        ("lost", "b", None),
        ("request", "a", None),
        ("response", "a", "re: a"),
        ("lost", "b", None),
    ] or seen[:3] == [("lost", "b", None), ("request", "a", None), ("response", "a", "re: a")]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["deliver", "drop", "lose_reply", "duplicate", "disconnect", "delay"]),
            st.integers(0, 20),
        ),
        max_size=25,
    )
)
def test_every_request_ends_and_arrivals_keep_their_order(plan):
    """Whatever the fates: each promise is done, and what arrives arrives in the order it was sent."""
    world = World()
    promises = []
    for i, (fate, gap) in enumerate(plan):
        world.faults.rules.clear()
        if fate == "delay":
            world.faults.delay(gap)
        elif fate != "deliver":
            getattr(world.faults, fate)()
        promises.append(world.ask(i, timeout_ms=1000))
        world.run(until_ms=world.scheduler.now_ms)
        world.scheduler.advance_to(world.scheduler.now_ms + gap // 4)
    world.run()
    assert all(promise.done() for promise in promises)
    assert world.taken == sorted(world.taken)
    for i, (fate, _) in enumerate(plan):
        expected = {"drop": 0, "disconnect": 0, "duplicate": 2}.get(fate, 1)
        assert world.taken.count(i) == expected
        assert (promises[i].exception() is None) == (fate in ("deliver", "duplicate", "delay"))
    world.scheduler.close()


class TestAsk:
    """Requests from outside of every node's call."""

    def ask(self, world, text="hello", destination="broker-1"):
        return world.network.ask(
            "client-1",
            destination,
            Ask(text),
            client_id="me",
            api_version=2,
            client_host="/10.0.0.1",
            hurry=None,
        )

    def test_the_answer_comes_within_the_call(self, world):
        contexts = []

        def answer(message, context):
            contexts.append((context.api_version, context.client_id, context.client_host, context.source))
            return "now"

        world.network.bind("broker-1", answer)
        assert self.ask(world) == "now"
        assert contexts == [(2, "me", "/10.0.0.1", "client-1")]
        assert world.scheduler.idle

    def test_so_does_one_that_was_promised_and_is_there(self, world):
        world.network.bind("broker-1", lambda *_: Promise.resolved("now"))
        assert self.ask(world) == "now"

    def test_a_parked_answer_comes_when_it_is_there(self, world):
        parked = Promise()
        world.network.bind("broker-1", lambda *_: parked)
        promise = self.ask(world)
        world.scheduler.run_ready()
        assert not promise.done()
        parked.set_result("later")
        world.scheduler.run_ready()
        assert promise.result() == "later"

    def test_a_parked_answer_is_lost_with_its_node(self, world):
        world.network.bind("broker-1", lambda *_: Promise())
        promise = self.ask(world)
        world.network.unbind("broker-1")
        with pytest.raises(KafkaConnectionError, match="was closed"):
            promise.result()

    def test_a_node_that_closes_the_connection(self, world):
        world.network.bind("broker-1", lambda *_: Promise.failed(ValueError("no")))
        with pytest.raises(KafkaConnectionError, match="closed the connection: no"):
            self.ask(world).result()

    def test_what_is_never_answered_leaves_nothing(self, world):
        world.network.bind("broker-1", lambda *_: None)
        promise = self.ask(world)
        world.network.unbind("broker-1")
        world.scheduler.run_ready()
        assert not promise.done()

    def test_nobody_is_overtaken(self, world):
        world.ask("first")
        promise = self.ask(world, "second")
        assert not promise.done()
        world.scheduler.run_ready()
        assert world.taken == ["first", "second"]
        assert promise.result() == "re: second"

    def test_faults_concern_it(self, world):
        world.faults.disconnect()
        promise = self.ask(world)
        world.run()
        assert isinstance(promise.exception(), KafkaConnectionError)

    def test_a_cut_link_and_a_node_that_is_down(self, world):
        world.faults.cut("client-1", "broker-1")
        promises = [self.ask(world), self.ask(world, destination="broker-2")]
        world.run()
        assert all(isinstance(promise.exception(), KafkaConnectionError) for promise in promises)

    def test_observers_see_it(self, world):
        seen = []
        world.network.observers.append(lambda kind, exchange, response: seen.append((kind, response)))
        self.ask(world)
        world.run()
        assert seen == [("request", None), ("response", "re: hello")]
