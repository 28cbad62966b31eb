"""`RealCluster`: the face of `MiniKafka` over a real Kafka that the test shares with others."""

from __future__ import annotations

import time
import warnings

from minikafka.cluster_topics import creatable, raise_for
from minikafka.cluster_views import DEFAULT_TIMEOUT_MS
from minikafka.errors import (
    ErrorCode,
    IllegalStateError,
    KafkaConfigurationError,
    KafkaTimeoutError,
    error_for_code,
)
from minikafka.logs import logger
from minikafka.messages.create_topics import CreateTopicsRequest
from minikafka.messages.describe_configs import DescribeConfigsRequest, DescribeConfigsResource
from minikafka.remote import inspection, waits
from minikafka.remote.asker import Asker
from minikafka.remote.cleanup import remove_all
from minikafka.remote.client_library import kafka_python
from minikafka.remote.gateway import HOST, Gateway
from minikafka.remote.namespace import Namespace
from minikafka.remote.refusals import REASONS
from minikafka.remote.translation import Translator

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from logging import Logger
    from types import TracebackType
    from typing import Any, NoReturn, Self

    from minikafka.client.consumer_record import ConsumerRecord
    from minikafka.inspection import GroupView, TopicView
    from minikafka.structs import TopicPartition

    Refuse = Callable[[str], NoReturn]

log: Logger = logger("remote")

_READY_TIMEOUT_MS = 30_000
_BROKER = 4


class RealCluster:
    """A real Kafka, seen through names of its own: what the fixtures give in place of `MiniKafka`.

    Topics, groups and transactional ids get a unique suffix on the cluster and lose it on the way back, for
    every client of `bootstrap_servers`. `close` removes them. What only a cluster in this process can do calls
    `refuse` with the reason.

    Args:
        bootstrap_servers: of the real cluster, ``"host:port,..."``. It speaks plaintext.
        refuse: raises; pytest's ``skip`` in a test.

    Raises:
        KafkaConfigurationError: `bootstrap_servers` is none, or kafka-python is not installed.
        KafkaConnectionError: nobody answers there.
    """

    def __init__(self, bootstrap_servers: str, refuse: Refuse) -> None:
        self.real_bootstrap_servers = bootstrap_servers
        """Where the cluster itself is; clients that go there see the suffixes."""
        self._refuse = refuse
        self._closed = False
        self._library = kafka_python()
        self._clients: dict[Any, None] = {}
        self.namespace: Namespace = Namespace()
        """How the test's names become the cluster's."""
        self.name: str = f"minikafka{self.namespace.suffix}"
        self.started_ms: int = self.now_ms
        outside = Asker(addresses(bootstrap_servers))
        try:
            brokers = outside.brokers()
        finally:
            outside.close()
        self._gateway = Gateway(brokers.items(), Translator(self.namespace))
        self._asker = Asker(self._gateway.addresses.values())

    def __getattr__(self, name: str) -> Any:
        # Only what the class does not have comes here.
        reason = REASONS.get(name)
        if reason is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self._refuse(f"{name}: {reason}")

    # What it is

    @property
    def bootstrap_servers(self) -> str:
        """Where every client finds the cluster with the test's names in it: loopback ports of the gateway."""
        return self._gateway.bootstrap_servers

    @property
    def listening_on(self) -> str:
        """The same as `bootstrap_servers`: a real cluster listens always."""
        return self.bootstrap_servers

    def listen(self, host: str = HOST, port: int = 0, **options: object) -> str:
        """Where clients of other processes find the cluster. Another host, a port or an option skips the test."""
        wanted = {name: value for name, value in options.items() if value is not None}
        if host != HOST or port or wanted:
            self._refuse(
                f"listen(host={host!r}, port={port!r}, {wanted}): a real cluster listens where it does"
            )
        return self.bootstrap_servers

    async def listen_in_loop(self, host: str = HOST, port: int = 0, **options: object) -> str:
        """The same as `listen`: the gateway keeps its own thread."""
        return self.listen(host, port, **options)

    @property
    def now_ms(self) -> int:
        """This machine's time, in ms since the Unix epoch."""
        return time.time_ns() // 1_000_000

    @property
    def node_ids(self) -> list[int]:
        """The node ids of the brokers that are up."""
        return sorted(self._asker.brokers())

    @property
    def clients(self) -> list[object]:
        """The clients that `producer`, `consumer`, `admin` and a patch have made and nobody has closed."""
        self._clients = {each: None for each in self._clients if not _is_closed(each)}
        return list(self._clients)

    @property
    def poisoned(self) -> bool:
        """False: an internal error of minikafka's cannot harm a real cluster."""
        return False

    def check_health(self) -> None:
        """Nothing: see `poisoned`."""

    def broker_options(self, names: Iterable[str]) -> dict[int, dict[str, str | None]]:
        """The values of broker options by node id; an option that a broker does not know is left out."""
        wanted = list(names)
        found: dict[int, dict[str, str | None]] = {}
        for node_id, address in self._asker.brokers().items():
            resource = DescribeConfigsResource(
                resource_type=_BROKER, resource_name=str(node_id), configuration_keys=wanted
            )
            [result] = self._asker.ask(DescribeConfigsRequest(resources=[resource]), address).results
            if result.error_code:
                raise error_for_code(result.error_code, result.error_message)
            found[node_id] = {each.name: each.value for each in result.configs}
        return found

    # Topics

    def create_topic(
        self,
        name: str,
        partitions: int = 1,
        replication_factor: int | None = None,
        configs: Mapping[str, object] | None = None,
    ) -> None:
        """Create a topic; returns when every broker knows it and its leaders. See `MiniKafka.create_topic`.

        Raises:
            TopicAlreadyExistsError, InvalidTopicError, InvalidPartitionsError, InvalidReplicationFactorError,
            InvalidConfigurationError: minikafka's own classes, as `MiniKafka` raises them.
        """
        self._check_open()
        topic = creatable(name, partitions, replication_factor, configs)
        request = CreateTopicsRequest(topics=[topic], timeout_ms=_READY_TIMEOUT_MS)
        [result] = self._asker.ask(request, self._asker.controller()).topics
        raise_for(result)
        self._wait(lambda: all(map(_has_leaders, self._everywhere(name))), f"topic {name!r} to be ready")

    def delete_topic(self, name: str) -> None:
        """Delete a topic; returns when every broker has forgotten it.

        Raises:
            UnknownTopicOrPartitionError: there is no such topic.
            TopicDeletionDisabledError: ``delete.topic.enable`` is off.
        """
        self._check_open()
        [result] = self._asker.delete_topics([name])
        raise_for(result)
        unknown = ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        self._wait(
            lambda: all(each.error_code == unknown for each in self._everywhere(name)),
            f"topic {name!r} to be gone",
        )

    def has_topic(self, name: str) -> bool:
        """Whether there is such a topic."""
        return bool(self._asker.metadata([name]).topics[0].error_code == ErrorCode.NONE)

    def _everywhere(self, name: str) -> list[Any]:
        """A topic as each broker knows it."""
        return [self._asker.metadata([name], address).topics[0] for address in self._asker.brokers().values()]

    def _wait(self, predicate: Callable[[], object], what: str) -> None:
        if not waits.run_until(predicate, _READY_TIMEOUT_MS):
            raise KafkaTimeoutError(f"waited {_READY_TIMEOUT_MS} ms for {what}")

    # Clients

    def producer(self, **options: Any) -> Any:
        """A ``kafka.KafkaProducer`` of this cluster; options as kafka-python's."""
        return self._new_client("KafkaProducer", (), options)

    def consumer(self, *topics: str, **options: Any) -> Any:
        """A ``kafka.KafkaConsumer`` of this cluster, subscribed to `topics`; options as kafka-python's."""
        return self._new_client("KafkaConsumer", topics, options)

    def admin(self, **options: Any) -> Any:
        """A ``kafka.KafkaAdminClient`` of this cluster; options as kafka-python's."""
        return self._new_client("KafkaAdminClient", (), options)

    def _new_client(self, name: str, topics: tuple[str, ...], options: dict[str, Any]) -> Any:
        self._check_open()
        client = self.construct(getattr(self._library, name), *topics, **options)
        self.adopt(client)
        return client

    def construct(self, make: Callable[..., Any], *args: Any, **options: Any) -> Any:
        """Make a client with these options and the way to this cluster: its address, in plaintext."""
        options["bootstrap_servers"] = self.bootstrap_servers.split(",")
        options["security_protocol"] = "PLAINTEXT"
        with warnings.catch_warnings():
            # minikafka's clients take plain callables as serializers without a word.
            warnings.filterwarnings("ignore", r".* does not implement kafka\.serializer", DeprecationWarning)
            return make(*args, **options)

    def adopt(self, client: object) -> None:
        """Close a client with the cluster, if nobody has closed it before."""
        self._clients[client] = None

    # Looking inside

    def records(
        self, topic: str, partition: int | None = None, *, isolation: str = "read_uncommitted"
    ) -> list[ConsumerRecord]:
        """What a consumer of the topic could read now; see `minikafka.inspection.records`."""
        return inspection.records(self._asker, topic, partition, isolation=isolation)

    def topic(self, name: str) -> TopicView:
        """A topic as it is now; see `minikafka.inspection.topic`."""
        return inspection.topic(self._asker, name)

    def group(self, group_id: str) -> GroupView:
        """A consumer group as its coordinator sees it now; its generation is not told, and skips the test."""
        return inspection.group(self._asker, group_id, self._refuse)

    def describe(self) -> str:
        """The test's topics and groups as text, for failure reports. Never raises."""
        return inspection.describe(self._asker, repr(self), self._refuse)

    # Waiting, in real time

    def wait_until(
        self,
        predicate: Callable[[], object],
        *,
        timeout_ms: int = DEFAULT_TIMEOUT_MS,
        what: str | None = None,
    ) -> None:
        """Look until `predicate()` is true; see `minikafka.waits.wait_until`."""
        waits.wait_until(self, predicate, timeout_ms=timeout_ms, what=what)

    def wait_for_records(
        self,
        topic: str,
        n: int = 1,
        *,
        partition: int | None = None,
        timeout_ms: int = DEFAULT_TIMEOUT_MS,
    ) -> list[ConsumerRecord]:
        """Look until `n` records can be read; see `minikafka.waits.wait_for_records`."""
        return waits.wait_for_records(self, topic, n, partition=partition, timeout_ms=timeout_ms)

    def wait_for_assignment(
        self,
        consumer: object | Sequence[object],
        partitions: Iterable[TopicPartition] | None = None,
        *,
        timeout_ms: int = DEFAULT_TIMEOUT_MS,
    ) -> set[TopicPartition]:
        """Poll until the group has assigned partitions; see `minikafka.waits.wait_for_assignment`."""
        return waits.wait_for_assignment(self, consumer, partitions, timeout_ms=timeout_ms)

    def wait_for_commit(
        self,
        group_id: str,
        partition: TopicPartition,
        offset: int,
        *,
        timeout_ms: int = DEFAULT_TIMEOUT_MS,
    ) -> int:
        """Look until the group has committed `offset`; see `minikafka.waits.wait_for_commit`."""
        return waits.wait_for_commit(self, group_id, partition, offset, timeout_ms=timeout_ms)

    # The end

    def close(self) -> None:
        """Close the clients that are still open, and remove the test's groups and topics. Twice does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            for client in reversed(self.clients):
                _close(client)
            left = remove_all(self._asker)
            if left:
                log.warning("could not be removed from %s: %s", self.real_bootstrap_servers, "; ".join(left))
        finally:
            self._asker.close()
            self._gateway.close()

    async def aclose(self) -> None:
        """The same as `close`; the event loop waits for it."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed else "open"
        return f"<RealCluster {self.real_bootstrap_servers} {state}, names end in {self.namespace.suffix}>"

    def _check_open(self) -> None:
        if self._closed:
            raise IllegalStateError(f"{self!r} is closed")


def addresses(bootstrap_servers: str) -> list[tuple[str, int]]:
    """``"a:1,b:2"`` as hosts and ports.

    Raises:
        KafkaConfigurationError: it is not of that form.
    """
    found = []
    for part in bootstrap_servers.split(","):
        host, _, port = part.strip().rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 2**16:
            raise KafkaConfigurationError(
                f"bootstrap_servers={bootstrap_servers!r}: expected 'host:port', or several with commas between"
            )
        found.append((host.strip("[]"), int(port)))
    return found


def _is_closed(client: Any) -> bool:
    return bool(getattr(client, "_closed", False))


def _close(client: Any) -> None:
    """Close a client that a test has left open: no record is waited for, no offset committed."""
    try:
        if hasattr(client, "poll"):
            client.close(autocommit=False)
        elif hasattr(client, "send"):
            client.close(timeout=0)
        else:
            client.close()
    except Exception as error:
        log.warning("%r does not close: %r", client, error)


def _has_leaders(topic: Any) -> bool:
    return topic.error_code == ErrorCode.NONE and all(
        each.error_code == ErrorCode.NONE and each.leader_id >= 0 for each in topic.partitions
    )
