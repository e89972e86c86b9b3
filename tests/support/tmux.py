"""A real terminal of a size of one's own: a pane of tmux, that can be looked at and typed into."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support.workplace import DEADLINE_S

MISSING: Final = "no tmux: apt-get install tmux"
_KEPT_LINES: Final = 5_000
_ENDED: Final = "(ended)"


def find_tmux() -> str | None:
    return shutil.which("tmux")


class Pane:
    """Of a server of its own, on which one command runs."""

    def __init__(self, server: Sequence[str]) -> None:
        self._server = server

    def ask(self, *words: str) -> str:
        return subprocess.run([*self._server, *words], check=True, capture_output=True, text=True).stdout

    def lines(self, *, whole: bool = False, styled: bool = False) -> list[str]:
        """What stands on the screen now, without the empty lines at its end. `whole`: with what was scrolled away;
        `styled`: with the codes of colours and links."""
        words = ["capture-pane", "-p", *(["-S", "-"] if whole else []), *(["-e"] if styled else [])]
        return self.ask(*words).rstrip("\n").split("\n")

    def type(self, *keys: str) -> None:
        self.ask("send-keys", *keys)

    def resize(self, columns: int, rows: int) -> None:
        self.ask("resize-window", "-x", str(columns), "-y", str(rows))

    def until(self, pattern: str, *, whole: bool = False) -> list[str]:
        """The screen, once a line of it has what is looked for. A terminal tells nobody what is painted on it."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            lines = self.lines(whole=whole)
            if any(re.search(pattern, line) for line in lines):
                return lines
            assert time.monotonic() < deadline, (pattern, *lines)
            time.sleep(0.05)

    def end(self) -> int:
        """Its exit code, once the command has ended and all that it printed is there."""
        for line in self.until(rf"^{re.escape(_ENDED)} \d+$"):
            if line.startswith(f"{_ENDED} "):
                return int(line.removeprefix(f"{_ENDED} "))
        raise AssertionError("a line that was seen")


@contextmanager
def pane(argv: Sequence[str], cwd: Path, environ: Mapping[str, str], size: tuple[int, int]) -> Iterator[Pane]:
    """`size`: columns and rows."""
    tmux = find_tmux()
    assert tmux is not None
    with tempfile.TemporaryDirectory(prefix="tmux") as folder:  # a socket's path may have 107 bytes
        server = [tmux, "-u", "-f", "/dev/null", "-S", f"{folder}/socket"]
        set_up = ["set-option", "-g", "remain-on-exit", "on", ";", "set-option", "-g", "history-limit", str(_KEPT_LINES), ";"]
        command = shlex.join(["env", *(f"{name}={value}" for name, value in environ.items()), *argv])
        columns, rows = map(str, size)
        session = [
            "new-session",
            "-d",
            "-x",
            columns,
            "-y",
            rows,
            "-c",
            str(cwd),
            f"trap : INT; {command}; echo '{_ENDED}' $?",
        ]
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        env = {**kept, "SHELL": "/bin/sh", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"}
        subprocess.run([*server, *set_up, *session], check=True, env=env, capture_output=True)
        found = Pane(server)
        try:
            yield found
        finally:
            subprocess.run([*server, "kill-server"], check=False, capture_output=True)
