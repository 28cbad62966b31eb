"""What every test of the project shares: the examples are importable, and hypothesis has its profiles."""

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

pytest_plugins = ["pytester"]

# A loaded machine is no reason to fail, and a run of the suite must not depend on the one before.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("quick", max_examples=50, derandomize=False, **_COMMON)
settings.register_profile("long", max_examples=1000, stateful_step_count=100, **_COMMON)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
