"""Client metrics under kafka-python's names: windowed samples, counted per batch and per request."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, Protocol

    from minikafka.client.network_client import NetworkClient
    from minikafka.client.producer_batch import ProducerBatch

    Rows = tuple[tuple[str, str, str, str], ...]
    """Tables of metrics: name, method of `Window`, what is sampled, description."""

    class MetricReporter(Protocol):
        """kafka-python's AbstractMetricsReporter."""

        def init(self, metrics: list[KafkaMetric]) -> None:
            """Told once of the metrics that there are."""

        def metric_change(self, metric: KafkaMetric) -> None:
            """Told of a metric that was added or replaced."""

        def metric_removal(self, metric: KafkaMetric) -> None:
            """Told of a metric that is gone."""

        def close(self) -> None:
            """Told that no more is to come."""


class MetricName(NamedTuple):
    """The name of a metric within its group; `tags` are (name, value) pairs."""

    name: str
    group: str
    description: str = ""
    tags: tuple[tuple[str, str], ...] = ()


class KafkaMetric:
    """A metric that is computed when somebody asks."""

    __slots__ = ("_measure", "metric_name")

    def __init__(self, metric_name: MetricName, measure: Callable[[], float]) -> None:
        self.metric_name: MetricName = metric_name
        self._measure = measure

    def value(self) -> float:
        """The metric's value now."""
        return self._measure()


class Window:
    """Sums, counts and maxima over the last few samples (kafka-python's SampledStat).

    Args:
        now_ms: tells the time.
        samples: how many samples are kept (metrics_num_samples).
        sample_ms: how long one sample lasts (metrics_sample_window_ms).
    """

    __slots__ = ("_limit", "_now_ms", "_sample_ms", "_samples")

    def __init__(self, now_ms: Callable[[], int], samples: int, sample_ms: int) -> None:
        self._now_ms = now_ms
        self._limit = samples
        self._sample_ms = sample_ms
        self._samples: deque[tuple[int, dict[str, _Stat]]] = deque()

    def record(self, name: str, value: float) -> None:
        """Add a value to the current sample."""
        now_ms = self._now_ms()
        if not self._samples or now_ms - self._samples[-1][0] >= self._sample_ms:
            self._samples.append((now_ms, {}))
            if len(self._samples) > self._limit:
                self._samples.popleft()
        stats = self._samples[-1][1]
        stat = stats.get(name)
        if stat is None:
            stat = stats[name] = _Stat()
        stat.count += 1
        stat.total += value
        if value > stat.most:
            stat.most = value

    def _current(self, name: str) -> Iterable[_Stat]:
        oldest_ms = self._now_ms() - self._limit * self._sample_ms
        return (stats[name] for start_ms, stats in self._samples if start_ms > oldest_ms and name in stats)

    def average(self, name: str) -> float:
        """The mean over the window; nan when nothing was recorded."""
        count, total = 0, 0.0
        for stat in self._current(name):
            count += stat.count
            total += stat.total
        return total / count if count else float("nan")

    def maximum(self, name: str) -> float:
        """The largest value of the window; nan when nothing was recorded."""
        return max((stat.most for stat in self._current(name)), default=float("nan"))

    def rate(self, name: str) -> float:
        """The sum per second of the window, of which the samples but the last count as full (Rate)."""
        total = sum(stat.total for stat in self._current(name))
        if not self._samples:
            return 0.0
        elapsed_ms = self._now_ms() - self._samples[0][0]
        full = elapsed_ms // self._sample_ms
        missing = max(0, self._limit - 1 - full)
        return total / ((elapsed_ms + missing * self._sample_ms) / 1000 or 1)


class _Stat:
    __slots__ = ("count", "most", "total")

    def __init__(self) -> None:
        self.count = 0
        self.total = 0.0
        self.most = float("-inf")


class Metrics:
    """The metrics of one client, in groups, told to the user's reporters as they appear.

    Args:
        client: whose metrics.
        samples: metrics_num_samples.
        sample_ms: metrics_sample_window_ms.
        reporters: classes (or factories) of reporters (metric_reporters).
    """

    def __init__(
        self, client: NetworkClient, samples: int, sample_ms: int, reporters: Iterable[Callable[[], Any]]
    ) -> None:
        scheduler = client.scheduler
        self._tags = (("client-id", client.client_id),)
        self.window: Window = Window(lambda: scheduler.now_ms, samples, sample_ms)
        self.metrics: dict[MetricName, KafkaMetric] = {}
        self._topics: dict[str, None] = {}
        self._reporters: list[MetricReporter] = [reporter() for reporter in reporters]
        for reporter in self._reporters:
            reporter.init([])
        self.add("count", "kafka-metrics-count", "total number of registered metrics", self._count)

    def _count(self) -> float:
        return len(self.metrics)

    def add(self, name: str, group: str, description: str, measure: Callable[[], float]) -> None:
        """Register a metric."""
        metric = KafkaMetric(MetricName(name, group, description, self._tags), measure)
        self.metrics[metric.metric_name] = metric
        for reporter in self._reporters:
            reporter.metric_change(metric)

    def register(self, group: str, rows: Rows, prefix: str = "", topic: str = "") -> None:
        """Register the metrics of a table; a topic's samples have a prefix, its descriptions end in its name."""
        for name, how, what, description in rows:
            self.add(name, group, description + topic, self._measure(how, prefix + what))

    def _measure(self, how: str, what: str) -> Callable[[], float]:
        measure: Callable[[str], float] = getattr(self.window, how)
        return lambda: measure(what)

    def prefix_of(self, topic: str, group: str, rows: Rows) -> str:
        """What the names of a topic's samples begin with; its metrics are registered when it is first seen."""
        prefix = f"topic.{topic}."
        if topic not in self._topics:
            self._topics[topic] = None
            self.register(f"{group}.{topic}", rows, prefix, topic)
        return prefix

    def by_group(self) -> dict[str, dict[str, float]]:
        """The values now: ``{group: {name: value}}``."""
        groups: dict[str, dict[str, float]] = {}
        for name, metric in self.metrics.items():
            groups.setdefault(name.group, {})[name.name] = metric.value()
        return groups

    def close(self) -> None:
        """Tell the reporters that it is over."""
        for reporter in self._reporters:
            reporter.close()


_GROUP = "producer-metrics"

_PRODUCER_METRICS: Rows = (
    (
        "batch-size-avg",
        "average",
        "batch-size",
        "The average number of bytes sent per partition per request.",
    ),
    ("batch-size-max", "maximum", "batch-size", "The max number of bytes sent per partition per request."),
    (
        "compression-rate-avg",
        "average",
        "compression-rate",
        "The average compression rate of record batches.",
    ),
    ("record-queue-time-avg", "average", "queue-time", "The average time in ms batches spent waiting."),
    ("record-queue-time-max", "maximum", "queue-time", "The maximum time in ms batches spent waiting."),
    ("record-send-rate", "rate", "records", "The average number of records sent per second."),
    ("records-per-request-avg", "average", "records", "The average number of records per request."),
    ("byte-rate", "rate", "bytes", "The average number of bytes sent per second."),
    ("record-retry-rate", "rate", "retries", "The average per-second number of retried record sends."),
    ("record-error-rate", "rate", "errors", "The average per-second number of failed record sends."),
    ("record-size-max", "maximum", "record-size", "The maximum record size across all batches."),
    ("record-size-avg", "average", "record-size", "The average maximum record size per batch."),
)
_TOPIC_METRICS: Rows = (
    ("record-send-rate", "rate", "records", "Records sent per second for topic "),
    ("byte-rate", "rate", "bytes", "Bytes per second for topic "),
    ("compression-rate", "average", "compression-rate", "Average compression ratio for topic "),
    ("record-retry-rate", "rate", "retries", "Record retries per second for topic "),
    ("record-error-rate", "rate", "errors", "Record errors per second for topic "),
)


class ProducerMetrics(Metrics):
    """What kafka-python's producer measures.

    Sizes are those of uncompressed batches, and the compression rate is always 1: batches are compressed only
    when somebody asks for their bytes.
    """

    def __init__(
        self, client: NetworkClient, samples: int, sample_ms: int, reporters: Iterable[Callable[[], Any]]
    ) -> None:
        super().__init__(client, samples, sample_ms, reporters)
        scheduler = client.scheduler
        self.register(_GROUP, _PRODUCER_METRICS)
        self.add(
            "requests-in-flight",
            _GROUP,
            "The current number of in-flight requests awaiting a response.",
            client.in_flight_request_count,
        )
        self.add(
            "metadata-age",
            _GROUP,
            "The age in seconds of the current producer metadata being used.",
            lambda: (scheduler.now_ms - (client.last_refresh_ms or scheduler.now_ms)) / 1000,
        )

    def _prefix(self, topic: str) -> str:
        return self.prefix_of(topic, "producer-topic-metrics", _TOPIC_METRICS)

    def sent(self, batches: list[ProducerBatch]) -> None:
        """A request with these batches goes out."""
        record = self.window.record
        records = size = 0
        for batch in batches:
            count, batch_size = len(batch.records), batch.size_in_bytes
            records += count
            size += batch_size
            prefix = self._prefix(batch.tp[0])
            record(prefix + "records", count)
            record(prefix + "bytes", batch_size)
            record(prefix + "compression-rate", 1.0)
            record("batch-size", batch_size)
            record("compression-rate", 1.0)
            record("queue-time", batch.drained_ms - batch.created_ms)
            record("record-size", batch_size / count)
        record("records", records)
        record("bytes", size)

    def retried(self, batch: ProducerBatch) -> None:
        """A batch will be sent again."""
        self._count_records("retries", batch)

    def failed(self, batch: ProducerBatch) -> None:
        """A batch was given up."""
        self._count_records("errors", batch)

    def _count_records(self, what: str, batch: ProducerBatch) -> None:
        self.window.record(what, len(batch.records))
        self.window.record(self._prefix(batch.tp[0]) + what, len(batch.records))
