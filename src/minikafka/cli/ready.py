"""How `serve` tells that it is ready: a file with the bootstrap servers, there exactly while they answer."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import click

from minikafka.cli.failures import Failure


class ReadyFile:
    """A file that appears whole, with the bootstrap servers on its one line, and goes with the server.

    A file of that name that an earlier server left behind is removed at once: it would tell lies.

    Args:
        path: where.

    Raises:
        click.BadParameter: there is no such directory, or something that is no file has that name.
        Failure: the file cannot be removed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._text = ""
        if not self._path.parent.is_dir():
            raise click.BadParameter(f"no directory {self._path.parent}", param_hint="--ready-file")
        if self._path.is_dir():
            raise click.BadParameter(f"{path} is a directory", param_hint="--ready-file")
        if self._path.exists() and not self._path.is_file():
            # To remove it would be a disaster for a device, and would leave the reader of a pipe waiting for ever.
            raise click.BadParameter(
                f"{path} is not a regular file: a server puts a new file in its place",
                param_hint="--ready-file",
            )
        self._remove()

    def write(self, bootstrap_servers: str) -> None:
        """The server is ready.

        Raises:
            Failure: the file cannot be written.
        """
        self._text = bootstrap_servers + "\n"
        try:
            handle, name = tempfile.mkstemp(prefix=f".{self._path.name}.", dir=self._path.parent)
            with open(handle, "w", encoding="utf-8") as file:
                file.write(self._text)
            os.chmod(name, 0o644)  # what others may wait for, others must be able to read
            os.replace(name, self._path)
        except OSError as error:
            raise Failure(f"cannot write --ready-file {self._path}: {error.strerror}") from None

    def remove(self) -> None:
        """The server is about to stop. A file that another server has put there meanwhile stays."""
        try:
            ours = bool(self._text) and self._path.read_text(encoding="utf-8") == self._text
        except OSError:
            return
        if ours:
            self._remove()

    def _remove(self) -> None:
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise Failure(f"cannot remove {self._path}: {error.strerror}") from None
