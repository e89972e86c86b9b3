"""JSON for printing and for files, safe to show on any terminal and in any CI log.

Characters that would be obeyed there, or could not be seen, are escaped in JSON's own way, so that parsing gives the same
values.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import orjson

from batchdrain.runtime.text import COMMAND_OF_CI, UNSEEN

_HARMFUL: Final = re.compile(
    # "::" at the start of a text or of one of its lines, or after a blank. In JSON all of these occur only within quotes.
    rf'[{UNSEEN}]|{COMMAND_OF_CI}|::(?:(?<=["\s{UNSEEN}]::)|(?<=\\[bfnrt]::)|(?<=\\u[\da-fA-F]{{4}}::))'
)
_BEYOND_ASCII: Final = re.compile("[^\x00-\x7f]")


def to_json(found: object, *, indent: bool = False) -> bytes:
    """JSON in UTF-8. It also takes what orjson refuses: lone surrogates, and numbers beyond 64 bits."""
    try:
        raw = orjson.dumps(found, option=orjson.OPT_INDENT_2 if indent else 0)
    except TypeError:
        raw = json.dumps(found, allow_nan=False, indent=2 if indent else None).encode()
    return _to_harmless(raw.decode()).encode() if _may_harm(raw) else raw


def to_json_line(found: dict[str, Any]) -> str:
    """JSON in ASCII, on one line. Values that JSON cannot represent are written as text."""
    text = json.dumps(found, ensure_ascii=True, allow_nan=False, default=str)
    return _to_harmless(text) if _may_harm(text.encode()) else text


def to_ascii(text: str) -> str:
    """The same JSON in ASCII, for a stream that takes nothing else."""
    return _BEYOND_ASCII.sub(_escape, text)


def _may_harm(raw: bytes) -> bool:
    return not raw.isascii() or b"::" in raw or b"##" in raw or b"\x7f" in raw


def _to_harmless(text: str) -> str:
    return _HARMFUL.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))
