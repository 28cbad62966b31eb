"""A consumer's membership of its group: joining, syncing, leaving, and when to join again.

The protocol half of kafka-python's BaseCoordinator; what a rebalance does to the consumer's partitions, and
its listeners, is in `minikafka.client.rebalance`.
"""

from __future__ import annotations

from minikafka.client.assignors.abstract import Member, Subscription
from minikafka.client.heartbeat import Heartbeat
from minikafka.client.waiting import remaining_ms, wait_until
from minikafka.errors import (
    ErrorCode,
    IllegalGenerationError,
    IllegalStateError,
    InconsistentGroupProtocolError,
    MemberIdRequiredError,
    RebalanceInProgressError,
    RetriableError,
    UnknownMemberIdError,
    error_for_code,
)
from minikafka.structs import ConsumerGroupMetadata, MemberState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from minikafka.client.assignors.abstract import AbstractPartitionAssignor
    from minikafka.client.consumer_metrics import ConsumerMetrics
    from minikafka.client.consumer_options import ConsumerOptions
    from minikafka.client.coordinator_client import CoordinatorClient
    from minikafka.client.network_client import NetworkClient
    from minikafka.client.rebalance import Rebalance
    from minikafka.client.subscription import SubscriptionState
    from minikafka.client.waiting import Deadline
    from minikafka.messages.heartbeat import HeartbeatRequest
    from minikafka.messages.join_group import JoinGroupRequest, JoinGroupResponse
    from minikafka.messages.schema import Response
    from minikafka.messages.sync_group import SyncGroupRequest, SyncGroupResponse
    from minikafka.scheduler import Promise, Task

PROTOCOL_TYPE = "consumer"
NO_GENERATION_ID = -1
NO_MEMBER_ID = ""
_MAX_REASON_LENGTH = 255
_REBALANCE_GRACE_MS = 5000

_JOIN_AGAIN = (UnknownMemberIdError, RebalanceInProgressError, IllegalGenerationError, MemberIdRequiredError)
_COORDINATOR_GONE = (ErrorCode.COORDINATOR_NOT_AVAILABLE, ErrorCode.NOT_COORDINATOR)


class Generation:
    """One generation of the group as this member knows it."""

    __slots__ = ("generation_id", "member_id", "protocol")

    def __init__(
        self,
        generation_id: int = NO_GENERATION_ID,
        member_id: str = NO_MEMBER_ID,
        protocol: str | None = None,
    ) -> None:
        self.generation_id: int = generation_id
        self.member_id: str = member_id
        self.protocol: str | None = protocol

    @property
    def is_lost(self) -> bool:
        """Whether this is no membership: never joined, or thrown out."""
        return self.generation_id == NO_GENERATION_ID or self.member_id == NO_MEMBER_ID


class GroupMembership:
    """One member of one group.

    Args:
        client: sends the requests, and holds the metadata the leader assigns by.
        coordinator: the group's coordinator.
        subscription: what the member subscribes to.
        options: session_timeout_ms and the like.
        metrics: counts, or None.
        wake: called when the application's `poll` has something to do.
    """

    def __init__(
        self,
        client: NetworkClient,
        coordinator: CoordinatorClient,
        subscription: SubscriptionState,
        options: ConsumerOptions,
        metrics: ConsumerMetrics | None,
        wake: Callable[[], object],
    ) -> None:
        self._client = client
        self._scheduler = client.scheduler
        self._coordinator = coordinator
        self._subscription = subscription
        self._options = options
        self._metrics = metrics
        self._wake = wake
        self._joining: Task[tuple[bytes, Exception | None]] | None = None
        self._prepared = False
        self.rebalance: Rebalance
        """Set by the consumer, which makes both."""
        self.heartbeat: Heartbeat = Heartbeat(self._scheduler, coordinator, self, options, metrics)
        self.generation: Generation = Generation()
        self.state: str = MemberState.UNJOINED
        self.rejoin_needed: bool = True
        self.closed: bool = False

    # Who I am

    def metadata(self) -> ConsumerGroupMetadata:
        """A snapshot for `group_metadata`."""
        return ConsumerGroupMetadata(
            self._options.group_id,
            self.generation.generation_id,
            self.generation.member_id,
            self._options.group_instance_id,
            self.state,
        )

    def reset_generation(self, member_id: str = NO_MEMBER_ID) -> None:
        """The member has fallen out of its group, or was given its id (KIP-394)."""
        self.generation = Generation(NO_GENERATION_ID, member_id)
        self.rejoin_needed = True
        self.state = MemberState.UNJOINED

    def request_rejoin(self) -> None:
        """Join again with the next `poll`."""
        self.rejoin_needed = True
        self._wake()

    # Heartbeats

    def heartbeat_request(self) -> HeartbeatRequest:
        """A heartbeat of the present generation."""
        from minikafka.messages.heartbeat import HeartbeatRequest

        return HeartbeatRequest(
            group_id=self._coordinator.group_id,
            generation_id=self.generation.generation_id,
            member_id=self.generation.member_id,
            group_instance_id=self._options.group_instance_id,
        )

    def heartbeat_failed(self, code: int) -> None:
        """Act upon the error of a heartbeat."""
        if code in _COORDINATOR_GONE:
            self._coordinator.dead()
        elif code == ErrorCode.REBALANCE_IN_PROGRESS:
            self.rejoin_needed = True
        elif code == ErrorCode.ILLEGAL_GENERATION:
            self.reset_generation(self.generation.member_id)
        elif code == ErrorCode.UNKNOWN_MEMBER_ID:
            self.reset_generation()
        self._wake()

    # Joining

    async def ensure_active(self, deadline_ms: Deadline) -> bool:
        """Join until the member has its assignment; False if the time is over first.

        Raises:
            KafkaError: an error that does not pass, or, with a cause, what a rebalance listener raised.
        """
        while self.rebalance.rejoin_needed():
            if not await self._coordinator.ensure_ready(deadline_ms):
                return False
            joining = self._joining
            if joining is None:
                # Once for each rebalance, however many attempts it takes.
                if not self._prepared:
                    await self.rebalance.prepare(deadline_ms)
                    self._prepared = True
                    # Whatever the reason was, it may vanish before a later poll takes the new assignment over.
                    self.rejoin_needed = True
                    self.heartbeat.disable()
                joining = self._scheduler.spawn(self._join_and_sync(), f"{self._client.address} join")
                self._joining = joining
            if not await wait_until(self._scheduler, joining, deadline_ms):
                # The request stays in flight, and the next poll waits on.
                return False
            self._joining = None
            assignment, error = joining.result()
            if error is None:
                self._prepared = False
                self.rejoin_needed = False
                self.state = MemberState.STABLE
                self.heartbeat.enable()
                await self.rebalance.complete(self.generation, assignment)
                return True
            if isinstance(error, _JOIN_AGAIN):
                continue
            if not isinstance(error, RetriableError):
                raise error
            left_ms = remaining_ms(self._scheduler, deadline_ms)
            if left_ms == 0:
                return False
            delay_ms = self._options.retry_backoff_ms
            await self._scheduler.sleep(delay_ms if left_ms is None else min(delay_ms, left_ms))
        return True

    async def _join_and_sync(self) -> tuple[bytes, Exception | None]:
        """One attempt; the exception is a value, for nobody may be waiting when it comes."""
        try:
            return await self._attempt(), None
        except Exception as error:
            return b"", error

    async def _attempt(self) -> bytes:
        from minikafka.messages.join_group import JoinGroupResponse
        from minikafka.messages.sync_group import SyncGroupResponse

        self.state = MemberState.REBALANCING
        started_ms = self._scheduler.now_ms
        # The broker answers when everybody has joined, which may take the whole rebalance timeout.
        timeout_ms = max(
            self._options.request_timeout_ms, self._options.max_poll_interval_ms + _REBALANCE_GRACE_MS
        )
        joined = await self._coordinator.send(self._join_request(), timeout_ms)
        assert isinstance(joined, JoinGroupResponse)
        self._joined(joined)
        synced_ms = self._scheduler.now_ms
        if self._metrics is not None:
            self._metrics.joined(synced_ms - started_ms)
        assignments: dict[str, bytes] = {}
        if joined.leader == joined.member_id:
            assignments = self._assign(joined)
        response = await self._coordinator.send(self._sync_request(assignments))
        assert isinstance(response, SyncGroupResponse)
        self._synced(response)
        if self._metrics is not None:
            self._metrics.synced(self._scheduler.now_ms - synced_ms)
        return bytes(response.assignment)

    def _join_request(self) -> JoinGroupRequest:
        from minikafka.messages.join_group import JoinGroupRequest, JoinGroupRequestProtocol

        return JoinGroupRequest(
            group_id=self._coordinator.group_id,
            session_timeout_ms=self._options.session_timeout_ms,
            rebalance_timeout_ms=self._options.max_poll_interval_ms,
            member_id=self.generation.member_id,
            group_instance_id=self._options.group_instance_id,
            protocol_type=PROTOCOL_TYPE,
            protocols=[
                JoinGroupRequestProtocol(name=name, metadata=metadata)
                for name, metadata in self._protocols().items()
            ],
        )

    def _protocols(self) -> dict[str, bytes]:
        topics = self._subscription.subscription
        if topics is None:
            raise IllegalStateError("the consumer has not subscribed to topics")
        self.rebalance.joined_subscription = set(topics)
        protocols = {}
        for name, assignor in self._options.assignors.items():
            # kafka-python 2's structures are held by nobody else while they encode themselves.
            metadata = assignor.metadata(sorted(topics))
            protocols[name] = metadata.encode()
        return protocols

    def _joined(self, response: JoinGroupResponse) -> None:
        code = response.error_code
        if code == ErrorCode.NONE:
            if response.protocol_type not in (None, PROTOCOL_TYPE):
                raise InconsistentGroupProtocolError(
                    f"the group's protocol type is {response.protocol_type!r}, not {PROTOCOL_TYPE!r}"
                )
            if self.state != MemberState.REBALANCING:
                raise RetriableError("the member left its group while it was joining")
            self.generation = Generation(response.generation_id, response.member_id, response.protocol_name)
            return
        member_id = self.generation.member_id
        if code == ErrorCode.UNKNOWN_MEMBER_ID:
            self.reset_generation()
        elif code == ErrorCode.MEMBER_ID_REQUIRED:
            self.reset_generation(response.member_id)
        elif code in _COORDINATOR_GONE:
            self._coordinator.dead()
        raise error_for_code(code, self._named(f"cannot join (member {member_id!r})"))

    def _named(self, what: str) -> str:
        instance = self._options.group_instance_id
        static = "" if instance is None else f", group_instance_id={instance!r}"
        return f"group {self._coordinator.group_id!r}: {what}{static}"

    def _assign(self, joined: JoinGroupResponse) -> dict[str, bytes]:
        """The leader's work: everybody's assignment, unless a static leader came back to an old one (KIP-814)."""
        members = [
            Member(member.member_id, member.group_instance_id, Subscription.decode(bytes(member.metadata)))
            for member in joined.members
        ]
        assignor = self.assignor(joined.protocol_name)
        self.rebalance.lead(members)
        if joined.skip_assignment:
            return {}
        assigned = assignor.assign(self._client.metadata, members)
        return {
            member_id: assignment if isinstance(assignment, bytes) else assignment.encode()
            for member_id, assignment in assigned.items()
        }

    def assignor(self, name: str | None) -> AbstractPartitionAssignor:
        """The assignor the group has agreed on.

        Raises:
            ValueError: this member has no such assignor.
        """
        assignor = self._options.assignors.get(name or "")
        if assignor is None:
            raise ValueError(f"the group chose the assignor {name!r}, which this member does not have")
        return assignor

    def _sync_request(self, assignments: dict[str, bytes]) -> SyncGroupRequest:
        from minikafka.messages.sync_group import SyncGroupRequest, SyncGroupRequestAssignment

        return SyncGroupRequest(
            group_id=self._coordinator.group_id,
            generation_id=self.generation.generation_id,
            member_id=self.generation.member_id,
            group_instance_id=self._options.group_instance_id,
            protocol_type=PROTOCOL_TYPE,
            protocol_name=self.generation.protocol,
            assignments=[
                SyncGroupRequestAssignment(member_id=member_id, assignment=assignment)
                for member_id, assignment in assignments.items()
            ],
        )

    def _synced(self, response: SyncGroupResponse) -> None:
        code = response.error_code
        if code == ErrorCode.NONE:
            if self.state != MemberState.REBALANCING:
                raise RetriableError("the member left its group while it was joining")
            if response.protocol_name not in (None, self.generation.protocol):
                raise InconsistentGroupProtocolError(
                    f"the group's assignor is {response.protocol_name!r}, not {self.generation.protocol!r}"
                )
            return
        self.rejoin_needed = True
        if code == ErrorCode.ILLEGAL_GENERATION:
            self.reset_generation(self.generation.member_id)
        elif code == ErrorCode.UNKNOWN_MEMBER_ID:
            self.reset_generation()
        elif code in _COORDINATOR_GONE:
            self._coordinator.dead()
        raise error_for_code(code, self._named("cannot sync"))

    # Leaving

    def _leave(self, reason: str | None) -> Promise[Response] | None:
        """Say good-bye; static members do not, so that they may come back (KIP-345)."""
        from minikafka.messages.leave_group import LeaveGroupRequest, MemberIdentity

        generation = self.generation
        unjoined = self.state == MemberState.UNJOINED
        self.reset_generation()
        is_static = self._options.group_instance_id is not None
        if (
            is_static
            or unjoined
            or generation.member_id == NO_MEMBER_ID
            or self._coordinator.current() is None
        ):
            return None
        member = MemberIdentity(
            member_id=generation.member_id,
            group_instance_id=self._options.group_instance_id,
            reason=None if reason is None else reason[:_MAX_REASON_LENGTH],
        )
        request = LeaveGroupRequest(
            group_id=self._coordinator.group_id, member_id=generation.member_id, members=[member]
        )
        return self._coordinator.send(request)

    def leave_now(self, reason: str) -> None:
        """Leave without waiting for an answer: the application does not poll."""
        self.heartbeat.disable()
        self._leave(reason)
        self._wake()

    async def leave(self, deadline_ms: Deadline, reason: str | None = None) -> None:
        """Leave, and wait for the answer, whatever it is."""
        self.heartbeat.disable()
        answer = self._leave(reason)
        if answer is not None:
            await wait_until(self._scheduler, answer, deadline_ms)

    def close(self) -> None:
        """No more heartbeats, and no answer to a join is waited for."""
        self.closed = True
        self.heartbeat.disable()
        if self._joining is not None:
            self._joining.cancel()
            self._joining = None
