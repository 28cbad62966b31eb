"""The error vocabulary: Kafka's error codes, and one exception class per code under kafka-python's names.

`log`, `replica`, `groups` and `transactions` raise these; `broker` turns them into codes and `client` turns
codes back into exceptions with `ErrorTable.error_for_code`, whose classes may be those of an installed
`kafka.errors` so that a user's own ``except`` clauses fire.
"""

from __future__ import annotations

from enum import IntEnum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from minikafka.structs import OffsetAndMetadata, TopicPartition


class ErrorCode(IntEnum):
    """Error codes of the Kafka protocol (org.apache.kafka.common.protocol.Errors)."""

    UNKNOWN_SERVER_ERROR = -1
    NONE = 0
    OFFSET_OUT_OF_RANGE = 1
    CORRUPT_MESSAGE = 2
    UNKNOWN_TOPIC_OR_PARTITION = 3
    INVALID_FETCH_SIZE = 4
    LEADER_NOT_AVAILABLE = 5
    NOT_LEADER_OR_FOLLOWER = 6
    REQUEST_TIMED_OUT = 7
    BROKER_NOT_AVAILABLE = 8
    REPLICA_NOT_AVAILABLE = 9
    MESSAGE_TOO_LARGE = 10
    STALE_CONTROLLER_EPOCH = 11
    OFFSET_METADATA_TOO_LARGE = 12
    NETWORK_EXCEPTION = 13
    COORDINATOR_LOAD_IN_PROGRESS = 14
    COORDINATOR_NOT_AVAILABLE = 15
    NOT_COORDINATOR = 16
    INVALID_TOPIC_EXCEPTION = 17
    RECORD_LIST_TOO_LARGE = 18
    NOT_ENOUGH_REPLICAS = 19
    NOT_ENOUGH_REPLICAS_AFTER_APPEND = 20
    INVALID_REQUIRED_ACKS = 21
    ILLEGAL_GENERATION = 22
    INCONSISTENT_GROUP_PROTOCOL = 23
    INVALID_GROUP_ID = 24
    UNKNOWN_MEMBER_ID = 25
    INVALID_SESSION_TIMEOUT = 26
    REBALANCE_IN_PROGRESS = 27
    INVALID_COMMIT_OFFSET_SIZE = 28
    TOPIC_AUTHORIZATION_FAILED = 29
    GROUP_AUTHORIZATION_FAILED = 30
    CLUSTER_AUTHORIZATION_FAILED = 31
    INVALID_TIMESTAMP = 32
    UNSUPPORTED_SASL_MECHANISM = 33
    ILLEGAL_SASL_STATE = 34
    UNSUPPORTED_VERSION = 35
    TOPIC_ALREADY_EXISTS = 36
    INVALID_PARTITIONS = 37
    INVALID_REPLICATION_FACTOR = 38
    INVALID_REPLICA_ASSIGNMENT = 39
    INVALID_CONFIG = 40
    NOT_CONTROLLER = 41
    INVALID_REQUEST = 42
    UNSUPPORTED_FOR_MESSAGE_FORMAT = 43
    POLICY_VIOLATION = 44
    OUT_OF_ORDER_SEQUENCE_NUMBER = 45
    DUPLICATE_SEQUENCE_NUMBER = 46
    INVALID_PRODUCER_EPOCH = 47
    INVALID_TXN_STATE = 48
    INVALID_PRODUCER_ID_MAPPING = 49
    INVALID_TRANSACTION_TIMEOUT = 50
    CONCURRENT_TRANSACTIONS = 51
    TRANSACTION_COORDINATOR_FENCED = 52
    TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53
    SECURITY_DISABLED = 54
    OPERATION_NOT_ATTEMPTED = 55
    KAFKA_STORAGE_ERROR = 56
    LOG_DIR_NOT_FOUND = 57
    SASL_AUTHENTICATION_FAILED = 58
    UNKNOWN_PRODUCER_ID = 59
    REASSIGNMENT_IN_PROGRESS = 60
    DELEGATION_TOKEN_AUTH_DISABLED = 61
    DELEGATION_TOKEN_NOT_FOUND = 62
    DELEGATION_TOKEN_OWNER_MISMATCH = 63
    DELEGATION_TOKEN_REQUEST_NOT_ALLOWED = 64
    DELEGATION_TOKEN_AUTHORIZATION_FAILED = 65
    DELEGATION_TOKEN_EXPIRED = 66
    INVALID_PRINCIPAL_TYPE = 67
    NON_EMPTY_GROUP = 68
    GROUP_ID_NOT_FOUND = 69
    FETCH_SESSION_ID_NOT_FOUND = 70
    INVALID_FETCH_SESSION_EPOCH = 71
    LISTENER_NOT_FOUND = 72
    TOPIC_DELETION_DISABLED = 73
    FENCED_LEADER_EPOCH = 74
    UNKNOWN_LEADER_EPOCH = 75
    UNSUPPORTED_COMPRESSION_TYPE = 76
    STALE_BROKER_EPOCH = 77
    OFFSET_NOT_AVAILABLE = 78
    MEMBER_ID_REQUIRED = 79
    PREFERRED_LEADER_NOT_AVAILABLE = 80
    GROUP_MAX_SIZE_REACHED = 81
    FENCED_INSTANCE_ID = 82
    ELIGIBLE_LEADERS_NOT_AVAILABLE = 83
    ELECTION_NOT_NEEDED = 84
    NO_REASSIGNMENT_IN_PROGRESS = 85
    GROUP_SUBSCRIBED_TO_TOPIC = 86
    INVALID_RECORD = 87
    UNSTABLE_OFFSET_COMMIT = 88
    THROTTLING_QUOTA_EXCEEDED = 89
    PRODUCER_FENCED = 90
    RESOURCE_NOT_FOUND = 91
    DUPLICATE_RESOURCE = 92
    UNACCEPTABLE_CREDENTIAL = 93
    INCONSISTENT_VOTER_SET = 94
    INVALID_UPDATE_VERSION = 95
    FEATURE_UPDATE_FAILED = 96
    PRINCIPAL_DESERIALIZATION_FAILURE = 97
    SNAPSHOT_NOT_FOUND = 98
    POSITION_OUT_OF_RANGE = 99
    UNKNOWN_TOPIC_ID = 100
    DUPLICATE_BROKER_REGISTRATION = 101
    BROKER_ID_NOT_REGISTERED = 102
    INCONSISTENT_TOPIC_ID = 103
    INCONSISTENT_CLUSTER_ID = 104
    TRANSACTIONAL_ID_NOT_FOUND = 105
    FETCH_SESSION_TOPIC_ID_ERROR = 106
    INELIGIBLE_REPLICA = 107
    NEW_LEADER_ELECTED = 108
    OFFSET_MOVED_TO_TIERED_STORAGE = 109
    FENCED_MEMBER_EPOCH = 110
    UNRELEASED_INSTANCE_ID = 111
    UNSUPPORTED_ASSIGNOR = 112
    STALE_MEMBER_EPOCH = 113
    MISMATCHED_ENDPOINT_TYPE = 114
    UNSUPPORTED_ENDPOINT_TYPE = 115
    UNKNOWN_CONTROLLER_ID = 116
    UNKNOWN_SUBSCRIPTION_ID = 117
    TELEMETRY_TOO_LARGE = 118
    INVALID_REGISTRATION = 119
    TRANSACTION_ABORTABLE = 120
    INVALID_RECORD_STATE = 121
    SHARE_SESSION_NOT_FOUND = 122
    INVALID_SHARE_SESSION_EPOCH = 123
    FENCED_STATE_EPOCH = 124
    INVALID_VOTER_KEY = 125
    DUPLICATE_VOTER = 126
    VOTER_NOT_FOUND = 127
    INVALID_REGULAR_EXPRESSION = 128
    REBOOTSTRAP_REQUIRED = 129
    STREAMS_INVALID_TOPOLOGY = 130
    STREAMS_INVALID_TOPOLOGY_EPOCH = 131
    STREAMS_TOPOLOGY_FENCED = 132
    SHARE_SESSION_LIMIT_REACHED = 133

    @property
    def retriable(self) -> bool:
        """Whether Kafka's own clients retry a request that was answered with this code."""
        return self in _RETRIABLE


_RETRIABLE: frozenset[int] = frozenset(
    (
        2,
        3,
        5,
        6,
        7,
        9,
        13,
        14,
        15,
        16,
        19,
        20,
        41,
        51,
        56,
        70,
        71,
        72,
        74,
        75,
        78,
        80,
        83,
        84,
        88,
        89,
        100,
        103,
        106,
        122,
        123,
        133,
    )
)


class KafkaError(Exception):
    """Base of every error that Kafka or one of its clients raises."""

    retriable: bool = False
    invalid_metadata: bool = False
    """Whether the error says that the client's metadata is stale and must be refreshed."""

    def __str__(self) -> str:
        name = type(self).__name__
        return f"{name}: {super().__str__()}" if self.args else name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KafkaError) and type(self) is type(other) and self.args == other.args

    def __hash__(self) -> int:
        return super().__hash__()


class RetriableError(KafkaError):
    """The same request may succeed when it is sent again."""

    retriable = True


class InvalidMetadataError(RetriableError):
    """The client's metadata is stale."""

    invalid_metadata = True


class Cancelled(RetriableError):
    """The operation was given up because its connection or client was closed."""


class CommitFailedError(KafkaError):
    """A commit came from a member whose partitions now belong to somebody else."""

    def __init__(self, *args: object) -> None:
        super().__init__(
            *args
            or (
                "The offsets were not committed: the group has rebalanced and the partitions may belong to "
                "another member; poll more often, raise max_poll_interval_ms or lower max_poll_records",
            )
        )


class IllegalArgumentError(KafkaError):
    """An argument has a value that the call cannot take."""


class IllegalStateError(KafkaError):
    """The call is not allowed in the client's present state."""


class KafkaConfigurationError(KafkaError):
    """A configuration option is unknown, has a bad value, or contradicts another."""


class KafkaConnectionError(InvalidMetadataError):
    """The connection to a node broke or could not be made."""


class KafkaProtocolError(KafkaError):
    """Bytes or messages that do not follow the protocol."""


class CorrelationIdError(RetriableError, KafkaProtocolError):
    """A response does not belong to the request that waits for it."""


class InvalidReceiveError(KafkaProtocolError):
    """A frame of an impossible size came in."""


class KafkaTimeoutError(RetriableError):
    """A call did not finish within its timeout."""


class MetadataEmptyBrokerList(RetriableError):
    """A metadata response named no broker."""


class NoOffsetForPartitionError(KafkaError):
    """A partition has no committed offset and no reset policy."""


class LogTruncationError(KafkaError):
    """The log was truncated below the consumer's position (KIP-320).

    Args:
        divergent_offsets: for each partition the point to seek back to, or None where none is known.
    """

    def __init__(
        self, divergent_offsets: dict[TopicPartition, OffsetAndMetadata | None], *args: object
    ) -> None:
        self.divergent_offsets = divergent_offsets
        super().__init__(*args or (f"the log was truncated below the position of {divergent_offsets}",))


class NodeNotReadyError(RetriableError):
    """No connection to the node is ready."""


class NoBrokersAvailable(KafkaError):
    """No bootstrap server answered (kafka-python up to 2.x; 3.x raises KafkaTimeoutError)."""

    retriable = True
    invalid_metadata = True


class UnknownBrokerIdError(KafkaError):
    """A node id that the metadata does not know."""


class QuotaViolationError(KafkaError):
    """A client-side quota was exceeded."""


class StaleMetadata(InvalidMetadataError):
    """The metadata at hand is too old for the call."""


class TooManyInFlightRequests(RetriableError):
    """The connection has as many requests in flight as it may have."""


class UnrecognizedBrokerVersion(KafkaError):
    """The broker's version could not be recognised."""


class UnsupportedCodecError(KafkaError):
    """No library for the compression codec is installed."""


class TransactionAbortedError(KafkaError):
    """A record was dropped because its transaction was aborted (KIP-654)."""


class BrokerResponseError(KafkaError):
    """Base of the errors that have a code of their own in the protocol."""

    errno: int = -1
    message: str = "UNKNOWN"

    def __str__(self) -> str:
        return f"[Error {self.errno}] {super().__str__()}"


class AuthorizationError(BrokerResponseError):
    """The principal may not do this."""


class NoError(BrokerResponseError):
    """Error code 0, NONE."""

    errno = 0
    message = "NO_ERROR"


class UnknownError(BrokerResponseError):
    """Error code -1, UNKNOWN_SERVER_ERROR."""

    errno = -1
    message = "UNKNOWN"


class OffsetOutOfRangeError(BrokerResponseError):
    """Error code 1, OFFSET_OUT_OF_RANGE."""

    errno = 1
    message = "OFFSET_OUT_OF_RANGE"


class CorruptRecordError(BrokerResponseError):
    """Error code 2, CORRUPT_MESSAGE."""

    errno = 2
    message = "CORRUPT_MESSAGE"


class UnknownTopicOrPartitionError(InvalidMetadataError, BrokerResponseError):
    """Error code 3, UNKNOWN_TOPIC_OR_PARTITION."""

    errno = 3
    message = "UNKNOWN_TOPIC_OR_PARTITION"


class InvalidFetchRequestError(BrokerResponseError):
    """Error code 4, INVALID_FETCH_SIZE."""

    errno = 4
    message = "INVALID_FETCH_SIZE"


class LeaderNotAvailableError(InvalidMetadataError, BrokerResponseError):
    """Error code 5, LEADER_NOT_AVAILABLE."""

    errno = 5
    message = "LEADER_NOT_AVAILABLE"


class NotLeaderForPartitionError(InvalidMetadataError, BrokerResponseError):
    """Error code 6, NOT_LEADER_OR_FOLLOWER."""

    errno = 6
    message = "NOT_LEADER_FOR_PARTITION"


class RequestTimedOutError(RetriableError, BrokerResponseError):
    """Error code 7, REQUEST_TIMED_OUT."""

    errno = 7
    message = "REQUEST_TIMED_OUT"


class BrokerNotAvailableError(BrokerResponseError):
    """Error code 8, BROKER_NOT_AVAILABLE."""

    errno = 8
    message = "BROKER_NOT_AVAILABLE"


class ReplicaNotAvailableError(InvalidMetadataError, BrokerResponseError):
    """Error code 9, REPLICA_NOT_AVAILABLE."""

    errno = 9
    message = "REPLICA_NOT_AVAILABLE"


class MessageSizeTooLargeError(BrokerResponseError):
    """Error code 10, MESSAGE_TOO_LARGE."""

    errno = 10
    message = "MESSAGE_SIZE_TOO_LARGE"


class StaleControllerEpochError(BrokerResponseError):
    """Error code 11, STALE_CONTROLLER_EPOCH."""

    errno = 11
    message = "STALE_CONTROLLER_EPOCH"


class OffsetMetadataTooLargeError(BrokerResponseError):
    """Error code 12, OFFSET_METADATA_TOO_LARGE."""

    errno = 12
    message = "OFFSET_METADATA_TOO_LARGE"


class NetworkExceptionError(InvalidMetadataError, BrokerResponseError):
    """Error code 13, NETWORK_EXCEPTION."""

    errno = 13
    message = "NETWORK_EXCEPTION"


class CoordinatorLoadInProgressError(RetriableError, BrokerResponseError):
    """Error code 14, COORDINATOR_LOAD_IN_PROGRESS."""

    errno = 14
    message = "COORDINATOR_LOAD_IN_PROGRESS"


class CoordinatorNotAvailableError(RetriableError, BrokerResponseError):
    """Error code 15, COORDINATOR_NOT_AVAILABLE."""

    errno = 15
    message = "COORDINATOR_NOT_AVAILABLE"


class NotCoordinatorError(RetriableError, BrokerResponseError):
    """Error code 16, NOT_COORDINATOR."""

    errno = 16
    message = "NOT_COORDINATOR"


class InvalidTopicError(BrokerResponseError):
    """Error code 17, INVALID_TOPIC_EXCEPTION."""

    errno = 17
    message = "INVALID_TOPIC"


class RecordListTooLargeError(BrokerResponseError):
    """Error code 18, RECORD_LIST_TOO_LARGE."""

    errno = 18
    message = "RECORD_LIST_TOO_LARGE"


class NotEnoughReplicasError(RetriableError, BrokerResponseError):
    """Error code 19, NOT_ENOUGH_REPLICAS."""

    errno = 19
    message = "NOT_ENOUGH_REPLICAS"


class NotEnoughReplicasAfterAppendError(RetriableError, BrokerResponseError):
    """Error code 20, NOT_ENOUGH_REPLICAS_AFTER_APPEND."""

    errno = 20
    message = "NOT_ENOUGH_REPLICAS_AFTER_APPEND"


class InvalidRequiredAcksError(BrokerResponseError):
    """Error code 21, INVALID_REQUIRED_ACKS."""

    errno = 21
    message = "INVALID_REQUIRED_ACKS"


class IllegalGenerationError(BrokerResponseError):
    """Error code 22, ILLEGAL_GENERATION."""

    errno = 22
    message = "ILLEGAL_GENERATION"


class InconsistentGroupProtocolError(BrokerResponseError):
    """Error code 23, INCONSISTENT_GROUP_PROTOCOL."""

    errno = 23
    message = "INCONSISTENT_GROUP_PROTOCOL"


class InvalidGroupIdError(BrokerResponseError):
    """Error code 24, INVALID_GROUP_ID."""

    errno = 24
    message = "INVALID_GROUP_ID"


class UnknownMemberIdError(BrokerResponseError):
    """Error code 25, UNKNOWN_MEMBER_ID."""

    errno = 25
    message = "UNKNOWN_MEMBER_ID"


class InvalidSessionTimeoutError(BrokerResponseError):
    """Error code 26, INVALID_SESSION_TIMEOUT."""

    errno = 26
    message = "INVALID_SESSION_TIMEOUT"


class RebalanceInProgressError(BrokerResponseError):
    """Error code 27, REBALANCE_IN_PROGRESS."""

    errno = 27
    message = "REBALANCE_IN_PROGRESS"


class InvalidCommitOffsetSizeError(BrokerResponseError):
    """Error code 28, INVALID_COMMIT_OFFSET_SIZE."""

    errno = 28
    message = "INVALID_COMMIT_OFFSET_SIZE"


class TopicAuthorizationFailedError(AuthorizationError):
    """Error code 29, TOPIC_AUTHORIZATION_FAILED."""

    errno = 29
    message = "TOPIC_AUTHORIZATION_FAILED"


class GroupAuthorizationFailedError(AuthorizationError):
    """Error code 30, GROUP_AUTHORIZATION_FAILED."""

    errno = 30
    message = "GROUP_AUTHORIZATION_FAILED"


class ClusterAuthorizationFailedError(AuthorizationError):
    """Error code 31, CLUSTER_AUTHORIZATION_FAILED."""

    errno = 31
    message = "CLUSTER_AUTHORIZATION_FAILED"


class InvalidTimestampError(BrokerResponseError):
    """Error code 32, INVALID_TIMESTAMP."""

    errno = 32
    message = "INVALID_TIMESTAMP"


class UnsupportedSaslMechanismError(BrokerResponseError):
    """Error code 33, UNSUPPORTED_SASL_MECHANISM."""

    errno = 33
    message = "UNSUPPORTED_SASL_MECHANISM"


class IllegalSaslStateError(BrokerResponseError):
    """Error code 34, ILLEGAL_SASL_STATE."""

    errno = 34
    message = "ILLEGAL_SASL_STATE"


class UnsupportedVersionError(BrokerResponseError):
    """Error code 35, UNSUPPORTED_VERSION."""

    errno = 35
    message = "UNSUPPORTED_VERSION"


class IncompatibleBrokerVersion(UnsupportedVersionError):
    """Error code 35, UNSUPPORTED_VERSION."""

    errno = 35
    message = "UNSUPPORTED_VERSION"


class TopicAlreadyExistsError(BrokerResponseError):
    """Error code 36, TOPIC_ALREADY_EXISTS."""

    errno = 36
    message = "TOPIC_ALREADY_EXISTS"


class InvalidPartitionsError(BrokerResponseError):
    """Error code 37, INVALID_PARTITIONS."""

    errno = 37
    message = "INVALID_PARTITIONS"


class InvalidReplicationFactorError(BrokerResponseError):
    """Error code 38, INVALID_REPLICATION_FACTOR."""

    errno = 38
    message = "INVALID_REPLICATION_FACTOR"


class InvalidReplicationAssignmentError(BrokerResponseError):
    """Error code 39, INVALID_REPLICA_ASSIGNMENT."""

    errno = 39
    message = "INVALID_REPLICATION_ASSIGNMENT"


class InvalidConfigurationError(BrokerResponseError):
    """Error code 40, INVALID_CONFIG."""

    errno = 40
    message = "INVALID_CONFIG"


class NotControllerError(RetriableError, BrokerResponseError):
    """Error code 41, NOT_CONTROLLER."""

    errno = 41
    message = "NOT_CONTROLLER"


class InvalidRequestError(BrokerResponseError):
    """Error code 42, INVALID_REQUEST."""

    errno = 42
    message = "INVALID_REQUEST"


class UnsupportedForMessageFormatError(BrokerResponseError):
    """Error code 43, UNSUPPORTED_FOR_MESSAGE_FORMAT."""

    errno = 43
    message = "UNSUPPORTED_FOR_MESSAGE_FORMAT"


class PolicyViolationError(BrokerResponseError):
    """Error code 44, POLICY_VIOLATION."""

    errno = 44
    message = "POLICY_VIOLATION"


class OutOfOrderSequenceNumberError(BrokerResponseError):
    """Error code 45, OUT_OF_ORDER_SEQUENCE_NUMBER."""

    errno = 45
    message = "OUT_OF_ORDER_SEQUENCE_NUMBER"


class DuplicateSequenceNumberError(BrokerResponseError):
    """Error code 46, DUPLICATE_SEQUENCE_NUMBER."""

    errno = 46
    message = "DUPLICATE_SEQUENCE_NUMBER"


class InvalidProducerEpochError(BrokerResponseError):
    """Error code 47, INVALID_PRODUCER_EPOCH."""

    errno = 47
    message = "INVALID_PRODUCER_EPOCH"


class InvalidTxnStateError(BrokerResponseError):
    """Error code 48, INVALID_TXN_STATE."""

    errno = 48
    message = "INVALID_TXN_STATE"


class InvalidProducerIdMappingError(BrokerResponseError):
    """Error code 49, INVALID_PRODUCER_ID_MAPPING."""

    errno = 49
    message = "INVALID_PRODUCER_ID_MAPPING"


class InvalidTransactionTimeoutError(BrokerResponseError):
    """Error code 50, INVALID_TRANSACTION_TIMEOUT."""

    errno = 50
    message = "INVALID_TRANSACTION_TIMEOUT"


class ConcurrentTransactionsError(RetriableError, BrokerResponseError):
    """Error code 51, CONCURRENT_TRANSACTIONS."""

    errno = 51
    message = "CONCURRENT_TRANSACTIONS"


class TransactionCoordinatorFencedError(BrokerResponseError):
    """Error code 52, TRANSACTION_COORDINATOR_FENCED."""

    errno = 52
    message = "TRANSACTION_COORDINATOR_FENCED"


class TransactionalIdAuthorizationFailedError(AuthorizationError):
    """Error code 53, TRANSACTIONAL_ID_AUTHORIZATION_FAILED."""

    errno = 53
    message = "TRANSACTIONAL_ID_AUTHORIZATION_FAILED"


class SecurityDisabledError(BrokerResponseError):
    """Error code 54, SECURITY_DISABLED."""

    errno = 54
    message = "SECURITY_DISABLED"


class OperationNotAttemptedError(BrokerResponseError):
    """Error code 55, OPERATION_NOT_ATTEMPTED."""

    errno = 55
    message = "OPERATION_NOT_ATTEMPTED"


class KafkaStorageError(InvalidMetadataError, BrokerResponseError):
    """Error code 56, KAFKA_STORAGE_ERROR."""

    errno = 56
    message = "KAFKA_STORAGE_ERROR"


class LogDirNotFoundError(BrokerResponseError):
    """Error code 57, LOG_DIR_NOT_FOUND."""

    errno = 57
    message = "LOG_DIR_NOT_FOUND"


class SaslAuthenticationFailedError(BrokerResponseError):
    """Error code 58, SASL_AUTHENTICATION_FAILED."""

    errno = 58
    message = "SASL_AUTHENTICATION_FAILED"


class UnknownProducerIdError(BrokerResponseError):
    """Error code 59, UNKNOWN_PRODUCER_ID."""

    errno = 59
    message = "UNKNOWN_PRODUCER_ID"


class ReassignmentInProgressError(BrokerResponseError):
    """Error code 60, REASSIGNMENT_IN_PROGRESS."""

    errno = 60
    message = "REASSIGNMENT_IN_PROGRESS"


class DelegationTokenAuthDisabledError(BrokerResponseError):
    """Error code 61, DELEGATION_TOKEN_AUTH_DISABLED."""

    errno = 61
    message = "DELEGATION_TOKEN_AUTH_DISABLED"


class DelegationTokenNotFoundError(BrokerResponseError):
    """Error code 62, DELEGATION_TOKEN_NOT_FOUND."""

    errno = 62
    message = "DELEGATION_TOKEN_NOT_FOUND"


class DelegationTokenOwnerMismatchError(BrokerResponseError):
    """Error code 63, DELEGATION_TOKEN_OWNER_MISMATCH."""

    errno = 63
    message = "DELEGATION_TOKEN_OWNER_MISMATCH"


class DelegationTokenRequestNotAllowedError(BrokerResponseError):
    """Error code 64, DELEGATION_TOKEN_REQUEST_NOT_ALLOWED."""

    errno = 64
    message = "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED"


class DelegationTokenAuthorizationFailedError(AuthorizationError):
    """Error code 65, DELEGATION_TOKEN_AUTHORIZATION_FAILED."""

    errno = 65
    message = "DELEGATION_TOKEN_AUTHORIZATION_FAILED"


class DelegationTokenExpiredError(BrokerResponseError):
    """Error code 66, DELEGATION_TOKEN_EXPIRED."""

    errno = 66
    message = "DELEGATION_TOKEN_EXPIRED"


class InvalidPrincipalTypeError(BrokerResponseError):
    """Error code 67, INVALID_PRINCIPAL_TYPE."""

    errno = 67
    message = "INVALID_PRINCIPAL_TYPE"


class NonEmptyGroupError(BrokerResponseError):
    """Error code 68, NON_EMPTY_GROUP."""

    errno = 68
    message = "NON_EMPTY_GROUP"


class GroupIdNotFoundError(BrokerResponseError):
    """Error code 69, GROUP_ID_NOT_FOUND."""

    errno = 69
    message = "GROUP_ID_NOT_FOUND"


class FetchSessionIdNotFoundError(RetriableError, BrokerResponseError):
    """Error code 70, FETCH_SESSION_ID_NOT_FOUND."""

    errno = 70
    message = "FETCH_SESSION_ID_NOT_FOUND"


class InvalidFetchSessionEpochError(RetriableError, BrokerResponseError):
    """Error code 71, INVALID_FETCH_SESSION_EPOCH."""

    errno = 71
    message = "INVALID_FETCH_SESSION_EPOCH"


class ListenerNotFoundError(InvalidMetadataError, BrokerResponseError):
    """Error code 72, LISTENER_NOT_FOUND."""

    errno = 72
    message = "LISTENER_NOT_FOUND"


class TopicDeletionDisabledError(BrokerResponseError):
    """Error code 73, TOPIC_DELETION_DISABLED."""

    errno = 73
    message = "TOPIC_DELETION_DISABLED"


class FencedLeaderEpochError(InvalidMetadataError, BrokerResponseError):
    """Error code 74, FENCED_LEADER_EPOCH."""

    errno = 74
    message = "FENCED_LEADER_EPOCH"


class UnknownLeaderEpochError(InvalidMetadataError, BrokerResponseError):
    """Error code 75, UNKNOWN_LEADER_EPOCH."""

    errno = 75
    message = "UNKNOWN_LEADER_EPOCH"


class UnsupportedCompressionTypeError(BrokerResponseError):
    """Error code 76, UNSUPPORTED_COMPRESSION_TYPE."""

    errno = 76
    message = "UNSUPPORTED_COMPRESSION_TYPE"


class StaleBrokerEpochError(BrokerResponseError):
    """Error code 77, STALE_BROKER_EPOCH."""

    errno = 77
    message = "STALE_BROKER_EPOCH"


class OffsetNotAvailableError(RetriableError, BrokerResponseError):
    """Error code 78, OFFSET_NOT_AVAILABLE."""

    errno = 78
    message = "OFFSET_NOT_AVAILABLE"


class MemberIdRequiredError(BrokerResponseError):
    """Error code 79, MEMBER_ID_REQUIRED."""

    errno = 79
    message = "MEMBER_ID_REQUIRED"


class PreferredLeaderNotAvailableError(InvalidMetadataError, BrokerResponseError):
    """Error code 80, PREFERRED_LEADER_NOT_AVAILABLE."""

    errno = 80
    message = "PREFERRED_LEADER_NOT_AVAILABLE"


class GroupMaxSizeReachedError(BrokerResponseError):
    """Error code 81, GROUP_MAX_SIZE_REACHED."""

    errno = 81
    message = "GROUP_MAX_SIZE_REACHED"


class FencedInstanceIdError(BrokerResponseError):
    """Error code 82, FENCED_INSTANCE_ID."""

    errno = 82
    message = "FENCED_INSTANCE_ID"


class EligibleLeadersNotAvailableError(InvalidMetadataError, BrokerResponseError):
    """Error code 83, ELIGIBLE_LEADERS_NOT_AVAILABLE."""

    errno = 83
    message = "ELIGIBLE_LEADERS_NOT_AVAILABLE"


class ElectionNotNeededError(InvalidMetadataError, BrokerResponseError):
    """Error code 84, ELECTION_NOT_NEEDED."""

    errno = 84
    message = "ELECTION_NOT_NEEDED"


class NoReassignmentInProgressError(BrokerResponseError):
    """Error code 85, NO_REASSIGNMENT_IN_PROGRESS."""

    errno = 85
    message = "NO_REASSIGNMENT_IN_PROGRESS"


class GroupSubscribedToTopicError(BrokerResponseError):
    """Error code 86, GROUP_SUBSCRIBED_TO_TOPIC."""

    errno = 86
    message = "GROUP_SUBSCRIBED_TO_TOPIC"


class InvalidRecordError(BrokerResponseError):
    """Error code 87, INVALID_RECORD."""

    errno = 87
    message = "INVALID_RECORD"


class UnstableOffsetCommitError(RetriableError, BrokerResponseError):
    """Error code 88, UNSTABLE_OFFSET_COMMIT."""

    errno = 88
    message = "UNSTABLE_OFFSET_COMMIT"


class ThrottlingQuotaExceededError(RetriableError, BrokerResponseError):
    """Error code 89, THROTTLING_QUOTA_EXCEEDED."""

    errno = 89
    message = "THROTTLING_QUOTA_EXCEEDED"


class ProducerFencedError(BrokerResponseError):
    """Error code 90, PRODUCER_FENCED."""

    errno = 90
    message = "PRODUCER_FENCED"


class ResourceNotFoundError(BrokerResponseError):
    """Error code 91, RESOURCE_NOT_FOUND."""

    errno = 91
    message = "RESOURCE_NOT_FOUND"


class DuplicateResourceError(BrokerResponseError):
    """Error code 92, DUPLICATE_RESOURCE."""

    errno = 92
    message = "DUPLICATE_RESOURCE"


class UnacceptableCredentialError(BrokerResponseError):
    """Error code 93, UNACCEPTABLE_CREDENTIAL."""

    errno = 93
    message = "UNACCEPTABLE_CREDENTIAL"


class InconsistentVoterSetError(BrokerResponseError):
    """Error code 94, INCONSISTENT_VOTER_SET."""

    errno = 94
    message = "INCONSISTENT_VOTER_SET"


class InvalidUpdateVersionError(BrokerResponseError):
    """Error code 95, INVALID_UPDATE_VERSION."""

    errno = 95
    message = "INVALID_UPDATE_VERSION"


class FeatureUpdateFailedError(BrokerResponseError):
    """Error code 96, FEATURE_UPDATE_FAILED."""

    errno = 96
    message = "FEATURE_UPDATE_FAILED"


class PrincipalDeserializationFailureError(BrokerResponseError):
    """Error code 97, PRINCIPAL_DESERIALIZATION_FAILURE."""

    errno = 97
    message = "PRINCIPAL_DESERIALIZATION_FAILURE"


class SnapshotNotFoundError(BrokerResponseError):
    """Error code 98, SNAPSHOT_NOT_FOUND."""

    errno = 98
    message = "SNAPSHOT_NOT_FOUND"


class PositionOutOfRangeError(BrokerResponseError):
    """Error code 99, POSITION_OUT_OF_RANGE."""

    errno = 99
    message = "POSITION_OUT_OF_RANGE"


class UnknownTopicIdError(InvalidMetadataError, BrokerResponseError):
    """Error code 100, UNKNOWN_TOPIC_ID."""

    errno = 100
    message = "UNKNOWN_TOPIC_ID"


class DuplicateBrokerRegistrationError(BrokerResponseError):
    """Error code 101, DUPLICATE_BROKER_REGISTRATION."""

    errno = 101
    message = "DUPLICATE_BROKER_REGISTRATION"


class BrokerIdNotRegisteredError(BrokerResponseError):
    """Error code 102, BROKER_ID_NOT_REGISTERED."""

    errno = 102
    message = "BROKER_ID_NOT_REGISTERED"


class InconsistentTopicIdError(InvalidMetadataError, BrokerResponseError):
    """Error code 103, INCONSISTENT_TOPIC_ID."""

    errno = 103
    message = "INCONSISTENT_TOPIC_ID"


class InconsistentClusterIdError(BrokerResponseError):
    """Error code 104, INCONSISTENT_CLUSTER_ID."""

    errno = 104
    message = "INCONSISTENT_CLUSTER_ID"


class TransactionalIdNotFoundError(BrokerResponseError):
    """Error code 105, TRANSACTIONAL_ID_NOT_FOUND."""

    errno = 105
    message = "TRANSACTIONAL_ID_NOT_FOUND"


class FetchSessionTopicIdError(RetriableError, BrokerResponseError):
    """Error code 106, FETCH_SESSION_TOPIC_ID_ERROR."""

    errno = 106
    message = "FETCH_SESSION_TOPIC_ID_ERROR"


class IneligibleReplicaError(BrokerResponseError):
    """Error code 107, INELIGIBLE_REPLICA."""

    errno = 107
    message = "INELIGIBLE_REPLICA"


class NewLeaderElectedError(BrokerResponseError):
    """Error code 108, NEW_LEADER_ELECTED."""

    errno = 108
    message = "NEW_LEADER_ELECTED"


class OffsetMovedToTieredStorageError(BrokerResponseError):
    """Error code 109, OFFSET_MOVED_TO_TIERED_STORAGE."""

    errno = 109
    message = "OFFSET_MOVED_TO_TIERED_STORAGE"


class FencedMemberEpochError(BrokerResponseError):
    """Error code 110, FENCED_MEMBER_EPOCH."""

    errno = 110
    message = "FENCED_MEMBER_EPOCH"


class UnreleasedInstanceIdError(BrokerResponseError):
    """Error code 111, UNRELEASED_INSTANCE_ID."""

    errno = 111
    message = "UNRELEASED_INSTANCE_ID"


class UnsupportedAssignorError(BrokerResponseError):
    """Error code 112, UNSUPPORTED_ASSIGNOR."""

    errno = 112
    message = "UNSUPPORTED_ASSIGNOR"


class StaleMemberEpochError(BrokerResponseError):
    """Error code 113, STALE_MEMBER_EPOCH."""

    errno = 113
    message = "STALE_MEMBER_EPOCH"


class MismatchedEndpointTypeError(BrokerResponseError):
    """Error code 114, MISMATCHED_ENDPOINT_TYPE."""

    errno = 114
    message = "MISMATCHED_ENDPOINT_TYPE"


class UnsupportedEndpointTypeError(BrokerResponseError):
    """Error code 115, UNSUPPORTED_ENDPOINT_TYPE."""

    errno = 115
    message = "UNSUPPORTED_ENDPOINT_TYPE"


class UnknownControllerIdError(BrokerResponseError):
    """Error code 116, UNKNOWN_CONTROLLER_ID."""

    errno = 116
    message = "UNKNOWN_CONTROLLER_ID"


class UnknownSubscriptionIdError(BrokerResponseError):
    """Error code 117, UNKNOWN_SUBSCRIPTION_ID."""

    errno = 117
    message = "UNKNOWN_SUBSCRIPTION_ID"


class TelemetryTooLargeError(BrokerResponseError):
    """Error code 118, TELEMETRY_TOO_LARGE."""

    errno = 118
    message = "TELEMETRY_TOO_LARGE"


class InvalidRegistrationError(BrokerResponseError):
    """Error code 119, INVALID_REGISTRATION."""

    errno = 119
    message = "INVALID_REGISTRATION"


class TransactionAbortableError(BrokerResponseError):
    """Error code 120, TRANSACTION_ABORTABLE."""

    errno = 120
    message = "TRANSACTION_ABORTABLE"


class InvalidRecordStateError(BrokerResponseError):
    """Error code 121, INVALID_RECORD_STATE."""

    errno = 121
    message = "INVALID_RECORD_STATE"


class ShareSessionNotFoundError(RetriableError, BrokerResponseError):
    """Error code 122, SHARE_SESSION_NOT_FOUND."""

    errno = 122
    message = "SHARE_SESSION_NOT_FOUND"


class InvalidShareSessionEpochError(RetriableError, BrokerResponseError):
    """Error code 123, INVALID_SHARE_SESSION_EPOCH."""

    errno = 123
    message = "INVALID_SHARE_SESSION_EPOCH"


class FencedStateEpochError(BrokerResponseError):
    """Error code 124, FENCED_STATE_EPOCH."""

    errno = 124
    message = "FENCED_STATE_EPOCH"


class InvalidVoterKeyError(BrokerResponseError):
    """Error code 125, INVALID_VOTER_KEY."""

    errno = 125
    message = "INVALID_VOTER_KEY"


class DuplicateVoterError(BrokerResponseError):
    """Error code 126, DUPLICATE_VOTER."""

    errno = 126
    message = "DUPLICATE_VOTER"


class VoterNotFoundError(BrokerResponseError):
    """Error code 127, VOTER_NOT_FOUND."""

    errno = 127
    message = "VOTER_NOT_FOUND"


class InvalidRegularExpressionError(BrokerResponseError):
    """Error code 128, INVALID_REGULAR_EXPRESSION (newer than kafka-python 3.0's table)."""

    errno = 128
    message = "INVALID_REGULAR_EXPRESSION"


class RebootstrapRequiredError(BrokerResponseError):
    """Error code 129, REBOOTSTRAP_REQUIRED (newer than kafka-python 3.0's table)."""

    errno = 129
    message = "REBOOTSTRAP_REQUIRED"


class StreamsInvalidTopologyError(BrokerResponseError):
    """Error code 130, STREAMS_INVALID_TOPOLOGY (newer than kafka-python 3.0's table)."""

    errno = 130
    message = "STREAMS_INVALID_TOPOLOGY"


class StreamsInvalidTopologyEpochError(BrokerResponseError):
    """Error code 131, STREAMS_INVALID_TOPOLOGY_EPOCH (newer than kafka-python 3.0's table)."""

    errno = 131
    message = "STREAMS_INVALID_TOPOLOGY_EPOCH"


class StreamsTopologyFencedError(BrokerResponseError):
    """Error code 132, STREAMS_TOPOLOGY_FENCED (newer than kafka-python 3.0's table)."""

    errno = 132
    message = "STREAMS_TOPOLOGY_FENCED"


class ShareSessionLimitReachedError(RetriableError, BrokerResponseError):
    """Error code 133, SHARE_SESSION_LIMIT_REACHED (newer than kafka-python 3.0's table)."""

    errno = 133
    message = "SHARE_SESSION_LIMIT_REACHED"


CorruptRecordException = CorruptRecordError
NotLeaderOrFollowerError = NotLeaderForPartitionError


class InternalError(KafkaError):
    """A bug inside minikafka: the cluster is poisoned and the original traceback is the cause."""


class StuckError(KafkaError):
    """A wait without an end: nothing in the virtual world can ever satisfy it."""


class UnsupportedOptionError(KafkaConfigurationError):
    """An option that the real client has and minikafka does not support."""


def _classes_by_code() -> dict[int, type[BrokerResponseError]]:
    return {
        cls.errno: cls
        for cls in globals().values()
        if isinstance(cls, type)
        and issubclass(cls, BrokerResponseError)
        and "errno" in cls.__dict__
        and cls is not BrokerResponseError
        and cls is not IncompatibleBrokerVersion
    }


def code_of(error: BaseException) -> ErrorCode:
    """The protocol's code for an exception; UNKNOWN_SERVER_ERROR for one that has none."""
    return (
        ErrorCode(error.errno) if isinstance(error, BrokerResponseError) else ErrorCode.UNKNOWN_SERVER_ERROR
    )


class ErrorTable:
    """The exception classes a client raises, by name and by code.

    Args:
        module: a module such as an installed ``kafka.errors`` whose classes are preferred; where it lacks
            a name (it is older than minikafka's table) minikafka's own class is used, made a child of the
            module's nearest class, so that ``except kafka.errors.KafkaError`` catches it.

    Attribute access gives the class of that name: ``table.KafkaTimeoutError``.
    """

    def __init__(self, module: ModuleType | None = None) -> None:
        self._module = module
        self._by_code: dict[int, type[BrokerResponseError]] = {}

    def __getattr__(self, name: str) -> Any:
        own = globals().get(name)
        if not (isinstance(own, type) and issubclass(own, KafkaError)):
            raise AttributeError(f"minikafka.errors has no exception class {name!r}")
        # Aliases go by the name of the class.
        found = getattr(self._module, name, None) or getattr(self._module, own.__name__, None)
        cls = found if isinstance(found, type) else self._adopted(own)
        self.__dict__[name] = cls
        return cls

    def _adopted(self, own: type[KafkaError]) -> type[KafkaError]:
        """A class that the module lacks, made a child of the module's own nearest class as well."""
        for base in own.__mro__[1:]:
            theirs = getattr(self._module, base.__name__, None)
            if isinstance(theirs, type) and issubclass(base, KafkaError):
                namespace = {"__module__": own.__module__, "__str__": lambda error: str(own(*error.args))}
                return type(own.__name__, (own, theirs), namespace)
        return own

    def error_for_code(self, code: int, message: str | None = None) -> Any:
        """An exception instance for a protocol error code.

        Args:
            code: the code of the response.
            message: what the broker said of it, if anything.
        """
        if not self._by_code:
            self._by_code = _classes_by_code()
        own = self._by_code.get(code)
        if own is None:
            own = type("UnrecognizedBrokerError", (UnknownError,), {"errno": code})
            return own(message) if message else own()
        cls = getattr(self, own.__name__)
        return cls(message) if message else cls()

    def translate(self, error: BaseException) -> BaseException:
        """The same error as an instance of this table's class of the same name."""
        if self._module is None or not isinstance(error, KafkaError):
            return error
        cls = getattr(self, type(error).__name__, None)
        if cls is None or cls is type(error):
            return error
        translated: BaseException = cls(*error.args)
        translated.__cause__ = error.__cause__
        return translated


ERRORS = ErrorTable()


def error_for_code(code: int, message: str | None = None) -> KafkaError:
    """An exception instance of minikafka's own class for a protocol error code."""
    error: KafkaError = ERRORS.error_for_code(code, message)
    return error
