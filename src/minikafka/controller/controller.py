"""The controller node: it alone changes the cluster's metadata, and tells the brokers.

Mirrors Kafka's QuorumController with its ClusterControlManager and ReplicationControlManager. Simplifications:
one controller that is never down (no quorum, no metadata log); broker registration and heartbeats are told by
method calls of the composition root; a restarted broker is let in at once, where Kafka first waits for the old
session to end and for the new process to catch up with the metadata.
"""

from __future__ import annotations

import sys

from minikafka.controller.metadata_delta import MetadataDelta
from minikafka.controller.metadata_publisher import MetadataPublisher
from minikafka.controller.partition_change import Election, change_partition
from minikafka.errors import BrokerIdNotRegisteredError, BrokerResponseError, ErrorCode, code_of
from minikafka.image import NO_LEADER, BrokerImage, MetadataImage, PartitionImage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from minikafka.config import BrokerConfig
    from minikafka.messages.schema import Request, Response
    from minikafka.ports import Transport
    from minikafka.scheduler import Promise, Scheduler, Timer
    from minikafka.structs import RequestContext

    Handler = Callable[["Controller", Any, RequestContext], Response]

PRODUCER_ID_BLOCK_SIZE = 1000
"""How many producer ids a broker gets at a time (ProducerIdsBlock.PRODUCER_ID_BLOCK_SIZE)."""

_HANDLERS = {
    "CreateTopics": ("create_topics", "handle_create_topics"),
    "DeleteTopics": ("delete_topics", "handle_delete_topics"),
    "CreatePartitions": ("create_partitions", "handle_create_partitions"),
    "AlterPartition": ("alter_partition", "handle_alter_partition"),
    "AllocateProducerIds": ("producer_ids", "handle_allocate_producer_ids"),
    "IncrementalAlterConfigs": ("configs", "handle_incremental_alter_configs"),
    "AlterConfigs": ("configs", "handle_alter_configs"),
    "ElectLeaders": ("elect_leaders", "handle_elect_leaders"),
    "AlterPartitionReassignments": ("reassignments", "handle_alter_partition_reassignments"),
    "DescribeQuorum": ("describe_quorum", "handle_describe_quorum"),
    "UpdateFeatures": ("update_features", "handle_update_features"),
    "ListPartitionReassignments": ("reassignments", "handle_list_partition_reassignments"),
}
"""Module and function that answer an API; imported when its first request comes."""


class Controller:
    """Owns the metadata image.

    Args:
        scheduler: the cluster's scheduler; its random draws topic ids and placements.
        transport: how to reach the brokers.
        config: the options of the controller, those of the brokers as a rule.
        cluster_id: the cluster's id.
    """

    __slots__ = (
        "_balance_timer",
        "_handlers",
        "_sessions",
        "_shutting_down",
        "config",
        "image",
        "next_producer_id",
        "publisher",
        "scheduler",
    )

    def __init__(
        self, scheduler: Scheduler, transport: Transport, config: BrokerConfig, cluster_id: str
    ) -> None:
        self.scheduler: Scheduler = scheduler
        self.config: BrokerConfig = config
        self.image: MetadataImage = MetadataImage(0, cluster_id)
        self.publisher: MetadataPublisher = MetadataPublisher(scheduler, transport)
        self.next_producer_id: int = 0
        self._handlers: dict[str, Handler] = {}
        self._sessions: dict[int, Timer] = {}
        self._shutting_down: dict[int, None] = {}
        self._balance_timer: Timer | None = None

    # Requests

    def handle(self, request: Request, context: RequestContext) -> Response:
        """Answer a request; see `minikafka.ports.Handler`."""
        from minikafka.error_response import error_response

        try:
            return self._handler(request.api_name)(self, request, context)
        except BrokerResponseError as error:
            return error_response(request, code_of(error), str(error.args[0]) if error.args else None)
        except Exception as error:
            self.scheduler.report_failure(error)
            return error_response(request, ErrorCode.UNKNOWN_SERVER_ERROR, str(error))

    def _handler(self, api_name: str) -> Handler:
        handler = self._handlers.get(api_name)
        if handler is None:
            module_name, function = _HANDLERS[api_name]
            module = f"minikafka.controller.{module_name}"
            __import__(module)
            handler = self._handlers[api_name] = getattr(sys.modules[module], function)
        return handler

    # Metadata

    def delta(self) -> MetadataDelta:
        """A new set of changes to the present image."""
        return MetadataDelta(self.image)

    def commit(self, delta: MetadataDelta) -> None:
        """Make the changes true, and tell the brokers."""
        if delta.is_empty:
            return
        self.image = delta.build()
        self.publisher.publish(self.image)
        if self._balance_timer is None and self.config.auto_leader_rebalance_enable:
            self._schedule_balancing(delta.changed_partitions)

    def is_active(self, node_id: int) -> bool:
        """Whether a broker may lead: registered, not fenced, not shutting down."""
        broker = self.image.brokers.get(node_id)
        return broker is not None and not broker.fenced and node_id not in self._shutting_down

    def is_shutting_down(self, node_id: int) -> bool:
        """Whether a broker is in its controlled shutdown."""
        return node_id in self._shutting_down

    def usable_brokers(self) -> list[BrokerImage]:
        """The brokers that may be given replicas."""
        return [broker for broker in self.image.brokers.values() if broker.node_id not in self._shutting_down]

    def is_unclean_election_enabled(self, topic: str) -> bool:
        """The topic's effective unclean.leader.election.enable."""
        name = "unclean.leader.election.enable"
        found = self.image.topics.get(topic)
        value = None if found is None else found.configs.get(name)
        if value is None:
            value = self.image.broker_configs.get("", {}).get(name)
        return self.config.unclean_leader_election_enable if value is None else value == "true"

    def election_for(self, topic: str) -> Election:
        """What kind of election a topic's partitions have when their brokers change."""
        return Election.UNCLEAN if self.is_unclean_election_enabled(topic) else Election.ONLINE

    # Brokers

    def register_broker(self, node_id: int, host: str, port: int, rack: str | None = None) -> None:
        """A broker process has started: it gets a new broker epoch, the metadata, and may lead.

        If the controller still thinks that the broker's last process lives, that process is fenced first.
        """
        self._end_session(node_id)
        self._shutting_down.pop(node_id, None)
        known = self.image.brokers.get(node_id)
        if known is not None and not known.fenced:
            self._fence(node_id)
        delta = self.delta()
        delta.set_broker(BrokerImage(node_id, host, port, rack, self.image.version + 1))
        for topic, index, partition in list(delta.partitions()):
            if partition.leader == NO_LEADER:
                changed = change_partition(
                    partition,
                    lambda replica: replica == node_id or self.is_active(replica),
                    self.election_for(topic),
                )
                if changed is not None:
                    delta.set_partition(topic, index, changed)
        self.publisher.add(node_id)
        self.commit(delta)

    def broker_back(self, node_id: int) -> None:
        """A registered broker has a new process; see `register_broker`.

        Raises:
            BrokerIdNotRegisteredError: no broker with this id was ever registered.
        """
        broker = self._registered(node_id)
        self.register_broker(node_id, broker.host, broker.port, broker.rack)

    def broker_lost(self, node_id: int) -> None:
        """A broker's heartbeats have ceased: it is fenced after `broker.session.timeout.ms`."""
        broker = self._registered(node_id)
        self.publisher.remove(node_id)
        if not broker.fenced and node_id not in self._sessions:
            self._sessions[node_id] = self.scheduler.call_later(
                self.config.broker_session_timeout_ms, self._session_expired, node_id
            )

    def controlled_shutdown(self, node_id: int) -> Promise[None]:
        """Move leadership away from a broker that wants to stop.

        Returns:
            a promise kept when every live broker knows the new leaders; then the broker is fenced and may stop.
        """
        self._registered(node_id)
        self._shutting_down[node_id] = None
        delta = self.delta()
        self._remove_from_isrs(delta, node_id)
        self.commit(delta)
        promise = self.publisher.applied_everywhere(self.image.version)
        promise.add_callback(lambda _: self._shut_down(node_id))
        return promise

    def links_changed(self) -> None:
        """A link was cut or mended: brokers that could not be reached are tried at once."""
        self.publisher.retry_now()

    def _registered(self, node_id: int) -> BrokerImage:
        broker = self.image.brokers.get(node_id)
        if broker is None:
            raise BrokerIdNotRegisteredError(f"Broker ID {node_id} is not currently registered")
        return broker

    def _end_session(self, node_id: int) -> None:
        timer = self._sessions.pop(node_id, None)
        if timer is not None:
            timer.cancel()

    def _session_expired(self, node_id: int) -> None:
        del self._sessions[node_id]
        self._fence(node_id)

    def _shut_down(self, node_id: int) -> None:
        if node_id in self._shutting_down and not self.image.brokers[node_id].fenced:
            self._fence(node_id)
        # A broker that is down counts as fenced only: new topics may be placed on it.
        self._shutting_down.pop(node_id, None)

    def _fence(self, node_id: int) -> None:
        """Take a broker out of every ISR and every leadership (ReplicationControlManager.handleBrokerFenced)."""
        delta = self.delta()
        self._remove_from_isrs(delta, node_id)
        delta.set_broker(self.image.brokers[node_id].with_changes(fenced=True))
        self.commit(delta)

    def _remove_from_isrs(self, delta: MetadataDelta, node_id: int) -> None:
        def is_acceptable(replica: int) -> bool:
            return replica != node_id and self.is_active(replica)

        for topic, index, partition in list(delta.partitions()):
            if node_id not in partition.isr:
                continue
            changed = change_partition(
                partition,
                is_acceptable,
                self.election_for(topic),
                isr=[replica for replica in partition.isr if replica != node_id],
            )
            if changed is not None:
                delta.set_partition(topic, index, changed)

    # Balance

    def _schedule_balancing(self, changed: Iterable[PartitionImage]) -> None:
        """Kafka looks every leader.imbalance.check.interval.seconds; here only when there is something to do."""
        for partition in changed:
            preferred = partition.replicas[0]
            if partition.leader not in (preferred, NO_LEADER) and preferred in partition.isr:
                self._balance_timer = self.scheduler.call_later(
                    self.config.leader_imbalance_check_interval_seconds * 1000, self._balance
                )
                return

    def _balance(self) -> None:
        self._balance_timer = None
        delta = self.delta()
        for topic, index, partition in list(delta.partitions()):
            if partition.leader == partition.replicas[0]:
                continue
            changed = change_partition(partition, self.is_active, Election.PREFERRED)
            if changed is not None:
                delta.set_partition(topic, index, changed)
        self.commit(delta)
