"""Every error that a user can fix, with its exit code and its remedy.

BatchDrainError            1
├── UsageError             2   a flag or an argument
├── BadData               65   a session file, a plan, rows of the table
├── SessionInUse          73   another controller holds the session
├── FilesUnavailable      74   the system lacks something: a folder, a file, space, memory, processes
├── DatabaseUnavailable   75   try again: what was recorded is safe
├── EngineUnavailable     75   try again: the engine takes no commands
├── ClaimLost             76   a higher epoch was written: our result must not be
└── ConfigError           78   invoke.yaml, environment, plugins, the mapped table
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar, Final

_COMPARED_CHARS: Final = 200
"""Comparing names takes quadratic time."""


class BatchDrainError(Exception):
    """The message says in one line what went wrong, and where; `remedy` says what to do about it."""

    exit_code: ClassVar[int] = 1
    left: object = None  #: the LeftSession of the session that this error ended; None: it ended none

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def within(self, place: str) -> str:
        """The message for use inside another one that already names the place and has its own remedy."""
        return self.message.removeprefix(f"{place}: ")

    def __str__(self) -> str:
        """The cure stands in the message's line. Below a list it has one of its own: it is about no single row."""
        between = "\n" if "\n" in self.message else "; "
        return f"{self.message}{between}{self.remedy}" if self.remedy else self.message


class UsageError(BatchDrainError):
    """The flags or arguments make no sense."""

    exit_code = 2


class BadData(BatchDrainError):
    """The content of a session file, a plan or a row cannot be used."""

    exit_code = 65


class SessionInUse(BatchDrainError):
    """Another controller holds the session."""

    exit_code = 73


class FilesUnavailable(BatchDrainError):
    """The system lacks or refuses something: a folder, a file, space, memory, a process."""

    exit_code = 74


class DatabaseUnavailable(BatchDrainError):
    """The database does not answer now, or is locked. What was recorded is safe."""

    exit_code = 75


class EngineUnavailable(BatchDrainError):
    """The engine broke. Phases that it did not execute are given back, or held until recovery settles them."""

    exit_code = 75


class ClaimLost(BatchDrainError):
    """Somebody has taken the phase over, so our result is not written."""

    exit_code = 76


class ConfigError(BatchDrainError):
    """One or more problems of the configuration, reported together, a line each."""

    exit_code = 78

    @classmethod
    def of(cls, problems: Iterable[str]) -> ConfigError:
        """One error for all problems, each listed once, without a remedy."""
        return cls("\n".join(dict.fromkeys(problems)))


def quote(name: str) -> str:
    """A name in quotes, on one line, that can be copied. `repr` would double each backslash."""
    return "'" + "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in name) + "'"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """' (did you mean …?)' if a similar name is known, else a list of all known names; '' if there are none."""
    names = sorted(known)
    short = [one for one in names if len(one) <= _COMPARED_CHARS]
    near = difflib.get_close_matches(name[:_COMPARED_CHARS], short, n=1, cutoff=0.6)
    if near:
        return f" (did you mean {quote(near[0])}?)"
    return f" (known: {', '.join(names)})" if names else ""
