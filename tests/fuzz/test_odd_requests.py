"""Requests that the schema allows, and that mostly no client would send, never break a broker."""

import pytest
from fuzz.lab import Lab
from fuzz.odd_messages import odd_requests
from hypothesis import given, settings
from hypothesis import strategies as st

from minikafka.broker.dispatch import CLIENT_APIS
from minikafka.messages.registry import API_KEYS

RECORDS = ("Produce", "Fetch", "ListOffsets", "DeleteRecords", "OffsetForLeaderEpoch", "InitProducerId")
GROUPS = (
    *("JoinGroup", "SyncGroup", "Heartbeat", "LeaveGroup", "OffsetCommit", "OffsetFetch", "OffsetDelete"),
    *("DescribeGroups", "ListGroups", "DeleteGroups"),
)
OTHERS = tuple(name for name in CLIENT_APIS if name not in (*RECORDS, *GROUPS))
PAUSES_MS = st.sampled_from([0, 0, 0, 1, 100, 6000, 100_000])


@pytest.mark.parametrize(
    "apis", [RECORDS, GROUPS, OTHERS, tuple(CLIENT_APIS)], ids=["records", "groups", "others", "all"]
)
@settings(max_examples=60)
@given(data=st.data())
def test_no_request_breaks_a_broker(apis, data):
    keys = tuple(API_KEYS[name] for name in apis)
    steps = data.draw(
        st.lists(st.tuples(st.integers(1, 3), odd_requests(keys), PAUSES_MS), min_size=1, max_size=6)
    )
    lab = Lab()
    try:
        for number, (request, version), pause_ms in steps:
            lab.ask(number, request, version)
            lab.kafka.advance(ms=pause_ms)
            lab.turn()
        lab.check()
    finally:
        lab.close()
