"""How small and how large each setting may be: its outermost values are taken, and what lies beyond them is refused."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.config.load import load
from batchdrain.model.errors import ConfigError

YEAR_S = 31_536_000.0
WHOLE: dict[str, tuple[int, int | None]] = {
    "batch_size": (1, 1_000_000), "workers": (1, 256), "command.log_back_kb": (1, 16_000), "triage.workers": (1, 256), "triage.limit": (1, 10_000),
    "retry.max_attempts": (1, 1_000), "retry.outage_after": (0, None), "stop.max_attempts_per_phase": (0, None), "stop.max_timeouts_per_run": (0, None),
    "stop.max_repeats": (0, None), "stop.same_new_failure": (0, None), "stop.max_consecutive_failures": (0, None), "stop.success_floor_after": (1, None),
    "stop.max_without_metric": (0, None), "stop.canary_size": (2, None),
}  # fmt: skip
NUMBERS: dict[str, tuple[float, float]] = {
    "min_success_rate": (0.0, 1.0), "command.runs_per_minute": (0.0, 60_000.0), "stop.max_total_minutes": (0.0, 1_000_000.0),
    "stop.success_floor": (0.0, 1.0), "command.settle_s": (0.0, YEAR_S), "patience.outage_s": (0.0, YEAR_S),
    "retry.initial_s": (0.0, YEAR_S), "retry.max_s": (0.0, YEAR_S),
}  # fmt: skip
"""Zero is one of them."""
ABOVE_ZERO: dict[str, float] = {
    "command.log_max_mb": 1_000_000.0, "triage.timeout_s": YEAR_S, "triage.valid_s": YEAR_S, "triage.wait_s": YEAR_S, "refresh_s": YEAR_S,
    "patience.operation_s": YEAR_S, "patience.lock_s": YEAR_S,
}  # fmt: skip
"""Zero is none of them."""
NOT_EMPTY = ["policy", "command.success_exit_codes", "notify.on", "session_dir", "engine", "source.table"]


def section_of(path: str, value: object) -> dict[str, Any]:
    outer, _, inner = path.rpartition(".")
    return {outer: {inner: value}} if outer else {inner: value}


def takes(path: str, value: object) -> bool:
    try:
        found: Any = load(section_of(path, value), {})
    except ConfigError:
        return False
    for name in path.split("."):
        found = getattr(found, name)
    assert found == value
    return True


@pytest.mark.parametrize("path", WHOLE)
def test_a_whole_number_is_within_its_bounds(path: str) -> None:
    least, most = WHOLE[path]
    assert [takes(path, value) for value in (least - 1, least, least + 1)] == [False, True, True]
    assert most is None or [takes(path, value) for value in (most, most + 1)] == [True, False]
    assert most is not None or takes(path, 10**9)
    assert not takes(path, least + 1.5)


@pytest.mark.parametrize("path", NUMBERS)
def test_a_number_that_may_be_zero_is_within_its_bounds(path: str) -> None:
    least, most = NUMBERS[path]
    assert [takes(path, value) for value in (least - 0.001, least, most, most + 0.001)] == [False, True, True, False]


@pytest.mark.parametrize("path", ABOVE_ZERO)
def test_a_number_that_may_not_be_zero_is_within_its_bounds(path: str) -> None:
    most = ABOVE_ZERO[path]
    beyond = most + 0.001
    assert [takes(path, value) for value in (0.0, 0.001, most, beyond)] == [False, True, True, False]


@pytest.mark.parametrize("path", NOT_EMPTY)
def test_what_must_not_be_empty_is_refused_empty(path: str) -> None:
    is_list = path in {"policy", "command.success_exit_codes", "notify.on"}
    assert not takes(path, [] if is_list else "")


@pytest.mark.parametrize(
    "part",
    [{"run_types": [{"match": "", "type": "a"}]}, {"run_types": [{"match": "a"}]}, {"run_types": [{"type": "a"}]},
     {"depends_on": [{"run": "a", "after": []}]}, {"depends_on": [{"after": ["a"]}]}, {"depends_on": [{"run": "a"}]},
     {"categories": [{"match": "a"}]}, {"categories": [{"category": "code"}]}],
)  # fmt: skip
def test_a_rule_says_all_that_it_needs(part: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        load(part, {})


def test_settings_that_may_hold_a_secret_are_in_no_repr() -> None:
    text = repr(load({"database_url": "sqlite:///hunter2.db", "engine_options": {"token": "hunter3"}}, {}))
    assert "hunter" not in text


@pytest.mark.parametrize(
    ("part", "least"),
    [
        ({}, 50.0),
        ({"command": {"grace_s": 20.0}}, 60.0),
        ({"lease": {"margin_s": 20.0}}, 60.0),
        ({"lease": {"beat_s": 20.0}}, 60.0),
    ],
)
def test_a_lease_outlasts_the_grace_its_margin_and_two_signs_of_life(part: dict[str, Any], least: float) -> None:
    def with_ttl(ttl_s: float) -> dict[str, Any]:
        return {**part, "lease": {**part.get("lease", {}), "ttl_s": ttl_s}}

    assert load(with_ttl(least), {}).lease.ttl_s == least
    with pytest.raises(ConfigError, match=rf"lease\.ttl_s \({least - 0.5:g}\) is below .* \({least:g}\)"):
        load(with_ttl(least - 0.5), {})


@pytest.mark.parametrize(("least", "most", "fits"), [(30.0, 30.0, True), (30.5, 30.0, False)])
def test_the_longest_learnt_limit_is_no_shorter_than_the_shortest(least: float, most: float, *, fits: bool) -> None:
    limits = {"timeout": {"min_s": least, "max_s": most}}
    if fits:
        assert load(limits, {}).timeout.max_s == most
        return
    with pytest.raises(ConfigError, match=r"min_s \(30\.5\) is above max_s \(30\)"):
        load(limits, {})
