"""What holds where nothing is set: what a drain promises hangs on these numbers."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.config.load import load
from batchdrain.config.profiles import PROFILES
from batchdrain.config.settings import Settings

DEFAULTS: dict[str, Any] = {
    "database_url": "", "session_dir": ".autonomous_runs/batch_drain_sessions", "batch_size": 10, "min_success_rate": None,
    "workers": 1, "engine": "local", "engine_options": {}, "finish_current": False, "profile": "classic", "policy": ["hints", "untried-first", "smart"],
    "categories": [], "refresh_s": 30.0, "depends_on": [], "run_types": [],
    "source": {
        "table": "phases", "where": "", "updated_at_unit": "auto", "gone_is": "failed",
        "columns": {"run_id": "run_id", "phase_id": "phase_id", "phase_index": "phase_index", "state": "state",
                    "last_failure_reason": "last_failure_reason", "updated_at": None},
        "states": {"failed": "FAILED", "queued": "QUEUED", "executing": "EXECUTING", "complete": "COMPLETE"},
    },
    "command": {
        "argv": [], "cwd": "", "result_from": "exit_code", "success_exit_codes": [0], "transient_exit_codes": [75], "settle_s": 2.0,
        "grace_s": 10.0, "stuck_states": None, "runs_per_minute": 0.0, "env_allow": [], "env_deny": [], "columns": [],
        "log_max_mb": 50.0, "log_back_kb": 64,
    },
    "timeout": {"default_s": 600.0, "adaptive": True, "min_s": 30.0, "max_s": 3600.0},
    "retry": {"max_attempts": 2, "initial_s": 5.0, "max_s": 300.0, "outage_after": 5},
    "triage": {"argv": [], "workers": 2, "limit": 20, "timeout_s": 60.0, "valid_s": 86_400.0, "wait_s": 900.0},
    "notify": {"argv": [], "on": ["complete", "stopped", "interrupted", "failures"]},
    "lease": {"ttl_s": 120.0, "beat_s": 15.0, "margin_s": 10.0},
    "patience": {"operation_s": 30.0, "outage_s": 600.0, "lock_s": 5.0},
    "stop": {
        "max_attempts_per_phase": 0, "max_timeouts_per_run": 2, "max_repeats": 3, "same_new_failure": 5,
        "max_consecutive_failures": 0, "max_total_minutes": 0.0, "success_floor": 0.0, "success_floor_after": 20, "metric": "",
        "max_without_metric": 0, "max_metric": {}, "canary": False, "canary_size": 10, "skip_runs_with_queued": False,
    },
}  # fmt: skip


def test_what_is_not_set_is_as_it_was_promised() -> None:
    assert load(None, {}).model_dump() == Settings().model_dump() == DEFAULTS


@pytest.mark.parametrize(
    ("name", "sets"),
    [
        ("classic", {}),
        (
            "conservative",
            {"timeout": {"default_s": 1800.0, "min_s": 120.0, "max_s": 14_400.0}, "retry": {"max_attempts": 3}},
        ),
        (
            "triage",
            {"retry": {"max_attempts": 1}, "stop": {"max_repeats": 1}, "policy": ["hints", "sample-first", "untried-first", "smart"]},
        ),
        (
            "throughput",
            {"timeout": {"default_s": 120.0, "min_s": 10.0, "max_s": 600.0}, "stop": {"max_timeouts_per_run": 1},
             "policy": ["hints", {"name": "best-yield", "timeouts_last": True}, "smart"]},
        ),
    ],
)  # fmt: skip
def test_a_profile_sets_these_and_nothing_else(name: str, sets: dict[str, Any]) -> None:
    assert PROFILES[name] == sets
    expected = {
        key: {**DEFAULTS[key], **sets[key]} if isinstance(sets.get(key), dict) else sets.get(key, DEFAULTS[key])
        for key in DEFAULTS
    }
    assert load({"profile": name}, {}).model_dump() == {**expected, "profile": name}


BOUNDS: list[tuple[str, Any, Any]] = [
    ("batch_size", 1, 0), ("batch_size", 1_000_000, 1_000_001), ("workers", 1, 0), ("workers", 256, 257),
    ("min_success_rate", 0, -0.01), ("min_success_rate", 1, 1.01), ("refresh_s", 0.1, 0),
    ("lease.margin_s", 80, 80.1), ("command.grace_s", 80, 81), ("command.settle_s", 0, -1), ("command.log_max_mb", 0.1, 0), ("command.runs_per_minute", 0, -1),
    ("command.log_max_mb", 1_000_000, 1_000_001), ("command.success_exit_codes", [1], []),
    ("triage.workers", 1, 0), ("triage.workers", 256, 257), ("triage.limit", 10_000, 10_001), ("triage.limit", 1, 0),
    ("retry.max_attempts", 1, 0), ("retry.max_attempts", 1000, 1001), ("retry.initial_s", 0, -1), ("retry.outage_after", 0, -1),
    ("patience.operation_s", 31_536_000, 31_536_001), ("patience.outage_s", 0, -1), ("timeout.min_s", 3600, 3601),
    ("stop.success_floor", 1, 1.1), ("stop.success_floor_after", 1, 0), ("stop.canary_size", 2, 1), ("stop.max_repeats", 0, -1),
    ("stop.max_total_minutes", 1_000_000, 1_000_001), ("stop.max_metric", {"tokens": 0}, {"tokens": -1}),
    ("policy", ["smart"], []), ("source.gone_is", "complete", "else"), ("source.updated_at_unit", "us", "ns"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sound", "unsound"), BOUNDS, ids=lambda value: str(value)[:30])
def test_a_setting_is_taken_up_to_its_bound_and_no_further(name: str, sound: Any, unsound: Any) -> None:
    def with_value(value: Any) -> Any:
        for part in reversed(name.split(".")):
            value = {part: value}
        return value

    found: Any = load(with_value(sound), {})
    for part in name.split("."):
        found = getattr(found, part)
    assert found == sound
    with pytest.raises(ValueError, match=r".+"):
        Settings.model_validate(with_value(unsound))


def test_a_column_has_one_meaning() -> None:
    with pytest.raises(ValueError, match="'x' is mapped twice"):
        Settings.model_validate({"source": {"columns": {"run_id": "x", "phase_id": "x"}}})
    Settings.model_validate({"source": {"columns": {"phase_index": None, "last_failure_reason": None}}})


def test_the_first_rule_that_matches_a_run_says_its_type() -> None:
    rules = [{"match": "build*", "type": "a"}, {"match": "[x]", "type": "b"}, {"match": "*", "type": "c"}]
    settings = load({"run_types": rules}, {})
    assert [settings.run_type_of(run) for run in ("build-1", "x", "[x]", "Build")] == ["a", "b", "b", "c"]
    assert load({"run_types": rules[:1]}, {}).run_type_of("other") == "default"
