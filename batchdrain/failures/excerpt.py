"""What of a failure text is looked at: not batchdrain's own suffix, and of a long text its head and its tail."""

from __future__ import annotations

import re
from typing import Final

from batchdrain.failures.meaningful_line import find_in_text
from batchdrain.failures.suffix import strip_suffix

LONGEST: Final = 8_192
_HALF: Final = LONGEST // 2
STACK: Final = re.compile(
    r"\s*(?:Traceback \(most recent call last\)|File \"|at (?:[\w$.<>/]{1,200} ?\(|[/\w.-]{1,200}:\d)|from \S{1,200}:\d+:in |goroutine \d)"
)


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
