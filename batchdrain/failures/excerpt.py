"""What of a failure text is looked at: not batchdrain's own suffix, and of a long text its head and its tail."""

from __future__ import annotations

from typing import Final

from batchdrain.failures.suffix import strip_suffix

LONGEST: Final = 8_192
_HALF: Final = LONGEST // 2


def excerpt(text: str) -> str:
    """At most LONGEST characters and a newline: a 10 MB text is cut, not choked on."""
    whole = strip_suffix(text)
    return whole if len(whole) <= LONGEST else f"{whole[:_HALF]}\n{whole[-_HALF:]}"


def gist_of(text: str) -> str:
    """The line that says what happened: of a traceback its last exception, else the text without blank lines."""
    lines = [line for line in text.splitlines() if line.strip()]
    if any(line.lstrip().startswith(("Traceback (most recent call last)", 'File "')) for line in lines):
        ends = [line for line in lines if not line[0].isspace() and not line.startswith("Traceback (")]
        if ends:
            return ends[-1]
    return "\n".join(lines)
