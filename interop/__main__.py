"""Runs one command of one Python client: ``python -m interop confluent member SERVERS TOPIC GROUP``.

Every client has the same commands, whatever its language (tests/clients):

* ``member SERVERS TOPIC GROUP [ASSIGNOR [INSTANCE]]``: a member of a group until stdin ends;
* ``load SERVERS TOPIC``: numbers until stdin ends, each acknowledged before the next one is sent.
"""

from __future__ import annotations

import importlib
import sys
import threading

from interop.told import Told


def main(client: str, command: str, *args: str) -> None:
    """Run the command."""
    module = importlib.import_module(f"interop.{client}")
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    told = Told(ended)
    if command == "load":
        module.load(*args, told)
        return
    servers, topic, group, *more = args
    assignor = more[0] if more else "range"
    instance = more[1] if len(more) > 1 else None
    module.member(servers, topic, group, assignor, instance, told)


if __name__ == "__main__":
    main(*sys.argv[1:])
