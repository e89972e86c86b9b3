"""Ids and failure texts are hostile data. These functions make them safe to show and possible to store."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import Final

STORED_CHARS: Final = 16_000  #: at most 64 kB of UTF-8
READ_CHARS: Final = 65_536  #: of each failure text, where many rows are read at once
UNSEEN: Final = (
    "\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164"
    "\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
"""The inside of a regular expression's character class: control characters, changes of direction, characters without width,
lone surrogates. ASCII's own controls below 0x20 are not in it."""
COMMAND_OF_CI: Final = r"##(?=\[|(?i:vso|teamcity)\[)"
"""The CI runners of Azure, GitHub and TeamCity obey this anywhere in a line."""
_UNSAFE: Final = re.compile(f"[\x00-\x1f{UNSEEN}]")
_UNSAFE_IN_LINES: Final = re.compile(f"[\x00-\x08\x0b-\x1f{UNSEEN}]")
_COMMAND: Final = re.compile(rf"^[^\S\n]*::|{COMMAND_OF_CI}", re.MULTILINE)  # GitHub ignores blanks before it
_PRINTABLE: Final = bytes(range(0x20, 0x7F))
_SAFE_IN_LINES: Final = _PRINTABLE + b"\t\n"
_SAFE_CHARS: Final = 2_000
_DECIMALS: Final = 20
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _break(match: re.Match[str]) -> str:
    return match.group().replace("#", "\\x23", 1).replace(":", "\\x3a", 1)


def safe_text(text: str, *, limit: int | None = _SAFE_CHARS) -> str:
    """One line for people, cut at `limit` characters with an ellipsis (None: not cut). Control and invisible characters
    become escapes, and commands of CI runners are broken up."""
    return _COMMAND.sub(_break, _UNSAFE.sub(_escape, text if limit is None else cut_text(text, limit)))


def are_safe(texts: Sequence[str]) -> bool:
    """Whether `safe_text` would leave all of these unchanged. False if a quick check cannot tell."""
    joined = "\x00".join(texts)
    return _is_plain(joined, _PRINTABLE + b"\x00") and are_short(joined, len(texts), _SAFE_CHARS)


def are_short(joined: str, count: int, limit: int) -> bool:
    """Whether `joined` is `count` texts with a NUL between each two, and none of them has a NUL of its own or more than `limit`
    characters. It jumps from one NUL to another as far away as they may be, since asking a million texts for their lengths
    takes as long as comparing them."""
    if joined.count("\x00") != max(0, count - 1):
        return False
    start = 0
    while len(joined) - start > limit:
        end = joined.rfind("\x00", start, start + limit + 1)
        if end < 0:
            return False
        start = end + 1
    return True


def safe_lines(text: str) -> str:
    """Like `safe_text` for a text of several lines, which keeps its tabs. A safe text is returned unchanged."""
    if _is_plain(text, _SAFE_IN_LINES):
        return text  # a pattern would look at each character of a million lines
    return _COMMAND.sub(_break, _UNSAFE_IN_LINES.sub(_escape, text))


def _is_plain(text: str, allowed: bytes) -> bool:
    """Whether a text has these ASCII characters alone, and nothing that begins a command of a CI runner. It is searched from
    its end: where single colons are frequent, CPython takes four times as long for `in` as for `rfind`."""
    if not text.isascii() or text.encode().translate(None, allowed):
        return False
    return text.rfind("::") < 0 and ("#" not in text or text.rfind("##") < 0)


def to_percent(rate: float, limit: float | None = None) -> str:
    """66.6% for 2/3: cut after one decimal, never rounded, so that not all never looks like all. Beside a `limit`, as
    `to_limit_percent` shows it, a rate gets as many decimals as it takes to reach the limit on paper if it really does."""
    percent = _to_decimal(rate)
    for places in range(1, _DECIMALS):
        shown = percent.quantize(Decimal(1).scaleb(-places), ROUND_DOWN)
        if limit is None or (shown < _to_decimal(limit)) == (rate < limit):
            break
    return f"{shown:f}%"


def to_limit_percent(limit: float) -> str:
    """50.0% for 0.5, 50.04% for 0.5004: a limit is shown as it was given, with at least one decimal."""
    shown = f"{_to_decimal(limit):f}"
    head, _, decimals = shown.partition(".")
    return f"{head}.{decimals.rstrip('0') or '0'}%"


def _to_decimal(rate: float) -> Decimal:
    """The rate in percent, with the digits that a person would write: 28.9999… for 0.29 is not what anybody means."""
    return Decimal(repr(float(rate))).scaleb(2)


def is_nameable(text: str) -> bool:
    """Whether the text can be an id: not empty, no NUL, valid UTF-8."""
    if not text or "\x00" in text:
        return False
    return text.isascii() or _SURROGATE.search(text) is None


def cut_text(text: str, limit: int) -> str:
    """At most `limit` characters, with an ellipsis if something was cut."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def to_storable(text: str, limit: int = STORED_CHARS) -> str:
    """The text in a form that every database takes: no NUL (shown as U+2400), no lone surrogate, at most `limit`
    characters."""
    return _SURROGATE.sub("\ufffd", text[:limit].replace("\x00", "\u2400"))


def to_printable(text: str, encoding: str | None) -> str:
    """The text with ASCII substitutes for characters that a stream of `encoding` cannot take."""
    for sign, stand_in in (("✓", "[ok]"), ("✗", "[x]"), ("…", "...")):
        if not can_encode(sign, encoding):
            text = text.replace(sign, stand_in)
    return text.encode(encoding or "ascii", "backslashreplace").decode(encoding or "ascii")


def can_encode(text: str, encoding: str | None) -> bool:
    """Whether a stream of `encoding` takes the text unchanged."""
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def is_utf8(encoding: str | None) -> bool:
    """Whether the encoding is UTF-8, which JSON and scripts expect."""
    try:
        return codecs.lookup(encoding or "ascii").name == "utf-8"
    except LookupError:
        return False


def slug_of(text: str) -> str:
    """At most 40 harmless characters of an id, for people who look through a folder. It is not unique."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)[:40].strip(".-") or "phase"


def to_shown_path(path: Path) -> str:
    """A path for people: relative to the current folder if it is below it."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except (ValueError, OSError):  # it is elsewhere, or the current folder is gone
        return str(path)


def describe_ending(state: str, exit_code: int | None, signal: int | None = None, *, success: bool) -> str:
    """A final state for people, such as 'COMPLETE, exit 3' if a phase succeeded although its command ended with an error."""
    if success and signal is not None:
        return f"{state}, killed by signal {signal}"
    return f"{state}, exit {exit_code}" if success and exit_code else state


def count_times(number: int) -> str:
    """'once', '2 times'."""
    return "once" if number == 1 else f"{number} times"


def count_of(number: int, noun: str, plural: str = "") -> str:
    """'1 failed phase', '2 failed phases'. `plural`: for a plural that is not formed by adding an s."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def agree(number: float, one: str, more: str) -> str:
    """The word that agrees with the number: `one` for 1, else `more`, such as 'is' and 'are'."""
    return one if number == 1 else more
