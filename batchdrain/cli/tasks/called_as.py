"""Tells how `inv` was called, as far as another call needs the same, and names our tasks so that they can be typed: if they
are mounted below a name, `inv drain` becomes `inv backlog.drain`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import PurePath
from typing import Final, NamedTuple

_TAKES_VALUE: Final = frozenset({"-c", "--collection", "-f", "--config", "-r", "--search-root", "-T", "--command-timeout"})
_KEPT: Final = frozenset({"-c", "--collection", "-f", "--config", "-r", "--search-root"})

TASKS: Final = (
    "accept", "chain-with-queued", "clusters", "continue", "demo", "doctor", "drain", "drain-all", "drain-queued", "dry-run",
    "events", "explain", "hint", "init", "list-run-counts", "pause", "pick-next-run", "prune", "recover", "reopen", "resume",
    "sessions", "status", "stop", "summary", "triage",
)  # fmt: skip
_TOLD: Final = re.compile(rf"(?<=`inv )(?=(?:{'|'.join(TASKS)})[` ])")


class CalledAs(NamedTuple):
    """`words`: the program, and the options by which it finds tasks and settings; `mount`:
    the prefix of a task's name, as 'backlog.'."""

    words: tuple[str, ...] = ("inv",)
    mount: str = ""


def called_as(task: str, argv: Sequence[str]) -> CalledAs:
    """How a task was called. `task`: the name of its function; `argv`: of this process.
    A task called from Python gets just `inv`."""
    rest = list(argv[1:])
    words = _take_words(argv, rest)
    for called in rest:
        mount, dot, name = called.rpartition(".")
        if name.replace("-", "_") == task:
            return CalledAs(tuple(words), mount + dot)
    return CalledAs()


def program_of(argv: Sequence[str]) -> str:
    """How another call of ours begins, as it is typed: `inv`, with the options that it needs."""
    return shlex.join(_take_words(argv, list(argv[1:])))


def mount_of(argv: Sequence[str]) -> str:
    """The prefix of our tasks' names, taken from the first of them in the call; '' if there is none."""
    rest = list(argv[1:])
    _take_options(rest)
    for called in rest:
        mount, dot, name = called.rpartition(".")
        if name.replace("_", "-") in TASKS:
            return mount + dot
    return ""


def as_callable(text: str, mount: str) -> str:
    """The text with the commands that it quotes in backticks as they are called here."""
    return _TOLD.sub(mount.replace("\\", "\\\\"), text) if mount else text


def _take_words(argv: Sequence[str], rest: list[str]) -> list[str]:
    """The program, and its options that another call needs.
    All of the program's options are removed from the front of `rest`."""
    program = PurePath(argv[0]).name if argv else ""
    return ["inv" if program in {"", "__main__.py"} or program.endswith(".py") else program, *_take_options(rest)]


def _take_options(rest: list[str]) -> list[str]:
    """Remove Invoke's own options from the front of `rest`. Returns those that another call needs."""
    kept: list[str] = []
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        name, glued, _ = option.partition("=")
        value = [rest.pop(0)] if name in _TAKES_VALUE and not glued and rest else []
        if name in _KEPT:
            kept += [option, *value]
    return kept
