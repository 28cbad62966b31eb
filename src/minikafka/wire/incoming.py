"""Requests as they come by a connection: header and body out of a frame's bytes.

Mirrors Kafka's RequestHeader and RequestContext.parseRequest.

Simplification: no request has the header of version 0 (that was ControlledShutdown 0).
"""

from __future__ import annotations

from functools import lru_cache
from struct import Struct

from minikafka.codec import ProtocolError
from minikafka.errors import ErrorCode, UnsupportedVersionError
from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.messages.compiler import decode_at
from minikafka.messages.headers import RequestHeader
from minikafka.messages.registry import API_NAMES, request_class

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container

    from minikafka.messages.schema import Request, Response

_KEY_AND_VERSION = Struct(">hh")
_HEADER = Struct(">hhih")  # API key, version, correlation id, the client id's length
_FLEXIBLE = 2
"""The version of the header that has tagged fields."""


class IncomingRequest:
    """A request as it came from a connection.

    Attributes:
        message: the decoded request.
        api_version: the version it is spoken in.
        correlation_id: what the client tells its answer by.
        client_id: the client's own name for itself, or None.
        refusal: the answer that the protocol itself dictates; no broker is asked.
    """

    __slots__ = ("api_version", "client_id", "correlation_id", "message", "refusal")

    def __init__(
        self,
        message: Request,
        api_version: int,
        correlation_id: int,
        client_id: str | None,
        refusal: Response | None = None,
    ) -> None:
        self.message: Request = message
        self.api_version: int = api_version
        self.correlation_id: int = correlation_id
        self.client_id: str | None = client_id
        self.refusal: Response | None = refusal

    @property
    def wants_answer(self) -> bool:
        """False for the one request that the protocol never answers: Produce with acks=0."""
        return self.message.api_name != "Produce" or self.message.acks != 0  # type: ignore[attr-defined]

    def __repr__(self) -> str:
        return f"<{self.message.api_name} v{self.api_version} #{self.correlation_id} of {self.client_id!r}>"


def parse_request(data: bytes, start: int, end: int, served: Container[str]) -> IncomingRequest:
    """The request in `data` between `start` and `end`.

    Args:
        data: a frame, without its size, and perhaps more before and behind it.
        start: where the frame begins.
        end: where it ends.
        served: the names of the APIs that are answered here.

    Raises:
        ProtocolError: there is none that is served. As in Kafka, bytes behind a whole request are ignored.
    """
    if end - start < _KEY_AND_VERSION.size:
        raise ProtocolError(f"a frame of {end - start} bytes has no request header")
    api_key, version = _KEY_AND_VERSION.unpack_from(data, start)
    name, cls, header_version = _spoken(api_key, version)
    if cls is None or name not in served:
        raise ProtocolError(f"a request with API key {api_key}, which is not served")
    correlation_id, client_id, position = _header(data, start, end, header_version)
    if not cls.min_version <= version <= cls.max_version:
        if cls is ApiVersionsRequest:
            return _unknown_api_versions(version, correlation_id, client_id)
        raise ProtocolError(
            f"{name} request of version {version}: served are {cls.min_version} to {cls.max_version}"
        )
    try:
        message, _ = decode_at(cls, data, position, version, end)
    except UnsupportedVersionError as error:
        raise ProtocolError(*error.args) from error
    return IncomingRequest(message, version, correlation_id, client_id)


@lru_cache(maxsize=1024)  # anybody may send any version
def _spoken(api_key: int, version: int) -> tuple[str, type[Request] | None, int]:
    """The API's name and request class, if there is such an API, and the version of the header."""
    name = API_NAMES.get(api_key)
    if name is None:
        return "", None, 0
    cls = request_class(api_key)
    return name, cls, cls.header_version(version)


def _header(data: bytes, start: int, end: int, version: int) -> tuple[int, str | None, int]:
    """Correlation id and client id, and where the body begins."""
    position = start + _HEADER.size
    if position < end:
        _, _, correlation_id, size = _HEADER.unpack_from(data, start)
        behind = position + max(size, 0)
        # The usual header is read right here: no tagged fields, and an ASCII name as long as it says.
        if size < end - position and (version < _FLEXIBLE or data[behind] == 0):
            name = data[position:behind]
            if name.isascii():
                client_id = name.decode() if size >= 0 else None
                return correlation_id, client_id, behind + (version >= _FLEXIBLE)
    header, position = RequestHeader.decode_at(data, start, version, end)
    return header.correlation_id, header.client_id, position


def _unknown_api_versions(version: int, correlation_id: int, client_id: str | None) -> IncomingRequest:
    """ApiVersions of a version that nobody knows: answered in version 0 with what is known (KIP-511)."""
    from minikafka.error_response import error_response

    request = ApiVersionsRequest()
    refusal = error_response(request, ErrorCode.UNSUPPORTED_VERSION, version=0)
    return IncomingRequest(request, version, correlation_id, client_id, refusal)
