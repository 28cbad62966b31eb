"""What kafka-python's consumer measures, under its names."""

from __future__ import annotations

from minikafka.client.metrics import Metrics

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from minikafka.client.metrics import Rows
    from minikafka.client.network_client import NetworkClient

_FETCH: Rows = (
    ("fetch-size-avg", "average", "bytes", "The average number of bytes fetched per partition and request"),
    ("fetch-size-max", "maximum", "bytes", "The maximum number of bytes fetched per partition and request"),
    ("bytes-consumed-rate", "rate", "bytes", "The average number of bytes consumed per second"),
    (
        "records-per-request-avg",
        "average",
        "records",
        "The average number of records per partition and request",
    ),
    ("records-consumed-rate", "rate", "records", "The average number of records consumed per second"),
    ("fetch-latency-avg", "average", "fetch-latency", "The average time in ms taken for a fetch request."),
    ("fetch-latency-max", "maximum", "fetch-latency", "The max time in ms taken for any fetch request."),
    ("fetch-rate", "rate", "fetches", "The number of fetch requests per second."),
    ("records-lag-max", "maximum", "lag", "The maximum lag in records for any partition in this window"),
)
_TOPIC: Rows = (
    ("fetch-size-avg", "average", "bytes", "The average number of bytes fetched per request for topic "),
    ("fetch-size-max", "maximum", "bytes", "The maximum number of bytes fetched per request for topic "),
    ("bytes-consumed-rate", "rate", "bytes", "The average number of bytes consumed per second for topic "),
    ("records-per-request-avg", "average", "records", "The average number of records per request for topic "),
    (
        "records-consumed-rate",
        "rate",
        "records",
        "The average number of records consumed per second for topic ",
    ),
)
_COORDINATOR: Rows = (
    (
        "heartbeat-response-time-max",
        "maximum",
        "heartbeat",
        "The max time in ms until a heartbeat is answered",
    ),
    ("heartbeat-rate", "rate", "heartbeats", "The average number of heartbeats per second"),
    ("join-time-avg", "average", "join", "The average time in ms taken for a group rejoin"),
    ("join-time-max", "maximum", "join", "The max time in ms taken for a group rejoin"),
    ("join-rate", "rate", "joins", "The number of group joins per second"),
    ("sync-time-avg", "average", "sync", "The average time in ms taken for a group sync"),
    ("sync-time-max", "maximum", "sync", "The max time in ms taken for a group sync"),
    ("sync-rate", "rate", "syncs", "The number of group syncs per second"),
    ("commit-latency-avg", "average", "commit", "The average time in ms taken for a commit request"),
    ("commit-latency-max", "maximum", "commit", "The max time in ms taken for a commit request"),
    ("commit-rate", "rate", "commits", "The number of commit calls per second"),
)


class ConsumerMetrics(Metrics):
    """The metrics of one consumer.

    Args:
        client: whose metrics.
        samples: metrics_num_samples.
        sample_ms: metrics_sample_window_ms.
        reporters: metric_reporters.
        prefix: metric_group_prefix.
        in_group: whether the consumer has a group, and so the coordinator's metrics.
    """

    def __init__(
        self,
        client: NetworkClient,
        samples: int,
        sample_ms: int,
        reporters: Iterable[Callable[[], Any]],
        prefix: str,
        in_group: bool,
    ) -> None:
        super().__init__(client, samples, sample_ms, reporters)
        self._fetch_group = f"{prefix}-fetch-manager-metrics"
        self.coordinator_group: str = f"{prefix}-coordinator-metrics"
        self.register(self._fetch_group, _FETCH)
        if in_group:
            self.register(self.coordinator_group, _COORDINATOR)

    def fetched(self, latency_ms: int) -> None:
        """A fetch was answered."""
        self.window.record("fetch-latency", latency_ms)
        self.window.record("fetches", 1)

    def consumed(self, topic: str, records: int, size_in_bytes: int) -> None:
        """What a fetch brought for one partition was consumed."""
        for name in ("", self.prefix_of(topic, self._fetch_group, _TOPIC)):
            self.window.record(f"{name}records", records)
            self.window.record(f"{name}bytes", size_in_bytes)

    def lag(self, records: int) -> None:
        """So many records were left in a partition after records of it were returned."""
        self.window.record("lag", records)

    def heartbeat(self, latency_ms: int) -> None:
        """A heartbeat was answered."""
        self.window.record("heartbeat", latency_ms)
        self.window.record("heartbeats", 1)

    def joined(self, latency_ms: int) -> None:
        """The group was joined."""
        self.window.record("join", latency_ms)
        self.window.record("joins", 1)

    def synced(self, latency_ms: int) -> None:
        """The assignment came."""
        self.window.record("sync", latency_ms)
        self.window.record("syncs", 1)

    def committed(self, latency_ms: int) -> None:
        """A commit was answered."""
        self.window.record("commit", latency_ms)
        self.window.record("commits", 1)
