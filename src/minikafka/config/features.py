"""The features whose levels a cluster tells (KIP-584)."""

from __future__ import annotations

METADATA_VERSION = "metadata.version"
"""The only feature here."""

METADATA_VERSIONS = (7, 29)
"""The levels of metadata.version that Kafka 4.2 supports: 3.3-IV3 to 4.2-IV1, as its brokers tell them."""
