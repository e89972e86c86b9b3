"""Finds the message in a failure text that is a JSON document, as programs log them. Pure, and linear in the text.

Two documents about one failure differ in ids and times, but their messages are alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from batchdrain.failures.patterns import make_pattern

MESSAGES: Final = (
    "message",
    "error_message",
    "exception_message",
    "exc_message",
    "msg",
    "reason",
    "detail",
    "details",
    "error",
    "exception",
)
"""Keys that may hold the message, the likeliest first."""
_KINDS: Final = ("type", "error_type", "exception_type", "exc_type", "exception_class", "class", "error_class")
_CODES: Final = ("code", "status", "status_code", "error_code", "http_status", "errno", "exit_code")
_CAUSES: Final = ("error", "exception", "reason", "detail", "details", "cause", "err")
"""Keys beside a message that may hold its cause."""
_CODE: Final = make_pattern(r"-?[A-Za-z_]{0,30}\d{1,5}|[A-Z][A-Z_]{2,40}")
_KIND: Final = make_pattern(r"[A-Za-z_][\w.:$]{0,200}")
_DEEPEST: Final = 8
_OPENS: Final = make_pattern(r"\s*(?:\[\s*)?\{\s*\"")
_CUT: Final = make_pattern(rf'"({"|".join(MESSAGES)})"\s{{0,20}}:\s{{0,20}}"((?:[^"\\]|\\.){{1,2000}})')


def find_message(text: str) -> str | None:
    """The message, with the kind and the code of the error before it if they are beside it. None if the text is not such a
    document, or has no message under a known key. A document that was cut is read as far as it goes."""
    if not _OPENS.match(text):
        return None
    try:
        found = min(_walk(json.loads(text), 0), default=None)
    except (ValueError, RecursionError):
        return _find_in_part(text)
    return None if found is None else found[-1]


def _walk(value: Any, depth: int) -> Iterator[tuple[int, int, str]]:
    """(rank of the key, depth, message) for each message: sorting puts the likelier key first, then the outer one."""
    if depth >= _DEEPEST:
        return
    if isinstance(value, list):
        for one in value[:1]:
            yield from _walk(one, depth)
        return
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        rank = MESSAGES.index(key.lower()) if key.lower() in MESSAGES else -1
        if rank >= 0 and isinstance(inner, str) and inner.strip():
            yield (rank, depth, _with_kind(value, inner))
        else:
            yield from _walk(inner, depth + 1)


def _with_kind(beside: dict[str, Any], message: str) -> str:
    kind = next((one for key in _KINDS if isinstance(one := beside.get(key), str) and _KIND.fullmatch(one)), "")
    code = next((f"{key} {one}" for key in _CODES if (one := beside.get(key)) is not None and _CODE.fullmatch(str(one))), "")
    known = f"{kind}: {message}" if kind and kind not in message else message
    cause = next((one for key in _CAUSES if (one := _cause_of(beside.get(key))) and one not in known), "")
    if cause:  # 'Job failed' does not say what failed
        known = cause if message in cause else f"{known}: {cause}"
    return f"{code}: {known}" if code else known


def _cause_of(value: Any) -> str:
    """The text, or the message within the value; '' if there is neither."""
    if isinstance(value, str):
        return value.strip()
    if not isinstance(value, dict):
        return ""
    return next((one.strip() for key in MESSAGES if isinstance(one := value.get(key), str)), "")


def _find_in_part(text: str) -> str | None:
    found = min(((MESSAGES.index(one[1]), one.start(), one[2]) for one in _CUT.finditer(text)), default=None)
    if found is None:
        return None
    try:
        return str(json.loads(f'"{found[-1]}"'))
    except ValueError:  # cut within an escape
        return found[-1]
