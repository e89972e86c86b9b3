"""How `inv` was called, as far as another call of it needs the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from typing import Final, NamedTuple

_TAKES_VALUE: Final = frozenset({"-c", "--collection", "-f", "--config", "-r", "--search-root", "-T", "--command-timeout"})
_KEPT: Final = frozenset({"-c", "--collection", "-f", "--config", "-r", "--search-root"})


class CalledAs(NamedTuple):
    """`words`: the program and what it needs to find tasks and settings; `mount`: before a task's own name, as 'backlog.'."""

    words: tuple[str, ...] = ("inv",)
    mount: str = ""


def called_as(task: str, argv: Sequence[str]) -> CalledAs:
    """`task`: the name of its function; `argv`: of this process. From Python nothing is known but `inv`."""
    program = PurePath(argv[0]).name if argv else ""
    words, rest = ["inv" if program in {"", "__main__.py"} or program.endswith(".py") else program], list(argv[1:])
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        name, glued, _ = option.partition("=")
        value = [rest.pop(0)] if name in _TAKES_VALUE and not glued and rest else []
        if name in _KEPT:
            words += [option, *value]
    for called in rest:
        mount, dot, name = called.rpartition(".")
        if name.replace("-", "_") == task:
            return CalledAs(tuple(words), mount + dot)
    return CalledAs()
