"""DeleteTopics, by name or by id (ControllerApis.deleteTopics, ReplicationControlManager.deleteTopics).

Simplification: the answers keep the order of the request, where Kafka shuffles them.
"""

from __future__ import annotations

from minikafka.controller.api_error import DEFAULT_MESSAGES
from minikafka.errors import ErrorCode, InvalidRequestError, TopicDeletionDisabledError
from minikafka.messages.delete_topics import DeletableTopicResult, DeleteTopicsResponse
from minikafka.structs import ZERO_UUID

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.controller.controller import Controller
    from minikafka.messages.delete_topics import DeleteTopicsRequest
    from minikafka.structs import RequestContext

_DELETION_DISABLED_SINCE_VERSION = 3


def handle_delete_topics(
    controller: Controller, request: DeleteTopicsRequest, context: RequestContext
) -> DeleteTopicsResponse:
    """Delete each topic with its configs; the brokers drop its replicas when they hear of it."""
    if not controller.config.delete_topic_enable:
        if context.api_version < _DELETION_DISABLED_SINCE_VERSION:
            raise InvalidRequestError("Topic deletion is disabled.")
        raise TopicDeletionDisabledError("Topic deletion is disabled.")
    results: list[DeletableTopicResult] = []
    names = list(request.topic_names)
    ids: list[bytes] = []
    for topic in request.topics:
        if topic.name is None and topic.topic_id == ZERO_UUID:
            results.append(_refused(None, ZERO_UUID, "Neither topic name nor id were specified."))
        elif topic.name is None:
            ids.append(topic.topic_id)
        elif topic.topic_id == ZERO_UUID:
            names.append(topic.name)
        else:
            results.append(
                _refused(topic.name, topic.topic_id, "You may not specify both topic name and topic id.")
            )
    _delete(controller, names, ids, results)
    return DeleteTopicsResponse(responses=results)


def _delete(
    controller: Controller, names: list[str], ids: list[bytes], results: list[DeletableTopicResult]
) -> None:
    image = controller.image
    doomed: dict[str, bytes] = {}
    for topic_id in dict.fromkeys(ids):
        name = image.topic_name(topic_id)
        if ids.count(topic_id) > 1:
            results.append(_refused(None, topic_id, "Duplicate topic id."))
        elif name is None:
            results.append(_unknown(None, topic_id, ErrorCode.UNKNOWN_TOPIC_ID))
        else:
            doomed[name] = topic_id
    for name in dict.fromkeys(names):
        topic = image.topics.get(name)
        if names.count(name) > 1:
            results.append(_refused(name, ZERO_UUID, "Duplicate topic name."))
        elif topic is None:
            results.append(_unknown(name, ZERO_UUID, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION))
        elif name in doomed or ids.count(topic.topic_id) > 1:
            doomed.pop(name, None)
            message = "The provided topic name maps to an ID that was already supplied."
            results.append(_refused(name, topic.topic_id, message))
        else:
            doomed[name] = topic.topic_id
    delta = controller.delta()
    for name, topic_id in doomed.items():
        delta.remove_topic(name)
        results.append(DeletableTopicResult(name=name, topic_id=topic_id))
    controller.commit(delta)


def _refused(name: str | None, topic_id: bytes, message: str) -> DeletableTopicResult:
    return DeletableTopicResult(
        name=name, topic_id=topic_id, error_code=ErrorCode.INVALID_REQUEST, error_message=message
    )


def _unknown(name: str | None, topic_id: bytes, code: ErrorCode) -> DeletableTopicResult:
    return DeletableTopicResult(
        name=name, topic_id=topic_id, error_code=code, error_message=DEFAULT_MESSAGES[code]
    )
