"""The prefix that a runner puts before each line of a program's output: `[build] `, `task-3: `, `{run.py:33} INFO - `."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from batchdrain.failures.patterns import make_pattern

_FEWEST: Final = 3
_QUOTES: Final = make_pattern(r"(?:\d{1,4}\|[\w-]{1,40} *\| |> ){1,6}")
"""Prefixes that no program itself puts before all its lines, so that even a few lines are enough."""
_MOST_OTHERS: Final = 5
"""One line in this many may lack the prefix: lines of the runner itself."""
_PREFIX: Final = make_pattern(
    r"(?:[\w./@-]{1,40}: |\[[^\]]{1,60}\]:? |\{[^}]{1,60}\} |\d{1,4}\|[\w-]{1,40} *\| |[\w-]{1,20} > |[>|] |[A-Z]{4,8} +(?:- |[\w./-]{1,40}:[\w./:-]{1,60} )?|- ){1,6}"
)
_REMARKS: Final = make_pattern(r"warn|note|hint|help|debug|trace|deprecat", re.IGNORECASE)
_IS_SAID: Final = make_pattern(r"[\w./@-]{1,40}: |.*(?:error|fatal|critical|severe|fail)", re.IGNORECASE)


def find_prefix(lines: Sequence[str]) -> str:
    """The common prefix of nearly all lines; '' if there is none, or if there are too few lines. A prefix that calls the
    lines warnings does not count."""
    bodies = [line for line in lines if line.strip()]
    form = _PREFIX if len(bodies) >= _FEWEST else _QUOTES
    for body in (
        {bodies[at]: None for at in (len(bodies) // 2, len(bodies) // 4, -1)} if bodies else ()
    ):  # one of them may lack the prefix
        found = form.match(body)
        prefix = _shared(found[0], bodies) if found else ""
        if prefix and not _REMARKS.search(prefix):
            return prefix
    return ""


def _shared(prefix: str, bodies: Sequence[str]) -> str:
    """The part of the prefix that nearly all lines have. Its trailing blanks may be missing."""
    while prefix:
        has = sum(body.startswith(prefix) or body.strip() == prefix.strip() for body in bodies)
        if len(bodies) - has <= len(bodies) // _MOST_OTHERS:
            break
        prefix = prefix.rstrip()
        prefix = prefix[: prefix.rfind(" ") + 1]
    return prefix


def belongs_to_text(prefix: str) -> bool:
    """Whether readers should see the prefix: it is a program's name, or says that the line is an error."""
    return _IS_SAID.match(prefix) is not None
