"""drain and resume, as a user runs them."""

from __future__ import annotations

import json

import pytest

from tests.workplace import DEADLINE_S, TASKS, Workplace, wait_for


def test_a_drain_prints_each_phase_and_the_summary(work: Workplace) -> None:
    work.fail("build/a", "build/b~reason=No-op detected")

    ran = work.inv("drain")

    session = work.session()
    assert ran.code == 1
    expected = [
        "Batch Drain Controller",
        f"Session ID: {session['session_id']}",
        f"Database: {session['database']['url']}",
        "Target: Process 2 failed phases",
        "",
        "[1/2] Selecting next phase...",
        "  Draining: build / a",
        "  ✓ Success: COMPLETE",
        "",
        "[2/2] Selecting next phase...",
        "  Draining: build / b~reason=No-op detected",
        "  ✗ Failed: FAILED",
        "    Error: No-op detected",
        "",
        "=" * 80,
        "BATCH DRAIN SUMMARY",
        "=" * 80,
        f"Session ID: {session['session_id']}",
        f"Started: {session['started_at']}",
        f"Completed: {session['completed_at']}",
        "",
        "Total Processed: 2",
        "  ✓ Succeeded: 1",
        "  ✗ Failed: 1",
        "Success Rate: 50.0%",
    ]
    for line, wanted in zip(ran.lines, expected, strict=False):
        assert line.startswith(wanted) if wanted.startswith("Database:") else line == wanted
    assert "2 failed, 0 queued, 0 complete, 0 other in 1 runs" in ran.lines[2]
    assert ran.lines[-8:] == [
        "",
        "Results by Run:",
        "-" * 80,
        "  build: 1/2 succeeded",
        "",
        "Session saved to:",
        f".autonomous_runs/batch_drain_sessions/{session['session_id']}.json",
        "=" * 80,
    ]
    assert "Balance: 2 failed before + 0 new = 1 fixed + 1 still failing + 0 accepted + 0 not reached" in ran.out


def test_a_drain_leaves_this_sequence_of_events(work: Workplace) -> None:
    work.fail("r/a", "r/b~fail")

    work.inv("drain", "--batch-size=2")

    each = ["phase.selected", "phase.claimed", "phase.started", "phase.finished"]
    assert [event["event"] for event in work.events()] == ["session.started", *each, *each, "session.completed"]
    assert {event["session_id"] for event in work.events()} == {work.session()["session_id"]}


def test_workers_run_phases_of_different_runs_side_by_side_and_never_of_one(work: Workplace) -> None:
    work.fail(*(f"r{run}/p{phase}~until=go" for run in range(3) for phase in range(3)))

    drain = work.start("drain", "--workers=3")
    wait_for(lambda: list(work.states().values()).count("EXECUTING") == 3, "three phases side by side")
    (work.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)
    assert drain.returncode == 0, (out, err)

    running: set[str] = set()
    most = 0
    for event in work.events():
        if event["event"] == "phase.started":
            assert event["run_id"] not in running
            running.add(event["run_id"])
            most = max(most, len(running))
        elif event["event"] == "phase.finished":
            running.remove(event["run_id"])
    assert most == 3
    assert set(work.states().values()) == {"COMPLETE"}


def test_a_plan_is_drained_exactly_and_in_order(work: Workplace) -> None:
    work.fail("a/1", "b/2", "c/3", "d/4", "e/5")
    planned = work.inv("dry-run", "--batch-size=4", "--policy=run-order", "--output=plan.json")
    assert planned.code == 0, planned.err
    order = [f"{p['run_id']}/{p['phase_id']}" for p in json.loads((work.root / "plan.json").read_text())["phases"]]
    work.sql("UPDATE phases SET state = 'COMPLETE' WHERE phase_id = '2'")
    work.sql("UPDATE phases SET last_failure_reason = 'KeyError: another' WHERE phase_id = '3'")

    ran = work.inv("drain", "--plan=plan.json")

    assert ran.code == 0, ran.err
    assert order == ["a/1", "b/2", "c/3", "d/4"]
    assert work.taken() == ["a/1", "d/4"]
    told = [event["value"] for event in work.events() if event["event"] == "phase.skipped"]
    assert [text.split(":")[0] for text in told] == ["changed since", "changed since"]
    assert "  ! --plan: changed since: b / 2 is no longer failed" in ran.lines


def test_a_dry_run_is_the_plan_that_the_drain_follows(work: Workplace) -> None:
    reasons = [None, "connection reset by peer", "ImportError: x", "patch does not apply", "boom"]
    for number, reason in enumerate(reasons * 3):
        work.add((f"r{number % 4}", f"p{number}", number % 3, "FAILED", reason))

    plan = work.inv("dry-run", "--batch-size=9", "--format=json").json()
    work.inv("drain", "--batch-size=9")

    assert [f"{p['run_id']}/{p['phase_id']}" for p in plan["phases"]] == work.taken()


def test_a_second_batch_goes_on_where_the_first_one_ended(work: Workplace) -> None:
    work.fail(*(f"r{number}/p~fail" for number in range(6)))
    work.configure(stop={"max_repeats": 0})

    work.inv("drain", "--batch-size=3")
    work.inv("drain", "--batch-size=3")

    assert sorted(work.taken(0) + work.taken(1)) == sorted(work.states())


def test_filters_combine(work: Workplace) -> None:
    work.fail("keep/a", "keep-not/b", "drop-1/c", reason="ImportError: x")
    work.fail("keep/z", reason="connection reset by peer")

    work.inv("drain", "--exclude-run=drop-*", "--exclude-run=*-not", "--category=collection")

    assert work.taken() == ["keep/a"]


def test_a_cluster_is_drained_by_the_id_that_the_dry_run_shows(lite: Workplace) -> None:
    lite.fail("a/1", "b/2", reason="RuntimeError: no disk at /data/41")
    lite.fail("c/3", reason="KeyError: 'x'")
    cluster = next(line for line in lite.inv("dry-run").lines if "no disk" in line).rpartition("cluster ")[2].rstrip(")")

    lite.inv("drain", f"--cluster={cluster}")

    assert lite.taken() == ["a/1", "b/2"]


def test_dependencies_make_a_run_wait(work: Workplace) -> None:
    work.configure(depends_on=[{"run": "release-*", "after": ["build-*"]}])
    work.fail("release-1/a", "build-1/b~fail")

    ran = work.inv("drain")

    assert work.taken() == ["build-1/b~fail"]
    assert "waits for run build-1" in work.inv("dry-run", "--explain").out, ran.out


@pytest.mark.parametrize("mounted", [False, True])
def test_the_plugin_works_alone_and_under_a_name_of_its_own(lite: Workplace, mounted: bool) -> None:
    lite.fail("r/a")
    mount = "from invoke import Collection\nfrom batchdrain.collection import ns as theirs\nns = Collection()\n"
    (lite.root / "tasks.py").write_text(mount + "ns.add_collection(theirs, 'backlog')\n" if mounted else TASKS)

    assert lite.inv("backlog.drain" if mounted else "drain").code == 0
    assert lite.states() == {"r/a": "COMPLETE"}


def test_a_task_works_from_a_folder_below(lite: Workplace) -> None:
    lite.fail("r/a")
    (lite.root / "sub").mkdir()

    assert lite.inv("drain", cwd=lite.root / "sub").code == 0
    assert len(lite.session_files()) == 1


def test_profiles_set_limits_and_explicit_settings_win(lite: Workplace) -> None:
    lite.configure(timeout={"min_s": 1}, retry={})
    lite.fail("r/a")
    assert "Timeout: 1800 s" in lite.inv("dry-run", "--profile=conservative").out
    assert "Timeout: 7 s" in lite.inv("dry-run", "--profile=conservative", "--phase-timeout=7").out


def test_a_plan_goes_with_no_filter(lite: Workplace) -> None:
    lite.fail("r/a")
    lite.inv("dry-run", "--output=plan.json")
    for flag in ("--run-id=r", "--category=other", "--policy=smart"):
        ran = lite.inv("drain", "--plan=plan.json", flag)
        assert (ran.code, "goes with no filter" in ran.err) == (2, True), flag


def test_a_dry_run_of_a_resumption_shows_what_the_session_would_take(lite: Workplace) -> None:
    lite.configure(stop={"max_consecutive_failures": 1})
    lite.fail("a/a~fail", "b/b", "b/c")
    lite.inv("drain", "--run-id=a")
    name = lite.session()["session_id"]

    ran = lite.inv("--dry", "resume", f"--session-id={name}")

    assert (ran.code, "a / a~fail" in ran.out, "b / b" in ran.out) == (0, False, False), ran
    assert lite.states()["b/b"] == "FAILED"
