"""What doctor makes of its findings, and what it says of settings that do nothing: nothing more and nothing less."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands.doctor import project_checks, report
from batchdrain.cli.commands.doctor.engine_checks import check_engine
from batchdrain.cli.commands.doctor.project_checks import Finding, check_policy, check_settings_files
from batchdrain.cli.commands.doctor.rule_checks import check_idle_settings, check_profile
from batchdrain.cli.invocation import Invocation
from batchdrain.config.load import load
from batchdrain.config.settings import Settings

INV = Invocation(section={}, environ={}, root=Path(), dry=False)
WELL, ODD, WRONG = (
    Finding("a", ok=True, message="well"),
    Finding("b", ok=True, is_warning=True, message="odd\x1b", cure="one\ntwo"),
    Finding("c", ok=False, message="wrong", code=75),
)


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ([], "All is well."), ([WELL, WELL], "All is well."), ([WELL, ODD], "1 warning found."), ([WRONG, WELL], "1 problem found."),
        ([WRONG, ODD, Finding("d", ok=False, message="too"), Finding("e", ok=True, is_warning=True, message="too")],
         "2 problems and 2 warnings found."),
    ],
)  # fmt: skip
def test_all_is_well_where_nothing_else_is_to_be_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], found: list[Finding], told: str
) -> None:
    monkeypatch.setattr(report, "_examine_all", lambda _: found)
    report.examine(INV, format_name="text")
    assert capsys.readouterr().out.splitlines()[-1] == told


def test_each_finding_is_told_with_its_verdict_and_its_cure_below_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report, "_examine_all", lambda _: [WELL, ODD, WRONG])
    assert report.examine(INV, format_name="text") == 75
    assert capsys.readouterr().out.splitlines()[:-1] == [
        "ok   a: well", "warn b: odd\\x1b", "       one", "       two", "FAIL c: wrong",
    ]  # fmt: skip
    assert report.examine(INV, format_name="json") == 75
    assert json.loads(capsys.readouterr().out) == [
        {"check": "a", "ok": True, "verdict": "ok", "said": "well", "cure": ""},
        {"check": "b", "ok": True, "verdict": "warn", "said": "odd\x1b", "cure": "one\ntwo"},
        {"check": "c", "ok": False, "verdict": "fail", "said": "wrong", "cure": ""},
    ]


def test_one_problem_that_several_checks_met_is_told_once_and_equal_words_of_others_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = [Finding(name, ok=False, message="no rights") for name in "xy"]
    loads = [Finding(name, ok=True, message="loads") for name in "xy"]
    monkeypatch.setattr(report, "_examine_all", lambda _: [*twice, *loads, loads[0]])
    report.examine(INV, format_name="text")
    assert capsys.readouterr().out.splitlines() == ["FAIL x: no rights", "ok   x: loads", "ok   y: loads", "1 problem found."]


def idle(**section: Any) -> list[str]:
    return [f"{one.check}: {one.message}" for one in check_idle_settings(load(section, {}))]


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({}, []),
        ({"command": {"success_exit_codes": [0, 3, 4], "transient_exit_codes": [5, 4, 3]}},
         ["command.transient_exit_codes: [3, 4] are in success_exit_codes too, which takes precedence: such a phase is complete"]),
        ({"command": {"success_exit_codes": [0, 255, 256, -1]}},
         ["command.success_exit_codes: [256, -1] are no exit codes: these are from 0 to 255"]),
        ({"command": {"transient_exit_codes": [300]}},
         ["command.transient_exit_codes: [300] are no exit codes: these are from 0 to 255"]),
        ({"command": {"env_allow": ["B", "A", "C"], "env_deny": ["A", "B"]}},
         ["command.env_allow: A, B is in env_deny too, which takes precedence: the command does not inherit it"]),
        ({"command": {"stuck_states": ["X"]}}, ["command.stuck_states: has no effect with result_from: exit_code"]),
        ({"command": {"stuck_states": ["X"], "result_from": "database"}}, []),
        ({"stop": {"metric": "tokens"}}, ["stop.metric: has no effect without stop.max_without_metric"]),
        ({"stop": {"max_without_metric": 3}}, ["stop.max_without_metric: has no effect without stop.metric"]),
        ({"stop": {"max_without_metric": 3, "metric": "tokens"}}, []),
    ],
)  # fmt: skip
def test_a_setting_that_does_nothing_as_others_stand_is_told_and_no_other(section: dict[str, Any], told: list[str]) -> None:
    assert idle(**section) == told


def test_a_policy_that_stands_twice_decides_once(tmp_path: Path) -> None:
    found = [*check_policy(load({"policy": ["hints", "smart", "hints"]}, {}))]
    assert [(one.check, one.verdict) for one in found] == [("policy", "ok"), ("policy.2", "warn")]
    [wrong] = check_policy(Settings(policy=["no-such-policy"]))
    assert (wrong.verdict, wrong.code, bool(wrong.cure)) == ("fail", 78, True)
    [missing] = check_settings_files([])
    assert (missing.check, missing.verdict) == ("invoke.yaml", "ok")


@pytest.mark.parametrize(
    ("name", "text", "verdict"),
    [
        ("a.yaml", "batchdrain: {workers: 1}\n", "ok"), ("a.yaml", "batchdrain: {workers: 1, workers: 2}\n", "fail"),
        ("a.yaml", "other: {a: 1, a: 2}\nbatchdrain: {}\n", "ok"), ("a.yaml", "batchdrain: {}\nbatchdrain: {}\n", "fail"),
        ("a.yaml", "[1]\n", "ok"), ("a.yaml", "a: [\n", "fail"), ("a.json", '{"a": 1, "a": 2}', "fail"), ("a.json", '{"a": 1}', "ok"),
        ("a.py", "a = [", "ok"),
    ],
)  # fmt: skip
def test_a_file_of_settings_is_sound_where_it_can_be_read_and_no_key_of_ours_stands_twice(
    tmp_path: Path, name: str, text: str, verdict: str
) -> None:
    (tmp_path / name).write_text(text)
    [found] = check_settings_files([tmp_path / name])
    assert (found.check, found.verdict) == (name, verdict)


def test_a_file_larger_than_a_megabyte_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n")
    for most, verdict in ((5, "ok"), (4, "fail")):
        monkeypatch.setattr(project_checks, "_YAML_BYTES", most)
        assert [one.verdict for one in check_settings_files([path])] == [verdict]


def test_what_a_profile_sets_and_a_setting_takes_back_is_told_and_a_profile_that_holds_is_not() -> None:
    for profile in ("throughput", "conservative"):
        assert [*check_profile(load({"profile": profile}, {}))] == []
    own = load({"profile": "throughput", "timeout": {"default_s": 600}}, {})
    assert [one.check for one in check_profile(own)] == ["timeout.default_s"]


def test_the_local_engine_has_no_options_to_take() -> None:
    assert [(one.check, one.verdict) for one in check_engine(load({}, {}))] == [("engine", "ok")]
    found = [*check_engine(load({"engine_options": {"a": 1}}, {}))]
    assert [(one.check, one.verdict) for one in found] == [("engine", "ok"), ("engine_options", "warn")]
    [wrong] = check_engine(Settings(engine="no-such-engine"))
    assert (wrong.check, wrong.verdict, wrong.code) == ("engine", "fail", 78)
