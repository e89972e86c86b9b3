"""A drain whose command is the witness, and how its processes are found."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.chaos.checker import rows_of, witnessed
from tests.support.workplace import Workplace, wait_for

WITNESS = Path(__file__).with_name("witness.py")


def watched(place: Workplace, *names: str, **settings: object) -> Path:
    """The project's command becomes the witness, for these failed phases. Returns the witness's folder."""
    witness = place.root / "witness"
    witness.mkdir()
    place.configure(
        command={"argv": [sys.executable, "-I", "-S", str(WITNESS), str(witness)], "grace_s": 0.5},
        stop={"max_repeats": 0},
        **settings,
    )
    if names:
        place.add(*rows_of(list(names)))
    return witness


def drained(place: Workplace, *flags: str, code: int | None = 0) -> str:
    ran = place.inv("drain", "--batch-size=1000", *flags)
    assert code is None or ran.code == code, (ran.code, ran.out, ran.err)
    return ran.out


def running(place: Workplace) -> list[tuple[int, int]]:
    """Of every claim that is held: the pids of its controller and of its guardian."""
    return [
        (ctl, guard) for ctl, guard in place.sql("SELECT ctl_pid, guard_pid FROM batchdrain_claim WHERE owner IS NOT NULL")
    ]


def is_stopped(pid: int) -> bool:
    """Whether a signal has stopped all its threads: those that run at that moment do a little more."""
    threads = [path.read_text().rpartition(")")[2].split()[0] for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    return set(threads) == {"T"}


def started(witness: Path, count: int) -> None:
    wait_for(lambda: sum(seen.word == "start" for seen in witnessed(witness)) >= count, f"{count} executions to begin")
