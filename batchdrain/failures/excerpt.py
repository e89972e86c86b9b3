"""What of a failure text is looked at: not batchdrain's own suffix, and of a long text its head and its tail."""

from __future__ import annotations

import re
from typing import Final

from batchdrain.failures.meaningful_line import find_in_text

LONGEST: Final = 8_192
_HALF: Final = LONGEST // 2
SUFFIX: Final = re.compile(
    r" \[(?:exit code -?\d+|exit code None|killed by signal \d+(?: with \d+ MiB and [\d.]+ s of CPU)?); log: [^\n]*\]\Z"
)
STACK: Final = re.compile(
    r"\s*(?:Traceback \(most recent call last\)|File \"|at (?:[\w$.<>/]{1,200} ?\(|[/\w.-]{1,200}:\d)|from \S{1,200}:\d+:in |goroutine \d)"
)
_SUFFIX_CHARS: Final = 4_200  # a path of the system's longest, and a little


def add_suffix(reason: str, ending: str, log: str) -> str:
    """A reason that batchdrain derived itself. `ending`: how the command ended; `log`: where its output is."""
    return f"{reason} [{ending}; log: {log}]"


def strip_suffix(text: str) -> str:
    """The reason without what `add_suffix` added, however often it was: the same failure is to stay the same text."""
    end = len(text)
    # Only `end` moves: a slice for each suffix would copy a long text of nothing but suffixes thousands of times.
    while text.endswith("]", 0, end):
        floor = max(0, end - _SUFFIX_CHARS)
        start = text.rfind(" [exit code ", floor, end)
        start = max(start, text.rfind(" [killed by signal ", max(start, floor), end))
        if start < 0 or SUFFIX.match(text, start, end) is None:
            break
        end = start
    return text[:end]


def excerpt(text: str) -> str:
    """At most LONGEST characters and a newline: a 10 MB text is cut, not choked on."""
    whole = strip_suffix(text)
    return whole if len(whole) <= LONGEST else f"{whole[:_HALF]}\n{whole[-_HALF:]}"


def gist_of(text: str) -> str:
    """What says what happened: of a text with a stack its most telling line, as of any output, else its lines with words."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and any(STACK.match(line) for line in lines):
        return find_in_text(text) or "\n".join(lines)
    return "\n".join(lines)
