"""How addresses are written: in bootstrap strings, and by Java."""

from __future__ import annotations

import re
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

HOST = "expected a name or an address, without a port: such as 'localhost', '10.0.0.7' or '::1'"
"""What `is_host` demands, in the messages of those who ask it."""

_LONGEST_LABEL = 63


def is_host(host: object) -> bool:
    """Whether this could be a host: a name, or an address without brackets or a port."""
    if not isinstance(host, str):
        return False
    if ":" in host:
        return _packed(host) is not None
    labels = host.removesuffix(".").split(".")
    return all(re.fullmatch(r"[\w-]+", label) and len(label) <= _LONGEST_LABEL for label in labels)


def is_anywhere(host: str) -> bool:
    """Whether the host stands for every interface of the machine, and so for no place to connect to.

    ``0.0.0.0`` and ``::`` do, however they are written (``0``, ``0:0::0``), and so does no host at all.
    """
    packed = _packed(host)
    return not host or (packed is not None and not any(packed))


def _packed(host: str) -> bytes | None:
    """The bytes of a numeric address; None: it is none."""
    try:
        if ":" in host:
            return socket.inet_pton(socket.AF_INET6, host.partition("%")[0])
        return socket.inet_aton(host)
    except (OSError, ValueError):
        return None


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
