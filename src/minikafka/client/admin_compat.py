"""What kafka-python 2's own admin client sends with, when its class is patched: requests to an in-process cluster.

kafka-python 2 hands out responses in the very shape in which they were decoded, with the fields of whichever
version it asked for. So its own code is left to run, and meets the cluster where its ``kafka_client`` option
lets it: its requests are taken as the bytes they encode to, in their version, and so are the answers.
"""

from __future__ import annotations

from minikafka.client.network_client import NetworkClient
from minikafka.errors import ErrorCode, KafkaError
from minikafka.messages.registry import API_NAMES, request_class
from minikafka.structs import broker_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from minikafka.client.metadata import ClusterMetadata
    from minikafka.errors import ErrorTable
    from minikafka.messages.schema import Response
    from minikafka.ports import Endpoint
    from minikafka.structs import BrokerMetadata

_FIND_COORDINATOR = 10


class WireClient:
    """Stands in for kafka-python 2's ``KafkaClient`` (the part that its admin client uses).

    Args:
        endpoint: the cluster.
        config: the admin client's options.
        errors: kafka-python's exception classes.
        new_future: kafka-python's class of futures.
        api_version: what the brokers are said to be, as a tuple.

    Raises:
        NoBrokersAvailable: no broker answers.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        config: Mapping[str, Any],
        errors: ErrorTable,
        new_future: Callable[[], Any],
        api_version: tuple[int, ...],
    ) -> None:
        self.config: dict[str, Any] = {**config, "api_version": api_version}
        self._errors = errors
        self._new_future = new_future
        self._client = client = NetworkClient(endpoint, "admin", config, errors)
        self._driver = endpoint.driver
        self._api_versions: dict[int, tuple[int, int]] = {}
        try:
            self._driver.run(client.bootstrap(client.request_timeout_ms))
            served = self._driver.run(self._ask_versions())
        except KafkaError as error:
            client.close()
            raise errors.NoBrokersAvailable() from error
        for each in served.api_keys:  # type: ignore[attr-defined]
            self._api_versions[each.api_key] = (each.min_version, each.max_version)

    async def _ask_versions(self) -> Response:
        from minikafka.messages.api_versions import ApiVersionsRequest

        request = ApiVersionsRequest(client_software_name="kafka-python", client_software_version="2")
        return await self._client.send(self._client.least_loaded_node(), request)

    @property
    def cluster(self) -> ClusterView:
        """The metadata of the whole cluster, as it is now."""
        self._client.metadata.need_all_topic_metadata = True
        try:
            self._driver.run(self._refresh())
        except KafkaError as error:
            raise self._errors.translate(error) from error.__cause__
        return ClusterView(self._client.metadata)

    async def _refresh(self) -> None:
        await self._client.request_metadata_update()

    def api_version(self, operation: Any, max_version: int | None = None) -> int:
        """The newest version that both kafka-python and the brokers know.

        Raises:
            IncompatibleBrokerVersion: there is none.
        """
        key: int = operation[0].API_KEY
        newest = len(operation) - 1
        if max_version is not None:
            newest = min(newest, max_version)
        first, last = self._api_versions.get(key, (0, -1))
        version = min(newest, last)
        if version < first:
            name = API_NAMES.get(key, operation[0].__name__.partition("Request")[0])
            raise self._errors.IncompatibleBrokerVersion(
                f"minikafka's brokers do not serve {name}"
                if last < 0
                else f"minikafka's brokers serve {name} from version {first}, kafka-python sends at most {newest}"
            )
        return version

    def check_version(self, node_id: int | None = None, **_: object) -> tuple[int, ...]:  # noqa: ARG002
        """What the broker is said to be."""
        version: tuple[int, ...] = self.config["api_version"]
        return version

    def least_loaded_node(self) -> int:
        """A broker that can be reached, with the fewest requests in flight."""
        client = self._client
        for _ in client.metadata.brokers():
            node_id = client.least_loaded_node()
            if client.connect(node_id):
                break
        return node_id

    def await_ready(self, node_id: int, *_: object, **__: object) -> bool:
        """Whether a request could be sent; raises KafkaConnectionError if the broker cannot be reached."""
        if self._client.closed or not self._client.connect(node_id):
            raise self._errors.KafkaConnectionError(f"broker {node_id} cannot be reached")
        return True

    def send(self, node_id: int, request: Any, *_: object, **__: object) -> Any:
        """Send one of kafka-python's requests; its future gets one of kafka-python's responses."""
        future = self._new_future()
        try:
            response = self._driver.run(self._answer(node_id, request))
        except KafkaError as error:
            return future.failure(self._errors.translate(error))
        return future.success(request.RESPONSE_TYPE.decode(response.encode(request.API_VERSION)))

    async def _answer(self, node_id: int, request: Any) -> Response:
        client = self._client
        version: int = request.API_VERSION
        message = request_class(request.API_KEY).decode(request.encode(), version)
        deadline_ms = client.scheduler.now_ms + client.request_timeout_ms
        while True:
            response = await client.transport.request(
                client.address,
                broker_address(node_id),
                message,
                client_id=client.client_id,
                timeout_ms=client.request_timeout_ms,
                api_version=version,
            )
            # The very first look-up of a coordinator creates __consumer_offsets, and is told to come again.
            again = request.API_KEY == _FIND_COORDINATOR and _is_retriable(response)
            if not again or client.scheduler.now_ms >= deadline_ms:
                return response
            await client.scheduler.sleep(client.retry_backoff_ms)

    def poll(self, timeout_ms: float | None = None, future: Any = None) -> list[Any]:  # noqa: ARG002
        """Nothing to do: whatever was sent has been answered."""
        return []

    def close(self, node_id: int | None = None) -> None:
        """Close every connection."""
        if node_id is None:
            with self._driver.lock:
                self._client.close()


class _Partition:
    """A partition, as far as kafka-python's admin client looks at it."""

    __slots__ = ("partition",)

    def __init__(self, partition: int) -> None:
        self.partition = partition


class ClusterView:
    """Stands in for kafka-python 2's ``ClusterMetadata`` (the part that its admin client uses)."""

    def __init__(self, metadata: ClusterMetadata) -> None:
        self.brokers: Callable[[], list[BrokerMetadata]] = metadata.brokers
        self._metadata = metadata
        self._partitions = {
            topic: {index: _Partition(index) for index in metadata.sorted_partitions(topic)}
            for topic in sorted(metadata.topics(exclude_internal_topics=False))
        }

    def topics(self, exclude_internal_topics: bool = True) -> list[str]:
        """The names of the topics; in order, since requests are made of them."""
        return sorted(self._metadata.topics(exclude_internal_topics))


def _is_retriable(response: Any) -> bool:
    return ErrorCode(response.error_code) in (
        ErrorCode.COORDINATOR_NOT_AVAILABLE,
        ErrorCode.COORDINATOR_LOAD_IN_PROGRESS,
    )
