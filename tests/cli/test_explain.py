"""inv explain: one phase's history and what comes next, as the dry run has it; and how many phases stand how."""

from __future__ import annotations

import re
import socket
from typing import Any

import pytest

from tests.cli.test_reopen import BOOM, reopen, suspect
from tests.drain.diagnosing import HOPELESS, WAIT, diagnose
from tests.support.aging import age
from tests.support.hostile import COMMANDS, obeyed
from tests.support.workplace import Ran, Workplace


def explain(place: Workplace, name: str, *argv: str) -> Ran:
    run_id, _, phase_id = name.partition("/")
    ran = place.inv("explain", f"--run-id={run_id}", f"--phase-id={phase_id}", *argv)
    assert ran.code == 0, ran
    return ran


def explained(place: Workplace, name: str) -> dict[str, Any]:
    found: dict[str, Any] = explain(place, name, "--format=json").json()
    return found


def counts(place: Workplace, *argv: str) -> dict[str, int]:
    found: dict[str, int] = place.inv("explain", "--format=json", *argv).json()["dispositions"]
    return {kind: count for kind, count in found.items() if count}


def dry_run(place: Workplace) -> dict[tuple[str, str], tuple[bool, str | None, str]]:
    """(run_id, phase_id) -> whether it is chosen, the rule, the reason."""
    plan = place.inv("dry-run", "--explain", "--format=json").json()
    return {(one["run_id"], one["phase_id"]): (one["chosen"], one["rule"], one["reason"]) for one in plan["explanation"]}


def test_the_history_of_a_phase_has_each_attempt_with_host_end_reason_logs_and_what_it_used(project: Workplace) -> None:
    project.fail("a/p~fail")
    project.inv("drain")
    project.inv("drain")

    found = explained(project, "a/p~fail")

    assert found["disposition"] == {"kind": "retried", "reason": "tried 2 times, may be tried again", "until": None}
    first, second = found["attempts"]
    assert [(one["attempt"], one["outcome"], one["exit_code"], one["host"]) for one in (first, second)] == [
        (1, "failed", 1, socket.gethostname()),
        (2, "failed", 1, socket.gethostname()),
    ]
    assert first["cpu_s"] >= 0
    assert first["max_rss_kb"] > 1_000
    assert first["session_id"] == project.session(0)["session_id"]
    result = project.session(1)["results"][0]
    used = ("cpu_s", "max_rss_kb", "stdout_path", "stderr_path")
    assert [second[name] for name in used] == [result[name] for name in used]
    assert second["reason"] == result["error_message"]

    told = explain(project, "a/p~fail").out
    assert f"Attempts: 2 (2 counted)\n  1. {first['started_at'][:19]}Z on {socket.gethostname()}: failed after " in told
    assert re.search(r", exit 1, \d+\.\d s of CPU, \d+ MiB peak memory$", told, re.MULTILINE)
    assert f"     stderr: {first['stderr_path']}\n" in told


def test_every_phase_is_judged_as_the_dry_run_judges_it(project: Workplace) -> None:
    """Whatever the rule: the same words, the same place."""
    suspect(project, "a/quarantined")
    project.fail("a/accepted", "a/hopeless", "a/wait", "b/open", "c/open", "d/waits", reason=BOOM)
    project.add(("c", "queued", 1, "QUEUED", None))
    diagnose(project, {"a/hopeless": HOPELESS, "a/wait": WAIT})
    project.configure(batch_size=1, depends_on=[{"run": "d", "after": ["c"]}])
    project.inv("triage")
    project.inv("accept", "--run-id=a", "--phase-id=accepted", "--reason=known", "--until=7d")

    by_dry_run = dry_run(project)
    planned = [(one["run_id"], one["phase_id"]) for one in project.inv("dry-run", "--format=json").json()["phases"]]
    kinds = {}
    for (run_id, phase_id), (is_chosen, rule, reason) in by_dry_run.items():
        found = explained(project, f"{run_id}/{phase_id}")
        after = found["next"]
        assert after["is_taken"] is is_chosen, found
        if is_chosen:
            assert (after["why"], after["place"]) == (reason, planned.index((run_id, phase_id)) + 1)
        elif rule == "batch is full":
            assert (after["is_batch_full"], after["left_out_by"]) == (True, None)
        else:
            assert (after["left_out_by"]["rule"], after["left_out_by"]["value"]) == (rule, reason)
        kinds[f"{run_id}/{phase_id}"] = found["disposition"]["kind"]
    assert kinds == {
        "a/quarantined": "quarantined", "a/accepted": "accepted", "a/hopeless": "hopeless", "a/wait": "waiting", "b/open": "open",
        "c/open": "open", "d/waits": "parked",
    }  # fmt: skip
    assert counts(project) == {
        "open": 2,
        "fixed": 1,
        "accepted": 1,
        "quarantined": 1,
        "parked": 1,
        "hopeless": 1,
        "waiting": 1,
    }
    assert counts(project, "--run-id=[bc]") == {"open": 2}
    project.configure(batch_size=9)  # one that is full has no room for what follows
    told = explain(project, "d/waits").lines
    assert "  unless its results complete the run that it waits for: then it may follow" in told
    assert explained(project, "a/accepted")["disposition"]["until"] is not None
    queued = explained(project, "c/queued")
    assert (queued["disposition"], queued["next"]["drain"], queued["next"]["is_taken"]) == (None, "queued", True)


def test_what_was_reopened_is_told_and_what_was_fixed_is(project: Workplace) -> None:
    suspect(project, "a/p")
    assert "lifted by: inv reopen --run-id=a --phase-id=p" in explain(project, "a/p").out.replace("python -m invoke", "inv")
    reopen(project, "--run-id=a", "--phase-id=p")

    told = explain(project, "a/p")
    assert "Disposition: retried: tried once, may be tried again" in told.lines
    assert re.fullmatch(
        r"Reopened \S+Z by \S+@\S+: more memory \(was quarantined: orphaned 3 times in a row\)", told.lines[-1]
    )
    project.inv("drain")
    found = explained(project, "a/p")
    assert (found["state"], found["next"], found["disposition"]["kind"]) == ("COMPLETE", None, "fixed")
    assert [one["reason"] for one in found["reopened"]] == ["more memory"]


@pytest.mark.everyday("sqlite")
def test_an_attempt_that_prune_removed_is_counted_and_one_of_an_earlier_version_lacks_what_came_later(
    project: Workplace,
) -> None:
    project.fail("a/p~fail")
    project.inv("drain")
    project.sql("UPDATE batchdrain_claim SET attempts = 3")
    for column in ("host", "cpu_ms", "max_rss_kb", "stdout_path"):
        project.sql(f"ALTER TABLE batchdrain_attempt DROP COLUMN {column}")
    project.sql("UPDATE batchdrain_meta SET value = '3' WHERE name = 'schema_version'")

    found = explained(project, "a/p~fail")

    assert (found["attempts_removed"], found["attempts"][0]["host"], found["attempts"][0]["cpu_s"]) == (2, None, None)
    assert "2 earlier ones removed by `inv prune`" in explain(project, "a/p~fail").out


@pytest.mark.everyday("sqlite")
def test_whether_its_last_attempt_fixed_a_phase_is_not_known_once_prune_removed_it(project: Workplace) -> None:
    project.fail("a/p", "b/q~fail")
    project.inv("drain")
    project.sql("UPDATE phases SET state = 'COMPLETE'")
    reasons = [explained(project, name)["disposition"]["reason"] for name in ("a/p", "b/q~fail")]
    assert reasons == ["its last attempt completed it", "complete since its last attempt, which did not do it"]
    age(project, 40)
    assert project.inv("prune", "--older-than=30d", "--yes").code == 0
    for name in ("a/p", "b/q~fail"):
        found = explained(project, name)
        assert (found["attempts"], found["attempts_removed"], found["disposition"]["kind"]) == ([], 1, "fixed")
        assert found["disposition"]["reason"] == "complete now; `inv prune` removed its attempts"


@pytest.mark.everyday("sqlite")
def test_a_phase_that_nobody_knows_is_refused_and_one_whose_row_is_gone_is_told(project: Workplace) -> None:
    project.fail("a/p~fail", "b/q")
    for argv, told in ((["--run-id=a", "--phase-id=x"], "--phase-id=x: run a has no such phase"),
                       (["--run-id=z", "--phase-id=p"], "--run-id=z: there is no such run"),
                       (["--phase-id=p"], "--phase-id: identifies no phase without --run-id")):  # fmt: skip
        ran = project.inv("explain", *argv)
        assert (ran.code, told in ran.err) == (2, True), ran
    project.inv("drain")
    project.sql("DELETE FROM phases WHERE run_id = 'a'")
    found = explained(project, "a/p~fail")
    assert (found["state"], found["disposition"], found["next"], len(found["attempts"])) == ("gone", None, None, 1)


@pytest.mark.everyday("sqlite")
def test_hostile_ids_and_reasons_reach_no_terminal(project: Workplace) -> None:
    attack = COMMANDS[0] + "\x1b[31m"
    project.add((attack, attack, 0, "FAILED", attack))
    project.inv("drain", "--batch-size=1")
    project.sql("UPDATE phases SET state = 'FAILED', last_failure_reason = :t", [{"t": attack}])
    project.sql("UPDATE batchdrain_claim SET orphan_count = 3")
    project.sql(
        "UPDATE batchdrain_attempt SET reason = :t, outcome = :o, host = :t, log_path = :t", [{"t": attack, "o": "\x1b[31m"}]
    )
    for shape in ("text", "json"):
        for argv in ((), (f"--run-id={attack}",), (f"--run-id={attack}", f"--phase-id={attack}")):
            ran = project.inv("explain", *argv, f"--format={shape}")
            assert (ran.code, obeyed(ran.out)) == (0, []), ran


@pytest.mark.everyday("sqlite")
def test_what_may_end_the_drain_before_it_comes_to_a_phase_is_named_and_nothing_that_comes_later(project: Workplace) -> None:
    """Two failures in a row end it, so the first two phases come in any case."""
    project.configure(policy=["run-order"], stop={"max_consecutive_failures": 2, "same_new_failure": 0, "max_repeats": 0})
    project.fail("a/p", "b/p", "c/p")
    rule = "stop.max_consecutive_failures"

    lines = [explain(project, ids).lines for ids in ("a/p", "b/p", "c/p")]
    assert [f"  unless results make it end sooner: {rule}" in told for told in lines] == [False, False, True]
    assert [explained(project, ids)["next"]["may_end_by"] for ids in ("a/p", "b/p", "c/p")] == [[], [], [rule]]


@pytest.mark.everyday("sqlite")
def test_a_log_that_is_gone_is_told_as_gone_and_one_of_another_host_as_that_ones(project: Workplace) -> None:
    project.fail("a/p~fail")
    project.inv("drain")
    stderr = project.root / explained(project, "a/p~fail")["attempts"][0]["stderr_path"]
    shown = f"     stderr: {stderr.relative_to(project.root)}"
    assert shown in explain(project, "a/p~fail").lines

    moved = project.sessions.with_name("moved")
    project.sessions.rename(moved)
    project.configure(session_dir=str(moved))
    assert f"     stderr: {moved / stderr.relative_to(project.sessions)}" in explain(project, "a/p~fail").lines
    (moved / stderr.relative_to(project.sessions)).unlink()
    assert f"{shown} (gone)" in explain(project, "a/p~fail").lines
    [attempt] = explained(project, "a/p~fail")["attempts"]
    assert (attempt["stdout_is_there"], attempt["stderr_is_there"]) == (True, False)

    project.sql("UPDATE batchdrain_attempt SET host = 'web-2'")
    assert f"{shown} (not here: look on web-2)" in explain(project, "a/p~fail").lines


@pytest.mark.everyday("sqlite")
def test_the_logs_of_a_session_that_prune_removed_are_told_as_that(project: Workplace) -> None:
    project.fail("a/p~fail")
    project.inv("drain")
    age(project, 40)
    assert project.inv("prune", "--older-than=30d", "--yes").code == 0
    assert "(gone, as `inv prune` removed its session)" in explain(project, "a/p~fail").out


def test_the_place_of_a_phase_in_its_run_is_told(project: Workplace) -> None:
    project.add(("a", "p", 7, "FAILED", None), ("a", "q", None, "FAILED", None))
    assert [explained(project, f"a/{name}")["phase_index"] for name in "pq"] == [7, None]


def test_a_log_that_a_drain_wrote_in_another_folder_of_this_machine_is_found_there(project: Workplace) -> None:
    project.fail("a/p~fail")
    there = project.root / "there"
    there.mkdir()
    for name in ("tasks.py", "invoke.yaml"):
        (there / name).write_text((project.root / name).read_text())
    assert project.inv("drain", cwd=there).code == 1
    [stderr] = there.glob("**/logs/a/*.stderr.txt")
    same = project.root / stderr.relative_to(there)
    same.parent.mkdir(parents=True)
    for _ in range(2):
        found = explained(project, "a/p~fail")["attempts"][0]
        assert (found["stderr_path"], found["stderr_is_there"]) == (str(stderr), True)
        same.write_text("of a session of this folder, with the same id")
