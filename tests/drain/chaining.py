"""Chains that end where a test wants it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from tests.support.workplace import DEADLINE_S, Workplace, named, wait_for

_BETWEEN = """
import os, signal, sys
from invoke.main import program
from batchdrain.drain.chain import run as chain_run

first = chain_run.begin
number, moment = (sys.argv.pop() for _ in range(2))
def begin(project, request, *more):
    if (moment, request.kind.value) == ("before the second", "failed"):
        os.kill(os.getpid(), getattr(signal, number))
    came = first(project, request, *more)
    if (moment, request.kind.value) == ("after the first", "queued"):
        os.kill(os.getpid(), getattr(signal, number))
    return came
chain_run.begin = begin
sys.argv[0] = "inv"
program.run(sys.argv)
"""


def queue(project: Workplace, *names: str, reason: str | None = None) -> None:
    project.add(*((*named(name), index, "QUEUED", reason) for index, name in enumerate(names)))


def end_between(
    project: Workplace, *argv: str, by: str = "SIGKILL", at: str = "before the second"
) -> subprocess.CompletedProcess[str]:
    """Run a chain that gets a signal once its queued part is over."""
    return subprocess.run(
        [sys.executable, "-c", _BETWEEN, *argv, at, by],
        cwd=project.root, env=project.environ(), capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip


def end_in(project: Workplace, phase: str, number: signal.Signals, *argv: str) -> int:
    """Run a chain that gets a signal once this phase is executed. Its command goes on as long as the file `stays` is there,
    which is gone afterwards."""
    stays = project.root / "stays"
    stays.touch()
    chain = project.start(*argv)
    witness = project.root / "witness.txt"
    wait_for(lambda: witness.exists() and phase in witness.read_text(), "the phase to be executed")
    os.kill(chain.pid, number)
    chain.communicate(timeout=DEADLINE_S)
    stays.unlink()
    return chain.wait()


def executed(project: Workplace) -> list[str]:
    """'run/phase' of every command that was started, in order."""
    return [line.split()[0] for line in (project.root / "witness.txt").read_text().splitlines()]


def summary_of(project: Workplace) -> dict[str, object]:
    found: dict[str, object] = project.inv("summary", "--format=json").json()
    return found


def totals(project: Workplace) -> tuple[object, object, object]:
    """Processed, succeeded, failed."""
    found = summary_of(project)
    return found["total_processed"], found["total_success"], found["total_failed"]
