"""What people and diagnosis commands get wrong about triage: told, and not kept."""

from __future__ import annotations

from typing import Any

import pytest

from tests.drain.diagnosing import (
    diagnose,
    verdicts,
)
from tests.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")


def test_without_a_command_there_is_no_triage(lite: Workplace) -> None:
    lite.fail("a/1")
    for argv in (["triage"], ["--dry", "triage"], ["drain", "--triage"]):
        ran = lite.inv(*argv)
        assert (ran.code, "batchdrain.triage.argv: is empty; name your command" in ran.err) == (78, True), ran
    assert lite.states() == {"a/1": "FAILED"}


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["no-such-program"], "batchdrain.triage.argv.0: 'no-such-program' is no program"),
        (["echo", "{attempt}"], "batchdrain.triage.argv.1: {attempt} is no placeholder (known: run_id, phase_id"),
        (["echo", "{"], "batchdrain.triage.argv.1: a single '{'"),
    ],
)
def test_a_bad_command_is_told_before_anything_runs(lite: Workplace, argv: list[str], said: str) -> None:
    lite.configure(triage={"argv": argv})
    lite.fail("a/1")
    for task in (["triage"], ["drain", "--triage"], ["doctor"]):
        ran = lite.inv(*task)
        assert (ran.code, said in ran.out + ran.err) == (78, True), ran


@pytest.mark.parametrize(
    "argv", [["--limit=0"], ["--limit=x"], ["--workers=1000"], ["--run-id="], ["--format=xml"], ["--category=x"]]
)
def test_bad_flags_are_usage_errors(lite: Workplace, argv: list[str]) -> None:
    diagnose(lite, {})
    ran = lite.inv("triage", *argv)
    assert (ran.code, argv[0].partition("=")[0] in ran.err) == (2, True), ran


@pytest.mark.parametrize("beside", ["--resume", "--plan=plan.json"])
def test_a_drain_that_is_fixed_already_takes_no_triage(lite: Workplace, beside: str) -> None:
    diagnose(lite, {})
    ran = lite.inv("drain", "--triage", beside)
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
        ({"exit": 1, "print": "\x1b[31mthe service does not answer\x1b[0m"}, "exit code 1: the service does not answer"),
    ],
)
def test_what_is_no_verdict_is_told_and_not_kept(lite: Workplace, act: dict[str, Any], said: str) -> None:
    diagnose(lite, {"*": act})
    lite.fail("a/1")

    ran = lite.inv("triage")

    assert (ran.code, verdicts(lite)) == (0, {})
    assert said in ran.out
    assert "log: " in ran.out


def test_exit_codes_decide_where_the_file_names_no_verdict(lite: Workplace) -> None:
    diagnose(lite, {"a/1": {"exit": 0}, "b/2": {"exit": 75, "say": {"reason": "the night window is closed"}}}, wait_s="10m")
    lite.fail("a/1", "b/2")

    ran = lite.inv("triage")

    assert verdicts(lite) == {"a/1": "promising", "b/2": "wait"}
    assert "  + a / 1: promising: looking at 'a/1'" in ran.lines
    assert ": the night window is closed" in ran.out


HOSTILE = "\x1b[2J gone\u202e\x00 \r\n'; DROP TABLE phases; --"


def test_hostile_words_and_ids_harm_nobody(work: Workplace) -> None:
    ids = ("r'; --\x1b[2J", "p\u202e{run_id}$(touch x)")
    diagnose(work, {"*": {"say": {"verdict": "hopeless", "reason": HOSTILE + "\ud800" + "long" * 9999}}})
    work.add((*ids, 0, "FAILED", HOSTILE.replace("\x00", "")))

    ran, explained, as_json = (
        work.inv("triage"),
        work.inv("dry-run", "--explain"),
        work.inv("triage", "--anew", "--format=json"),
    )

    assert ran.code == explained.code == as_json.code == 0
    for out in (ran.out, explained.out, as_json.out):
        assert not {"\x1b", "\u202e", "\x00", "\r"} & set(out)
    [found] = as_json.json()["diagnosed"]
    assert (found["run_id"], found["phase_id"], len(found["reason"])) == (*ids, 500)
    assert list(verdicts(work).values()) == ["hopeless"]
    assert "skipped by triage: hopeless" in explained.out


def test_no_secret_is_kept_with_a_reason(lite: Workplace) -> None:
    diagnose(lite, {"*": {"say": {"verdict": "hopeless", "reason": "refused hunter2-hunter2"}}})
    lite.fail("a/1")

    ran = lite.inv("triage", env={"THEIR_PASSWORD": "hunter2-hunter2"})

    kept = lite.sql("SELECT value FROM batchdrain_meta WHERE name LIKE 'verdict/%'")[0][0]
    assert "hunter2" not in ran.out + kept
    assert "refused ***" in ran.out
