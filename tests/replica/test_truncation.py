import pytest

from minikafka.log.config import LogConfig
from minikafka.log.unified_log import UnifiedLog
from minikafka.replica.truncation import truncation_offset


@pytest.fixture
def log(tp, new_batch):
    """Epoch 1 at 0 to 4, epoch 3 at 5 to 9."""
    log = UnifiedLog(tp, LogConfig())
    for offset in range(10):
        epoch = 1 if offset < 5 else 3
        log.append_as_follower([new_batch(b"v", base_offset=offset, partition_leader_epoch=epoch)], 0)
    return log


@pytest.mark.parametrize(
    ("leader_epoch", "leader_end_offset", "expected"),
    [
        (3, 8, 8),  # the leader's epoch ends earlier
        (3, 20, 10),
        (1, 4, 4),
        (1, 7, 5),  # the leader's epoch goes on beyond this log's
        (2, 6, 5),  # unknown here: back to the end of epoch 1, then ask again
        (0, 0, 0),
        (9, 7, 7),
    ],
)
def test_where_to_cut(log, leader_epoch, leader_end_offset, expected):
    assert truncation_offset(log, leader_epoch, leader_end_offset) == expected
