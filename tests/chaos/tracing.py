"""strace: it sees each call of a drain and of its guardians, and fails or kills it where a test says so."""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.workplace import DEADLINE_S, INV, Workplace


def _strace() -> str | None:
    """strace, where it is installed and may trace."""
    program = shutil.which("strace")
    tried = subprocess.run([program, "-o", "/dev/null", "true"], check=False, capture_output=True) if program else None
    return program if tried is not None and tried.returncode == 0 else None


needs_strace = pytest.mark.skipif(_strace() is None, reason="strace is not there, or may not trace")


@dataclass(frozen=True)
class Traced:
    """A drain under a fault."""

    code: int
    said: str
    seen: str  #: by strace
    screen: str  #: what strace calls the pipe to which it prints
    folder: str  #: and the folder of the database

    @property
    def is_told(self) -> bool:
        return self.code != 0 or "Input/output error" in self.said or "I/O error" in self.said

    def to_be_told(self) -> list[str]:
        """The calls of the controller itself that failed by injection, but for those that cost nobody anything."""
        calls = _whole(self.seen)
        parents = {call.rpartition("= ")[2]: pid for pid, call in calls if "CLONE_THREAD" in call}
        controller = calls[0][0]

        def is_its(pid: str) -> bool:
            return pid == controller or (pid in parents and is_its(parents[pid]))

        its = [call for pid, call in calls if is_its(pid) and not call.startswith("clone")]
        return [call for place, call in enumerate(its) if call.endswith("(INJECTED)")
                and not self._is_harmless(call, is_last=place == len(its) - 1)]  # fmt: skip

    def _is_harmless(self, call: str, *, is_last: bool) -> bool:
        # Where nobody can read, the drain goes on. What SQLite carries over from its WAL when it is closed is in the WAL
        # still, and carried over by whoever opens it next; a commit's own steps are followed by those of the session. And SQLite
        # itself does not heed whether the folder was synced in which it made its files.
        carried_over = "/work.db>" in call or ("/work.db-wal>" in call and is_last)
        return self.screen in call or carried_over or (call.startswith("fdatasync(") and self.folder in call)


def injected(place: Workplace, fault: str, env: Mapping[str, str] | None = None, task: Sequence[str] = ("drain",)) -> Traced:
    """Drain, or do another task, under a fault."""
    seen = place.root / f"strace-{uuid.uuid4().hex}.txt"
    traced = f"trace={fault.partition(':')[0]},execve,clone,clone3"
    argv = ["strace", "-f", "-q", "-y", "-o", str(seen), "-e", traced, "-e", f"inject={fault}", *INV, *task]
    drain = subprocess.Popen(
        argv, cwd=place.root, env=place.environ(env), stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    assert drain.stdout is not None
    screen = f"<pipe:[{os.fstat(drain.stdout.fileno()).st_ino}]>"
    out, err = drain.communicate(timeout=DEADLINE_S)
    text = seen.read_text(errors="replace")
    seen.unlink()
    folder = f"<{Path(str(place.engine.url.database)).parent}>"
    return Traced(drain.returncode, out.decode() + err.decode(), text, screen, folder)


def _whole(seen: str) -> list[tuple[str, str]]:
    """Process and call, in the order in which they ended."""
    found, begun = [], dict[str, str]()
    for line in seen.splitlines():
        pid, _, call = line.partition(" ")
        call = call.strip()
        if call.endswith("<unfinished ...>"):
            begun[pid] = call.removesuffix("<unfinished ...>")
            continue
        if call.startswith("<... "):
            call = begun.pop(pid, "") + call.partition("resumed>")[2]
        if "(" in call:
            found.append((pid, call))
    return found
