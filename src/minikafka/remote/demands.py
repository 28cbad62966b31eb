"""What a test's marker demands of its cluster, and whether a real one is like that."""

from __future__ import annotations

from minikafka.config.definitions import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from minikafka.remote.cluster import RealCluster


def unmet(kafka: RealCluster, settings: Mapping[str, object]) -> str | None:
    """The reason why the cluster is not what a test wants; None if it is.

    Args:
        kafka: the cluster.
        settings: of the marker ``minikafka``: brokers (as many at least), clock, seed, config. Topics are made.
    """
    clock = settings.get("clock", "system")
    if clock != "system":
        return f"clock={clock!r}: a real cluster's time cannot be moved"
    if "seed" in settings:
        return f"seed={settings['seed']!r}: a real cluster draws from no seed"
    wanted = settings.get("brokers", 1)
    assert isinstance(wanted, int)
    node_ids = kafka.node_ids
    if wanted > len(node_ids):
        return f"brokers={wanted}: the real cluster has {len(node_ids)}"
    config = settings.get("config") or {}
    assert isinstance(config, dict)
    return _unmet_option(kafka, config) if config else None


def _unmet_option(kafka: RealCluster, config: Mapping[str, object]) -> str | None:
    for node_id, options in kafka.broker_options(config).items():
        for name, value in config.items():
            text = text_of(value)
            if name not in options:
                return f"config: broker {node_id} of the real cluster does not tell {name}"
            if options[name] != text:
                return (
                    f"config: {name} is {options[name]} on broker {node_id} of the real cluster, not {text}"
                )
    return None
