"""The library's loggers: silent until an application sets logging up, as a library should be."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import logging


def logger(name: str) -> logging.Logger:
    """The logger ``minikafka.<name>``; `logging` is imported when the first one is asked for."""
    import logging

    root = logging.getLogger("minikafka")
    if not root.handlers:
        root.addHandler(logging.NullHandler())
    return root.getChild(name)
