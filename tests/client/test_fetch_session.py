"""The consumer's fetch session against a broker's that remembers, including one that forgets."""

from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.client.fetch_session import FINAL_EPOCH, FetchSessionHandler
from minikafka.errors import ErrorCode
from minikafka.messages.fetch import FetchResponse
from minikafka.structs import TopicPartition

PARTITIONS = [TopicPartition("t", index) for index in range(4)]
wants = st.dictionaries(
    st.sampled_from(PARTITIONS), st.tuples(st.integers(0, 3), st.just(0), st.just(-1)), min_size=1
)


class Broker:
    def __init__(self):
        self.session_id, self.epoch, self.partitions, self.next_id = 0, 0, {}, 1

    def fetch(self, handler, told, forgotten):
        """What a broker would read, and its answer."""
        if handler.epoch == FINAL_EPOCH:
            return dict(told), FetchResponse(session_id=0), list(told)
        if handler.epoch == 0:
            self.session_id, self.epoch, self.partitions = self.next_id, 1, dict(told)
            self.next_id += 1
            return dict(told), FetchResponse(session_id=self.session_id), list(told)
        if handler.session_id != self.session_id:
            return None, FetchResponse(error_code=ErrorCode.FETCH_SESSION_ID_NOT_FOUND), []
        if handler.epoch != self.epoch:
            return None, FetchResponse(error_code=ErrorCode.INVALID_FETCH_SESSION_EPOCH), []
        self.partitions.update(told)
        for tp in forgotten:
            self.partitions.pop(tp)
        self.epoch += 1
        return dict(self.partitions), FetchResponse(session_id=self.session_id), []


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(wants, st.sampled_from(["ok", "ok", "ok", "lost", "evicted"])), max_size=20),
    st.booleans(),
)
def test_the_broker_always_reads_what_is_wanted(steps, enabled):
    handler, broker = FetchSessionHandler(enabled), Broker()
    refused = 0
    for wanted, event in steps:
        told, forgotten = handler.build(wanted)
        if event == "evicted":
            broker.session_id = -1
        read, response, answered = broker.fetch(handler, told, forgotten)
        if read is not None:
            assert read == wanted
        if event == "lost":
            handler.handle_error()
            continue
        usable = handler.handle_response(response, answered)
        assert usable == (read is not None)
        refused = 0 if usable else refused + 1
        assert refused <= 1


def test_an_unchanged_session_says_nothing():
    handler, broker = FetchSessionHandler(), Broker()
    wanted = {PARTITIONS[0]: (0, 0, -1)}
    for _ in range(3):
        told, forgotten = handler.build(dict(wanted))
        _, response, answered = broker.fetch(handler, told, forgotten)
        assert handler.handle_response(response, answered)
    assert (told, forgotten) == ({}, [])


def test_an_answer_with_partitions_nobody_asked_for():
    handler, broker = FetchSessionHandler(), Broker()
    told, forgotten = handler.build({PARTITIONS[0]: (0, 0, -1)})
    _, response, _ = broker.fetch(handler, told, forgotten)
    assert not handler.handle_response(response, [PARTITIONS[1]])
    assert (handler.session_id, handler.epoch) == (0, 0)


def test_epochs_wrap():
    handler = FetchSessionHandler()
    handler.session_id, handler.epoch = 5, 2**31 - 1
    assert handler.handle_response(FetchResponse(session_id=5), [])
    assert handler.epoch == 1
