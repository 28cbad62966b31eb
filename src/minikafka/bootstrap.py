"""Which live cluster of this process answers to a bootstrap address.

The one process-wide table: `KafkaProducer(bootstrap_servers=...)` has nothing but a string to find its
cluster by. Entries come with `publish` and leave with `withdraw`; a closed cluster leaves none behind.
"""

from __future__ import annotations

from minikafka.errors import KafkaConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from minikafka.ports import Endpoint

_endpoints: dict[str, Endpoint] = {}


def publish(address: str, endpoint: Endpoint) -> None:
    """Make `endpoint` answer to one ``host:port``."""
    _endpoints[address] = endpoint


def withdraw(endpoint: Endpoint) -> None:
    """Forget every address of `endpoint`."""
    for address in [known for known, found in _endpoints.items() if found is endpoint]:
        del _endpoints[address]


def split_addresses(bootstrap_servers: str | Iterable[str]) -> list[str]:
    """``"a:1,b:2"`` or a list of such strings, as a list of addresses.

    Raises:
        KafkaConfigurationError: bootstrap_servers is neither a string nor a list of strings.
    """
    parts = bootstrap_servers.split(",") if isinstance(bootstrap_servers, str) else list(bootstrap_servers)
    for part in parts:
        if not isinstance(part, str):
            raise KafkaConfigurationError(
                f"bootstrap_servers={bootstrap_servers!r}: expected 'host:port' or a list of such strings"
            )
    return [part.strip() for part in parts if part.strip()]


def find(bootstrap_servers: str | Iterable[str]) -> Endpoint | None:
    """The live cluster that answers to one of the addresses, or None."""
    for address in split_addresses(bootstrap_servers):
        endpoint = _endpoints.get(address)
        if endpoint is not None:
            return endpoint
    return None
