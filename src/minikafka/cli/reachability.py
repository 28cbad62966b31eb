"""Says why no broker could be reached: what becomes of a plain connection to each address."""

from __future__ import annotations

import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_WAIT_S = 1.0
_ASKED = 3
"""How many of the addresses are tried."""


def reasons(addresses: Sequence[tuple[str, int]]) -> str:
    """What is wrong with the first few addresses, for people: ``"connection refused"``.

    Args:
        addresses: hosts and ports; with more than one, each reason names its own.
    """
    found = [(f"{host}:{port}", _reason(host, port)) for host, port in addresses[:_ASKED]]
    if len(addresses) == 1:
        return found[0][1]
    return ", ".join(f"{address}: {reason}" for address, reason in found)


def _reason(host: str, port: int) -> str:
    try:
        socket.create_connection((host, port), _WAIT_S).close()
    except socket.gaierror:
        return "no such host"
    except TimeoutError:
        return "no answer"
    except ConnectionRefusedError:
        return "connection refused"
    except OSError as error:
        return error.strerror or str(error)
    return "who listens there does not answer as Kafka does, or wants another security.protocol"
