"""FindCoordinator (0 to 6): which broker coordinates a group (KafkaApis.getCoordinator).

The offsets topic is created by the first request that needs it; until then the answer is
COORDINATOR_NOT_AVAILABLE, and clients ask again. Coordinators of transactions and share groups are not
served.
"""

from __future__ import annotations

from minikafka.broker.answers import MALFORMED_REQUEST
from minikafka.broker.group_coordination import OFFSETS_TOPIC
from minikafka.errors import ErrorCode
from minikafka.groups.java_hash import partition_for
from minikafka.image import NO_LEADER
from minikafka.messages.find_coordinator import Coordinator, FindCoordinatorResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.find_coordinator import FindCoordinatorRequest
    from minikafka.structs import RequestContext

GROUP = 0
TRANSACTION = 1
SHARE = 2
_BATCH_SINCE_VERSION = 4

_UNSERVED = "minikafka does not support transactions or share groups yet"


def handle_find_coordinator(
    broker: Broker, request: FindCoordinatorRequest, context: RequestContext
) -> FindCoordinatorResponse:
    """Name the coordinator of each key; one key up to version 3."""
    if context.api_version >= _BATCH_SINCE_VERSION:
        return FindCoordinatorResponse(
            coordinators=[_find(broker, request.key_type, key) for key in request.coordinator_keys]
        )
    found = _find(broker, request.key_type, request.key)
    return FindCoordinatorResponse(
        error_code=found.error_code,
        error_message=found.error_message or ErrorCode(found.error_code).name,
        node_id=found.node_id,
        host=found.host,
        port=found.port,
    )


def _find(broker: Broker, key_type: int, key: str) -> Coordinator:
    if key_type != GROUP:
        message = _UNSERVED if key_type in (TRANSACTION, SHARE) else MALFORMED_REQUEST
        return _nobody(key, ErrorCode.INVALID_REQUEST, message)
    image = broker.image
    topic = image.topics.get(OFFSETS_TOPIC)
    if topic is None:
        broker.auto_topics.create([OFFSETS_TOPIC])
        return _nobody(key, ErrorCode.COORDINATOR_NOT_AVAILABLE)
    leader = topic.partitions[partition_for(key, len(topic.partitions))].leader
    node = image.brokers.get(leader)
    if leader == NO_LEADER or node is None or node.fenced:
        return _nobody(key, ErrorCode.COORDINATOR_NOT_AVAILABLE)
    return Coordinator(
        key=key,
        node_id=node.node_id,
        host=node.host,
        port=node.port,
        error_code=ErrorCode.NONE,
        error_message="",
    )


def _nobody(key: str, code: ErrorCode, message: str = "") -> Coordinator:
    return Coordinator(key=key, node_id=-1, host="", port=-1, error_code=code, error_message=message)
