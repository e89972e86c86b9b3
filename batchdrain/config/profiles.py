"""The profiles: named sets of limits."""

from __future__ import annotations

from typing import Final

PROFILES: Final[dict[str, dict[str, dict[str, object] | list[object]]]] = {
    "classic": {},
    "conservative": {
        "timeout": {"default_s": 1800.0, "min_s": 120.0, "max_s": 14_400.0},
        "retry": {"max_attempts": 3},
    },
    "triage": {
        "retry": {"max_attempts": 1},
        "stop": {"max_repeats": 1},
        "policy": ["hints", "sample-first", "untried-first", "smart"],
    },
    "throughput": {
        "timeout": {"default_s": 120.0, "min_s": 10.0, "max_s": 600.0},
        "stop": {"max_timeouts_per_run": 1},
        "policy": ["hints", {"name": "best-yield", "timeouts_last": True}, "smart"],
    },
}
"""A profile is a named set of limits and the order that goes with them. Explicit settings replace its values."""
