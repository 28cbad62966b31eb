"""The controller: cluster metadata, replica placement, leader election, reassignment (Kafka's QuorumController)."""

from __future__ import annotations

from minikafka.controller.controller import Controller
from minikafka.controller.metadata_update import MetadataUpdate, MetadataUpdateResponse

__all__ = ["Controller", "MetadataUpdate", "MetadataUpdateResponse"]
