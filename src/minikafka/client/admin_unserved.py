"""The admin calls that no in-process broker serves, each refused as kafka-python refuses it there.

A client of kafka-python whose broker lacks an API raises IncompatibleBrokerVersion; so do these, before
anything is sent. The signatures are kafka-python's.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, NoReturn

    from minikafka.errors import ErrorTable


class UnservedAdministration:
    """ACLs, SCRAM users, transactions, the quorum, changes of features, replicas' directories."""

    _errors: ErrorTable

    def _unserved(self, method: str, api: str) -> NoReturn:
        raise self._errors.IncompatibleBrokerVersion(
            f"KafkaAdminClient.{method}: minikafka's brokers do not serve {api}"
        )

    # ACLs

    def describe_acls(self, acl_filter: Any) -> NoReturn:  # noqa: ARG002
        """Raises IncompatibleBrokerVersion: minikafka has no authorizer."""
        self._unserved("describe_acls", "DescribeAcls")

    def create_acls(self, acls: Iterable[Any]) -> NoReturn:  # noqa: ARG002
        """Raises IncompatibleBrokerVersion: minikafka has no authorizer."""
        self._unserved("create_acls", "CreateAcls")

    def delete_acls(self, acl_filters: Iterable[Any]) -> NoReturn:  # noqa: ARG002
        """Raises IncompatibleBrokerVersion: minikafka has no authorizer."""
        self._unserved("delete_acls", "DeleteAcls")

    # Users

    def alter_user_scram_credentials(self, alterations: Iterable[Any]) -> NoReturn:  # noqa: ARG002
        """Raises IncompatibleBrokerVersion: nobody logs in to an in-process broker."""
        self._unserved("alter_user_scram_credentials", "AlterUserScramCredentials")

    def describe_user_scram_credentials(self, users: Iterable[str] | None = None) -> NoReturn:  # noqa: ARG002
        """Raises IncompatibleBrokerVersion: nobody logs in to an in-process broker."""
        self._unserved("describe_user_scram_credentials", "DescribeUserScramCredentials")

    # Transactions

    def list_transactions(
        self,
        broker_ids: Iterable[int] | None = None,  # noqa: ARG002
        producer_id_filters: Iterable[int] | None = None,  # noqa: ARG002
        state_filters: Iterable[Any] | None = None,  # noqa: ARG002
        duration_filter_ms: int | None = None,  # noqa: ARG002
        transactional_id_pattern: str | None = None,  # noqa: ARG002
    ) -> NoReturn:
        """Raises IncompatibleBrokerVersion: there are no transactions yet."""
        self._unserved("list_transactions", "ListTransactions")

    def describe_transactions(self, transactional_ids: Iterable[str]) -> NoReturn:  # noqa: ARG002
        """Raises IncompatibleBrokerVersion: there are no transactions yet."""
        self._unserved("describe_transactions", "DescribeTransactions")

    def describe_producers(self, partitions: Iterable[Any], broker_id: int | None = None) -> NoReturn:  # noqa: ARG002
        """Raises IncompatibleBrokerVersion: DescribeProducers is not served."""
        self._unserved("describe_producers", "DescribeProducers")

    def abort_transaction(self, spec: Any) -> NoReturn:  # noqa: ARG002
        """Raises IncompatibleBrokerVersion: there are no transactions yet."""
        self._unserved("abort_transaction", "WriteTxnMarkers")

    def find_hanging_transactions(
        self,
        broker_ids: Iterable[int] | None = None,  # noqa: ARG002
        max_transaction_timeout_ms: int = 900000,  # noqa: ARG002
    ) -> NoReturn:
        """Raises IncompatibleBrokerVersion: there are no transactions yet."""
        self._unserved("find_hanging_transactions", "ListTransactions")

    # The cluster

    def describe_metadata_quorum(self) -> NoReturn:
        """Raises IncompatibleBrokerVersion: the controller is one state machine, without a quorum."""
        self._unserved("describe_metadata_quorum", "DescribeQuorum")

    def update_features(
        self,
        feature_updates: Mapping[str, Any],  # noqa: ARG002
        validate_only: bool = False,  # noqa: ARG002
        timeout_ms: int = 60000,  # noqa: ARG002
    ) -> NoReturn:
        """Raises IncompatibleBrokerVersion: features cannot be changed."""
        self._unserved("update_features", "UpdateFeatures")

    def alter_replica_log_dirs(self, replica_assignments: Mapping[Any, str]) -> NoReturn:  # noqa: ARG002
        """Raises IncompatibleBrokerVersion: a broker has one log directory."""
        self._unserved("alter_replica_log_dirs", "AlterReplicaLogDirs")

    def list_config_resources(self, resource_types: Iterable[Any] | None = None) -> NoReturn:  # noqa: ARG002
        """Raises IncompatibleBrokerVersion: ListConfigResources is not served."""
        self._unserved("list_config_resources", "ListConfigResources")
