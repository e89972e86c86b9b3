"""Section, environment and flags become settings; every error at once, each with its place."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.cli.tasks.flag_values import values_of
from batchdrain.cli.tasks.flags import FLAGS
from batchdrain.config.load import Override, load, problems_of
from batchdrain.config.profiles import PROFILES
from batchdrain.config.settings import Settings
from batchdrain.config.values import to_seconds
from batchdrain.model.errors import ConfigError, UsageError
from batchdrain.policies.ranking import ranking_of


def test_the_design_s_own_section_loads() -> None:
    section = {
        "batch_size": 10, "min_success_rate": None, "workers": 1, "engine": "local", "policy": ["untried-first", {"name": "smart"}],
        "source": {"table": "phases", "states": {"failed": "FAILED"}, "where": ""},
        "command": {"argv": ["python", "--run-id", "{run_id}"], "result_from": "exit_code", "success_exit_codes": [0]},
        "timeout": {"default_s": 600, "adaptive": True, "min_s": 30, "max_s": 3600}, "retry": {"max_attempts": 2, "initial_s": 5},
        "stop": {"max_attempts_per_phase": 0, "skip_runs_with_queued": False},
        "depends_on": [{"run": "release-*", "after": ["build-*"]}], "run_types": [{"match": "build*", "type": "maintenance"}],
    }  # fmt: skip
    assert load(section, {}).depends_on[0].after == ["build-*"]


def by_flags(**given: str) -> list[Override]:
    """As `inv drain` gives them."""
    found: list[Override] = values_of([flag for flag in FLAGS["drain"] if flag.name in given], given)["settings"]
    return found


def test_flags_go_over_the_environment_and_that_over_the_section() -> None:
    environ = {"INVOKE_BATCHDRAIN_BATCH_SIZE": "20", "INVOKE_BATCHDRAIN_WORKERS": "3"}
    settings = load({"batch_size": 10, "workers": 2}, environ, by_flags(batch_size="30"))
    assert (settings.batch_size, settings.workers) == (30, 3)


@pytest.mark.parametrize(("text", "value"), [("false", False), ("no", False), ("0", False), ("true", True), ("Yes", True)])
def test_a_truth_in_the_environment_is_read_as_people_write_it(text: str, value: bool) -> None:
    assert load({}, {"INVOKE_BATCHDRAIN_TIMEOUT_ADAPTIVE": text}).timeout.adaptive is value


@pytest.mark.parametrize(("text", "value"), [("smart,run-order", ["smart", "run-order"]), ('["smart"]', ["smart"])])
def test_a_list_in_the_environment_has_commas_or_is_json(text: str, value: list[str]) -> None:
    assert load({}, {"INVOKE_BATCHDRAIN_POLICY": text}).policy == value


def test_every_error_is_told_at_once_with_its_place_and_its_cure() -> None:
    section: dict[str, Any] = {
        "batch_sze": 3, "workers": 0, "source": {"states": {"failed": False}}, "timeout": {"default_s": "soon", "min_s": 9, "max_s": 8},
    }  # fmt: skip
    environ = {"INVOKE_BATCHDRAIN_STOP_MAX_REPEATS": "x", "INVOKE_BATCHDRAIN_BATCHSIZE": "1"}
    with pytest.raises(ConfigError) as caught:
        load(section, environ)
    told = str(caught.value).splitlines()
    for part in (
        "batchdrain.batch_sze: is not a known key (did you mean 'batch_size'?)",
        "batchdrain.workers: must be at least 1, got 0",
        "batchdrain.source.states.failed: YAML reads a bare yes, no, on or off as true or false: quote it",
        "batchdrain.timeout.default_s: expected a duration such as 90, 90s or 10m, got 'soon'",
        "INVOKE_BATCHDRAIN_STOP_MAX_REPEATS: expected a whole number, got 'x'",
        "INVOKE_BATCHDRAIN_BATCHSIZE: names no setting (did you mean 'INVOKE_BATCHDRAIN_BATCH_SIZE'?)",
    ):
        assert any(line.startswith(part) for line in told), (part, told)


@pytest.mark.parametrize("section", [[], "text", 3])
def test_a_section_that_is_no_mapping_is_refused(section: object) -> None:
    with pytest.raises(ConfigError, match="expected a mapping"):
        load(section, {})


@pytest.mark.parametrize(
    ("flag", "value"),
    [("batch_size", "0"), ("batch_size", "-1"), ("batch_size", "1000000000"), ("batch_size", "ten"), ("batch_size", "1_0"),
     ("phase_timeout", "0"), ("phase_timeout", "nan"), ("phase_timeout", "inf"), ("phase_timeout", "-5"), ("min_success_rate", "2"),
     ("min_success_rate", "nan"), ("workers", "1.5"), ("max_total_minutes", "inf"), ("profile", "fast")],
)  # fmt: skip
def test_a_bad_flag_is_a_usage_error_that_names_it(flag: str, value: str) -> None:
    with pytest.raises(UsageError, match="^--" + flag.replace("_", "-")):
        load({}, {}, by_flags(**{flag: value}))


def test_an_explicit_time_limit_holds_for_every_phase() -> None:
    timeout = load({}, {}, by_flags(phase_timeout="10m")).timeout
    assert (timeout.default_s, timeout.adaptive) == (600, False)


@pytest.mark.parametrize(("text", "value"), [(90, 90), ("90", 90), ("90s", 90), ("1.5m", 90), ("1h", 3600)])
def test_durations_are_seconds_or_have_a_unit(text: object, value: float) -> None:
    assert to_seconds(text) == value


@pytest.mark.parametrize(
    ("section", "environ", "flags", "source"),
    [
        ({}, {}, {}, "timeout.default_s"),
        ({"timeout": {"default_s": 9}}, {}, {"profile": "throughput"}, "timeout.default_s"),
        ({"profile": "throughput"}, {}, {}, "timeout.default_s of profile 'throughput'"),
        ({"profile": "classic"}, {}, {"profile": "throughput"}, "timeout.default_s of profile 'throughput'"),
        ({}, {"INVOKE_BATCHDRAIN_PROFILE": "throughput"}, {}, "timeout.default_s of profile 'throughput'"),
        (
            {"profile": "throughput", "timeout": {"default_s": 9}},
            {"INVOKE_BATCHDRAIN_TIMEOUT_DEFAULT_S": "5"},
            {},
            "INVOKE_BATCHDRAIN_TIMEOUT_DEFAULT_S",
        ),
        ({"profile": "throughput"}, {"INVOKE_BATCHDRAIN_TIMEOUT_DEFAULT_S": "5"}, {"phase_timeout": "3"}, "--phase-timeout"),
    ],
)
def test_a_time_limit_is_told_by_who_set_it(
    section: dict[str, Any], environ: dict[str, str], flags: dict[str, str], source: str
) -> None:
    assert load(section, environ, by_flags(**flags) if flags else ()).timeout.source_of("default_s") == source


def test_a_profile_sets_limits_and_what_is_explicit_wins() -> None:
    settings = load({"retry": {"max_attempts": 7}}, {}, by_flags(profile="conservative"))
    assert (settings.retry.max_attempts, settings.timeout.default_s) == (7, 1800)


@pytest.mark.parametrize("name", list(PROFILES))
def test_every_profile_is_one_that_loads(name: str) -> None:
    settings = load({"profile": name}, {})
    assert settings == load({}, {}, by_flags(profile=name))
    assert ranking_of(settings.policy).names[0] == "hints"


def test_a_profile_may_bring_an_order_and_ones_own_wins() -> None:
    names = [ranking_of(load(section, env, by_flags(profile="triage", **flags)).policy).names for section, env, flags in (
        ({}, {}, {}), ({"policy": ["smart"]}, {}, {}), ({}, {"INVOKE_BATCHDRAIN_POLICY": "run-order"}, {}), ({}, {}, {"policy": "hints"}),
    )]  # fmt: skip
    assert names == [("hints", "sample-first", "untried-first", "smart"), ("smart",), ("run-order",), ("hints",)]


def test_the_settings_have_a_schema_and_hide_their_secrets() -> None:
    assert Settings.model_json_schema()["properties"]["batch_size"]["default"] == 10
    assert "hunter2" not in repr(Settings(database_url="postgresql://u:hunter2@h/d"))


def test_equal_words_for_two_states_are_refused() -> None:
    with pytest.raises(ConfigError, match="'X' stands for failed and for queued"):
        load({"source": {"states": {"failed": "X", "queued": "X"}}}, {})


@pytest.mark.parametrize("nothing", ["null", "", "~", "NULL"])
def test_a_setting_that_may_be_nothing_is_set_to_nothing_by_the_environment(nothing: str) -> None:
    section = {"min_success_rate": 0.5, "command": {"stuck_states": ["STUCK"]}, "source": {"columns": {"updated_at": "at"}}}
    environ = {
        f"INVOKE_BATCHDRAIN_{name}": nothing
        for name in ("MIN_SUCCESS_RATE", "COMMAND_STUCK_STATES", "SOURCE_COLUMNS_PHASE_INDEX", "SOURCE_COLUMNS_UPDATED_AT",
                     "SOURCE_COLUMNS_LAST_FAILURE_REASON")
    }  # fmt: skip
    settings = load(section, environ)
    columns = settings.source.columns
    assert (settings.min_success_rate, settings.command.stuck_states) == (None, None)
    assert (columns.phase_index, columns.updated_at, columns.last_failure_reason) == (None, None, None)


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({"policy": []}, "batchdrain.policy: must not be empty: write a list: [a, b]"),
        ({"policy": "smart"}, "batchdrain.policy: write a list: [a, b], got 'smart'"),
        ({"policy": ["smart", 5]}, "batchdrain.policy.1: write a name, or {name: …, parameter: value}, got 5"),
        ({"session_dir": ""}, "batchdrain.session_dir: must not be empty, got ''"),
        (
            {"command": {"argv": ["a", "b\x00c"]}},
            "batchdrain.command.argv.1: must not contain a NUL character, got 'b\\x00c'",
        ),
        ({"timeout": 5}, "batchdrain.timeout: write a mapping: {key: value}, got 5"),
        ({"depends_on": [{"run": "x"}]}, "batchdrain.depends_on.0.after: is missing"),
        ({"stop": {"canary": "maybe"}}, "batchdrain.stop.canary: expected true or false, got 'maybe'"),
        ({"batch_size": None}, "batchdrain.batch_size: expected a whole number, got null"),
        ({"min_success_rate": 2}, "batchdrain.min_success_rate: must be at most 1, got 2"),
        ({"profile": "x"}, "batchdrain.profile: expected 'classic', 'conservative', 'triage' or 'throughput', got 'x'"),
        (
            {"lease": {"ttl_s": 1}},
            "batchdrain: lease.ttl_s (1) is below command.grace_s + lease.margin_s + 2 x lease.beat_s (50)",
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_value_is_told_in_plain_words(section: dict[str, Any], told: str) -> None:
    assert problems_of(section, {}) == [told]
