"""JoinGroup (0 to 9), SyncGroup (0 to 5), Heartbeat (0 to 4), LeaveGroup (0 to 5): a member's requests.

Mirrors KafkaApis and GroupCoordinatorService; the state machine itself is `minikafka.groups`.
"""

from __future__ import annotations

from minikafka.broker.answers import recovered
from minikafka.errors import (
    CoordinatorLoadInProgressError,
    ErrorCode,
    InconsistentGroupProtocolError,
    InvalidGroupIdError,
    InvalidSessionTimeoutError,
)
from minikafka.groups.group_coordinator import check_join
from minikafka.messages.heartbeat import HeartbeatResponse
from minikafka.messages.join_group import JoinGroupResponse
from minikafka.scheduler import Promise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.heartbeat import HeartbeatRequest
    from minikafka.messages.join_group import JoinGroupRequest
    from minikafka.messages.leave_group import LeaveGroupRequest, LeaveGroupResponse
    from minikafka.messages.sync_group import SyncGroupRequest, SyncGroupResponse
    from minikafka.structs import RequestContext

_PROTOCOL_SINCE_VERSION = 5
_NULLABLE_PROTOCOL_SINCE_VERSION = 7


def handle_join_group(
    broker: Broker, request: JoinGroupRequest, context: RequestContext
) -> Promise[JoinGroupResponse]:
    """Join or rejoin; parked until the rebalance is over.

    What is wrong with the request itself is told before a coordinator is looked for, with the member's id.
    """
    try:
        check_join(request, broker.groups.config)
    except (InvalidGroupIdError, InvalidSessionTimeoutError) as error:
        protocol = None if context.api_version >= _NULLABLE_PROTOCOL_SINCE_VERSION else ""
        return Promise.resolved(
            JoinGroupResponse(error_code=error.errno, member_id=request.member_id, protocol_name=protocol)
        )
    return broker.groups.write(request.group_id, lambda shard: shard.join_group(context, request))


def handle_sync_group(
    broker: Broker, request: SyncGroupRequest, context: RequestContext
) -> Promise[SyncGroupResponse]:
    """Bring or get the assignment; parked until the leader has brought it.

    From version 5 on the member says what it believes the protocol to be, or it is refused (KIP-559).
    """
    if context.api_version >= _PROTOCOL_SINCE_VERSION and (
        request.protocol_type is None or request.protocol_name is None
    ):
        raise InconsistentGroupProtocolError
    return broker.groups.write(request.group_id, lambda shard: shard.sync_group(context, request))


def handle_heartbeat(
    broker: Broker, request: HeartbeatRequest, context: RequestContext
) -> Promise[HeartbeatResponse]:
    """Keep a member's session alive; while the coordinator loads the answer is NONE: nobody rejoins."""
    promise = broker.groups.write(request.group_id, lambda shard: shard.heartbeat(context, request))
    return recovered(promise, _calm_while_loading)


def _calm_while_loading(error: BaseException) -> HeartbeatResponse:
    if isinstance(error, CoordinatorLoadInProgressError):
        return HeartbeatResponse(error_code=ErrorCode.NONE)
    raise error


def handle_leave_group(
    broker: Broker, request: LeaveGroupRequest, context: RequestContext
) -> Promise[LeaveGroupResponse]:
    """Remove members."""
    return broker.groups.write(request.group_id, lambda shard: shard.leave_group(context, request))
