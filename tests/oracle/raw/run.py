"""Puts cases to a cluster, version by version, and keeps what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

from tests.oracle.connection import header, sized
from tests.oracle.raw.case import At, Body, Case, Frame
from tests.oracle.raw.cluster import CLIENT_ID
from tests.oracle.raw.observe import CLOSED, NEWER, UNANSWERED, Observer
from tests.oracle.raw.scene import Scene

from minikafka.errors import UnsupportedVersionError
from minikafka.messages.api_versions import ApiVersionsRequest
from minikafka.messages.registry import API_NAMES, response_class, version_range
from minikafka.messages.schema import Request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.oracle.raw.cluster import Cluster

_CORRELATION_ID = 7
_PROBE_ID = 8


def answers(case: Case, version: int, cluster: Cluster) -> list[Any] | None:
    """What a cluster answers to a case's requests in one version; None if that version cannot tell them."""
    scene = Scene(cluster, own_name(case, version), version)
    try:
        built = case.build(scene)
    except UnsupportedVersionError:
        return None
    steps = built if isinstance(built, list) else [built]
    observer = Observer(scene, case.own)
    found = []
    for index, step in enumerate(steps):
        if callable(step):
            step = step(scene)
        node_id, request = (step.node_id, step.request) if isinstance(step, At) else (1, step)
        spoken = version if index == 0 or not isinstance(request, Request) else request.max_version
        try:
            frame, key, asked, is_answered = _frame(request, spoken)
        except UnsupportedVersionError:
            return None
        found.append(_exchange(cluster, node_id, frame, key, asked, is_answered, observer))
    return found


def own_name(case: Case, version: int) -> str:
    """The prefix of whatever a case makes; the same on every side and in every run."""
    return f"{case.api.lower()}-{crc32(case.name.encode()):08x}-v{version}"


def _frame(request: Any, version: int) -> tuple[bytes, int, int, bool]:
    """The bytes of a request, its API key and version, and whether the protocol answers it."""
    if isinstance(request, Frame):
        return request.data, -1, version, True
    if isinstance(request, Body):
        head = header(
            request.key, request.version, request.header_version, _CORRELATION_ID, request.client_id
        )
        if request.header_tags:
            head = head[:-1] + request.header_tags
        return sized(head + request.data), request.key, request.version, True
    head = header(request.api_key, version, request.header_version(version), _CORRELATION_ID, CLIENT_ID)
    is_answered = getattr(request, "acks", None) != 0
    return sized(head + request.encode(version)), request.api_key, version, is_answered


def _exchange(
    cluster: Cluster,
    node_id: int,
    frame: bytes,
    key: int,
    version: int,
    is_answered: bool,
    observer: Observer,
) -> Any:
    connection = cluster.connection(node_id)
    connection.send_bytes(frame)
    if not is_answered:
        probe = header(18, 0, 1, _PROBE_ID, CLIENT_ID)
        connection.send_bytes(sized(probe + ApiVersionsRequest().encode(0)))
    try:
        data = connection.receive_frame()
    except TimeoutError:
        cluster.forget(node_id)
        return {"no answer": True}
    if data is None:
        cluster.forget(node_id)
        return CLOSED
    correlation_id = int.from_bytes(data[:4], "big", signed=True)
    if correlation_id == _PROBE_ID and not is_answered:
        return UNANSWERED
    if correlation_id != _CORRELATION_ID:
        cluster.forget(node_id)
        return {"correlation_id": correlation_id}
    cls = response_class(key)
    first, last = version_range(API_NAMES[key])
    if first <= version <= last:
        spoken = version
    elif API_NAMES[key] == "ApiVersions":
        spoken = 0
    else:
        return NEWER
    return observer.response(cls.decode(data[4 + cls.header_version(spoken) :], spoken), spoken)


def ends(case: Case) -> list[int]:
    """The versions that say most: the first, the last, and those on both sides of flexible encoding."""
    from minikafka.messages.registry import APIS

    flexible = APIS[case.api][3]
    versions = case.versions
    wanted = {versions[0], versions[-1], *(() if flexible is None else (flexible - 1, flexible))}
    return sorted(wanted & {*versions})


def run(cases: Iterable[Case], cluster: Cluster, *, everything: bool = True) -> dict[str, dict[int, Any]]:
    """The answers by case and version.

    Args:
        cases: what is asked; those for a cluster of another size are left out.
        cluster: who is asked.
        everything: whether in every version, or only in those that `ends` names.
    """
    found: dict[str, dict[int, Any]] = {}
    for case in cases:
        if case.nodes != len(cluster.node_ids):
            continue
        by_version = found.setdefault(case.name, {})
        for version in case.versions if everything else ends(case):
            answer = answers(case, version, cluster)
            if answer is not None:
                by_version[version] = answer
    return found
