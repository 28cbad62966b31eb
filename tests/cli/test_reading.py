"""When `consume` ends, on a consumer that does what the test says."""

from types import SimpleNamespace

import pytest

pytest.importorskip("click")

from minikafka.cli import consume
from minikafka.cli.consume import Reading


class Clock:
    """Stands in for `time`."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now


class Consumer:
    """Gives out records a poll at a time; a poll that finds nothing takes its whole timeout."""

    def __init__(self, clock, polls):
        self.clock = clock
        self.polls = list(polls)
        self.asked = []
        self.at = 0

    def poll(self, timeout_ms, max_records):
        self.asked.append((timeout_ms, max_records))
        offsets = self.polls.pop(0) if self.polls else []
        if not offsets:
            self.clock.now += timeout_ms / 1000
            return {}
        self.at = offsets[-1] + 1
        return {"t-0": [SimpleNamespace(offset=offset) for offset in offsets]}

    def position(self, partition):
        return self.at


@pytest.fixture
def clock(monkeypatch):
    made = Clock()
    monkeypatch.setattr(consume, "time", made)
    return made


def read(reading, ends=None):
    return [record.offset for record in reading.records(ends)]


def test_silence_ends_it_once_it_has_lasted(clock):
    consumer = Consumer(clock, [[0], [], [1, 2]])
    reading = Reading(consumer, SimpleNamespace(signal=None), None, 500)
    assert read(reading) == [0, 1, 2]
    assert clock.now == pytest.approx(100 + 0.2 + 0.6)
    assert (reading.count, reading.is_short) == (3, False)


def test_no_more_is_read_than_was_asked_for(clock):
    consumer = Consumer(clock, [[0, 1], [2]])
    reading = Reading(consumer, SimpleNamespace(signal=None), 3, 500)
    assert read(reading) == [0, 1, 2]
    assert consumer.asked == [(200, 3), (200, 1)]
    assert not reading.is_short


@pytest.mark.parametrize(("most", "ends"), [(2, None), (None, {"t-0": 5})])
def test_it_is_short_when_time_was_up_before(clock, most, ends):
    reading = Reading(Consumer(clock, [[0]]), SimpleNamespace(signal=None), most, 100)
    assert read(reading, ends) == [0]
    assert reading.is_short


def test_it_ends_where_the_log_ended(clock):
    consumer = Consumer(clock, [[0, 1], [2, 3, 4]])
    assert read(Reading(consumer, SimpleNamespace(signal=None), None, None), {"t-0": 4, "t-1": 0}) == [
        0,
        1,
        2,
        3,
    ]


def test_it_ends_where_markers_end_the_log(clock):
    """The last offsets of a log may hold no record; the position passes them."""
    consumer = Consumer(clock, [[0]])
    consumer.position = lambda partition: 3 if len(consumer.asked) > 1 else 1
    assert read(Reading(consumer, SimpleNamespace(signal=None), None, None), {"t-0": 3}) == [0]


def test_a_signal_ends_it(clock):
    stop = SimpleNamespace(signal=None)
    reading = Reading(Consumer(clock, [[0, 1], [2]]), stop, None, None)
    found = []
    for record in reading.records(None):
        found.append(record.offset)
        stop.signal = 15
    assert found == [0, 1]
    assert not reading.is_short
