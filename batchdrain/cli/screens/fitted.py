"""Fits a report into the width of the terminal. Pure."""

from __future__ import annotations

import re
from typing import Final

from batchdrain.cli.screens.cells import width_of, wrap

_RULE: Final = re.compile(r"([=-])\1{9,}")
_INDENT: Final = "  "


def fit(text: str, columns: int, command: str) -> str:
    """Break lines between words into at most `columns` cells; a rule becomes as wide as the terminal. A command is never
    broken, so that it can be copied whole: if it does not fit behind its text, it gets a line of its own. `command`: how our
    commands begin, such as 'inv '."""
    return "\n".join(piece for line in text.split("\n") for piece in _fit_line(line, columns, command))


def _fit_line(line: str, columns: int, command: str) -> list[str]:
    if (rule := _RULE.fullmatch(line)) is not None:
        return [rule[1] * columns]
    if width_of(line) <= columns:
        return [line]
    text, command = _split(line, command)
    if not command:
        return wrap(line, columns)
    if not text.strip():
        return [line]
    indent = line[: len(line) - len(line.lstrip(" "))]
    return [*wrap(text.rstrip(), columns), f"{indent}{_INDENT}{command}"]


def _split(line: str, command: str) -> tuple[str, str]:
    """The text before a command, and the command.
    A command begins the line, or follows a colon, and goes on to the line's end."""
    bare = line.lstrip(" ")
    if bare.startswith(command):
        return line[: len(line) - len(bare)], bare
    text, colon, rest = line.partition(f": {command}")
    return (f"{text}:", f"{command}{rest}") if colon else (line, "")
