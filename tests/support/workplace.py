"""A user's project: a folder with tasks.py and invoke.yaml, a database with phases, and `inv` as a real process."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from tests.support import forks

DEADLINE_S = 60.0
INV = [sys.executable, "-m", "invoke"]
WORKER = Path(__file__).with_name("worker.py")
Beside = subprocess.Popen[bytes] | forks.Piped
TASKS = "from batchdrain.collection import ns as ns\n"


def named(name: str) -> tuple[str, str]:
    """'run/phase' as its two ids."""
    run_id, _, phase_id = name.partition("/")
    return run_id, phase_id


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Until `condition()` holds. The other side is a process that tells nobody."""
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def ended(drain: Beside) -> tuple[int, str]:
    """Exit code and output, once it has ended by itself."""
    try:
        out, err = drain.communicate(timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        drain.kill()
        raise
    assert b"Traceback" not in err, err.decode()
    return drain.wait(), out.decode()


def read_until(drain: Beside, words: str) -> str:
    """What it printed, up to the line with these words."""
    assert drain.stdout is not None
    printed = ""
    while words not in printed:
        line = drain.stdout.readline().decode()
        assert line, printed
        printed += line
    return printed


@dataclass(frozen=True)
class Ran:
    """What a process said."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()

    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(kw_only=True)
class Workplace:
    root: Path
    url: str
    source: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    beside: list[Beside] = field(default_factory=list)  #: what was started

    def __post_init__(self) -> None:
        mysql = self.url.startswith("mysql")  # the tests quote names as the standard does
        options = {"connect_args": {"init_command": "SET SESSION sql_mode = 'ANSI_QUOTES'"}} if mysql else {}
        self.engine = sa.create_engine(self.url, poolclass=sa.pool.NullPool, **options)
        (self.root / "tasks.py").write_text(TASKS)
        self.configure()

    def configure(self, **settings: Any) -> None:
        """Write invoke.yaml (JSON is YAML): the worker of the tests as the command, quick and patient defaults."""
        self.settings = {**self.settings, **settings}
        command = {"argv": [sys.executable, "-S", str(WORKER)], "grace_s": 1, **self.settings.pop("command", {})}
        self.settings["command"] = command
        section: dict[str, Any] = {
            "database_url": self.url,
            "timeout": {"default_s": 60, "adaptive": False},
            "retry": {"initial_s": 0.01, "max_s": 0.01},
            **self.settings,
        }
        if self.source:
            section["source"] = self.source
        (self.root / "invoke.yaml").write_text(json.dumps({"batchdrain": section}))

    def make_table(self) -> None:
        self.sql(
            "CREATE TABLE phases (run_id VARCHAR(200), phase_id VARCHAR(200), phase_index INTEGER, state VARCHAR(40), "
            "last_failure_reason TEXT, note VARCHAR(40) DEFAULT 'untouched', PRIMARY KEY (run_id, phase_id))"
        )

    def add(self, *rows: tuple[str, str, int | None, str, str | None]) -> None:
        """Rows of run_id, phase_id, phase_index, state, last_failure_reason."""
        self.sql(
            "INSERT INTO phases (run_id, phase_id, phase_index, state, last_failure_reason) VALUES (:r, :p, :i, :s, :f)",
            [dict(zip("rpisf", row, strict=True)) for row in rows],
        )

    def fail(self, *names: str, reason: str | None = None) -> None:
        """Failed phases 'run/phase', indexed in the order given."""
        self.add(*((*named(name), index, "FAILED", reason) for index, name in enumerate(names)))

    def sql(self, text: str, parameters: Sequence[Mapping[str, Any]] = ()) -> list[tuple[Any, ...]]:
        with self.engine.begin() as connection:
            result = connection.execute(sa.text(text), [dict(p) for p in parameters] or None)
            return [tuple(row) for row in result] if result.returns_rows else []

    def phases(self) -> dict[str, tuple[str, str | None]]:
        """'run/phase' -> (state, reason)."""
        rows = self.sql("SELECT run_id, phase_id, state, last_failure_reason FROM phases")
        return {f"{run}/{phase}": (state, reason) for run, phase, state, reason in rows}

    def states(self) -> dict[str, str]:
        return {name: state for name, (state, _) in self.phases().items()}

    def inv(self, *argv: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Ran:
        """Run a task to its end."""
        place, environ = cwd or self.root, self.environ(env)
        if forks.can_be_forked(env or {}):
            code, out, err = forks.inv(argv, place, environ)
        else:
            done = subprocess.run([*INV, *argv], cwd=place, env=environ, capture_output=True, timeout=100, check=False)
            code, out, err = done.returncode, done.stdout, done.stderr
        return Ran(code, out.decode(errors="replace"), err.decode(errors="replace"))

    def start(self, *argv: str, env: Mapping[str, str] | None = None) -> Beside:
        """Run a task beside the test, in a session of its own."""
        if forks.can_be_forked(env or {}):
            self.beside.append(forks.Piped(argv, self.root, self.environ(env)))
        else:
            self.beside.append(
                subprocess.Popen(
                    [*INV, *argv],
                    cwd=self.root,
                    env=self.environ(env),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                )
            )
        return self.beside[-1]

    def end(self) -> None:
        """End what a failed test left running, whose open pipes would fail another test."""
        for one in self.beside:
            if one.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(one.pid, signal.SIGKILL)
                one.wait(DEADLINE_S)
            if isinstance(one, forks.Piped):
                one.close()
            for stream in (one.stdout, one.stderr) if isinstance(one, subprocess.Popen) else ():
                if stream is not None:
                    stream.close()

    def environ(self, env: Mapping[str, str] | None = None) -> dict[str, str]:
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("INVOKE_", "DATABASE_URL", "GITHUB_"))
        }
        return {**own, "PYTHONUTF8": "1", **(env or {})}

    @property
    def sessions(self) -> Path:
        return self.root / ".autonomous_runs" / "batch_drain_sessions"

    def session_files(self) -> list[Path]:
        """In the order in which they began: two of one second have `-2`, which sorts before `.json`."""
        return sorted(self.sessions.glob("*.json"), key=lambda path: str(json.loads(path.read_text())["started_at"]))

    def session(self, number: int = -1) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.session_files()[number].read_text())
        return found

    def events(self, number: int = -1) -> list[dict[str, Any]]:
        path = self.session_files()[number].with_suffix(".events.jsonl")
        return [json.loads(line) for line in path.read_text().splitlines()]

    def taken(self, number: int = -1) -> list[str]:
        """The phases of a session's results, in order."""
        return [f"{r['run_id']}/{r['phase_id']}" for r in self.session(number)["results"]]
