"""What a runner puts before each line of a program that it runs: `[build] `, `task-3: `, `{run.py:33} INFO - `."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from batchdrain.failures.patterns import make_pattern

_FEWEST: Final = 3
_QUOTES: Final = make_pattern(r"(?:\d{1,4}\|[\w-]{1,40} *\| |> ){1,6}")
"""Signs that no program begins all its lines with by itself, be they ever so few."""
_MOST_OTHERS: Final = 5
"""One line in so many may lack it: the runner's own."""
_PREFIX: Final = make_pattern(
    r"(?:[\w./@-]{1,40}: |\[[^\]]{1,60}\]:? |\{[^}]{1,60}\} |\d{1,4}\|[\w-]{1,40} *\| |[\w-]{1,20} > |[>|] |[A-Z]{4,8} +(?:- |[\w./-]{1,40}:[\w./:-]{1,60} )?|- ){1,6}"
)
_REMARKS: Final = make_pattern(r"warn|note|hint|help|debug|trace|deprecat", re.IGNORECASE)
_IS_SAID: Final = make_pattern(r"[\w./@-]{1,40}: |.*(?:error|fatal|critical|severe|fail)", re.IGNORECASE)


def find_prefix(lines: Sequence[str]) -> str:
    """What nearly all lines begin with, where it looks like a prefix; '' where there is none, or too few lines. What calls
    them warnings is none."""
    bodies = [line for line in lines if line.strip()]
    form = _PREFIX if len(bodies) >= _FEWEST else _QUOTES
    for body in (
        {bodies[at]: None for at in (len(bodies) // 2, len(bodies) // 4, -1)} if bodies else ()
    ):  # one may be a stranger
        found = form.match(body)
        prefix = _shared(found[0], bodies) if found else ""
        if prefix and not _REMARKS.search(prefix):
            return prefix
    return ""


def _shared(prefix: str, bodies: Sequence[str]) -> str:
    """As much of it as nearly all have; blanks at its end may be lost."""
    while prefix:
        has = sum(body.startswith(prefix) or body.strip() == prefix.strip() for body in bodies)
        if len(bodies) - has <= len(bodies) // _MOST_OTHERS:
            break
        prefix = prefix.rstrip()
        prefix = prefix[: prefix.rfind(" ") + 1]
    return prefix


def belongs_to_text(prefix: str) -> bool:
    """Whether a reader wants to see it: a program's name, or that it is an error."""
    return _IS_SAID.match(prefix) is not None
