"""JSON as it is printed, and as it stands in files: it can be shown on any terminal and in any CI's log.

What would be obeyed there, or could not be seen, is escaped as JSON escapes it: whoever parses it gets the same values.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

import orjson

from batchdrain.runtime.text import COMMAND_OF_CI, UNSEEN

_HARMFUL: Final = re.compile(
    # "::" at the start of a text or of a line of it, or behind a blank. All of these stand between quotes alone.
    rf'[{UNSEEN}]|{COMMAND_OF_CI}|::(?:(?<=["\s{UNSEEN}]::)|(?<=\\[bfnrt]::)|(?<=\\u[\da-fA-F]{{4}}::))'
)
_BEYOND_ASCII: Final = re.compile("[^\x00-\x7f]")


def to_json(found: object, *, indent: bool = False) -> bytes:
    """UTF-8. Takes what orjson refuses: lone surrogates, numbers beyond 64 bits."""
    try:
        raw = orjson.dumps(found, option=orjson.OPT_INDENT_2 if indent else 0)
    except TypeError:
        raw = json.dumps(found, allow_nan=False, indent=2 if indent else None).encode()
    return _to_harmless(raw.decode()).encode() if _may_harm(raw) else raw


def to_json_line(found: dict[str, Any]) -> str:
    """ASCII, without a line break. What JSON has no form for is written as text."""
    text = json.dumps(found, ensure_ascii=True, allow_nan=False, default=str)
    return _to_harmless(text) if _may_harm(text.encode()) else text


def to_ascii(text: str) -> str:
    """The same JSON, for a stream that takes nothing else."""
    return _BEYOND_ASCII.sub(_escape, text)


def _may_harm(raw: bytes) -> bool:
    return not raw.isascii() or b"::" in raw or b"##" in raw or b"\x7f" in raw


def _to_harmless(text: str) -> str:
    return _HARMFUL.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place : place + 2].hex()}" for place in range(0, len(units), 2))
