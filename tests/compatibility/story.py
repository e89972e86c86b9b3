"""What happened in the project of the data: told to the `inv` of bd1f117 once, and kept (make.py).

Each part leaves something that a later version must be able to take over.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from tests.support.workplace import Beside, Workplace, wait_for

LATER = "2999-12-31"
SHORT_LEASE = {
    f"INVOKE_BATCHDRAIN_LEASE_{name}": value for name, value in (("TTL_S", "4"), ("BEAT_S", "1"), ("MARGIN_S", "1"))
}
PHASES = {
    "build-7": ["compile~ok", "lint~fail", "unit~transient", "docs~reason", "tokens~metrics"],
    'odd "ü"': ["a 'quoted' one~ok", "tab\there~fail", "emoji 🧪~ok"],
    "slow-1": ["a~slow", "b~ok"],
    "broken-1": ["a~alike", "b~alike", "c~alike", "d~alike"],
    "broken-2": ["a~alike"],
    "web-1": ["a~ok", "b~fail", "c~held", "d~ok"],
    "plan-1": ["a~ok", "b~held", "c~ok"],
    "plan-2": ["a~ok", "b~ok", "c~fail", "d~ok"],
    "flaky-1": ["a~transient", "b~held"],
    "lost-1": ["a~ok", "b~fail"],
    "lost-2": ["a~ok", "b~held", "c~ok"],
    "cursed-1": ["a~held"],
    "legacy-1": ["a~fail"],
    "ops-1": ["a~ok"],
    "triage-1": ["good~ok", "bad~ok", "later~ok"],
    "release-1": ["a~ok", "b~ok"],
    "mixed-1": ["a~fail", "b~fail", "c~ok"],
    "held-1": ["a~held"],
    "held-2": ["a~held"],
}
QUEUED = {"queue-1": ["a~ok", "b~ok", "c~fail"], "queue-2": ["a~ok", "b~held", "c~ok"]}


def tell(project: Workplace) -> dict[str, str]:
    """Let it all happen. Returns the ids of the sessions, by what they are."""
    sessions: dict[str, str] = {}
    before: set[str] = set()

    def kept(name: str) -> None:
        after = {path.name.removesuffix(".json") for path in project.sessions.glob("batch-drain-*.json")}
        [sessions[name]] = after - before
        before.update(after)

    for part in (_complete, _odd, _timed_out, _stopped, _interrupted, _planned, _queued, _queued_interrupted, _retrying,
                 _tried_once, _lost, _lost_interrupted):  # fmt: skip
        part(project)
        kept(part.__name__.removeprefix("_"))
    for name in ("cursed_1", "cursed_2", "cursed_3"):
        _abandoned(project, "--run-id=cursed-1", held=["cursed-1"])
        kept(name)
        assert project.inv("recover").code == 0
    _notes(project)
    for name in ("lost", "lost_interrupted"):
        (project.sessions / f"{sessions[name]}.json").unlink()
    _plan_file(project)
    _abandoned(project, "--category=collection", "--workers=2", held=["held-1", "held-2"], ends="held-2")
    kept("held")
    return sessions


def fill(project: Workplace) -> None:
    rows = [
        (run, phase, index, state, "" if state == "QUEUED" else _reason(run, phase))
        for state, runs in (("FAILED", PHASES), ("QUEUED", QUEUED))
        for run, phases in runs.items()
        for index, phase in enumerate(phases)
    ]
    project.add(*((run, phase, index, state, reason or None) for run, phase, index, state, reason in rows))
    project.add(("done-1", "a~ok", 0, "COMPLETE", None))


def _reason(run: str, phase: str) -> str:
    """Something of each category."""
    return {
        "build-7": f"ModuleNotFoundError: No module named 'app{len(phase)}'",
        "web-1": "required deliverables missing: report.md",
        "held-1": "ImportError: cannot import name 'app'",
        "held-2": "ImportError: cannot import name 'app'",
        "mixed-1": "HTTP 503 Service Unavailable",
        "ops-1": "Timed out after 600 s",
        "plan-2": f"patch does not apply: {phase}.diff:12",
        "broken-1": "RuntimeError: the shared service is broken",
        "broken-2": "RuntimeError: the shared service is broken",
    }.get(run, "")


def _drained(project: Workplace, code: int, *argv: str, env: Mapping[str, str] | None = None) -> None:
    ran = project.inv(*argv, env=env)
    assert ran.code == code, ran


def _complete(project: Workplace) -> None:
    _drained(project, 1, "drain", "--run-id=build-7", "--batch-size=5")


def _odd(project: Workplace) -> None:
    _drained(project, 0, "drain", '--run-id=odd "ü"', "--min-success-rate=0.5")


def _timed_out(project: Workplace) -> None:
    _drained(project, 1, "drain", "--run-id=slow-1", "--phase-timeout=1", "--max-timeouts-per-run=1", "--policy=run-order")


def _stopped(project: Workplace) -> None:
    env = {"INVOKE_BATCHDRAIN_STOP_MAX_CONSECUTIVE_FAILURES": "2"}
    _drained(project, 1, "drain", "--run-id=broken-1", "--max-repeats=0", env=env)


def _interrupted(project: Workplace) -> None:
    _interrupt(
        project, "drain", "--run-id=web-1", "--policy=run-order", "--batch-size=4", "--category=deliverable", run="web-1"
    )


def _planned(project: Workplace) -> None:
    _drained(project, 0, "dry-run", "--run-id=plan-1", "--output=PLAN.json")
    _interrupt(project, "drain", "--plan=PLAN.json", run="plan-1")


def _queued(project: Workplace) -> None:
    _drained(project, 1, "drain-queued", "--run-id=queue-1", "--batch-size=2")


def _queued_interrupted(project: Workplace) -> None:
    _interrupt(project, "drain-queued", "--run-id=queue-2", "--batch-size=2", "--max-batches=5", run="queue-2")


def _retrying(project: Workplace) -> None:
    """Interrupted while a phase waits to be tried again."""
    env = {f"INVOKE_BATCHDRAIN_RETRY_{name}": "20" for name in ("INITIAL_S", "MAX_S")}
    _interrupt(project, "drain", "--run-id=flaky-1", "--policy=run-order", run="flaky-1", env=env)


def _tried_once(project: Workplace) -> None:
    _drained(project, 1, "drain", "--run-id=mixed-1", "--batch-size=2", "--policy=run-order")


def _lost(project: Workplace) -> None:
    _drained(project, 1, "drain", "--run-id=lost-1")


def _lost_interrupted(project: Workplace) -> None:
    _interrupt(project, "drain", "--run-id=lost-2", "--policy=run-order", run="lost-2")


def _notes(project: Workplace) -> None:
    clusters = project.inv("clusters", "--run-id=broken-1", "--format=json").json()
    for argv in (
        ("accept", "--run-id=build-7", "--phase-id=lint~fail", "--reason=JIRA-7: the linter is being replaced"),
        ("accept", "--run-id=legacy-*", "--reason=nobody looks after it", f"--until={LATER}"),
        ("accept", f"--cluster={','.join(clusters['clusters'][0]['ids'])}", "--reason=the service is down for good"),
        ("accept", "--run-id=ops-1", "--reason=was known for a second", "--until=1s"),
        ("hint", "--run-id=release-*", "--priority=5", "--reason=ships tonight"),
        ("hint", "--run-id=plan-2", "--priority=-3", "--reason=can wait"),
        ("triage", "--run-id=triage-1"),
    ):
        _drained(project, 0, *argv)


def _plan_file(project: Workplace) -> None:
    """A plan, and what changes after it."""
    _drained(project, 0, "dry-run", "--run-id=plan-2", "--output=PLAN.json")
    project.sql("UPDATE phases SET last_failure_reason = 'KeyError: x' WHERE run_id = 'plan-2' AND phase_id = 'b~ok'")
    project.sql("UPDATE phases SET state = 'COMPLETE' WHERE run_id = 'plan-2' AND phase_id = 'd~ok'")


def _started(project: Workplace, *argv: str, held: Sequence[str], env: Mapping[str, str] | None = None) -> Beside:
    """A drain whose `~held` phases of these runs are executed."""
    running = [project.root / f"running.{run}" for run in held]
    for run, file in zip(held, running, strict=True):
        file.unlink(missing_ok=True)
        (project.root / f"flag.{run}").touch()
    drain = project.start(*argv, env=env)
    wait_for(lambda: all(file.exists() and file.read_text() for file in running), f"the held phases of {argv}")
    return drain


def _interrupt(project: Workplace, *argv: str, run: str, env: Mapping[str, str] | None = None) -> None:
    drain = _started(project, *argv, held=[run], env=env)
    drain.send_signal(signal.SIGINT)
    out, err = drain.communicate(timeout=60)
    assert drain.returncode == 130, (out, err)
    (project.root / f"flag.{run}").unlink()


def _abandoned(project: Workplace, *argv: str, held: Sequence[str], ends: str = "") -> None:
    """A controller is killed, and its guardians too. `ends`: the run whose command ends before that, so that its guardian
    keeps the result."""
    drain = _started(project, "drain", *argv, held=held, env=SHORT_LEASE)
    drain.send_signal(signal.SIGSTOP)
    for run in held:
        if run == ends:
            (project.root / f"flag.{run}").unlink()
            wait_for(lambda: _spooled(project.sessions), "the guardian to keep the result")
        else:
            os.kill(_guardian(project, run), signal.SIGKILL)
    drain.kill()
    drain.communicate(timeout=60)
    for run in held:
        if run != ends:
            with suppress(ProcessLookupError):
                os.kill(int((project.root / f"running.{run}").read_text()), signal.SIGKILL)
            (project.root / f"flag.{run}").unlink()


def _guardian(project: Workplace, run: str) -> int:
    """The process that watches the command of a run."""
    [(pid,)] = project.sql(
        "SELECT guard_pid FROM batchdrain_claim AS c JOIN batchdrain_attempt AS a ON a.source = c.source "
        f'AND a."key" = c."key" AND a.epoch = c.epoch WHERE c.owner IS NOT NULL AND a.run_id = \'{run}\''
    )
    return int(pid)


def _spooled(sessions: Path) -> bool:
    """Whether a guardian has kept a result."""
    records = [path.read_text().rstrip() for path in sessions.glob("*/spool/*.json")]
    return any('"by"' in record and record.endswith("}") for record in records)
