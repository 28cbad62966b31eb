"""Which old segments of a log may go: by log start offset, by size, by time.

Mirrors UnifiedLog.deletableSegments and the three rules of UnifiedLog.deleteOldSegments as pure functions.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from minikafka.log.segment import LogSegment

    Rule = Callable[[LogSegment, LogSegment | None], bool]
    """(a segment, the next one) -> whether the segment may go."""


def deletable_count(
    segments: Sequence[LogSegment], high_watermark: int, log_end_offset: int, rule: Rule
) -> int:
    """How many segments from the oldest on may go by a rule; none that reaches the high watermark."""
    count = 0
    for at, segment in enumerate(segments):
        following = segments[at + 1] if at + 1 < len(segments) else None
        upper_bound = log_end_offset if following is None else following.base_offset
        if high_watermark < upper_bound or not rule(segment, following):
            break
        if following is None and not segment.size:
            break  # the last segment stays while it is empty
        count += 1
    return count


def breached_log_start(log_start_offset: int) -> Rule:
    """Segments that lie wholly below the log start offset."""

    def rule(_: LogSegment, following: LogSegment | None) -> bool:
        return following is not None and following.base_offset <= log_start_offset

    return rule


def breached_size(log_size: int, retention_bytes: int) -> Rule | None:
    """Segments without which the log is still `retention_bytes` large; None when it is small enough."""
    if retention_bytes < 0 or log_size < retention_bytes:
        return None
    excess = log_size - retention_bytes

    def rule(segment: LogSegment, _: LogSegment | None) -> bool:
        nonlocal excess
        if excess < segment.size:
            return False
        excess -= segment.size
        return True

    return rule


def breached_time(now_ms: int, retention_ms: int) -> Rule | None:
    """Segments whose newest record is older than `retention_ms`; None when there is no limit."""
    if retention_ms < 0:
        return None

    def rule(segment: LogSegment, _: LogSegment | None) -> bool:
        return now_ms - segment.largest_timestamp > retention_ms

    return rule
