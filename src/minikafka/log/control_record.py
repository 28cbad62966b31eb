"""Control records: the commit and abort markers that end a transaction in a partition.

Mirrors org.apache.kafka.common.record.ControlRecordType and EndTransactionMarker.
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct

from minikafka.errors import InvalidRecordError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from minikafka.log.record_batch import RecordTuple

_KEY = Struct(">hh")
_VALUE = Struct(">hi")


class ControlRecordType(IntEnum):
    """What a control record says."""

    ABORT = 0
    COMMIT = 1


class EndTransactionMarker:
    """A parsed marker.

    Args:
        control_type: commit or abort.
        coordinator_epoch: the epoch of the transaction coordinator that wrote it; older ones are fenced.
    """

    __slots__ = ("control_type", "coordinator_epoch")

    def __init__(self, control_type: ControlRecordType, coordinator_epoch: int) -> None:
        self.control_type: ControlRecordType = control_type
        self.coordinator_epoch: int = coordinator_epoch

    def __repr__(self) -> str:
        return f"EndTransactionMarker({self.control_type.name}, coordinator_epoch={self.coordinator_epoch})"


def control_record(
    control_type: ControlRecordType, coordinator_epoch: int, timestamp: int = -1
) -> RecordTuple:
    """The single record of a control batch that ends a transaction.

    Args:
        control_type: commit or abort.
        coordinator_epoch: the writing coordinator's epoch.
        timestamp: ms since the epoch; -1 for none.
    """
    return (0, timestamp, _KEY.pack(0, control_type), _VALUE.pack(0, coordinator_epoch), ())


def control_type_of(key: bytes | None) -> ControlRecordType | None:
    """What the key of a control record says; None for a type that clients are to ignore.

    Raises:
        InvalidRecordError: the key is too short or of a negative version.
    """
    version, type_id = _unpacked(_KEY, key, "end control record key")
    if version < 0:
        raise InvalidRecordError(
            f"Invalid version found for control record: {version}. May indicate data corruption"
        )
    return ControlRecordType(type_id) if type_id in (0, 1) else None


def parse_control_record(record: RecordTuple) -> EndTransactionMarker:
    """The transaction marker that a control record holds.

    Raises:
        InvalidRecordError: the record is no well-formed commit or abort marker.
    """
    control_type = control_type_of(record[2])
    if control_type is None:
        raise InvalidRecordError("Invalid control record type for end transaction marker")
    version, coordinator_epoch = _unpacked(_VALUE, record[3], "end transaction marker")
    if version < 0:
        raise InvalidRecordError(
            f"Invalid version found for end transaction marker: {version}. May indicate data corruption"
        )
    return EndTransactionMarker(control_type, coordinator_epoch)


def _unpacked(layout: Struct, data: bytes | None, what: str) -> tuple[int, ...]:
    if data is None or len(data) < layout.size:
        raise InvalidRecordError(
            f"Invalid value size found for {what}. Must have at least {layout.size} bytes, but "
            f"found only {len(data or b'')}"
        )
    return layout.unpack_from(data)
