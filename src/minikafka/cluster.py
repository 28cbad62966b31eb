"""`MiniKafka`: a whole cluster in this process; where network, controller, brokers and driver meet."""

from __future__ import annotations

from itertools import count
from random import Random

from minikafka import bootstrap
from minikafka.broker.broker import Broker
from minikafka.cluster_setup import broker_config, check_arguments, new_cluster_id, new_driver
from minikafka.cluster_sockets import ClusterSockets
from minikafka.cluster_views import ClusterViews
from minikafka.controller import Controller
from minikafka.drivers.wall_clock import wall_clock_ms
from minikafka.errors import IllegalArgumentError, IllegalStateError, KafkaTimeoutError
from minikafka.faults import FaultPlan
from minikafka.network import Network
from minikafka.ports import Endpoint
from minikafka.scheduler import Promise, Scheduler
from minikafka.structs import CONTROLLER, RequestContext, TopicPartition, broker_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Any, Self

    from minikafka.admin import KafkaAdminClient
    from minikafka.config import BrokerConfig
    from minikafka.consumer import KafkaConsumer
    from minikafka.drivers.manual import ManualDriver
    from minikafka.drivers.system import SystemDriver
    from minikafka.drivers.virtual import VirtualDriver
    from minikafka.groups.group_coordinator import GroupCoordinatorShard
    from minikafka.image import MetadataImage
    from minikafka.log.unified_log import UnifiedLog
    from minikafka.messages.schema import Request, Response
    from minikafka.producer import KafkaProducer

    LogDirectory = dict[TopicPartition, UnifiedLog]

_FIRST_PORT = 9092
_READY_TIMEOUT_MS = 30_000
_READY_POLL_MS = 5

_numbers = count(1)
"""Numbers the clusters of this process, so that no two ever answer to the same address."""


class MiniKafka(ClusterViews, ClusterSockets):
    """A Kafka cluster in this process, started by the constructor and closed by `close` or a ``with`` block.

    Args:
        brokers: how many brokers; their node ids count from 1.
        clock: ``"virtual"``: time jumps while somebody waits; ``"system"``: real time; ``"manual"``: the cluster
            works at once, as in real time, but its time moves by `advance` alone; see
            `minikafka.drivers.manual`.
        seed: of everything that is drawn at random; one seed gives one run.
        config: the brokers' options by Kafka's names, such as ``{"auto.create.topics.enable": False}``.
        racks: the rack of each broker, in order; by default none has one.
        start_ms: the time at which the cluster starts, in ms since the Unix epoch; by default the machine's.
        name: part of the bootstrap address; by default ``"minikafka-N"``, unique in this process.
        options: more broker options, in snake case: ``MiniKafka(num_partitions=3)``.

    Raises:
        KafkaConfigurationError: a broker option is unknown or has a bad value.
        UnsupportedOptionError: an option of Kafka's that minikafka does not model.
        IllegalArgumentError: another argument has a bad value.
    """

    def __init__(
        self,
        brokers: int = 1,
        *,
        clock: str = "virtual",
        seed: int = 0,
        config: Mapping[str, object] | None = None,
        racks: Sequence[str | None] | None = None,
        start_ms: int | None = None,
        name: str | None = None,
        **options: object,
    ) -> None:
        self._closed = True
        check_arguments(brokers, clock, racks)
        self.config: BrokerConfig = broker_config(brokers, {**(config or {}), **options})
        """The options that every broker starts with."""
        self.name: str = name or f"minikafka-{next(_numbers)}"
        self.seed = seed
        """What everything random is drawn from."""
        random = Random(seed)
        self.started_ms: int = wall_clock_ms() if start_ms is None else start_ms
        self.scheduler: Scheduler = Scheduler(random, self.started_ms)
        self.faults: FaultPlan = FaultPlan(random)
        """What goes wrong between the nodes; nothing by default."""
        self.network: Network = Network(self.scheduler, self.faults)
        self.driver: VirtualDriver | SystemDriver | ManualDriver = new_driver(clock, self.scheduler)
        self._racks = racks
        self._disks: dict[int, LogDirectory] = {node_id: {} for node_id in range(1, brokers + 1)}
        self.brokers: dict[int, Broker] = {}
        """The brokers that are up, by node id."""
        self._clients: dict[object, None] = {}
        with self.driver.lock:
            self.controller: Controller = Controller(
                self.scheduler, self.network, self.config, new_cluster_id(random)
            )
            self.network.bind(CONTROLLER, self.controller.handle)
            self.faults.on_links_changed = self._on_links_changed
            for node_id in self._disks:
                self._start_broker(node_id)
            self.endpoint: Endpoint = Endpoint(
                self.name,
                self.scheduler,
                self.network,
                self.driver,
                self._bootstrap_nodes,
                self._attach,
                self._detach,
            )
            self.driver.settle()
            if clock == "manual":
                # No client could wait for it: the pause before it asks again would never be over.
                self._make_offsets_topic()
        self._closed = False
        for address in self.bootstrap_servers.split(","):
            bootstrap.publish(address, self.endpoint)

    # What it is

    @property
    def bootstrap_servers(self) -> str:
        """Where clients of this process find the cluster: ``"minikafka-1:9092"``, one address per broker."""
        return ",".join(f"{self.name}:{_port(node_id)}" for node_id in self._disks)

    @property
    def now_ms(self) -> int:
        """The cluster's time, in ms since the Unix epoch."""
        return self.scheduler.now_ms

    @property
    def node_ids(self) -> list[int]:
        """The node ids of all brokers, up or down."""
        return list(self._disks)

    @property
    def clients(self) -> list[object]:
        """The clients that live on the cluster, in the order in which they were made."""
        return list(self._clients)

    @property
    def image(self) -> MetadataImage:
        """The cluster's metadata as the controller has it."""
        return self.controller.image

    def logs(self, node_id: int) -> LogDirectory:
        """The replicas on a broker's disk, whether the broker is up or down."""
        return self._disks[self._known(node_id)]

    def group_shards(self) -> Iterator[tuple[int, GroupCoordinatorShard]]:
        """The active group coordinator partitions, with the node id of the broker that runs each."""
        for node_id, broker in self.brokers.items():
            for shard in broker.group_shards():
                yield node_id, shard

    # Topics

    def create_topic(
        self,
        name: str,
        partitions: int = 1,
        replication_factor: int | None = None,
        configs: Mapping[str, object] | None = None,
    ) -> None:
        """Create a topic; returns when every live broker knows it and its leaders are ready.

        Args:
            name: the topic.
            partitions: how many partitions.
            replication_factor: how many replicas each; by default ``default.replication.factor``.
            configs: topic options by Kafka's names, such as ``{"cleanup.policy": "compact"}``.

        Raises:
            TopicAlreadyExistsError, InvalidTopicError, InvalidPartitionsError, InvalidReplicationFactorError,
            InvalidConfigurationError: as Kafka would.
        """
        from minikafka.cluster_topics import creatable, raise_for
        from minikafka.messages.create_topics import CreateTopicsRequest

        topic = creatable(name, partitions, replication_factor, configs)
        response = self._ask_controller(CreateTopicsRequest(topics=[topic]))
        raise_for(response.topics[0])
        self._wait_until(lambda: self._is_ready(name), f"topic {name!r} to be ready")

    def delete_topic(self, name: str) -> None:
        """Delete a topic; returns when every live broker has forgotten it.

        Raises:
            UnknownTopicOrPartitionError: there is no such topic.
            TopicDeletionDisabledError: ``delete.topic.enable`` is off.
        """
        from minikafka.cluster_topics import raise_for
        from minikafka.messages.delete_topics import DeleteTopicsRequest, DeleteTopicState

        response = self._ask_controller(DeleteTopicsRequest(topics=[DeleteTopicState(name=name)]))
        raise_for(response.responses[0])
        version = self.image.version
        self._wait_until(
            lambda: all(broker.image.version >= version for broker in self.brokers.values()),
            f"topic {name!r} to be gone",
        )

    def _ask_controller(self, request: Request) -> Any:
        """The controller's answer. The question does not pass the network, so no fault concerns it."""
        self._check_open()
        context = RequestContext(request.max_version, self.name, "127.0.0.1", self.name)
        with self.driver.lock:
            answer: Response | Promise[Response] | None = self.controller.handle(request, context)
            if isinstance(answer, Promise):
                self.driver.wait(answer)
                answer = answer.result()
        return answer

    def _is_ready(self, name: str) -> bool:
        topic = self.image.topics.get(name)
        if topic is None:
            return True  # deleted by somebody else meanwhile
        version = self.image.version
        if any(broker.image.version < version for broker in self.brokers.values()):
            return False
        return all(
            partition.leader not in self.brokers
            or self.brokers[partition.leader].leads(TopicPartition(name, index))
            for index, partition in enumerate(topic.partitions)
        )

    def _wait_until(self, predicate: Callable[[], bool], what: str) -> None:
        with self.driver.lock:
            self.driver.settle()
            if not predicate():
                self.driver.run(self._poll_until(predicate, what))

    async def _poll_until(self, predicate: Callable[[], bool], what: str) -> None:
        deadline_ms = self.scheduler.now_ms + _READY_TIMEOUT_MS
        while not predicate():
            if self.scheduler.now_ms >= deadline_ms:
                raise KafkaTimeoutError(f"waited {_READY_TIMEOUT_MS} ms for {what}")
            await self.scheduler.sleep(_READY_POLL_MS)

    # Clients

    def producer(self, **options: Any) -> KafkaProducer:
        """A `KafkaProducer` of this cluster; options as kafka-python's."""
        from minikafka.producer import KafkaProducer

        return KafkaProducer(bootstrap_servers=self.bootstrap_servers, **options)

    def consumer(self, *topics: str, **options: Any) -> KafkaConsumer:
        """A `KafkaConsumer` of this cluster, subscribed to `topics`; options as kafka-python's."""
        from minikafka.consumer import KafkaConsumer

        return KafkaConsumer(*topics, bootstrap_servers=self.bootstrap_servers, **options)

    def admin(self, **options: Any) -> KafkaAdminClient:
        """A `KafkaAdminClient` of this cluster; options as kafka-python's."""
        from minikafka.admin import KafkaAdminClient

        return KafkaAdminClient(bootstrap_servers=self.bootstrap_servers, **options)

    def crash(self, client: KafkaProducer | KafkaConsumer | KafkaAdminClient) -> None:
        """A client dies on the spot: no commit, no leave, nothing sent; its connections are cut."""
        with self.driver.lock:
            if self._clients.pop(client, self) is self:
                raise IllegalArgumentError(f"{client!r} does not live on cluster {self.name}")
            client._crash()

    def _attach(self, client: object) -> None:
        self._clients[client] = None

    def _detach(self, client: object) -> None:
        self._clients.pop(client, None)

    def _bootstrap_nodes(self) -> list[str]:
        return [broker_address(node_id) for node_id in self._disks]

    # Brokers

    def kill(self, node_id: int) -> None:
        """A broker dies on the spot; the controller notices when its session times out.

        Raises:
            IllegalStateError: it is down already.
        """
        with self.driver.lock:
            broker = self._up(node_id)
            self._take_down(broker)
            self.controller.broker_lost(node_id)

    def stop(self, node_id: int) -> None:
        """Shut a broker down in an orderly way: its leaderships move first, where they can.

        Raises:
            IllegalStateError: it is down already.
        """
        with self.driver.lock:
            broker = self._up(node_id)
            self.driver.wait(self.controller.controlled_shutdown(node_id), _READY_TIMEOUT_MS)
            self._take_down(broker)
            self.controller.broker_lost(node_id)
            self.driver.settle()

    def start(self, node_id: int) -> None:
        """Start a broker that was killed or stopped, on the logs that it left.

        Raises:
            IllegalStateError: it is up already.
            IllegalArgumentError: the cluster listens, and somebody else has taken the broker's port.
        """
        with self.driver.lock:
            self._check_open()
            if self._known(node_id) in self.brokers:
                raise IllegalStateError(f"broker {node_id} is up already")
            self._start_broker(node_id)
            self.driver.settle()

    def _start_broker(self, node_id: int) -> None:
        if self._listener is not None:
            # First, for it may fail. Nobody is served before the lock is given up.
            self._listener.open(node_id)
        rack = self._racks[node_id - 1] if self._racks is not None else None
        config = self.config if rack is None else self.config.with_options({"broker.rack": rack})
        broker = Broker(node_id, self.scheduler, self.network, config, self._disks[node_id])
        self.brokers[node_id] = broker
        self.brokers = dict(sorted(self.brokers.items()))
        self.network.bind(broker.address, broker.handle)
        broker.start()
        self.controller.register_broker(node_id, self.name, _port(node_id), rack)

    def _take_down(self, broker: Broker) -> None:
        del self.brokers[broker.node_id]
        if self._listener is not None:
            self._listener.shut(broker.node_id)
        # First off the network: what a dead broker does in its last moment is heard by nobody.
        self.network.unbind(broker.address)
        broker.stop()

    def _on_links_changed(self) -> None:
        self.network.break_cut_links()
        self.controller.links_changed()

    def _known(self, node_id: int) -> int:
        if node_id not in self._disks:
            raise IllegalArgumentError(f"node_id={node_id}: the brokers are {self.node_ids}")
        return node_id

    def _up(self, node_id: int) -> Broker:
        self._check_open()
        if self._known(node_id) not in self.brokers:
            raise IllegalStateError(f"broker {node_id} is down already")
        return self.brokers[node_id]

    # Time and health

    def advance(
        self,
        seconds: float = 0,
        *,
        ms: float = 0,
        minutes: float = 0,
        hours: float = 0,
        days: float = 0,
    ) -> None:
        """Let time pass, and all happen that happens in it. With ``clock="system"`` real time passes.

        With ``clock="manual"`` the clock moves on at once, and with it nothing but the cluster: a client on a
        socket does not know that its session timeout has passed.
        """
        self._check_open()
        total_ms = round(ms + 1000 * (seconds + 60 * (minutes + 60 * (hours + 24 * days))))
        if total_ms < 0:
            raise IllegalArgumentError(f"time does not go back: advance by {total_ms} ms")
        self.driver.advance(total_ms)

    @property
    def poisoned(self) -> bool:
        """Whether an internal error, a bug of minikafka's, has made the cluster unusable."""
        return self.scheduler.failure is not None

    def check_health(self) -> None:
        """Raise InternalError, with the original error as its cause, if the cluster is poisoned."""
        self.driver.check_health()

    # The end

    def close(self) -> None:
        """Crash the clients that are still there, stop everything, and leave no thread, task or timer behind.

        Closing twice does nothing.

        Raises:
            InternalError: an internal error has poisoned the cluster.
        """
        if self._closed:
            return
        self._closed = True
        bootstrap.withdraw(self.endpoint)
        with self.driver.lock:  # another thread may be about to listen
            listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        with self.driver.lock:
            for client in list(self._clients):
                client._crash()  # type: ignore[attr-defined]
            self._clients.clear()
            for broker in list(self.brokers.values()):
                self._take_down(broker)
            self.network.unbind(CONTROLLER)
            self.scheduler.close()
        self.driver.close()
        self.driver.check_health()

    async def aclose(self) -> None:
        """`close`, in the event loop that the cluster listens in: returns when its connections are gone, too.

        Raises:
            InternalError: an internal error has poisoned the cluster.
        """
        listener = self._listener
        try:
            self.close()
        finally:
            if listener is not None:
                await listener.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.close()
        except Exception:
            # What the block raised came first, and is most likely the same trouble.
            if exc is None:
                raise

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self.aclose()
        except Exception:
            if exc is None:
                raise

    def __repr__(self) -> str:
        state = "closed" if self._closed else "poisoned" if self.poisoned else "up"
        return f"<MiniKafka {self.bootstrap_servers} {state}, brokers up: {list(self.brokers)}>"

    def _check_open(self) -> None:
        if self._closed:
            raise IllegalStateError(f"cluster {self.name} is closed")


def _port(node_id: int) -> int:
    return _FIRST_PORT + node_id - 1
