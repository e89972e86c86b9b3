"""What the doctor says of settings: each mistake once, with the key that it is in; and those that do nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.workplace import Ran, Workplace


@pytest.fixture
def project(sqlite_project: Workplace) -> Workplace:
    sqlite_project.fail("a/p", reason="disk full")
    return sqlite_project


def of(ran: Ran, verdict: str) -> list[str]:
    return [line.removeprefix(f"{verdict} ") for line in ran.lines if line.startswith(f"{verdict} ")]


WRONG: list[tuple[dict[str, Any], list[str]]] = [
    ({"policy": [{"name": "best-yield", "lates": 1}]}, [
        "policy: batchdrain.policy: 'best-yield' has no parameter 'lates' (known: prior, strength, timeouts_last)"]),
    ({"policy": [{"name": "run-order", "x": 1}]}, ["policy: batchdrain.policy: 'run-order' has no parameter 'x' (it has none)"]),
    ({"categories": [{"match": "x", "category": "odd"}]}, [
        ("categories: batchdrain.categories.0: 'odd' is no category (known: unknown, transient, collection, deliverable, patch, "
        "other, timeout)")]),
    ({"categories": [{"match": "x", "name": "other"}]}, [
        "configuration: batchdrain.categories.0.category: is missing",
        "configuration: batchdrain.categories.0.name: is not a known key (known: category, match)"]),
    ({"run_types": [{"match": "x", "typ": "y"}]}, [
        "configuration: batchdrain.run_types.0.type: is missing",
        "configuration: batchdrain.run_types.0.typ: is not a known key (did you mean 'type'?)"]),
    ({"batch_size": None, "workers": True}, [
        "configuration: batchdrain.batch_size: expected a whole number, got null",
        "configuration: batchdrain.workers: expected a whole number, got true"]),
    ({"session_dir": "tasks.py"}, ["session_dir: {root}/tasks.py is no folder"]),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "told"), WRONG, ids=[str(settings) for settings, _ in WRONG])
def test_a_mistake_is_told_once_and_as_what_it_is(project: Workplace, settings: dict[str, Any], told: list[str]) -> None:
    project.configure(**settings)

    looked = project.inv("doctor")

    assert (looked.code, of(looked, "FAIL")) == (78, [line.replace("{root}", str(project.root)) for line in told]), looked


@pytest.mark.parametrize("section", ["[1, 2]", "a text", "5"])
def test_a_section_that_is_no_mapping_is_told_and_nothing_is_said_of_defaults(project: Workplace, section: str) -> None:
    (project.root / "invoke.yaml").write_text(f"batchdrain: {section}\n")

    looked = project.inv("doctor")

    assert looked.code == 78
    [wrong], [rest] = of(looked, "FAIL"), of(looked, "warn")
    assert wrong.startswith("configuration: batchdrain: expected a mapping of settings, got "), looked
    assert rest == "settings: nothing else was checked, because the section can't be read"


def test_a_number_where_an_id_is_meant_is_told_once(project: Workplace) -> None:
    (project.root / "invoke.yaml").write_text("batchdrain:\n  depends_on: [{run: 007, after: [a]}]\n")

    assert sum("007" in line for line in of(project.inv("doctor"), "FAIL")) == 1


IDLE: list[tuple[dict[str, Mapping[str, Any]], str]] = [
    ({"command": {"transient_exit_codes": [0, 75]}},
     "command.transient_exit_codes: [0] are in success_exit_codes too, which takes precedence: such a phase is complete"),
    ({"command": {"success_exit_codes": [0, 300]}}, "command.success_exit_codes: [300] are no exit codes: these are from 0 to 255"),
    ({"command": {"env_allow": ["X"], "env_deny": ["X"]}},
     "command.env_allow: X is in env_deny too, which takes precedence: the command does not inherit it"),
    ({"command": {"stuck_states": ["EXECUTING"]}}, "command.stuck_states: has no effect with result_from: exit_code"),
    ({"stop": {"metric": "tokens"}}, "stop.metric: has no effect without stop.max_without_metric"),
    ({"stop": {"max_without_metric": 3}}, "stop.max_without_metric: has no effect without stop.metric"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "told"), IDLE, ids=[told.partition(":")[0] for _, told in IDLE])
def test_a_setting_that_does_nothing_as_others_stand_is_a_warning(
    project: Workplace, settings: dict[str, Any], told: str
) -> None:
    project.configure(**settings)

    looked = project.inv("doctor")

    assert (looked.code, of(looked, "warn")) == (0, [told]), looked


@pytest.mark.parametrize(("settings", "told"), IDLE[:1] + IDLE[2:3], ids=["exit codes", "environment"])
def test_which_of_two_settings_decides_is_true(project: Workplace, settings: dict[str, Any], told: str) -> None:
    argv = ["/bin/sh", "-c", 'test -z "$X"']
    project.configure(command={"argv": argv, **settings["command"]})

    ran = project.inv("drain", env={"X": "set"} if "env_allow" in told else {})

    assert (ran.code, project.states()) == (0, {"a/p": "COMPLETE"}), ran


def test_a_rule_for_runs_is_a_warning_where_those_before_it_match_all_of_its_runs(project: Workplace) -> None:
    project.fail("a/q", "ab/p", "b/p")
    rules = ("a", "a*", "b", "[ab]", "*")
    project.configure(run_types=[{"match": match, "type": "t"} for match in rules])

    looked = project.inv("doctor")

    late = "an earlier entry matches all of its runs, and the first match counts"
    told = [line for line in of(looked, "warn") if late in line]
    assert told == [f"run_types.{place}: {match!r}: {late}" for place, match in ((3, "[ab]"), (4, "*"))], looked
