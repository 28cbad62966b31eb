"""For tests of users' own services: hypothesis strategies, a crash harness, invariants, trace digests.

`strategies` needs hypothesis; the other modules need nothing.
"""

from __future__ import annotations

from minikafka.testing.crash import CrashHarness, ServiceKilled, assert_at_least_once
from minikafka.testing.invariants import check_all
from minikafka.testing.trace import Trace

__all__ = ["CrashHarness", "ServiceKilled", "Trace", "assert_at_least_once", "check_all"]
