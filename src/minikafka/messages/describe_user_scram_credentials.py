"""DescribeUserScramCredentials (API key 50): request, response and their parts."""

from __future__ import annotations

from minikafka.messages.fields import array, int8, int16, int32, string
from minikafka.messages.schema import Message, Request, Response


class UserName(Message):
    """A user to describe."""

    name: str = string()


class DescribeUserScramCredentialsRequest(Request, api="DescribeUserScramCredentials"):
    """Asks which SCRAM credentials users have; null or nobody asks for all users."""

    users: list[UserName] | None = array(UserName, nullable=0)


class CredentialInfo(Message):
    """A credential: its mechanism and its iterations, never its secret."""

    mechanism: int = int8()
    iterations: int = int32()


class DescribeUserScramCredentialsResult(Message):
    """A user and the credentials of that user."""

    user: str = string()
    error_code: int = int16()
    error_message: str | None = string(nullable=0)
    credential_infos: list[CredentialInfo] = array(CredentialInfo)


class DescribeUserScramCredentialsResponse(Response, api="DescribeUserScramCredentials"):
    """Tells each user's credentials."""

    throttle_time_ms: int = int32()
    error_code: int = int16()
    error_message: str | None = string(nullable=0)
    results: list[DescribeUserScramCredentialsResult] = array(DescribeUserScramCredentialsResult)
