"""The differences from a real Kafka that random programs meet and that are meant, each with its reason."""

from __future__ import annotations

from tests.oracle.tolerances import Tolerance

DECLARED: tuple[Tolerance, ...] = (
    *(
        Tolerance(
            where="differential",
            step=step,
            path="*.error_message",
            clients="raw",
            what="`error_message` in Produce responses",
            reason="minikafka says what is wrong wherever it can; Kafka does so for invalid records only",
        )
        for step in ("produce", "produce_in_sequence")
    ),
    *(
        Tolerance(
            where="differential",
            step=step,
            path=path,
            clients="raw",
            what="the source of `min.insync.replicas` in DescribeConfigs",
            reason="eligible leader replicas (KIP-966), which set it cluster-wide in Kafka 4.1 and later, are not "
            "modelled",
        )
        for step, path in (
            ("describe_config min.insync.replicas", "*.config_source"),
            ("describe_config min.insync.replicas", "*.synonyms*"),
        )
    ),
    Tolerance(
        where="differential",
        step="alter_config of an unknown kind",
        path="*",
        clients="raw",
        what="IncrementalAlterConfigs with an unknown operation",
        reason="Kafka fails with UNKNOWN_SERVER_ERROR; minikafka says INVALID_REQUEST, and why",
    ),
)
"""A step is named by its operation."""
