"""The part of a failure text that is looked at: without batchdrain's own suffix, and of a long text only its head and
tail."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from batchdrain.failures.meaningful_line import find_in_text
from batchdrain.failures.suffix import strip_suffix

LONGEST: Final = 8_192
_HALF: Final = LONGEST // 2
_SHORT: Final = 100
_NO_NEWS: Final = re.compile(
    r"(?i:\W*+(?:(?:the|an?|its?|command|process|program|script|job|task|step|phase|run|build|child|failed|failure|fails|errors?|fatal|unknown"
    r"|unspecified|and|with|for|printed|nothing|no|output|message|reason|given|exited|ended|terminated|abnormally|unexpectedly|is|was|has"
    r"|occurred|happened)\b\W*+)+)"
)
_END: Final = re.compile(r" \[(?:(?:killed by )?signal (\d+)|exit (?:code )?(-?\d+))")
STACK: Final = re.compile(
    r"\s*(?:Traceback \(most recent call last\)|File \"|at (?:[\w$.<>/]{1,200} ?\(|[/\w.-]{1,200}:\d)|from \S{1,200}:\d+:in |goroutine \d)"
)


def excerpt(text: str) -> str:
    """At most LONGEST characters and a newline: a text of 10 MB is cut."""
    whole = strip_suffix(text) if text.endswith(("]", " ")) else text
    return whole if len(whole) <= LONGEST else f"{whole[:_HALF]}\n{whole[-_HALF:]}"


def excerpt_with_end(text: str) -> str:
    """The excerpt. If its words only say that something failed, how the command ended is kept too: a crash is not an exit
    code 3."""
    whole = excerpt(text)
    if len(whole) < len(text) and says_nothing(whole) and (end := end_of(text)):
        return f"{whole} [{end}]"
    return whole


def end_of(text: str) -> str:
    """'exit 3' or 'signal 11', taken from batchdrain's own suffix; '' if there is none."""
    if not text.rstrip(" ").endswith("]"):
        return ""
    found = _END.match(text, len(strip_suffix(text)))
    return "" if found is None else f"{'signal' if found[2] is None else 'exit'} {found[1] or found[2]}"


def says_nothing(words: str) -> bool:
    """Whether a text says no more than that something failed."""
    return len(words) <= _SHORT and _NO_NEWS.fullmatch(words) is not None


def gist_of(text: str) -> str:
    """The part that says what happened: the most telling line of a text with a stack, else all lines that are not blank."""
    if text.isprintable() and not text.isspace():  # one line
        return text
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and any(STACK.match(line) for line in lines):
        return telling_line(text) or "\n".join(lines)
    return "\n".join(lines)


@lru_cache(maxsize=32)
def telling_line(text: str) -> str:
    """The most telling line of a text; '' if no line has words. Remembered, as both category and fingerprint need it."""
    return find_in_text(text)
