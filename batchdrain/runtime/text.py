"""Ids and failure texts are hostile data. What a sink may show of them, and what a database can keep."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

STORED_CHARS: Final = 16_000  #: at most 64 kB of UTF-8
_UNSAFE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff\ufff9-\ufffb]"
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def safe_text(text: str, *, limit: int = 2_000) -> str:
    """One line for people: controls, bidi and zero-width characters and surrogates as escapes, cut at `limit`."""
    cut = text if len(text) <= limit else text[: limit - 1] + "…"
    return _UNSAFE.sub(_escape, cut)


def to_storable(text: str) -> str:
    """What every database takes: no NUL (shown as U+2400), no lone surrogate, at most 64 kB."""
    return _SURROGATE.sub("\ufffd", text[:STORED_CHARS].replace("\x00", "\u2400"))


def to_printable(text: str, encoding: str | None) -> str:
    """`text` with ASCII stand-ins for what a stream of `encoding` can't take."""
    for sign, stand_in in (("✓", "[ok]"), ("✗", "[x]"), ("…", "...")):
        if not _can_encode(sign, encoding):
            text = text.replace(sign, stand_in)
    return text.encode(encoding or "ascii", "backslashreplace").decode(encoding or "ascii")


def _can_encode(sign: str, encoding: str | None) -> bool:
    try:
        sign.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def slug_of(text: str) -> str:
    """At most 40 harmless characters of an id, for people who look through a folder; never a name by itself."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:40].strip(".-") or "phase"


def to_shown_path(path: Path) -> str:
    """A path for people: relative to where they stand, if it is below."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):  # elsewhere, or the folder we stand in is gone
        return str(path)


def describe_ending(state: str, exit_code: int | None, signal: int | None = None, *, success: bool) -> str:
    """A final state for people: 'COMPLETE, exit 3' where a command that succeeded did not end as one."""
    if success and signal is not None:
        return f"{state}, killed by signal {signal}"
    return f"{state}, exit {exit_code}" if success and exit_code else state


def count_times(number: int) -> str:
    """'once', '2 times'."""
    return "once" if number == 1 else f"{number} times"
