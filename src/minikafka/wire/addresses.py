"""How addresses are written: in bootstrap strings, and by Java."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_ANYWHERE = ("0.0.0.0", "::", "")
"""Hosts to bind to that nobody can connect to."""


def is_anywhere(host: str) -> bool:
    """Whether the host stands for every interface of the machine, and so for no place to connect to."""
    return host in _ANYWHERE


def host_and_port(host: str, port: int) -> str:
    """``"localhost:9092"``; an IPv6 address gets its brackets: ``"[::1]:9092"``."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def bootstrap_servers(addresses: Iterable[tuple[str, int]]) -> str:
    """The addresses as clients take them: ``"127.0.0.1:41731,127.0.0.1:40197"``."""
    return ",".join(host_and_port(host, port) for host, port in addresses)


def java_address(host: str) -> str:
    """A peer's numeric address as Java's InetAddress shows one without a name: ``"/127.0.0.1"``.

    Java writes out every group of an IPv6 address (``"/0:0:0:0:0:0:0:1"``), and takes an IPv4 address that was
    mapped into IPv6 for what it is.
    """
    if ":" not in host:
        return f"/{host}"
    from ipaddress import IPv6Address

    address, percent, scope = host.partition("%")
    numeric = IPv6Address(address)
    if numeric.ipv4_mapped is not None:
        return f"/{numeric.ipv4_mapped}"
    groups = (f"{int(group, 16):x}" for group in numeric.exploded.split(":"))
    return f"/{':'.join(groups)}{percent}{scope}"
