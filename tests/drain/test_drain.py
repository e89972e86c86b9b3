"""drain and resume, as a user runs them."""

from __future__ import annotations

import json

import pytest

from tests.support.workplace import DEADLINE_S, TASKS, Workplace, wait_for


def test_a_drain_prints_each_phase_and_the_summary(project: Workplace) -> None:
    project.fail("build/a", "build/b~reason=No-op detected")

    ran = project.inv("drain")

    session = project.session()
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
        "    Error: No-op detected [exit 1]",
        f"    Log: {session['results'][1]['stdout_path']}",
        "",
        "=" * 80,
        "BATCH DRAIN SUMMARY",
        "=" * 80,
        f"Session ID: {session['session_id']}",
        f"Started: {session['started_at'][:19]}Z",
        f"Completed: {session['completed_at'][:19]}Z",
        "",
        "Total Processed: 2",
        "  ✓ Succeeded: 1",
        "  ✗ Failed: 1",
        "Success Rate: 50.0%",
    ]
    for line, wanted in zip(ran.lines, expected, strict=False):
        assert line.startswith(wanted) if wanted.startswith("Database:") else line == wanted
    assert "2 failed, 0 queued, 0 complete, 0 other in 1 run" in ran.lines[2]
    assert ran.lines[-9:] == [
        "",
        "Results by Run:",
        "-" * 80,
        "  build: 1/2 succeeded",
        "",
        "Session saved to:",
        f"  .autonomous_runs/batch_drain_sessions/{session['session_id']}.json",
        "=" * 80,
        "Exit code 1: 1 of 2 phases failed.",
    ]
    assert "Balance: 2 failed before + 0 new = 1 fixed + 1 still failing + 0 accepted + 0 not reached" in ran.out


def test_a_drain_leaves_this_sequence_of_events(project: Workplace) -> None:
    project.fail("r/a", "r/b~fail")

    project.inv("drain", "--batch-size=2")

    each = ["phase.selected", "phase.claimed", "phase.started", "phase.finished"]
    assert [event["event"] for event in project.events()] == ["session.started", *each, *each, "session.completed"]
    assert {event["session_id"] for event in project.events()} == {project.session()["session_id"]}


def test_workers_run_phases_of_different_runs_side_by_side_and_never_of_one(project: Workplace) -> None:
    project.fail(*(f"r{run}/p{phase}~until=go" for run in range(3) for phase in range(3)))

    drain = project.start("drain", "--workers=3")
    wait_for(lambda: list(project.states().values()).count("EXECUTING") == 3, "three phases side by side")
    (project.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)
    assert drain.returncode == 0, (out, err)

    running: set[str] = set()
    most = 0
    for event in project.events():
        if event["event"] == "phase.started":
            assert event["run_id"] not in running
            running.add(event["run_id"])
            most = max(most, len(running))
        elif event["event"] == "phase.finished":
            running.remove(event["run_id"])
    assert most == 3
    assert set(project.states().values()) == {"COMPLETE"}


def test_a_plan_is_drained_exactly_and_in_order(project: Workplace) -> None:
    project.fail("a/1", "b/2", "c/3", "d/4", "e/5")
    planned = project.inv("dry-run", "--batch-size=4", "--policy=run-order", "--output=plan.json")
    assert planned.code == 0, planned.err
    order = [f"{p['run_id']}/{p['phase_id']}" for p in json.loads((project.root / "plan.json").read_text())["phases"]]
    project.sql("UPDATE phases SET state = 'COMPLETE' WHERE phase_id = '2'")
    project.sql("UPDATE phases SET last_failure_reason = 'KeyError: another' WHERE phase_id = '3'")

    ran = project.inv("drain", "--plan=plan.json")

    assert ran.code == 0, ran.err
    assert order == ["a/1", "b/2", "c/3", "d/4"]
    assert project.taken() == ["a/1", "d/4"]
    told = [event["value"] for event in project.events() if event["event"] == "phase.skipped"]
    assert [text.split(":")[0] for text in told] == ["changed since", "changed since"]
    assert "  ! --plan: changed since: b / 2 is no longer failed" in ran.lines


def test_a_dry_run_is_the_plan_that_the_drain_follows(project: Workplace) -> None:
    reasons = [None, "connection reset by peer", "ImportError: x", "patch does not apply", "boom"]
    for number, reason in enumerate(reasons * 3):
        project.add((f"r{number % 4}", f"p{number}", number % 3, "FAILED", reason))

    plan = project.inv("dry-run", "--batch-size=9", "--format=json").json()
    project.inv("drain", "--batch-size=9")

    assert [f"{p['run_id']}/{p['phase_id']}" for p in plan["phases"]] == project.taken()


def test_a_second_batch_goes_on_where_the_first_one_ended(project: Workplace) -> None:
    project.fail(*(f"r{number}/p~fail" for number in range(6)))
    project.configure(stop={"max_repeats": 0})

    project.inv("drain", "--batch-size=3")
    project.inv("drain", "--batch-size=3")

    assert sorted(project.taken(0) + project.taken(1)) == sorted(project.states())


def test_filters_combine(project: Workplace) -> None:
    project.fail("keep/a", "keep-not/b", "drop-1/c", reason="ImportError: x")
    project.fail("keep/z", reason="connection reset by peer")

    project.inv("drain", "--exclude-run=drop-*", "--exclude-run=*-not", "--category=collection")

    assert project.taken() == ["keep/a"]


def test_a_cluster_is_drained_by_the_id_that_the_dry_run_shows(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/1", "b/2", reason="RuntimeError: no disk at /data/41")
    sqlite_project.fail("c/3", reason="KeyError: 'x'")
    cluster = (
        next(line for line in sqlite_project.inv("dry-run").lines if "no disk" in line).rpartition("cluster ")[2].rstrip(")")
    )

    sqlite_project.inv("drain", f"--cluster={cluster}")

    assert sqlite_project.taken() == ["a/1", "b/2"]


def test_dependencies_make_a_run_wait(project: Workplace) -> None:
    project.configure(depends_on=[{"run": "release-*", "after": ["build-*"]}])
    project.fail("release-1/a", "build-1/b~fail")

    ran = project.inv("drain")

    assert project.taken() == ["build-1/b~fail"]
    assert "waits for run build-1" in project.inv("dry-run", "--explain").out, ran.out


@pytest.mark.parametrize("mounted", [False, True])
def test_the_plugin_works_alone_and_under_a_name_of_its_own(sqlite_project: Workplace, mounted: bool) -> None:
    sqlite_project.fail("r/a")
    mount = "from invoke import Collection\nfrom batchdrain.collection import ns as theirs\nns = Collection()\n"
    (sqlite_project.root / "tasks.py").write_text(mount + "ns.add_collection(theirs, 'backlog')\n" if mounted else TASKS)

    assert sqlite_project.inv("backlog.drain" if mounted else "drain").code == 0
    assert sqlite_project.states() == {"r/a": "COMPLETE"}


def test_a_task_works_from_a_folder_below(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    (sqlite_project.root / "sub").mkdir()

    assert sqlite_project.inv("drain", cwd=sqlite_project.root / "sub").code == 0
    assert len(sqlite_project.session_files()) == 1


def test_profiles_set_limits_and_explicit_settings_win(sqlite_project: Workplace) -> None:
    sqlite_project.configure(timeout={"min_s": 1}, retry={})
    sqlite_project.fail("r/a")
    assert "Timeout: 1800 s" in sqlite_project.inv("dry-run", "--profile=conservative").out
    assert "Timeout: 7 s" in sqlite_project.inv("dry-run", "--profile=conservative", "--phase-timeout=7").out


def test_a_plan_goes_with_no_filter(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.inv("dry-run", "--output=plan.json")
    for flag in ("--run-id=r", "--category=other", "--policy=smart"):
        ran = sqlite_project.inv("drain", "--plan=plan.json", flag)
        assert (ran.code, "cannot be combined with filters" in ran.err) == (2, True), flag


def test_a_dry_run_of_a_resumption_shows_what_the_session_would_take(sqlite_project: Workplace) -> None:
    sqlite_project.configure(stop={"max_consecutive_failures": 1})
    sqlite_project.fail("a/a~fail", "b/b", "b/c")
    sqlite_project.inv("drain", "--run-id=a")
    name = sqlite_project.session()["session_id"]

    ran = sqlite_project.inv("--dry", "resume", f"--session-id={name}")

    assert (ran.code, "a / a~fail" in ran.out, "b / b" in ran.out) == (0, False, False), ran
    assert sqlite_project.states()["b/b"] == "FAILED"
