"""Each kind of value: what is taken, what is refused, and what becomes of it."""

from __future__ import annotations

import os
from typing import Any

import pytest

from batchdrain.config import load as room
from batchdrain.config.environment import TAKEN, read_environ, take
from batchdrain.config.load import Override, load, problems_of, split_list, to_plain
from batchdrain.config.profiles import PROFILES
from batchdrain.config.settings import Settings
from batchdrain.config.sound_part import load_sound_part
from batchdrain.config.values import to_seconds
from batchdrain.model.errors import ConfigError, UsageError


@pytest.mark.parametrize(
    "value",
    [
        "",
        "10 m",
        "-5",
        "5d",
        "1e3",
        "1m30s",
        "inf",
        "nan",
        ".5",
        "5.",
        "٥",
        True,
        None,
        [],
        float("nan"),
        float("inf"),
        10**12,
    ],
)
def test_what_is_no_duration_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="expected a duration"):
        to_seconds(value)


@pytest.mark.parametrize(("value", "seconds"), [(" 2h ", 7200.0), ("1m", 60.0), ("0.5", 0.5), (0, 0.0), (-3, -3.0)])
def test_a_duration_is_in_seconds(value: object, seconds: float) -> None:
    assert to_seconds(value) == seconds


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("batch_size", " 7 ", 7), ("batch_size", 7, 7), ("batch_size", "7.0", None), ("batch_size", 7.0, None), ("batch_size", True, None),
        ("batch_size", "٧", None), ("min_success_rate", "0.5", 0.5), ("min_success_rate", ".5", None), ("min_success_rate", "5e-1", None),
        ("finish_current", "YES", True), ("finish_current", "on", True), ("finish_current", "1", True), ("finish_current", "off", False),
        ("finish_current", " no ", False), ("finish_current", "maybe", None), ("finish_current", True, True),
        ("engine", 5, "5"), ("engine", True, None), ("engine", "a\x00", None), ("engine", "", None),
    ],
)  # fmt: skip
def test_a_value_is_taken_as_people_write_it_or_refused(name: str, value: Any, taken: Any) -> None:
    if taken is None:
        with pytest.raises(ValueError, match=r".+"):
            Settings.model_validate({name: value})
    else:
        assert getattr(Settings.model_validate({name: value}), name) == taken


@pytest.mark.parametrize(
    ("text", "taken"),
    [("tokens=100, calls = 5", {"tokens": 100.0, "calls": 5.0}), ('{"tokens": 1}', {"tokens": 1.0}), ("tokens=1,", {"tokens": 1.0}),
     ("tokens", None), ("=5", None), ("{", None), ("tokens=-1", None)],
)  # fmt: skip
def test_budgets_are_json_or_names_with_amounts(text: str, taken: dict[str, float] | None) -> None:
    if taken is None:
        with pytest.raises(ValueError, match=r".+"):
            Settings.model_validate({"stop": {"max_metric": text}})
    else:
        assert Settings.model_validate({"stop": {"max_metric": text}}).stop.max_metric == taken


@pytest.mark.parametrize(
    ("condition", "is_closed"),
    [
        ("a = 1", True), ("(a = 1) OR (b = ')')", True), ("a = 'it''s'", True), ('"a(" = 1', True), ("`a)` = 1", True),
        ("a = 1)", False), ("(a = 1", False), (") OR (1 = 1", False), ("a = 'x", False), ('a = "x', False), ("a = `x", False),
    ],
)  # fmt: skip
def test_a_condition_closes_what_it_opens_and_nothing_else(condition: str, is_closed: bool) -> None:
    if is_closed:
        assert Settings.model_validate({"source": {"where": condition}}).source.where == condition
    else:
        with pytest.raises(ValueError, match=r"quote that is not closed|parenthesis without its other half"):
            Settings.model_validate({"source": {"where": condition}})


@pytest.mark.parametrize(
    ("text", "found"),
    [("a, b ,,c", ["a", "b", "c"]), ("", []), (' ["a,b", 1]', ["a,b", 1]), ("[a", "[a"), ("[" * 100_000, "[" * 100_000)],
    ids=lambda value: str(value)[:20],
)
def test_a_list_is_json_or_has_commas(text: str, found: object) -> None:
    assert split_list(text) == found


def test_more_values_than_anybody_configures_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_MOST_VALUES", 4)
    assert to_plain({"a": (1, 2)}) == {"a": [1, 2]}
    with pytest.raises(ConfigError, match="holds more than 4 values"):
        to_plain({"a": [1, 2, 3]})


def test_our_variables_are_taken_out_of_sight_and_are_still_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {"INVOKE_BATCHDRAIN_WORKERS": "3", "INVOKE_BATCHDRAINX": "1", "HOME": "/h"})
    before = dict(TAKEN)
    take()
    try:
        assert os.environ == {"INVOKE_BATCHDRAINX": "1", "HOME": "/h"}
        assert read_environ() == {"INVOKE_BATCHDRAINX": "1", "HOME": "/h", **before, "INVOKE_BATCHDRAIN_WORKERS": "3"}
    finally:
        TAKEN.clear()
        TAKEN.update(before)


@pytest.mark.parametrize(
    ("section", "environ", "lost", "kept"),
    [
        ({"workers": 3}, {}, set(), {"workers": 3}),
        ({"workers": 0, "batch_size": 7}, {}, {"workers"}, {"workers": 1, "batch_size": 7}),
        ({"batch_size": 7, "nonsense": 1}, {}, {"nonsense"}, {"batch_size": 7}),
        ({"batch_size": 7}, {"INVOKE_BATCHDRAIN_BATCH_SIZE": "x", "INVOKE_BATCHDRAIN_NONSENSE": "x"}, {"batch_size"}, {"batch_size": 10}),
        ({"lease": {"ttl_s": 1}, "batch_size": 7}, {}, {"lease"}, {"batch_size": 7}),
        ({"timeout": {"min_s": 9, "max_s": 8}, "batch_size": 7}, {}, {"timeout"}, {"batch_size": 7}),
        ({"profile": "triage", "workers": 0}, {}, {"workers"}, {"policy": PROFILES["triage"]["policy"]}),
        ([1], {}, {"the whole"}, {"batch_size": 10}),
        (None, {}, set(), {"batch_size": 10}),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
def test_what_can_be_read_of_a_configuration_holds_and_the_rest_is_named(
    section: Any, environ: dict[str, str], lost: set[str], kept: dict[str, Any]
) -> None:
    settings, found = load_sound_part(section, environ)
    assert found == lost
    assert {name: getattr(settings, name) for name in kept} == kept


def test_every_variable_of_ours_is_read_whatever_stands_before_it() -> None:
    environ = {"HOME": "/h", "INVOKE_BATCHDRAIN_WORKERS": "3", "SHELL": "x", "INVOKE_BATCHDRAIN_COMMAND_STUCK_STATES": "A, B"}
    settings = load({}, environ)
    assert (settings.workers, settings.command.stuck_states) == (3, ["A", "B"])
    told = problems_of({"batch_size": 10**40}, {"INVOKE_BATCHDRAIN_A": "1", "INVOKE_BATCHDRAIN_B": "1"})
    assert [line.partition(" (")[0] for line in told] == [
        "INVOKE_BATCHDRAIN_A: names no setting",
        "INVOKE_BATCHDRAIN_B: names no setting",
        "batchdrain.batch_size: must be at most 1000000, got a number beyond all bounds",
    ]


def test_of_lists_that_are_given_by_a_flag_again_and_again_the_first_that_is_none_is_refused() -> None:
    def by_flag(*texts: str) -> list[Override]:
        return [Override("--policy", ("policy",), [*texts])]

    assert load({}, {}, by_flag("hints,smart", '["run-order"]')).policy == ["hints", "smart", "run-order"]
    with pytest.raises(UsageError, match=r"^--policy: write a list"):
        load({}, {}, by_flag("[a", "smart"))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x", "'x'"), ("x" * 118, f"'{'x' * 118}'"), ("x" * 119, f"'{'x' * 119}…"), (True, "true"), (None, "null"), (10**40, "a number beyond all bounds"),
        (1.5, "1.5"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_shown_as_it_was_written_and_what_is_long_is_cut_with_a_sign(value: object, shown: str) -> None:
    [problem] = problems_of({"workers": value}, {})
    assert problem.startswith("batchdrain.workers: ")
    assert problem.endswith(f", got {shown}")


def test_each_number_of_a_limit_names_who_set_it_a_flag_before_a_variable_and_that_before_a_profile() -> None:
    flag = Override("--most", ("timeout", "max_s"), "900")
    environ = {"INVOKE_BATCHDRAIN_TIMEOUT_MIN_S": "20", "INVOKE_BATCHDRAIN_TIMEOUT_MAX_S": "800"}
    found = load({"profile": "conservative"}, environ, [flag]).timeout
    assert (found.max_s, found.min_s, found.default_s) == (900, 20, 1800)
    assert [found.source_of(name) for name in ("max_s", "min_s", "default_s")] == [
        "--most", "INVOKE_BATCHDRAIN_TIMEOUT_MIN_S", "timeout.default_s of profile 'conservative'",
    ]  # fmt: skip
    own = load({"profile": "conservative", "timeout": {"default_s": 700}}, {}).timeout
    assert (own.default_s, own.source_of("default_s")) == (700, "timeout.default_s")


def test_what_shows_only_once_the_rest_can_be_read_is_named_beside_what_was_lost_before() -> None:
    """That the lease is too short for the grace time is looked at where all else is sound."""
    section = {"workers": "many", "lease": {"ttl_s": 5}, "batch_size": 7}
    settings, lost = load_sound_part(section, {})
    assert (lost, settings.workers, settings.lease.ttl_s, settings.batch_size) == ({"workers", "lease"}, 1, 120.0, 7)
