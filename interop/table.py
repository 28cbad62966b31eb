"""The table in docs/clients.md: which client sends which API in which version, against what is served."""

from __future__ import annotations

import os
import re
from pathlib import Path

from interop.capture import ANSWERED, NOT_SERVED, Capture, Sent
from minikafka.broker.dispatch import CLIENT_APIS
from minikafka.messages.registry import API_KEYS, advertised_range

DOCUMENT = Path(__file__).parent.parent / "docs" / "clients.md"
UPDATE = "MINIKAFKA_UPDATE_CLIENT_TABLE"
"""Set in the environment: write the columns instead of comparing them."""

_BEGIN = "<!-- captured: make client-table writes what follows -->\n"
_END = "<!-- end of what was captured -->\n"
_CELL = re.compile(r"(\d+)(?: (\w+))?")

ORDER = [
    "kafka-python 3",
    "kafka-python 2",
    "aiokafka",
    "confluent-kafka",
    "kcat",
    "kafkajs",
    "franz-go",
    "Java",
]
"""The columns in their order; others follow."""


class Column:
    """What one client sends.

    Attributes:
        client: the client's name in `ORDER`.
        version: its version when it was captured.
        sent: every kind of request once.
    """

    def __init__(self, client: str, version: str, sent: set[Sent]) -> None:
        self.client: str = client
        self.version: str = version
        self.sent: set[Sent] = sent

    @property
    def title(self) -> str:
        """The column's head: ``"kafka-python 3: 3.0.12"``."""
        return f"{self.client}: {self.version}"

    def cell(self, api: str) -> str:
        """``"4, 5 refused"``: the versions of one API, with what came of those that were not answered."""
        found = sorted((each.version, each.outcome) for each in self.sent if each.api == api)
        return ", ".join(
            str(version) if outcome == ANSWERED else f"{version} {outcome}" for version, outcome in found
        )


def read(text: str) -> list[Column]:
    """The columns that a document holds."""
    lines = _between(text).splitlines()
    if not lines:
        return []
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    columns = []
    for index, title in enumerate(rows[0][2:], 2):
        client, _, version = title.partition(": ")
        sent = {
            Sent(row[0].split(" ")[0], int(number), outcome or ANSWERED)
            for row in rows[2:]
            for number, outcome in _CELL.findall(row[index])
        }
        columns.append(Column(client, version, sent))
    return columns


def write(text: str, columns: list[Column]) -> str:
    """The document with these columns."""
    ordered = sorted(columns, key=lambda each: (_place(each.client), each.client))
    lines = [
        "| API (key) | served | " + " | ".join(each.title for each in ordered) + " |",
        "|---" * (len(ordered) + 2) + "|",
    ]
    asked = {sent.api for column in ordered for sent in column.sent}
    keys = {**API_KEYS, **{name: key for key, name in NOT_SERVED.items()}}
    for api in sorted({*CLIENT_APIS, *asked}, key=lambda name: keys.get(name, 1000)):
        served = "{}-{}".format(*advertised_range(api)) if api in CLIENT_APIS else "no"
        cells = [column.cell(api) for column in ordered]
        lines.append(f"| {api} ({keys.get(api)}) | {served} | " + " | ".join(cells) + " |")
    before, _, rest = text.partition(_BEGIN)
    return before + _BEGIN + "\n" + "\n".join(lines) + "\n\n" + _END + rest.partition(_END)[2]


def _between(text: str) -> str:
    return text.partition(_BEGIN)[2].partition(_END)[0].strip()


def _place(client: str) -> int:
    return ORDER.index(client) if client in ORDER else len(ORDER)


def check(client: str, version: str, captured: Capture, document: Path = DOCUMENT) -> str | None:
    """Compare what was captured with the document, or write it there if `UPDATE` says so.

    Returns:
        What is wrong with the document, or None.
    """
    text = document.read_text()
    columns = {column.client: column for column in read(text)}
    if os.environ.get(UPDATE):
        columns[client] = Column(client, version, captured.sent)
        document.write_text(write(text, list(columns.values())))
        return None
    told = columns[client].sent if client in columns else set()
    if captured.sent == told:
        return None
    new, gone = sorted(captured.sent - told), sorted(told - captured.sent)
    return f"docs/clients.md is out of date for {client} {version}: new {new}, gone {gone}; make client-table"


def version_told(client: str, document: Path = DOCUMENT) -> str | None:
    """The version that the document tells of, or None."""
    found = [column.version for column in read(document.read_text()) if column.client == client]
    return found[0] if found else None


def refresh(document: Path = DOCUMENT) -> None:
    """Bring what is served up to date; the columns stay as they were captured."""
    text = document.read_text()
    document.write_text(write(text, read(text)))


if __name__ == "__main__":
    refresh()
