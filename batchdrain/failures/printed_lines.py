"""Splits the output of a program into lines, each with its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from batchdrain.failures.line_kinds import LOOKED_AT, Kind, kind_of, split_line, strip_stamps
from batchdrain.failures.patterns import make_pattern
from batchdrain.failures.prefixes import belongs_to_text, find_prefix

_MOST_LINES: Final = 1_500
_ESCAPE: Final = make_pattern(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\-_])|[\x00-\x08\x0e-\x1a\x7f]"
)


@dataclass(slots=True)
class Line:
    """One line. The lines around it may correct its kind."""

    text: str
    indent: int
    kind: Kind


def strip_escapes(text: str) -> str:
    """Remove colours and other escapes that a terminal obeys."""
    return _ESCAPE.sub("", text)


def read_lines(text: str) -> list[Line]:
    """The last lines of a text, without colours, stamps and a runner's prefix."""
    text = strip_escapes(text.replace("\r\n", "\n").replace("\r", "\n"))
    bodies = [strip_stamps(raw) for raw in text.split("\n")[-_MOST_LINES:]]
    margin = min((len(body) - len(body.lstrip()) for body in bodies if body.strip()), default=0)
    bodies = [body[margin:] for body in bodies]
    prefix = find_prefix(bodies)
    shown = prefix if belongs_to_text(prefix) else ""
    known: dict[str, tuple[str, int, Kind]] = {}
    lines = []
    for raw in bodies:
        found = known.get(raw)
        if found is None:
            has = bool(prefix) and raw.startswith(prefix)
            body, indent, is_marked = split_line(raw[len(prefix) :] if has else raw)
            kind = kind_of(body[:LOOKED_AT], indent, is_marked=is_marked)
            if has and shown and kind is Kind.PLAIN:
                kind = min(Kind.SAYING, kind_of(raw[:LOOKED_AT].strip(), indent, is_marked=is_marked))
            found = known[raw] = (f"{shown}{body}" if has and body else body, indent, kind)
        lines.append(Line(*found))
    return lines
