"""Links to logs in a terminal, by OSC 8: where it is known to take them, and nowhere else."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from tests.support.workplace import INV, Workplace

LINK = re.compile(rb"\x1b\]8;id=\w+;(file://[^\x1b]+)\x1b\\([^\x1b]*)\x1b\]8;;\x1b\\")


def _read(fd: int) -> Iterator[bytes]:
    while True:
        try:
            found = os.read(fd, 65_536)
        except OSError:  # as Linux tells that the last one has left the terminal
            return
        if not found:
            return
        yield found


def in_a_terminal(place: Workplace, *argv: str, **environ: str) -> bytes:
    """All that a terminal gets, as it gets it."""
    ours, theirs = pty.openpty()
    env = {**place.environ(), "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environ}
    process = subprocess.Popen([*INV, *argv], cwd=place.root, env=env, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    try:
        return b"".join(_read(ours))
    finally:
        process.wait(60)
        os.close(ours)


def test_a_terminal_that_takes_links_gets_one_to_the_log_of_a_failure(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a~fail")
    got = in_a_terminal(sqlite_project, "drain", FORCE_HYPERLINK="1")
    links = LINK.findall(got)
    assert links, got
    [target] = {unquote(urlparse(uri.decode()).path) for uri, _ in links}
    assert Path(target).is_file()
    assert target.endswith(b"".join(text for _, text in links).decode())


@pytest.mark.parametrize(
    "environ", [{}, {"FORCE_HYPERLINK": "0", "VTE_VERSION": "7600"}, {"TERM": "dumb", "FORCE_HYPERLINK": "1"}]
)
def test_another_terminal_gets_its_path_alone(sqlite_project: Workplace, environ: dict[str, str]) -> None:
    sqlite_project.fail("r/a~fail")
    got = in_a_terminal(sqlite_project, "drain", **environ)
    assert b"Log: " in got
    assert b"\x1b]8" not in got


@pytest.mark.parametrize(
    "argv", [["drain"], ["drain", "--format=markdown"], ["drain", "--format=json"]], ids=lambda argv: argv[-1]
)
def test_a_pipe_gets_none_whatever_terminal_it_stands_in(sqlite_project: Workplace, argv: list[str]) -> None:
    sqlite_project.fail("r/a~fail")
    ran = sqlite_project.inv(*argv, env={"FORCE_HYPERLINK": "1", "TERM": "xterm-kitty"})
    assert "\x1b" not in ran.out + ran.err
    assert "r" in ran.out
