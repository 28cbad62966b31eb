"""DescribeUserScramCredentials (0): who can log in by SCRAM (Kafka's ScramImage).

Simplification: there is no authentication and AlterUserScramCredentials is not served, so nobody has credentials.
"""

from __future__ import annotations

from minikafka.errors import ErrorCode
from minikafka.messages.describe_user_scram_credentials import (
    DescribeUserScramCredentialsResponse,
    DescribeUserScramCredentialsResult,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.describe_user_scram_credentials import DescribeUserScramCredentialsRequest
    from minikafka.structs import RequestContext


def handle_describe_user_scram_credentials(
    broker: Broker,  # noqa: ARG001 - every handler is given it
    request: DescribeUserScramCredentialsRequest,
    _context: RequestContext,
) -> DescribeUserScramCredentialsResponse:
    """Tell of each user that was named that there is none such."""
    names = [user.name for user in request.users or ()]
    return DescribeUserScramCredentialsResponse(
        results=[_unknown(name, names.count(name) > 1) for name in dict.fromkeys(names)]
    )


def _unknown(name: str, repeated: bool) -> DescribeUserScramCredentialsResult:
    if repeated:
        code = ErrorCode.DUPLICATE_RESOURCE
        message = f"Cannot describe SCRAM credentials for the same user twice in a single request: {name}"
    else:
        code = ErrorCode.RESOURCE_NOT_FOUND
        message = f"Attempt to describe a user credential that does not exist: {name}"
    return DescribeUserScramCredentialsResult(user=name, error_code=code, error_message=message)
