"""One client's connection through the gateway as bytes in and bytes out: whole frames, translated both ways."""

from __future__ import annotations

import struct
from collections import deque

from minikafka.codec import ProtocolError
from minikafka.errors import ErrorCode
from minikafka.messages.api_versions import ApiVersion, ApiVersionsResponse
from minikafka.messages.headers import RequestHeader
from minikafka.messages.registry import API_NAMES, request_class, version_range
from minikafka.remote.fields import CARRIED, NAMELESS
from minikafka.wire.advertised import advertise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from minikafka.messages.schema import Request, Response
    from minikafka.remote.translation import Translator

    Addresses = Mapping[int, tuple[str, int]]

_KEY_AND_VERSION = struct.Struct(">hh")
_CORRELATION = struct.Struct(">i")
_API_VERSIONS = 18
_FIRST_FLEXIBLE_API_VERSIONS = 3


def framed(data: bytes) -> bytes:
    """A frame as it goes on the wire: its size before it."""
    return _CORRELATION.pack(len(data)) + data


class Frames:
    """Translates the requests and responses of one connection, which Kafka answers in order.

    Args:
        translator: between the test's names and the cluster's.
        addresses: where the gateway lets clients reach each broker, by node id.
    """

    def __init__(self, translator: Translator, addresses: Addresses) -> None:
        self._translator = translator
        self._addresses = addresses
        self._asked: deque[tuple[Request, int] | None] = deque()
        """The requests without an answer yet; None for one whose bytes pass as they are."""

    def request(self, frame: bytes) -> tuple[bytes | None, bytes | None]:
        """What the broker gets, and what the client is answered at once; one of the two is None.

        Raises:
            ProtocolError: the frame is no request that the gateway carries.
        """
        try:
            key, version = _KEY_AND_VERSION.unpack_from(frame)
        except struct.error:
            raise ProtocolError(f"a request of {len(frame)} bytes") from None
        if key in NAMELESS:
            self._asked.append(None)
            return frame, None
        name = API_NAMES.get(key)
        if name not in CARRIED or name is None:
            raise ProtocolError(f"API key {key} is not carried")
        first, last = version_range(name)
        if key == _API_VERSIONS and version > last:
            return None, self._unknown_api_versions(frame)
        if not first <= version <= last:
            raise ProtocolError(f"{name} version {version}: carried are {first} to {last}")
        cls = request_class(key)
        header, position = RequestHeader.decode_at(frame, 0, 2 if cls.is_flexible(version) else 1)
        request: Any = cls.decode(frame[position:], version)
        self._translator.request(request)
        if name != "Produce" or request.acks != 0:
            self._asked.append((request, version))
        encoded: bytes = header.encode(2 if cls.is_flexible(version) else 1) + request.encode(version)
        return encoded, None

    def _unknown_api_versions(self, frame: bytes) -> bytes:
        """The answer to a version that nobody knows, in the shape of version 0 (KIP-511)."""
        first, last = version_range("ApiVersions")
        response = ApiVersionsResponse(
            error_code=ErrorCode.UNSUPPORTED_VERSION,
            api_keys=[ApiVersion(api_key=_API_VERSIONS, min_version=first, max_version=last)],
        )
        return frame[4:8] + response.encode(0)

    def response(self, frame: bytes) -> tuple[bytes, tuple[Response, int] | None]:
        """The correlation id of what the broker has answered, with either the frame as it is, or the response.

        A response is given decoded, for it may name brokers that the gateway has to open a port for first;
        `answer` makes the frame of it.

        Raises:
            ProtocolError: the broker answers what nobody has asked, or in another way than the protocol's.
        """
        if not self._asked:
            raise ProtocolError("an answer that nobody has asked for")
        asked = self._asked.popleft()
        if asked is None:
            return frame, None
        request, version = asked
        cls = type(request).response_class
        try:
            response = cls.decode(frame[4 + cls.header_version(version) :], version)
        except ProtocolError:
            if request.api_key != _API_VERSIONS:
                raise
            version = 0
            response = cls.decode(frame[4:], 0)
        if isinstance(response, ApiVersionsResponse):
            _limit(response)
        self._translator.response(response, request)
        return frame[:4], (response, version)

    def answer(self, correlation_id: bytes, response: Response, version: int) -> bytes:
        """The frame that tells the client a response."""
        header = correlation_id + b"\x00" * response.header_version(version)
        return header + advertise(response, self._addresses).encode(version)


def _limit(response: ApiVersionsResponse) -> None:
    """Tell the client only of what the broker serves and the gateway carries."""
    carried = []
    for each in response.api_keys:
        name = API_NAMES.get(each.api_key)
        if name in CARRIED and name is not None:
            first, last = version_range(name)
            if name == "Produce":
                first = 0  # told for old librdkafka's sake, never spoken
            each.min_version, each.max_version = max(first, each.min_version), min(last, each.max_version)
            if each.min_version <= each.max_version:
                carried.append(each)
        elif each.api_key in NAMELESS:
            carried.append(each)
    response.api_keys = carried
