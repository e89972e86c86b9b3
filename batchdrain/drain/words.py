"""What a command printed last, of what it printed at all."""

from __future__ import annotations

import re
from typing import Final

from batchdrain.config.redaction import Redact
from batchdrain.execution.order import Ending
from batchdrain.runtime.text import to_storable

_LINE_CHARS: Final = 500
_ESCAPE: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_FRAME: Final = re.compile(r"[\s\W_]*")


def words_of(ending: Ending, redact: Redact) -> tuple[str, str]:
    """The line that says what went wrong, and the stream that it stands in: 'stderr' or 'stdout'; ('', '') where neither
    says anything."""
    if line := last_line(ending.stderr_tail, redact):
        return line, "stderr"
    line = last_line(ending.stdout_tail, redact)
    return line, "stdout" if line else ""


def log_of(ending: Ending, spoke: str, paths: tuple[str, str]) -> str:
    """The log to look at: of the stream that spoke, else the first that is not empty; '' where both are. `paths`: of stdout
    and stderr."""
    if not spoke:
        spoke = "stderr" if ending.stderr_tail else "stdout" if ending.stdout_tail else ""
    return {"stdout": paths[0], "stderr": paths[1]}.get(spoke, "")


def last_line(tail: bytes, redact: Redact) -> str:
    """The last line that says something: no blank, no rule of signs; without escapes and secrets, cut at 500 characters."""
    for raw in reversed(tail.replace(b"\r", b"\n").split(b"\n")):
        line = _ESCAPE.sub("", raw.decode(errors="replace")).strip()
        if line and not _FRAME.fullmatch(line):
            return to_storable(redact(line))[:_LINE_CHARS]
    return ""
