"""The ways into a cluster by sockets that `MiniKafka` offers; `minikafka.wire` does the work."""

from __future__ import annotations

from minikafka.errors import IllegalStateError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from minikafka.cluster import MiniKafka
    from minikafka.wire.listener import Listener
    from minikafka.wire.options import ListenerOptions, Place


class ClusterSockets:
    """Listening for clients of other libraries and processes."""

    _listener: Listener | None = None

    @property
    def _cluster(self) -> MiniKafka:
        """This object as what it is: nothing but `MiniKafka` listens."""
        return self  # type: ignore[return-value]

    @property
    def listening_on(self) -> str | None:
        """Where wire clients find the cluster, as `listen` has told; None if it does not listen."""
        listener = self._listener
        return None if listener is None or listener.loop.is_closed() else listener.bootstrap_servers

    def listen(
        self,
        host: str = "127.0.0.1",
        port: int | Sequence[int] = 0,
        *,
        advertised_host: str | None = None,
        advertised_port: int | Sequence[int] | None = None,
        prompt_rebalances: bool | None = None,
        **options: int,
    ) -> str:
        """Let clients of other libraries and processes in, by sockets that speak Kafka's protocol.

        Needs ``clock="system"`` or ``clock="manual"``. Brokers that are stopped or killed close their ports and
        open them again when they start. In-process clients go on as before, beside the others. The sockets have
        a thread of their own; `listen_in_loop` does without. ``__consumer_offsets`` is made if there is none, as
        on a cluster that has been used before: librdkafka waits for a second where it has to come into being.

        Args:
            host: the name or address to bind to; a name is bound at every address that it stands for.
            port: of the first broker, the others follow; or one for each. 0: any free port for each.
            advertised_host: what clients are told to connect to; by default `host`. To listen everywhere, bind
                to ``"0.0.0.0"`` and advertise the name that clients know this machine or container by.
            advertised_port: the ports that clients are told, in the manner of `port`; by default those that are
                listened on. Differs behind a proxy, or where a container's ports are mapped.
            prompt_rebalances: whether a group's members hear of a rebalance mostly at once, where with Kafka they
                do by their next heartbeat, up to ``heartbeat.interval.ms`` (3 s by default) later. By default the
                clients do that it costs nothing, librdkafka's and Java's; with True all, with False none; see
                `minikafka.wire.options.ListenerOptions`.
            options: more of `minikafka.wire.options.ListenerOptions`, such as ``connections_max_idle_ms``. Those
                that Kafka's brokers have default to what the cluster was started with.

        Returns:
            What clients take as ``bootstrap.servers``: ``"127.0.0.1:41731"``, one address per broker.

        Raises:
            IllegalStateError: the cluster listens already, or its time is virtual.
            IllegalArgumentError: no such host, a port is taken, or an option has a bad value.
        """
        from minikafka.wire.options import ListenerOptions, places

        cluster = self._cluster
        where = places(
            len(cluster.node_ids),
            host,
            port,
            advertised_host=advertised_host,
            advertised_port=advertised_port,
        )
        told = ListenerOptions(cluster.config, prompt_rebalances=prompt_rebalances, **options)
        return self._listen(where, told, None)

    async def listen_in_loop(
        self,
        host: str = "127.0.0.1",
        port: int | Sequence[int] = 0,
        *,
        advertised_host: str | None = None,
        advertised_port: int | Sequence[int] | None = None,
        prompt_rebalances: bool | None = None,
        **options: int,
    ) -> str:
        """The same as `listen` in the running event loop: sockets and the cluster's time need no thread then.

        Close the cluster in that loop, by `aclose` or ``async with``; if the loop ends first, the cluster stops
        listening and goes on with a thread for its time. A blocking call of an in-process client, made in the
        loop, keeps the sockets waiting; what it waits for must not come from one.

        Args, Returns, Raises: as `listen`.
        """
        from minikafka.wire.options import ListenerOptions, places

        cluster = self._cluster
        where = places(
            len(cluster.node_ids),
            host,
            port,
            advertised_host=advertised_host,
            advertised_port=advertised_port,
        )
        told = ListenerOptions(cluster.config, prompt_rebalances=prompt_rebalances, **options)
        return self._listen(where, told, self._on_loop_end)

    def _listen(
        self, where: list[Place], options: ListenerOptions, on_loop_end: Callable[[], object] | None
    ) -> str:
        from minikafka.drivers.background import BackgroundDriver
        from minikafka.wire.listener import Listener

        kafka = self._cluster
        with kafka.driver.lock:
            kafka._check_open()
            if self._listener is not None and self._listener.loop.is_closed():
                self._on_loop_end()
            if self._listener is not None:
                raise IllegalStateError(f"the cluster listens already on {self._listener.bootstrap_servers}")
            listener = Listener(kafka.endpoint, dict(zip(kafka.node_ids, where)), options, on_loop_end)
            try:
                for node_id in kafka.brokers:
                    listener.open(node_id)
            except BaseException:
                listener.close()
                raise
            self._listener = listener
            if on_loop_end is not None and isinstance(kafka.driver, BackgroundDriver):
                kafka.driver.turn_in_loop(listener.loop, on_loop_end)
            self._make_offsets_topic()
        return listener.bootstrap_servers

    def _make_offsets_topic(self) -> None:
        """As a FindCoordinator would; where it fails (too few brokers are up), that still will."""
        kafka = self._cluster
        name = "__consumer_offsets"
        if kafka.brokers and name not in kafka.image.topics:
            next(iter(kafka.brokers.values())).auto_topics.create([name])
            kafka.driver.settle()

    def _on_loop_end(self) -> None:
        """The event loop that the cluster listens in ends before the cluster, or is found to be closed."""
        from minikafka.drivers.background import BackgroundDriver

        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        driver = self._cluster.driver
        if isinstance(driver, BackgroundDriver):
            driver.turn_in_thread()
