"""Today's drain, resume and recover go on where bd1f117 left off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.compatibility.placing import Left

FINISHED = {  # the session: exit code of its resumption, its phases in order, how many of them are done
    "interrupted": (1, ["web-1/a~ok", "web-1/b~fail", "web-1/c~held", "web-1/d~ok"], 3),
    "planned": (0, ["plan-1/a~ok", "plan-1/b~held", "plan-1/c~ok"], 3),
    "queued_interrupted": (0, ["queue-2/a~ok", "queue-2/b~held", "queue-2/c~ok"], 3),
    "retrying": (0, ["flaky-1/a~transient", "flaky-1/b~held"], 2),
    "lost_interrupted": (0, ["lost-2/a~ok", "lost-2/b~held", "lost-2/c~ok"], 3),
    "lost": (1, ["lost-1/a~ok", "lost-1/b~fail"], 1),
    "stopped": (1, ["broken-1/a~alike", "broken-1/b~alike"], 0),  # its other phases were accepted meanwhile
    "complete": (
        1,
        [f"build-7/{phase}" for phase in ("compile~ok", "lint~fail", "unit~transient", "docs~reason", "tokens~metrics")],
        3,
    ),
}


@pytest.mark.parametrize("name", FINISHED)
def test_a_session_is_resumed_as_it_was_asked_for(left: Left, name: str) -> None:
    code, phases, done = FINISHED[name]
    path = left.work.sessions / f"{left.sessions[name]}.json"
    before = json.loads(path.read_text()) if path.exists() else None

    ran = left.work.inv("resume", f"--session-id={left.sessions[name]}")

    assert ran.code == code, ran
    session = json.loads(path.read_text())
    assert [f"{result['run_id']}/{result['phase_id']}" for result in session["results"]] == phases
    assert (session["total_success"], session["status"]) == (done, "complete")
    if before is not None:
        intent = ("session_uid", "started_at", "filters", "settings", "database")
        assert [session[name] for name in intent] == [before[name] for name in intent]
    assert session["balance"] is not None
    events = path.with_suffix(".events.jsonl").read_text()
    assert "session.resumed" in events
    assert '"event": "session.started"' in events.splitlines()[0], "the log of bd1f117 goes on"


def test_a_retry_that_was_left_behind_is_the_second_attempt(left: Left) -> None:
    left.say("resume", f"--session-id={left.sessions['retrying']}")
    rows = "SELECT attempt, epoch, outcome FROM batchdrain_attempt WHERE run_id = 'flaky-1' AND phase_id = 'a~transient' ORDER BY epoch"
    assert left.work.sql(rows) == [(1, 1, "failed"), (2, 2, "complete")]


def test_the_newest_incomplete_session_is_the_one_that_is_resumed(left: Left) -> None:
    assert f"Session ID: {left.sessions['held']}" in left.work.inv("resume").out.splitlines()


def test_a_session_is_never_widened_nor_resumed_on_another_database(left: Left) -> None:
    named = f"--session-id={left.sessions['interrupted']}"
    assert left.work.inv("resume", named, "--batch-size=50").code == 2
    left.work.sql("UPDATE batchdrain_meta SET value = 'another' WHERE name = 'database_uid'")
    assert left.work.inv("resume", named).code == 65


def test_what_a_controller_of_another_machine_held_is_given_back_when_its_lease_is_over(left_anywhere: Left) -> None:
    work, left = left_anywhere.work, left_anywhere
    before = [state_of(left, "held-1")[0], *held(left)]
    said = left.say("recover").splitlines()

    assert before == ["EXECUTING", "held-1", "held-2"]
    assert held(left) == []
    given_back = [line for line in said if line.startswith(("Released: held-1 / a~held", "Recorded: held-2 / a~held"))]
    spooled = work.engine.dialect.name == "sqlite"  # the spool is a file: a database alone does not have it
    assert len(given_back) == 1 + spooled, said
    assert state_of(left, "held-1") == ("FAILED", "ImportError: cannot import name 'app'")
    assert state_of(left, "held-2")[0] == ("COMPLETE" if spooled else "FAILED")


def test_what_a_dead_controller_of_this_machine_held_is_settled_before_its_lease_is_over(left: Left) -> None:
    this = f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}:{Path('/proc/self/ns/pid').stat().st_ino}"
    left.work.sql(f"UPDATE batchdrain_claim SET host_id = '{this[:64]}', lease_until_ms = lease_until_ms + 1000000000000")

    said = left.say("recover")

    assert "Recorded: held-2 / a~held: its command had ended (complete); it is COMPLETE" in said
    assert "Released: held-1 / a~held: it is FAILED, orphaned once" in said
    rows = "SELECT run_id, outcome FROM batchdrain_attempt WHERE run_id LIKE 'held-%' ORDER BY run_id"
    assert left.work.sql(rows) == [("held-1", "orphaned"), ("held-2", "complete")]


def test_what_a_controller_of_another_machine_holds_is_left_to_it_while_its_lease_lasts(left: Left) -> None:
    left.work.sql("UPDATE batchdrain_claim SET lease_until_ms = lease_until_ms + 1000000000000")
    left.say("recover")
    assert held(left) == ["held-1", "held-2"]
    assert "2 are claimed by another controller" in left.say("drain", "--run-id=held-1")


def test_a_drain_takes_what_bd1f117_would_have_taken(left_anywhere: Left) -> None:
    """Hints first, what nobody tried before what was tried, and nothing that was accepted, quarantined or called hopeless."""
    work = left_anywhere.work
    executed = work.sql(
        "SELECT DISTINCT run_id, phase_id FROM batchdrain_attempt WHERE outcome IN ('complete', 'failed', 'timeout')"
    )
    tried = {f"{run}/{phase}" for run, phase in executed}
    assert work.inv("drain", "--batch-size=16", "--exclude-run=held-*").code == 1

    taken = work.taken()
    assert taken[:3] == ["release-1/a~ok", "release-1/b~ok", "triage-1/good~ok"]
    assert 8 < len([name for name in taken if name not in tried]) < 16
    assert [name in tried for name in taken] == sorted(name in tried for name in taken)
    left_out = {
        "build-7/lint~fail",
        "legacy-1/a~fail",
        "broken-2/a~alike",
        "cursed-1/a~held",
        "triage-1/bad~ok",
        "triage-1/later~ok",
    }
    assert left_out.isdisjoint(taken)
    assert {"session.started", "claim.recovered"} <= {event["event"] for event in work.events()}


def test_what_was_executed_before_goes_on_counting(left_anywhere: Left) -> None:
    """The claim of a phase is found again by its key: attempts and epochs go on, no phase gets a second row."""
    work = left_anywhere.work
    assert work.inv("drain", '--run-id=odd "ü"').code == 1
    assert work.inv("drain", "--run-id=build-7").code == 1

    counts = work.sql(
        'SELECT run_id, phase_id, COUNT(DISTINCT "key"), MAX(epoch) FROM batchdrain_attempt GROUP BY run_id, phase_id'
    )
    assert [row for row in counts if row[2] != 1] == []
    assert {(run, phase): epoch for run, phase, _, epoch in counts}[('odd "ü"', "tab\there~fail")] == 2
    rows = (
        "SELECT attempt, epoch FROM batchdrain_attempt WHERE run_id = 'build-7' AND phase_id = 'docs~reason' ORDER BY epoch"
    )
    assert work.sql(rows) == [(1, 1), (2, 2)]


def test_a_phase_that_was_tried_often_enough_stays_left_out(left_anywhere: Left) -> None:
    env = {"INVOKE_BATCHDRAIN_STOP_MAX_ATTEMPTS_PER_PHASE": "1"}
    ran = left_anywhere.work.inv("drain", "--run-id=lost-1", env=env)
    assert (ran.code, "1 by stop.max_attempts_per_phase" in ran.out) == (0, True), ran


def test_a_quarantined_phase_is_taken_when_it_is_asked_for(left_anywhere: Left) -> None:
    assert "1 by quarantined" in left_anywhere.say("drain", "--run-id=cursed-1")
    left_anywhere.say("drain", "--run-id=cursed-1", "--include-quarantined")
    assert state_of(left_anywhere, "cursed-1")[0] == "COMPLETE"


def test_a_plan_is_drained_in_its_order_and_what_changed_since_is_told(left: Left) -> None:
    planned = [phase["phase_id"] for phase in json.loads((left.work.root / "PLAN.json").read_text())["phases"]]
    ran = left.work.inv("drain", "--plan=PLAN.json")

    assert ran.code == 1, ran
    assert [name.removeprefix("plan-2/") for name in left.work.taken()] == [name for name in planned if name[0] in "ac"]
    rules = {skip["value"] for skip in left.work.session()["skipped"] if skip["rule"] == "--plan"}
    assert rules == {
        "changed since: plan-2 / b~ok failed in another way meanwhile",
        "changed since: plan-2 / d~ok is no longer failed",
    }


def test_what_people_said_is_listed_and_can_be_taken_back(left_anywhere: Left) -> None:
    assert "ships tonight" in left_anywhere.say("hint")
    assert "the service is down for good" in left_anywhere.say("accept")
    left_anywhere.say("hint", "--run-id=release-*", "--clear")
    left_anywhere.say("accept", "--run-id=build-7", "--phase-id=lint~fail", "--clear")
    assert "ships tonight" not in left_anywhere.say("hint")
    assert left_anywhere.work.inv("drain", "--run-id=build-7").code == 1
    assert "build-7/lint~fail" in left_anywhere.work.taken()


@pytest.mark.parametrize("name", ["complete", "odd", "timed_out", "interrupted", "lost_interrupted"])
def test_a_lost_session_is_rebuilt_from_the_ledger_of_bd1f117(left_anywhere: Left, name: str) -> None:
    session_id = left_anywhere.sessions[name]
    path = left_anywhere.work.sessions / f"{session_id}.json"
    before = json.loads(path.read_text()) if path.exists() else None
    if before:
        path.unlink()
    report = json.loads(left_anywhere.say("summary", f"--session-id={session_id}", "--format=json"))
    assert report["session_id"] == session_id
    assert report["total_processed"] == len(report["results"]) > 0
    if before:
        ids = [
            (result["run_id"], result["phase_id"], result["success"], result["error_message"]) for result in report["results"]
        ]
        assert ids == [(r["run_id"], r["phase_id"], r["success"], r["error_message"]) for r in before["results"]]


def held(left: Left) -> list[str]:
    """The runs of phases that are held."""
    rows = left.work.sql(
        'SELECT a.run_id FROM batchdrain_claim AS c JOIN batchdrain_attempt AS a ON a.source = c.source AND a."key" = c."key" '
        "AND a.epoch = c.epoch WHERE c.owner IS NOT NULL ORDER BY a.run_id"
    )
    return [run for (run,) in rows]


def state_of(left: Left, run: str) -> tuple[str, str | None]:
    """State and reason of the one phase of a run."""
    [row] = left.work.sql(f"SELECT state, last_failure_reason FROM phases WHERE run_id = '{run}'")
    return row[0], row[1]
