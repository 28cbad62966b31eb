"""The pytest plugin: fixtures that give a test its cluster, and the cluster's state in failure reports.

It is loaded in every pytest run of whoever has minikafka installed, so nothing but pytest is imported before
a fixture asks for a cluster.

With ``--minikafka-bootstrap-servers`` the clusters are a real Kafka's (`minikafka.remote`).
"""

from __future__ import annotations

import os

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from typing import NoReturn

    from minikafka.cluster import MiniKafka
    from minikafka.patching import patch
    from minikafka.remote.client_library import PublicNames
    from minikafka.remote.cluster import RealCluster

    Cluster = MiniKafka | RealCluster

    Setting = object
    Settings = dict[str, Setting]

_CLUSTERS: pytest.StashKey[list[Cluster]] = pytest.StashKey()
_REAL: pytest.StashKey[str] = pytest.StashKey()
_NAMES: pytest.StashKey[PublicNames] = pytest.StashKey()

_REAL_OPTION = "--minikafka-bootstrap-servers"
_REAL_INI = "minikafka_bootstrap_servers"
_REAL_VARIABLE = "MINIKAFKA_BOOTSTRAP_SERVERS"

_INI = {
    "minikafka_brokers": ("brokers", "1", "how many brokers a minikafka cluster has"),
    "minikafka_clock": ("clock", "virtual", "minikafka's clock: virtual, system or manual"),
    "minikafka_seed": ("seed", "0", "the seed of everything random in a minikafka cluster"),
}
"""Each ini option: the setting it gives the default of, that default, and its help."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options and ini options."""
    for name, (_, default, text) in _INI.items():
        parser.addini(name, f"{text} (default: {default})", default=default)
    parser.getgroup("minikafka").addoption(
        _REAL_OPTION,
        metavar="HOST:PORT",
        help="run the tests on a real Kafka, in plaintext, through the installed kafka-python; what it cannot "
        f"do is skipped (also: the ini option {_REAL_INI}, the environment variable {_REAL_VARIABLE})",
    )
    parser.addini(_REAL_INI, f"the same as {_REAL_OPTION}", default="")


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers; prepare for a real Kafka if there is one."""
    config.addinivalue_line(
        "markers",
        "minikafka(brokers=1, topics={'orders': 3}, clock='virtual', seed=0, config={...}): "
        "what the cluster of the test is like",
    )
    config.addinivalue_line(
        "markers",
        "minikafka_patch(bootstrap_servers=None): run the test with kafka-python's clients on its cluster",
    )
    real = (
        config.getoption(_REAL_OPTION) or os.environ.get(_REAL_VARIABLE) or str(config.getini(_REAL_INI))
    ).strip()
    if real:
        _prepare_real(config, real)


def _prepare_real(config: pytest.Config, bootstrap_servers: str) -> None:
    from minikafka.errors import KafkaConfigurationError
    from minikafka.remote.client_library import PublicNames
    from minikafka.remote.cluster import addresses

    names = PublicNames()
    try:
        addresses(bootstrap_servers)
        # Before any test module is imported, for it may import these names from minikafka.
        names.switch_on()
    except KafkaConfigurationError as error:
        raise pytest.UsageError(f"{_REAL_OPTION}: {error.args[0]}") from error
    config.stash[_REAL] = bootstrap_servers
    config.stash[_NAMES] = names


def pytest_unconfigure(config: pytest.Config) -> None:
    """Undo what `pytest_configure` did to the process."""
    names = config.stash.get(_NAMES, None)
    if names is not None:
        names.switch_off()


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say so if the tests run on a real Kafka."""
    real = config.stash.get(_REAL, None)
    return None if real is None else f"minikafka: on the real Kafka at {real}"


def pytest_itemcollected(item: pytest.Item) -> None:
    """The marker minikafka_patch uses the fixture of that name, before any other fixture makes a client."""
    names = getattr(item, "fixturenames", None)
    if names is not None and item.get_closest_marker("minikafka_patch") and "minikafka_patch" not in names:
        names.insert(0, "minikafka_patch")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the state of the test's clusters when it failed."""
    report = yield
    clusters = item.stash.get(_CLUSTERS, None)
    if report.failed and clusters and report.when != "teardown":
        for number, kafka in enumerate(clusters, 1):
            title = "minikafka" if len(clusters) == 1 else f"minikafka {number}"
            report.sections.append((title, _describe(kafka)))
    return report


@pytest.fixture
def minikafka_cluster(request: pytest.FixtureRequest) -> Generator[Callable[..., MiniKafka]]:
    """A function that starts clusters for this test: ``minikafka_cluster(brokers=3, topics={"orders": 3})``.

    It takes the settings of the marker ``minikafka``, which also gives the defaults, and closes what it
    started when the test is over.
    """
    clusters: list[Cluster] = []
    request.node.stash[_CLUSTERS] = clusters
    defaults = _ini_settings(request)
    marked = _marked_settings(request)
    real = request.config.stash.get(_REAL, None)

    def start(**settings: Setting) -> MiniKafka:
        _validate("minikafka_cluster", settings)
        demanded = {**marked, **settings}
        kafka = _start({**defaults, **demanded}) if real is None else _join(real, defaults, demanded)
        clusters.append(kafka)
        return kafka  # type: ignore[return-value] # a RealCluster has its face

    yield start
    failures = [failure for failure in map(_close, reversed(clusters)) if failure is not None]
    if failures:
        from minikafka.errors import InternalError

        raise InternalError(f"an internal error of the cluster: {failures[0]!r}") from failures[0]


@pytest.fixture
def minikafka_broker(minikafka_cluster: Callable[..., MiniKafka]) -> MiniKafka:
    """A fresh, started `MiniKafka` as the marker ``minikafka`` describes it, closed after the test."""
    return minikafka_cluster()


@pytest.fixture
def minikafka_listening(
    request: pytest.FixtureRequest, minikafka_cluster: Callable[..., MiniKafka]
) -> MiniKafka:
    """A fresh `MiniKafka` that listens: clients of other libraries find it at ``minikafka_listening.listening_on``.

    It is as the marker ``minikafka`` describes it; its clock is ``"system"`` unless the marker names one.
    """
    clocks = [
        mark.kwargs["clock"] for mark in request.node.iter_markers("minikafka") if "clock" in mark.kwargs
    ]
    clock = clocks[0] if clocks else str(request.config.getini("minikafka_clock"))
    if not clocks and clock == "virtual":
        clock = "system"
    kafka = minikafka_cluster(clock=clock)
    kafka.listen()
    return kafka


@pytest.fixture
def minikafka_patch(request: pytest.FixtureRequest, minikafka_broker: MiniKafka) -> Generator[patch]:
    """While the test runs, kafka-python's clients are clients of `minikafka_broker`.

    The marker ``minikafka_patch(bootstrap_servers="host:port")`` limits it to clients of that address.
    """
    from minikafka.patching import patch

    marker = request.node.get_closest_marker("minikafka_patch")
    options = {} if marker is None else dict(marker.kwargs)
    unknown = sorted(set(options) - {"bootstrap_servers"})
    if unknown or (marker is not None and marker.args):
        _refuse(
            f"@pytest.mark.minikafka_patch: {unknown[0] if unknown else marker.args[0]!r}: "
            "it takes bootstrap_servers='host:port' or nothing"
        )
    with patch(minikafka_broker, **options) as active:
        yield active


def _ini_settings(request: pytest.FixtureRequest) -> Settings:
    """What the ini options say."""
    settings: Settings = {}
    for ini, (name, _, _) in _INI.items():
        text = str(request.config.getini(ini))
        settings[name] = int(text) if name != "clock" and text.lstrip("-").isdigit() else text
        _validate(f"the ini option {ini}", {name: settings[name]})
    return settings


def _marked_settings(request: pytest.FixtureRequest) -> Settings:
    """What the markers say, from the outermost (module) to the test's own."""
    settings: Settings = {}
    for marker in reversed(list(request.node.iter_markers("minikafka"))):
        if marker.args:
            _refuse(f"@pytest.mark.minikafka({marker.args[0]!r}): settings are given by name, as brokers=3")
        _validate("@pytest.mark.minikafka", marker.kwargs)
        settings.update(marker.kwargs)
    return settings


def _validate(where: str, settings: Mapping[str, Setting]) -> None:
    for name, value in settings.items():
        if name not in _SETTINGS:
            _refuse(f"{where}: unknown setting {name!r}: expected one of {', '.join(_SETTINGS)}")
        valid, expected = _SETTINGS[name]
        if not valid(value):
            _refuse(f"{where}: {name}={value!r}: expected {expected}")


def _refuse(message: str) -> NoReturn:
    pytest.fail(message, pytrace=False)


def _is_int(value: Setting) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_count(value: Setting) -> bool:
    return isinstance(value, int) and _is_int(value) and value >= 1


def _is_topics(value: Setting) -> bool:
    return isinstance(value, dict) and all(
        isinstance(name, str) and (_is_count(topic) or isinstance(topic, dict))
        for name, topic in value.items()
    )


def _is_config(value: Setting) -> bool:
    return isinstance(value, dict) and all(isinstance(key, str) for key in value)


_SETTINGS: dict[str, tuple[Callable[[Setting], bool], str]] = {
    "brokers": (_is_count, "a positive number of brokers"),
    "topics": (_is_topics, "{'topic': partitions} or {'topic': {create_topic's arguments}}"),
    "clock": (lambda value: value in ("virtual", "system", "manual"), "'virtual', 'system' or 'manual'"),
    "seed": (_is_int, "an integer"),
    "config": (_is_config, "a dict of Kafka's broker options, as {'auto.create.topics.enable': False}"),
}


def _start(settings: Settings) -> MiniKafka:
    from minikafka.cluster import MiniKafka

    topics = settings.pop("topics", {})
    kafka = MiniKafka(**settings)  # type: ignore[arg-type]
    try:
        _create_topics(kafka, topics)
    except BaseException:
        kafka.close()
        raise
    return kafka


def _join(bootstrap_servers: str, defaults: Settings, demanded: Settings) -> RealCluster:
    """A real cluster under names of its own; the test is skipped if it demands what the cluster is not."""
    from minikafka.remote.cluster import RealCluster
    from minikafka.remote.demands import unmet

    kafka = RealCluster(bootstrap_servers, pytest.skip)
    try:
        reason = unmet(kafka, {"brokers": defaults["brokers"], **demanded})
        if reason is not None:
            pytest.skip(reason)
        _create_topics(kafka, demanded.get("topics", {}))
    except BaseException:
        kafka.close()
        raise
    return kafka


def _create_topics(kafka: Cluster, topics: Setting) -> None:
    assert isinstance(topics, dict)
    for name, topic in topics.items():
        if isinstance(topic, dict):
            kafka.create_topic(name, **topic)
        else:
            kafka.create_topic(name, partitions=topic)


def _describe(kafka: Cluster) -> str:
    from minikafka.cluster import MiniKafka

    if not isinstance(kafka, MiniKafka):
        return kafka.describe()
    from minikafka.inspection import describe

    return describe(kafka)


def _close(kafka: Cluster) -> BaseException | None:
    """Close a cluster; the internal error that poisoned it, if one did."""
    from minikafka.cluster import MiniKafka

    if not isinstance(kafka, MiniKafka):
        kafka.close()
        return None
    failure = kafka.scheduler.failure
    try:
        kafka.close()
    except Exception as error:
        return failure or kafka.scheduler.failure or error
    return failure or kafka.scheduler.failure
