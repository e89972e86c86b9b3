"""Killed at each step that touches the disk, one after the other until there is none left; and each step that fails.

strace ends the process in the middle of the N-th such call of every process of the drain: the controller, the guardians'
server, the guardians. No luck is involved, and a step that is added later is tried too.
"""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import pytest

from tests.chaos.checker import violations
from tests.chaos.faults import fault
from tests.chaos.tracing import injected, needs_strace
from tests.chaos.watching import drained, watched
from tests.support.soaking import PART, soak
from tests.support.workplace import INV, Workplace

MOST = 200
MOST_WORDS = 500  # to a server: each looks at more tables, and at what was killed before
MANY = math.ceil(1 / PART)
STEP = math.ceil(MANY / 2)
"""A tenth of the soak is every tenth of the many writes, and every fifth of the other steps; the whole is all of them."""
EVERYDAY = 10
HIT = "+++ killed by SIGKILL +++"


def enough(place: Workplace, step: int, most: int = MOST) -> Path:
    """Two phases for each step. Returns the witness's folder."""
    return watched(place, *(f"run/p{number}~ms=1" for number in range(2 * len(range(1, most, step)))))


@soak
@fault(2)
@needs_strace
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("calls", "step"),
    [
        ("fsync,fdatasync", STEP),
        ("rename,renameat,renameat2,unlink,unlinkat", STEP),
        ("write,pwrite64", MANY),
    ],
)
def test_a_drain_that_is_killed_at_any_step_to_the_disk_leaves_nothing_broken(
    sqlite_project: Workplace, calls: str, step: int
) -> None:
    kill_at_each(sqlite_project, calls, step)


@soak
@fault(2)
@needs_strace
@pytest.mark.timeout(1800)
def test_a_drain_that_is_killed_at_any_word_to_the_server_leaves_nothing_broken(server_project: Workplace) -> None:
    kill_at_each(server_project, "sendto", MANY, MOST_WORDS)


def kill_at_each(place: Workplace, calls: str, step: int, most: int = MOST) -> None:
    """Kill a drain at its first such call, then another one `step` calls later, until there is none left."""
    witness = enough(place, step, most)
    printed, hits = "", 0
    for number in range(1, most, step):
        place.configure(batch_size=2)
        traced = injected(place, f"{calls}:signal=KILL:when={number}")
        printed += traced.said
        if HIT not in traced.seen:
            break
        hits += 1
        assert violations(place, witness, printed, settled=False) == [], number
        ran = place.inv("recover")
        assert (ran.code, violations(place, witness, printed)) == (0, []), number
    else:
        pytest.fail(f"no end after {most} steps")

    printed += drained(place)

    assert hits >= max(1, 5 // step)
    assert violations(place, witness, printed) == []
    assert set(place.states().values()) == {"COMPLETE"}


@fault(36)
@needs_strace
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("calls", "step", "codes"),
    [
        pytest.param("rename,renameat,renameat2", EVERYDAY, {0, 74, 75}, id="every day"),
        pytest.param("fsync", STEP, {0, 74, 75}, marks=soak),
        pytest.param("fdatasync", STEP, {0, 74, 75}, marks=soak),
        pytest.param("rename,renameat,renameat2", STEP, {0, 74, 75}, marks=soak),
        pytest.param("pwrite64", MANY, {0, 74, 75}, marks=soak),
        pytest.param("write", MANY, {0, 1, 74, 75}, marks=soak),
    ],
)
def test_a_step_to_the_disk_that_fails_is_told_and_nothing_is_lost(
    sqlite_project: Workplace, calls: str, step: int, codes: set[int]
) -> None:
    """A write may be the command's own, which fails then. A guardian tells its controller, or nothing was lost."""
    witness = enough(sqlite_project, step)
    printed, hits = "", 0
    for number in range(1, MOST, step):
        sqlite_project.configure(batch_size=2)
        traced = injected(sqlite_project, f"{calls}:error=EIO:when={number}")
        printed += traced.said
        if "(INJECTED)" not in traced.seen:
            break
        assert (traced.code in codes, "Traceback" in traced.said) == (True, False), (number, traced)
        failed = traced.to_be_told()
        assert not failed or traced.is_told, (number, failed, traced.code, traced.said)
        hits += len(failed)
        ran = sqlite_project.inv("recover")
        assert (ran.code, violations(sqlite_project, witness, printed)) == (0, []), number
    else:
        pytest.fail(f"no end after {MOST} steps")

    printed += drained(sqlite_project)

    assert hits
    assert violations(sqlite_project, witness, printed) == []
    assert set(sqlite_project.states().values()) == {"COMPLETE"}


@fault(38)
@needs_strace
def test_what_is_printed_was_on_the_disk_before(sqlite_project: Workplace) -> None:
    """The order of a result: spool, ledger, event, session file, screen; each file before its folder."""
    watched(sqlite_project, "run/p~ms=1")
    seen = sqlite_project.root / "trace.txt"
    argv = ["strace", "-f", "-y", "-q", "-o", str(seen), "-s", "3000", "-e", "trace=fsync,fdatasync,renameat,write,pwrite64"]
    done = subprocess.run(
        [*argv, *INV, "drain"], cwd=sqlite_project.root, env=sqlite_project.environ(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = seen.read_text(errors="replace").splitlines()

    def first(*parts: str, after: int = 0) -> int:
        return next(n for n, line in enumerate(lines) if n > after and all(part in line for part in parts))

    printed = first("write(1", "Success: COMPLETE")
    spooled = first("fsync", "spool/")
    event = first("write", "phase.finished")
    replaced = first("renameat(", ".json", after=event)
    ledger = max(n for n, line in enumerate(lines[:event]) if "work.db" in line and "sync" in line)
    assert spooled < ledger < event < first("fdatasync", "events.jsonl", after=event) < replaced < printed
    assert first("fsync", f"{sqlite_project.sessions.name}>", after=replaced) < printed


@soak
@needs_strace
@pytest.mark.timeout(600)
def test_a_reopening_that_is_killed_at_any_step_to_the_disk_is_done_whole_or_not_at_all(sqlite_project: Workplace) -> None:
    place, task = sqlite_project, ("reopen", "--run-id=a", "--reason=mended")
    place.fail("a/p~fail")
    place.inv("drain")
    for number in range(1, MOST):
        place.sql("UPDATE batchdrain_claim SET orphan_count = 3")
        place.sql("DELETE FROM batchdrain_meta WHERE name LIKE 'reopened/%'")
        traced = injected(place, f"pwrite64,fdatasync,fsync,unlink:signal=KILL:when={number}", task=task)
        notes = "SELECT count(*) FROM batchdrain_meta WHERE name LIKE 'reopened/%'"
        [(stands,)] = place.sql(f"SELECT (orphan_count, ({notes})) IN ((3, 0), (0, 1)) FROM batchdrain_claim")
        assert stands, (number, traced.said)
        if HIT not in traced.seen:
            break
    assert number > 3
    assert place.sql("SELECT orphan_count FROM batchdrain_claim") == [(0,)]
