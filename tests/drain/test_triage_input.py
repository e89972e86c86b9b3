"""What people and diagnosis commands get wrong about triage: told, and not kept."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.drain.diagnosing import (
    diagnose,
    verdicts,
)
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")


def test_without_a_command_there_is_no_triage(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/1")
    for argv in (["triage"], ["--dry", "triage"], ["drain", "--triage"]):
        ran = sqlite_project.inv(*argv)
        assert (ran.code, "batchdrain.triage.argv: is empty; name your command" in ran.err) == (78, True), ran
    assert sqlite_project.states() == {"a/1": "FAILED"}


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["no-such-program"], "batchdrain.triage.argv.0: 'no-such-program' is no program"),
        (["echo", "{attempt}"], "batchdrain.triage.argv.1: {attempt} is no placeholder (known: run_id, phase_id"),
        (["echo", "{"], "batchdrain.triage.argv.1: a single '{'"),
    ],
)
def test_a_bad_command_is_told_before_anything_runs(sqlite_project: Workplace, argv: list[str], said: str) -> None:
    sqlite_project.configure(triage={"argv": argv})
    sqlite_project.fail("a/1")
    for task in (["triage"], ["drain", "--triage"], ["doctor"]):
        ran = sqlite_project.inv(*task)
        assert (ran.code, said in ran.out + ran.err) == (78, True), ran


@pytest.mark.parametrize(
    "argv", [["--limit=0"], ["--limit=x"], ["--workers=1000"], ["--run-id="], ["--format=xml"], ["--category=x"]]
)
def test_bad_flags_are_usage_errors(sqlite_project: Workplace, argv: list[str]) -> None:
    diagnose(sqlite_project, {})
    ran = sqlite_project.inv("triage", *argv)
    assert (ran.code, argv[0].partition("=")[0] in ran.err) == (2, True), ran


@pytest.mark.parametrize("beside", ["--resume", "--plan=plan.json"])
def test_a_drain_that_is_fixed_already_takes_no_triage(sqlite_project: Workplace, beside: str) -> None:
    diagnose(sqlite_project, {})
    ran = sqlite_project.inv("drain", "--triage", beside)
    assert (ran.code, "triage" in ran.err) == (2, True), ran


@pytest.mark.parametrize(
    ("act", "said"),
    [
        ({"say": {"verdict": "maybe"}}, "none of promising, hopeless, wait: 'maybe'"),
        ({"say": {"verdict": ["wait"]}}, "none of promising, hopeless, wait: ['wait']"),
        ({"say": {"verdict": "wait", "wait_s": "soon"}}, "wait_s is no time of at most a year: 'soon'"),
        ({"raw": '{"verdict": "wait", "wait_s": NaN}'}, "wait_s is no time"),
        ({"say": {"verdict": "wait", "wait_s": -1}}, "wait_s is no time"),
        ({"raw": "hopeless"}, "the result file is no JSON object"),
        ({"raw": "[" * 100_000}, "the result file is no JSON object"),
        ({"say": ["hopeless"]}, "the result file is no JSON object"),
        ({"exit": 1, "print": "\x1b[31mthe service does not answer\x1b[0m"}, "the service does not answer [exit 1]"),
    ],
)
def test_what_is_no_verdict_is_told_and_not_kept(sqlite_project: Workplace, act: dict[str, Any], said: str) -> None:
    diagnose(sqlite_project, {"*": act})
    sqlite_project.fail("a/1")

    ran = sqlite_project.inv("triage")

    assert (ran.code, verdicts(sqlite_project)) == (0, {})
    assert said in ran.out
    [log] = [line.removeprefix("    Log: ") for line in ran.lines if line.startswith("    Log: ")]
    assert re.fullmatch(r".*/triage-[0-9-]+/a/1\.std(out|err)\.txt", log)
    assert (sqlite_project.root / log).read_text() != ""


def test_exit_codes_decide_where_the_file_names_no_verdict(sqlite_project: Workplace) -> None:
    diagnose(
        sqlite_project,
        {"a/1": {"exit": 0}, "b/2": {"exit": 75, "say": {"reason": "the night window is closed"}}},
        wait_s="10m",
    )
    sqlite_project.fail("a/1", "b/2")

    ran = sqlite_project.inv("triage")

    assert verdicts(sqlite_project) == {"a/1": "promising", "b/2": "wait"}
    assert "  + a / 1: promising: looking at 'a/1'" in ran.lines
    assert ": the night window is closed" in ran.out


HOSTILE = "\x1b[2J gone\u202e\x00 \r\n'; DROP TABLE phases; --"


def test_hostile_words_and_ids_harm_nobody(project: Workplace) -> None:
    ids = ("r'; --\x1b[2J", "p\u202e{run_id}$(touch x)")
    diagnose(project, {"*": {"say": {"verdict": "hopeless", "reason": HOSTILE + "\ud800" + "long" * 9999}}})
    project.add((*ids, 0, "FAILED", HOSTILE.replace("\x00", "")))

    ran, explain_rows, as_json = (
        project.inv("triage"),
        project.inv("dry-run", "--explain"),
        project.inv("triage", "--anew", "--format=json"),
    )

    assert ran.code == explain_rows.code == as_json.code == 0
    for out in (ran.out, explain_rows.out, as_json.out):
        assert not {"\x1b", "\u202e", "\x00", "\r"} & set(out)
    [found] = as_json.json()["diagnosed"]
    assert (found["run_id"], found["phase_id"], len(found["reason"])) == (*ids, 500)
    assert list(verdicts(project).values()) == ["hopeless"]
    assert "skipped by triage: hopeless" in explain_rows.out


def test_no_secret_is_kept_with_a_reason(sqlite_project: Workplace) -> None:
    diagnose(sqlite_project, {"*": {"say": {"verdict": "hopeless", "reason": "refused hunter2-hunter2"}}})
    sqlite_project.fail("a/1")

    ran = sqlite_project.inv("triage", env={"THEIR_PASSWORD": "hunter2-hunter2"})

    kept = sqlite_project.sql("SELECT value FROM batchdrain_meta WHERE name LIKE 'verdict/%'")[0][0]
    assert "hunter2" not in ran.out + kept
    assert "refused ***" in ran.out
