"""ElectLeaders: preferred and unclean elections on demand (ReplicationControlManager.electLeaders)."""

from __future__ import annotations

from minikafka.controller.api_error import describe
from minikafka.controller.partition_change import Election, change_partition
from minikafka.errors import (
    ElectionNotNeededError,
    EligibleLeadersNotAvailableError,
    ErrorCode,
    InvalidRequestError,
    PreferredLeaderNotAvailableError,
    UnknownTopicOrPartitionError,
)
from minikafka.image import NO_LEADER
from minikafka.messages.elect_leaders import ElectLeadersResponse, PartitionResult, ReplicaElectionResult

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.controller.controller import Controller
    from minikafka.controller.metadata_delta import MetadataDelta
    from minikafka.messages.elect_leaders import ElectLeadersRequest
    from minikafka.structs import RequestContext

_ELECTIONS = {0: Election.PREFERRED, 1: Election.UNCLEAN}


def handle_elect_leaders(
    controller: Controller, request: ElectLeadersRequest, _: RequestContext
) -> ElectLeadersResponse:
    """Elect a leader for each of the partitions; without a list, for every partition that needs one."""
    election = _ELECTIONS.get(request.election_type)
    if election is None:
        raise InvalidRequestError(f"Unknown election type {request.election_type}")
    delta = controller.delta()
    every = request.topic_partitions is None
    if request.topic_partitions is None:
        wanted = [(topic.name, list(range(len(topic.partitions)))) for topic in delta.topics.values()]
    else:
        wanted = [(topic.topic, topic.partitions) for topic in request.topic_partitions]
    results = []
    for topic, indexes in wanted:
        partitions = []
        for index in indexes:
            code, message = ErrorCode.NONE, None
            try:
                elect_leader(controller, delta, topic, index, election)
            except Exception as error:
                code, message = describe(error, controller.scheduler)
            if not (every and code is ErrorCode.ELECTION_NOT_NEEDED):
                partitions.append(PartitionResult(partition_id=index, error_code=code, error_message=message))
        results.append(ReplicaElectionResult(topic=topic, partition_result=partitions))
    controller.commit(delta)
    return ElectLeadersResponse(replica_election_results=results)


def elect_leader(
    controller: Controller, delta: MetadataDelta, topic: str, index: int, election: Election
) -> None:
    """Elect a leader for one partition.

    Raises:
        UnknownTopicOrPartitionError: there is no such partition.
        ElectionNotNeededError: it has the preferred leader, or any leader for an unclean election.
        PreferredLeaderNotAvailableError, EligibleLeadersNotAvailableError: nobody may be elected.
    """
    if topic not in delta.topics:
        raise UnknownTopicOrPartitionError(f"No such topic as {topic}")
    partition = delta.partition(topic, index)
    if partition is None:
        raise UnknownTopicOrPartitionError(f"No such partition as {topic}-{index}")
    preferred = election is Election.PREFERRED
    if partition.leader == partition.replicas[0] if preferred else partition.leader != NO_LEADER:
        raise ElectionNotNeededError
    changed = change_partition(partition, controller.is_active, election)
    if changed is None:
        raise PreferredLeaderNotAvailableError if preferred else EligibleLeadersNotAvailableError
    delta.set_partition(topic, index, changed)
