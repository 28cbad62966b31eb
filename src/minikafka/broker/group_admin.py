"""DescribeGroups (0 to 6), ListGroups (0 to 5), DeleteGroups (0 to 2): groups seen from outside.

Mirrors KafkaApis and GroupCoordinatorService: requests are split by coordinator partition, and what fails for
one group is told for that group.
"""

from __future__ import annotations

from minikafka.broker.answers import gathered, mapped, recovered
from minikafka.broker.authorized_operations import GROUP_OPERATIONS
from minikafka.errors import ErrorCode
from minikafka.messages.delete_groups import DeletableGroupResult, DeleteGroupsRequest, DeleteGroupsResponse
from minikafka.messages.describe_groups import DescribedGroup, DescribeGroupsRequest, DescribeGroupsResponse
from minikafka.messages.list_groups import ListGroupsResponse
from minikafka.scheduler import Promise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.broker.broker import Broker
    from minikafka.messages.list_groups import ListGroupsRequest
    from minikafka.structs import RequestContext


def handle_describe_groups(
    broker: Broker, request: DescribeGroupsRequest, context: RequestContext
) -> Promise[DescribeGroupsResponse]:
    """Describe each group, in the order asked for."""
    described = gathered(_describe(broker, group_id, context) for group_id in request.groups)

    def answer(groups: list[DescribedGroup]) -> DescribeGroupsResponse:
        if request.include_authorized_operations:
            for group in groups:
                if group.error_code == ErrorCode.NONE:
                    group.authorized_operations = GROUP_OPERATIONS
        return DescribeGroupsResponse(groups=groups)

    return mapped(described, answer)


def _describe(broker: Broker, group_id: str, context: RequestContext) -> Promise[DescribedGroup]:
    def failed(error: BaseException) -> DescribedGroup:
        return DescribedGroup(group_id=group_id, error_code=broker.code_for(error))

    one = DescribeGroupsRequest(groups=[group_id])
    answer = broker.groups.write(group_id, lambda shard: shard.describe_groups(context, one))
    return recovered(mapped(answer, lambda response: response.groups[0]), failed)


def handle_list_groups(
    broker: Broker, request: ListGroupsRequest, context: RequestContext
) -> Promise[ListGroupsResponse]:
    """The groups that this broker coordinates; clients ask every broker."""
    answers = broker.groups.runtime.write_all(lambda shard: shard.list_groups(context, request))
    return mapped(
        gathered(answers),
        lambda responses: ListGroupsResponse(groups=[group for each in responses for group in each.groups]),
    )


def handle_delete_groups(
    broker: Broker, request: DeleteGroupsRequest, context: RequestContext
) -> Promise[DeleteGroupsResponse]:
    """Delete each group, in the order asked for; one that is named twice is deleted once."""
    deleted = gathered(_delete(broker, group_id, context) for group_id in dict.fromkeys(request.groups_names))
    return mapped(deleted, lambda results: DeleteGroupsResponse(results=results))


def _delete(broker: Broker, group_id: str, context: RequestContext) -> Promise[DeletableGroupResult]:
    def failed(error: BaseException) -> DeletableGroupResult:
        return DeletableGroupResult(group_id=group_id, error_code=broker.code_for(error))

    one = DeleteGroupsRequest(groups_names=[group_id])
    answer = broker.groups.write(group_id, lambda shard: shard.delete_groups(context, one))
    return recovered(mapped(answer, lambda response: response.results[0]), failed)
