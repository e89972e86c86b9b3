"""What a drain holds in the first half of its time, and in the second: threads, files, memory."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import psutil

_EACH_S: Final = 0.1
_LEAVES: Final = 20  #: looks, at the end: the engine is left by a thread of its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The most that was seen; of `threads` and `files` in the second half and in the first."""

    threads: tuple[float, float]
    files: tuple[float, float]
    memory_mb: float  #: so much more in the second half
    there_mb: float  #: of the other processes together, likewise


class _Held(NamedTuple):
    threads: int
    files: int
    memory_mb: float
    there_mb: float


def watch_growth(project: Path, others: Sequence[int], *flags: str) -> Growth:
    """Of `inv drain`; `others`: processes that serve it. Raises RuntimeError where it fails."""
    with (project / "printed").open("wb") as printed:
        argv = [sys.executable, "-m", "invoke", "drain", *flags]
        drain = subprocess.Popen(argv, cwd=project, stdout=printed, stderr=subprocess.STDOUT)
    seen: list[_Held] = []
    watched, served = psutil.Process(drain.pid), [psutil.Process(pid) for pid in others]
    while drain.poll() is None:
        if (held := _look(watched, served)) is not None:
            seen.append(held)
        time.sleep(_EACH_S)
    if drain.returncode or len(seen) < 4:
        raise RuntimeError(f"the drain exited {drain.returncode}: {(project / 'printed').read_text()[-500:]}")
    seen = seen[:-_LEAVES] if len(seen) > 4 * _LEAVES else seen
    before, after = seen[: len(seen) // 2], seen[len(seen) // 2 :]

    def most(of: Sequence[_Held], what: str) -> float:
        return max(float(getattr(one, what)) for one in of)

    return Growth(
        threads=(most(after, "threads"), most(before, "threads")),
        files=(most(after, "files"), most(before, "files")),
        memory_mb=max(0.0, most(after, "memory_mb") - most(before, "memory_mb")),
        there_mb=max(0.0, most(after, "there_mb") - most(before, "there_mb")),
    )


def _look(drain: psutil.Process, served: Sequence[psutil.Process]) -> _Held | None:
    """None: it has ended."""
    try:
        there_mb = sum(one.memory_info().rss for one in served) / 1e6
        return _Held(drain.num_threads(), drain.num_fds(), drain.memory_info().rss / 1e6, there_mb)
    except psutil.Error:
        return None
