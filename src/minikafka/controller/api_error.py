"""An error as a response tells it: a code and a message (Kafka's ApiError)."""

from __future__ import annotations

from minikafka.errors import BrokerResponseError, ErrorCode, code_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.scheduler import Scheduler


def describe(error: Exception, scheduler: Scheduler) -> tuple[ErrorCode, str]:
    """Code and message for an exception; one that is none of Kafka's is reported as a bug."""
    if not isinstance(error, BrokerResponseError):
        scheduler.report_failure(error)
        return ErrorCode.UNKNOWN_SERVER_ERROR, str(error)
    code = code_of(error)
    return code, str(error.args[0]) if error.args else DEFAULT_MESSAGES.get(code, code.name)


DEFAULT_MESSAGES = {
    ErrorCode.UNKNOWN_TOPIC_OR_PARTITION: "This server does not host this topic-partition.",
    ErrorCode.UNKNOWN_TOPIC_ID: "This server does not host this topic ID.",
    ErrorCode.ELECTION_NOT_NEEDED: "Leader election not needed for topic partition.",
    ErrorCode.PREFERRED_LEADER_NOT_AVAILABLE: "The preferred leader was not available.",
    ErrorCode.ELIGIBLE_LEADERS_NOT_AVAILABLE: "Eligible topic partition leaders are not available.",
    ErrorCode.NO_REASSIGNMENT_IN_PROGRESS: "No partition reassignment is in progress.",
    ErrorCode.TOPIC_DELETION_DISABLED: "Topic deletion is disabled.",
}
"""What Kafka says where the exception has no message of its own (org.apache.kafka.common.protocol.Errors)."""
