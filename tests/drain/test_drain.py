"""drain and resume, as a user runs them."""

from __future__ import annotations

import hashlib
import json
import re
import signal
import sys
from pathlib import Path

import pexpect
import psutil
import pytest

from tests.workplace import DEADLINE_S, INV, TASKS, WORKER, Workplace, wait_for


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


def test_a_transient_failure_is_tried_again_and_counted_once(work: Workplace) -> None:
    work.fail("r/a~transient", "s/b")

    ran = work.inv("drain")

    assert ran.code == 0, ran.out
    waits = ran.lines.index("    Trying again in 0.0 s: transient failure, try 2 of 2")
    assert ran.lines[waits - 1].startswith("    Error: ConnectionResetError")
    assert ran.lines[waits + 1] == ""
    session = work.session()
    assert (session["total_processed"], session["total_success"]) == (2, 2)
    assert [(r["phase_id"], r["attempt"], r["retry_at"]) for r in session["results"]] == [
        ("a~transient", 2, None),
        ("b", 1, None),
    ]
    assert [e["event"] for e in work.events()].count("phase.retry_scheduled") == 1


def test_a_phase_that_stays_transient_is_given_up(work: Workplace) -> None:
    work.fail("r/a~transient=99")

    assert work.inv("drain", "--max-attempts=3").code == 1
    assert work.sql("SELECT outcome, category FROM batchdrain_attempt ORDER BY epoch") == [("failed", "transient")] * 3


def test_the_wait_for_a_retry_holds_neither_slot_nor_claim(lite: Workplace) -> None:
    lite.configure(retry={"initial_s": 30_000_000, "max_s": 30_000_000})  # full jitter: an hour may be next to nothing
    lite.fail("a/first~transient", "b/second", "c/third")
    others = {"b/second": "COMPLETE", "c/third": "COMPLETE"}

    drain = lite.start("drain", "--policy=run-order")
    wait_for(lambda: others.items() <= lite.states().items(), "the others to be drained meanwhile")

    assert lite.sql("SELECT owner FROM batchdrain_claim") == [(None,)] * 3
    drain.send_signal(signal.SIGTERM)
    out, err = drain.communicate(timeout=DEADLINE_S)
    assert drain.returncode == 143, (out, err)
    order = [event["phase_id"] for event in lite.events() if event["event"] == "phase.selected"]
    assert order == ["first~transient", "second", "third"]


def test_a_retry_of_a_busy_run_holds_up_no_other_retry(lite: Workplace) -> None:
    """Two retries are due; the run of the first is busy until the second has been executed again."""
    lite.configure(retry={"initial_s": 0.01, "max_s": 0.01})
    lite.fail("a/1~transient", "b/1~transient")
    lite.add(("a", "2~until=second.txt", 9, "FAILED", None))
    lite.configure(command={"argv": ["{python}", "-S", "-c", SECOND, "{run_id}", "{attempt}", str(WORKER)]})

    assert lite.inv("drain", "--workers=2", "--policy=run-order", "--phase-timeout=50").code == 0
    assert set(lite.states().values()) == {"COMPLETE"}


SECOND = (
    "import runpy, sys; from pathlib import Path; run, attempt, worker = sys.argv[1:]; "
    "(run, attempt) == ('b', '2') and Path('second.txt').touch(); runpy.run_path(worker, run_name='__main__')"
)


def test_a_command_that_needs_time_gets_twice_the_limit(lite: Workplace) -> None:
    lite.fail("r/a~needs")

    assert lite.inv("drain", "--phase-timeout=20").code == 0
    limits = [event["timeout_s"] for event in lite.events() if event["event"] == "phase.started"]
    assert limits == [20.0, 40.0]


def test_the_ledger_knows_the_log_of_an_attempt_by_its_digest(work: Workplace) -> None:
    work.fail("r/a~fail")
    work.inv("drain")
    [(path, digest)] = work.sql("SELECT log_path, log_sha256 FROM batchdrain_attempt")
    assert digest == hashlib.sha256((work.root / path).read_bytes()).hexdigest()


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


def test_the_command_is_told_what_it_works_on(lite: Workplace) -> None:
    lite.configure(
        command={"argv": [sys.executable, str(Path(__file__).parents[1] / "worker.py"), "--run-id={run_id}", "{{x}}"]}
    )
    lite.fail("run 1/p~env", reason="it broke")

    assert lite.inv("drain", env={"DATABASE_URL": "secret", "INVOKE_BATCHDRAIN_BATCH_SIZE": "3"}).code == 0

    env = json.loads((lite.root / "environ.json").read_text())
    assert json.loads((lite.root / "argv.json").read_text()) == ["--run-id=run 1", "{x}"]
    assert {name: env[f"BATCHDRAIN_{name}"] for name in ("RUN_ID", "PHASE_ID", "PHASE_INDEX", "ATTEMPT", "EPOCH", "FAILURE_REASON")} == {
        "RUN_ID": "run 1", "PHASE_ID": "p~env", "PHASE_INDEX": "0", "ATTEMPT": "1", "EPOCH": "1", "FAILURE_REASON": "it broke",
    }  # fmt: skip
    assert env["BATCHDRAIN_SESSION_ID"] == lite.session()["session_id"]
    assert "DATABASE_URL" not in env
    assert env["INVOKE_BATCHDRAIN_BATCH_SIZE"] == "3"


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        ("fail", "ValueError: no luck with p~fail [exit code 1; log: "),
        ("silent", "working on 'p~silent' [exit code 3; log: "),
        ("killed", "working on 'p~killed' [killed by signal 9; log: "),
        ("reason=own words", "own words"),
    ],
)
def test_the_reason_is_the_commands_own_or_its_last_line_with_code_and_log(lite: Workplace, act: str, reason: str) -> None:
    lite.fail(f"r/p~{act}")
    lite.inv("drain")

    found = lite.phases()[f"r/p~{act}"][1]
    assert found is not None
    assert found.startswith(reason)
    if "log: " in found:
        assert (lite.root / found.split("log: ")[1].rstrip("]")).is_file()


@pytest.mark.parametrize(
    "spoils",
    [
        "open(path, 'w').write('{no json')",
        "open(path, 'w').write('[1]')",
        "os.mkdir(path)",
        "os.mkfifo(path)",
        "os.symlink('/etc/hostname', path)",
    ],
    ids=["no JSON", "a list", "a folder", "a fifo", "a link"],
)
def test_the_reason_says_that_a_result_file_is_no_json_object(lite: Workplace, spoils: str) -> None:
    code = (
        f"import os, sys\npath = os.environ['BATCHDRAIN_RESULT_FILE']\n{spoils}\nprint('boom', file=sys.stderr)\nsys.exit(1)"
    )
    lite.configure(command={"argv": ["{python}", "-c", code.replace("{", "{{")]})
    lite.fail("r/a")

    assert lite.inv("drain").code == 1
    reason = lite.phases()["r/a"][1]
    assert reason is not None
    assert reason.startswith("boom; its result file is no JSON object [exit code 1; log: ")
    assert lite.session()["results"][0]["fingerprint"] == "boom its result file is no json object"


def test_a_command_that_turns_out_not_to_start_ends_the_batch_and_gives_the_phase_back(work: Workplace) -> None:
    script = work.root / "script"
    script.write_text("#!/nothing/here\n")
    script.chmod(0o755)
    work.configure(command={"argv": ["./script"]})
    work.fail("r/a", "r/b", reason="before")

    ran = work.inv("drain")

    assert (ran.code, "./script" in ran.err) == (78, True)
    assert set(work.phases().values()) == {("FAILED", "before")}
    assert work.session()["total_processed"] == 0


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


def test_result_from_database_reads_the_state_that_the_command_sets_late(work: Workplace) -> None:
    """The command hands its work on and exits; whoever does the work commits later."""
    pid_file = work.root / "pid"
    code = f"import os; open({str(pid_file)!r}, 'w').write(str(os.getpid()) + '.')"
    work.configure(command={"argv": [sys.executable, "-c", code], "result_from": "database", "settle_s": 60})
    work.fail("r/a")

    drain = work.start("drain")
    wait_for(lambda: pid_file.exists() and pid_file.read_text().endswith("."), "the command to run")
    wait_for(lambda: not psutil.pid_exists(int(pid_file.read_text()[:-1])), "the command to end")
    work.sql("UPDATE phases SET state = 'COMPLETE'")
    out, err = drain.communicate(timeout=90)

    assert drain.returncode == 0, (out, err)
    assert work.session()["results"][0]["final_state"] == "COMPLETE"


def test_result_from_database_records_the_code_beside_the_state(work: Workplace) -> None:
    code = f"import sqlalchemy as sa, sys\nwith sa.create_engine({work.url!r}).begin() as c:\n"
    code += " c.execute(sa.text(\"UPDATE phases SET state = 'COMPLETE'\"))\nsys.exit(3)"
    work.configure(
        command={"argv": [sys.executable, "-c", code.replace("{", "{{").replace("}", "}}")], "result_from": "database"}
    )
    work.fail("r/a")

    ran = work.inv("drain")
    assert ran.code == 0
    result = work.session()["results"][0]
    assert (result["success"], result["final_state"], result["exit_code"]) == (True, "COMPLETE", 3)
    assert "  ✓ Success: COMPLETE, exit 3" in ran.lines
    assert "  r / a: COMPLETE, exit 3" in ran.lines
    assert "| r | a | COMPLETE, exit 3 |" in work.inv("summary", "--format=markdown").out


def test_result_from_database_gives_back_what_a_timeout_left_executing(work: Workplace) -> None:
    code = f"import sqlalchemy as sa, time\nwith sa.create_engine({work.url!r}).begin() as c:\n"
    code += " c.execute(sa.text(\"UPDATE phases SET state = 'EXECUTING', last_failure_reason = NULL\"))\n"
    code += "print('set', flush=True)\ntime.sleep(600)"
    work.configure(
        command={"argv": [sys.executable, "-c", code], "result_from": "database"}, timeout={"default_s": 3, "adaptive": False}
    )
    work.fail("r/a", reason="before")

    assert work.inv("drain").code == 1
    assert work.phases() == {"r/a": ("FAILED", "before")}


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


def test_a_terminal_shows_the_live_display(lite: Workplace) -> None:
    lite.fail("r/a", "r/b~fail", "s/c~until=go")
    child = pexpect.spawn(INV[0], [*INV[1:], "drain", "--policy=run-order"], cwd=str(lite.root), env={**lite.environ(), "TERM": "xterm"}, timeout=60,
                          dimensions=(40, 160))  # fmt: skip
    child.expect("failed phases")
    child.expect("1 succeeded, 1 failed")
    (lite.root / "go").touch()
    child.expect("2 succeeded, 1 failed")
    child.expect("BATCH DRAIN SUMMARY")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1


@pytest.mark.parametrize("columns", [80, 120])
def test_the_live_display_keeps_to_one_line_a_slot_on_a_terminal_of_usual_width(lite: Workplace, columns: int) -> None:
    long = "a-run-whose-name-is-rather-long-as-they-are/phase-7-with-a-name-that-is-just-as-long~until=go"
    lite.fail(long, "r/b~fail", reason="ConnectionResetError: a reason of which nobody needs to read here, however long")
    child = pexpect.spawn(INV[0], [*INV[1:], "drain", "--workers=2"], cwd=str(lite.root), timeout=60, dimensions=(40, columns),
                          env={**lite.environ(), "TERM": "xterm"}, encoding="utf-8")  # fmt: skip
    child.expect(r"a-run-whose-name[^\r\n]*…[^\r\n]*?[0-9]+/60 s")
    slot = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", child.after)
    assert "nobody needs to read" not in slot
    child.expect("0 succeeded, 1 failed")
    (lite.root / "go").touch()
    child.expect("1 succeeded, 1 failed")
    child.expect("BATCH DRAIN SUMMARY")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1


def test_the_target_is_what_there_is_and_grows_with_it(lite: Workplace) -> None:
    code = f"import sqlalchemy as sa\nwith sa.create_engine({lite.url!r}).begin() as c:\n"
    code += " c.execute(sa.text(\"UPDATE phases SET state = 'FAILED' WHERE state = 'LATER'\"))"
    lite.configure(command={"argv": ["{python}", "-c", code]}, refresh_s=0.001)
    lite.fail("r/a")
    lite.add(("r", "b", 9, "LATER", None))

    ran = lite.inv("drain", "--batch-size=50", "--run-id=r")

    assert [line for line in ran.lines if line.startswith(("Target", "Run:", "["))] == [
        "Target: Process 1 failed phases",
        "Run: r",
        "[1/1] Selecting next phase...",
        "[2/2] Selecting next phase...",
    ]
    assert lite.inv("dry-run").lines[0:1] == ["Dry run: nothing is written"]


def test_a_notice_stands_with_the_phase_that_it_is_about(lite: Workplace) -> None:
    lite.fail(*(f"r{number}/p~alike" for number in range(4)))

    ran = lite.inv("drain", "--max-repeats=2")

    place = next(number for number, line in enumerate(ran.lines) if line.startswith("  ! Parking every phase"))
    assert ran.lines[place - 1].startswith("    Error: ")
    assert ran.lines[place + 1] == ""


def test_ctrl_c_on_a_terminal_gives_the_phase_back_and_reports(lite: Workplace) -> None:
    lite.fail("r/a~hang", "r/b", reason="before")
    child = pexpect.spawn(INV[0], [*INV[1:], "drain"], cwd=str(lite.root), env={**lite.environ(), "TERM": "xterm"}, timeout=60,
                          dimensions=(40, 160))  # fmt: skip
    while not any("hanging" in path.read_text() for path in lite.sessions.glob("*/logs/*.stdout.txt")):
        child.expect([pexpect.TIMEOUT, "failed phases"], timeout=1)
    child.sendintr()
    child.expect("Given back: FAILED")
    child.expect("not yet .interrupted.")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 130
    assert set(lite.phases().values()) == {("FAILED", "before")}


def test_quiet_prints_the_summary_only(lite: Workplace) -> None:
    lite.fail("r/a")
    assert lite.inv("drain", "--quiet").lines[:2] == ["=" * 80, "BATCH DRAIN SUMMARY"]


def test_a_drain_can_print_json_alone(lite: Workplace) -> None:
    lite.fail("r/a")
    assert lite.inv("drain", "--format=json").json()["total_success"] == 1


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
