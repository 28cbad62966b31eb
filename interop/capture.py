"""Records which requests wire clients send, in which version, and what came of each."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple
from unittest import mock

from minikafka.codec import ProtocolError
from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.messages.registry import API_NAMES
from minikafka.wire.connection import Connection, IncomingRequest

NOT_SERVED = {
    17: "SaslHandshake",
    24: "AddPartitionsToTxn",
    25: "AddOffsetsToTxn",
    26: "EndTxn",
    28: "TxnOffsetCommit",
    29: "DescribeAcls",
    30: "CreateAcls",
    31: "DeleteAcls",
    36: "SaslAuthenticate",
    38: "CreateDelegationToken",
    39: "RenewDelegationToken",
    40: "ExpireDelegationToken",
    41: "DescribeDelegationToken",
    49: "AlterClientQuotas",
    51: "AlterUserScramCredentials",
    64: "UnregisterBroker",
    65: "DescribeTransactions",
    66: "ListTransactions",
    68: "ConsumerGroupHeartbeat",
    69: "ConsumerGroupDescribe",
    71: "GetTelemetrySubscriptions",
    72: "PushTelemetry",
}
"""Kafka's names for what clients may ask and no broker here answers; `registry` knows the others."""

ANSWERED = "answered"
REFUSED = "refused"
"""Answered UNSUPPORTED_VERSION in version 0's shape, which only ApiVersions has (KIP-511)."""
CLOSED = "closed"
"""Not served: the connection was closed."""


class Sent(NamedTuple):
    """A request that was sent."""

    api: str
    version: int
    outcome: str


class Capture:
    """What was sent while it was on.

    Attributes:
        sent: every kind of request once.
        software: the names and versions that the clients gave themselves in ApiVersions (since its version 3).
        client_ids: what stood in the headers.
    """

    def __init__(self) -> None:
        self.sent: set[Sent] = set()
        self.software: set[tuple[str, str]] = set()
        self.client_ids: set[str | None] = set()

    def has(self, api: str) -> bool:
        """Whether that API was asked at all."""
        return any(each.api == api for each in self.sent)

    def _note(self, key: int, version: int, outcome: str) -> None:
        name = API_NAMES.get(key) or NOT_SERVED.get(key) or f"API key {key}"
        self.sent.add(Sent(name, version, outcome))

    def _note_incoming(self, incoming: IncomingRequest) -> None:
        message = incoming.message
        outcome = ANSWERED if incoming.refusal is None else REFUSED
        self._note(message.api_key, incoming.api_version, outcome)
        self.client_ids.add(incoming.client_id)
        if isinstance(message, ApiVersionsRequest) and message.client_software_name:
            self.software.add((message.client_software_name, message.client_software_version))


@contextmanager
def capture() -> Iterator[Capture]:
    """Record what comes by connections that are made meanwhile."""
    found = Capture()

    class Recording(Connection):
        """A connection that notes each request."""

        __slots__ = ()

        def next_request(self) -> IncomingRequest | None:
            start = bytes(self._buffer[4:8])
            try:
                incoming = super().next_request()
            except ProtocolError:
                if len(start) == 4:
                    found._note(*struct.unpack(">hh", start), CLOSED)
                raise
            if incoming is not None:
                found._note_incoming(incoming)
            return incoming

    with mock.patch("minikafka.wire.peer.Connection", Recording):
        yield found
