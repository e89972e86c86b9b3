"""Small drains in a fresh project, each with what it must leave: events, a session, an exit code. Kept in data/happened.json."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.compatibility.placing import PROJECT
from tests.support.workplace import DEADLINE_S, Beside, Workplace, wait_for

TAKES_OVER = (
    "import sqlite3; c = sqlite3.connect('work.db', timeout=30); "
    "c.execute('UPDATE batchdrain_claim SET epoch = epoch + 1 WHERE owner IS NOT NULL'); c.commit()"
)


def fresh(root: Path) -> Workplace:
    """The project of the data, with an empty table of phases."""
    root.mkdir(parents=True)
    (root / "work.db").touch()
    work = Workplace(root=root, url=f"sqlite:///{root}/work.db")
    for path in PROJECT.iterdir():
        shutil.copy(path, root / path.name)
    work.make_table()
    return work


def plain(project: Workplace) -> int:
    project.fail("a/1~ok", "b/2~fail", "c/3~transient", "d/4~metrics", "e/5~reason")
    return project.inv("drain", "--policy=run-order", "--exclude-run=e").code


def nothing(project: Workplace) -> int:
    return project.inv("drain").code


def succeeding(project: Workplace) -> int:
    project.fail("a/1~ok")
    return project.inv("drain").code


def content(project: Workplace) -> int:
    project.fail("a/1~ok", "a/2~fail")
    return project.inv("drain", "--min-success-rate=0.5").code


def discontent(project: Workplace) -> int:
    project.fail("a/1~ok", "a/2~fail", "a/3~fail")
    return project.inv("drain", "--min-success-rate=0.5").code


def stopped(project: Workplace) -> int:
    project.fail("a/1~alike", "a/2~alike", "a/3~alike", reason="another failure")
    env = {"INVOKE_BATCHDRAIN_STOP_MAX_CONSECUTIVE_FAILURES": "2"}
    return project.inv("drain", "--max-repeats=1", "--policy=run-order", env=env).code


def timed_out(project: Workplace) -> int:
    project.fail("a/1~slow", "a/2~ok")
    return project.inv("drain", "--phase-timeout=0.3", "--max-timeouts-per-run=1", "--policy=run-order").code


def in_an_outage(project: Workplace) -> int:
    project.fail("a/1~transient", "b/2~ok")
    return project.inv("drain", "--policy=run-order", env={"INVOKE_BATCHDRAIN_RETRY_OUTAGE_AFTER": "1"}).code


def diagnosed(project: Workplace) -> int:
    project.fail("a/1~held", "b/good~ok", "c/bad~ok", "d/what~ok")
    drain = _held(project, "drain", "--triage")
    verdicts = "SELECT COUNT(*) FROM batchdrain_meta WHERE name LIKE 'verdict/%'"
    wait_for(lambda: project.sql(verdicts) == [(2,)], "two verdicts while the first phase runs")
    return _released(project, drain)


def queued(project: Workplace) -> int:
    project.add(*(("a", f"{number}~{act}", number, "QUEUED", None) for number, act in enumerate(("ok", "fail", "ok"))))
    return project.inv("drain-queued", "--run-id=a", "--batch-size=2", "--stop-on-first-failure").code


def planned(project: Workplace) -> int:
    project.fail("a/1~ok", "a/2~ok", "a/3~ok")
    project.inv("dry-run", "--output=PLAN.json")
    project.sql("UPDATE phases SET state = 'COMPLETE' WHERE phase_id = '2~ok'")
    return project.inv("drain", "--plan=PLAN.json").code


def interrupted(project: Workplace) -> int:
    return _signalled(project, signal.SIGINT)


def hung_up(project: Workplace) -> int:
    return _signalled(project, signal.SIGHUP)


def terminated(project: Workplace) -> int:
    return _signalled(project, signal.SIGTERM)


def resumed(project: Workplace) -> int:
    _signalled(project, signal.SIGINT)
    return project.inv("resume").code


def killed_and_resumed(project: Workplace) -> int:
    _signalled(project, signal.SIGKILL)
    wait_for(lambda: not project.inv("sessions", "--format=json").json()[0]["alive"], "the lock to end with its process")
    return project.inv("resume").code


def lost(project: Workplace) -> int:
    project.fail("a/1~ok")
    section = json.dumps(
        {"batchdrain": {"database_url": "sqlite:///work.db", "command": {"argv": ["{python}", "-c", TAKES_OVER]}}}
    )
    (project.root / "invoke.yaml").write_text(section)
    return project.inv("drain").code


def locked_out(project: Workplace) -> int:
    """Somebody else writes to the database as a result is to be recorded."""
    project.fail("a/1~held")
    drain = _held(project, "drain", env={"INVOKE_BATCHDRAIN_PATIENCE_OPERATION_S": "0.2"})
    with project.engine.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        (project.root / "flag.a").unlink()
        wait_for(lambda: "database.retried" in told(project), "the drain to meet the lock")
        other.rollback()
    drain.communicate(timeout=DEADLINE_S)
    return drain.wait()


def in_use(project: Workplace) -> int:
    project.fail("a/1~held")
    drain = _held(project, "drain")
    code = project.inv("resume").code
    _released(project, drain)
    return code


def asked_for_nobody(project: Workplace) -> int:
    return project.inv("drain", "--run-id=").code


def asked_for_no_number(project: Workplace) -> int:
    return project.inv("drain", "--batch-size=many").code


def resumed_by_a_wrong_name(project: Workplace) -> int:
    return project.inv("resume", "--session-id=batch-drain-20200101-000000").code


def widened(project: Workplace) -> int:
    _signalled(project, signal.SIGINT)
    return project.inv("resume", "--batch-size=1000").code


def planned_by_no_plan(project: Workplace) -> int:
    (project.root / "PLAN.json").write_text("[]")
    return project.inv("drain", "--plan=PLAN.json").code


def of_a_newer_session(project: Workplace) -> int:
    succeeding(project)
    [path] = project.session_files()
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 99'))
    return project.inv("summary").code


def without_a_folder(project: Workplace) -> int:
    project.fail("a/1~ok")
    (project.root / ".autonomous_runs").write_text("no folder")
    return project.inv("drain").code


def without_a_database(project: Workplace) -> int:
    url = "postgresql+psycopg://somebody@127.0.0.1:1/nothing"
    return project.inv("drain", env={"INVOKE_BATCHDRAIN_DATABASE_URL": url}).code


def without_a_file(project: Workplace) -> int:
    return project.inv("drain", env={"INVOKE_BATCHDRAIN_DATABASE_URL": "sqlite:///missing.db"}).code


def with_an_unknown_key(project: Workplace) -> int:
    return project.inv("drain", env={"INVOKE_BATCHDRAIN_BATCHSIZE": "3"}).code


def with_a_newer_ledger(project: Workplace) -> int:
    succeeding(project)
    project.sql("UPDATE batchdrain_meta SET value = '99' WHERE name = 'schema_version'")
    return project.inv("drain").code


def examined(project: Workplace) -> int:
    return project.inv("doctor").code


def examined_without_a_command(project: Workplace) -> int:
    return project.inv("doctor", env={"INVOKE_BATCHDRAIN_COMMAND_ARGV": "no-such-program"}).code


DRAINS: list[Callable[[Workplace], int]] = [
    plain, nothing, succeeding, content, discontent, stopped, timed_out, in_an_outage, diagnosed, queued, planned, interrupted,
    hung_up, terminated, resumed, killed_and_resumed, lost, locked_out, in_use, asked_for_nobody, asked_for_no_number,
    resumed_by_a_wrong_name, widened, planned_by_no_plan, of_a_newer_session, without_a_folder, without_a_database,
    without_a_file, with_an_unknown_key, with_a_newer_ledger, examined, examined_without_a_command,
]  # fmt: skip
LATER_DIFFERENT = {"diagnosed", "killed_and_resumed", "locked_out", "in_an_outage"}
"""The order of their events depends on who is faster, or how often something is tried again."""


def left_by(project: Workplace, code: int) -> dict[str, Any]:
    """What is kept of a drain: its exit code, its events, the fields of its sessions."""
    sessions = [json.loads(path.read_text()) for path in project.session_files()]
    events = [json.loads(line) for path in project.session_files() for line in _events(path).read_text().splitlines()]
    fields: dict[str, list[str]] = {}
    for event in events:
        fields[event["event"]] = sorted({*fields.get(event["event"], ()), *event})
    names = [event["event"] for event in events]
    return {
        "exit_code": code,
        "events": sorted(set(names)) if _name_of(project) in LATER_DIFFERENT else names,
        "fields": dict(sorted(fields.items())),
        "session": sorted({name for session in sessions for name in session}),
        "result": sorted({name for session in sessions for result in session["results"] for name in result}),
        "states": project.states(),
    }


def told(project: Workplace) -> list[str]:
    """The names of the events so far, whole lines only."""
    lines = [line for path in project.sessions.glob("*.events.jsonl") for line in path.read_text().splitlines(keepends=True)]
    return [json.loads(line)["event"] for line in lines if line.endswith("\n")]


def _name_of(project: Workplace) -> str:
    return project.root.name


def _events(session: Path) -> Path:
    return session.with_suffix(".events.jsonl")


def _held(project: Workplace, *argv: str, env: dict[str, str] | None = None) -> Beside:
    """A drain whose phase of run a is executed until it is released."""
    (project.root / "flag.a").touch()
    drain = project.start(*argv, env=env)
    wait_for((project.root / "running.a").exists, "the phase to run")
    return drain


def _released(project: Workplace, drain: Beside) -> int:
    (project.root / "flag.a").unlink()
    drain.communicate(timeout=DEADLINE_S)
    return drain.wait()


def _signalled(project: Workplace, number: int) -> int:
    project.fail("a/1~held", "a/2~ok")
    drain = _held(project, "drain", "--policy=run-order", "--batch-size=2")
    drain.send_signal(number)
    return _released(project, drain)
