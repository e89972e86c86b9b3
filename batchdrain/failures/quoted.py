"""Decides what a quoted text is: mostly a name, which is masked; states, requests and sentences are kept as words."""

from __future__ import annotations

import re
from typing import Final

from batchdrain.failures.token_shapes import MASK, METHODS

QUOTED: Final = re.compile(
    r"(?=[\"'`‘“«‹])(?:(?:(?<=\{)|(?<=\{ )|(?<=,)|(?<=, ))[\"']([A-Za-z_]\w{0,40})[\"'] ?: ?|\"[^\"\n]{0,400}\"|(?<![A-Za-z0-9])'[^'\n]{0,200}'(?![A-Za-z])|`[^`'\n]{0,200}[`']"
    r"|[‘“«‹][^’”»›\n]{0,200}[’”»›])"
)
"""The key of an object with its colon, or a text in quotes. The look-ahead for the first character comes first, since most
positions in a text do not match."""
STATES: Final = frozenset([
        "up", "down", "on", "off", "open", "ok", "ready", "idle", "busy", "online", "offline", "unknown", "healthy",
        "unhealthy", "dead", "alive", "full", "empty", "yes", "no", "true", "false", "new", "done", "valid",
        "invalid", "success", "failure", "error", "fatal", "warning", "active", "inactive", "running", "stopped",
        "pending", "failed", "enabled", "disabled", "suspended", "completed", "canceled", "cancelled", "terminated",
        "paused", "blocked", "degraded", "available", "unavailable", "starting", "stopping", "waiting", "queued",
        "locked", "unlocked", "closed", "connected", "disconnected", "expired", "aborted", "killed", "crashed",
        "succeeded", "rejected", "denied", "accepted", "read-only", "nonetype", "undefined", "nan", "null", "none",
        "nil",
    ])  # fmt: skip
_STATE: Final = re.compile(r"[A-Z][A-Za-z]*(?:[Ee][Dd]|[Ii][Nn][Gg]|[Aa][Bb][Ll][Ee]|[Ii][Vv][Ee])|[A-Z]{3,}")
"""A capitalised participle or adjective, or a word in capitals, as in enumerations."""
_ASKED: Final = re.compile(r"(?:state|status|mode|level|result|condition|severity|became)\W{0,4}\Z", re.IGNORECASE)
_LETTERS: Final = re.compile(r"[A-Za-z_-]{2,40}")
_SENTENCE: Final = re.compile(r"[A-Za-z][A-Za-z',-]*(?: [A-Za-z][A-Za-z',-]*){2,}[.:!]?")
_BEGINS: Final = re.compile(r"[A-Z][A-Za-z']* [a-z][a-z',-]*(?=[ :.,]|\Z)|[1-5]\d\d [A-Z][a-z]")
"""A capitalised word and a small word, as sentences begin; or an HTTP code with its words."""
_MESSAGE: Final = re.compile(
    r"\b(?:message|msg|error|err|reason|detail|cause|description|title)[\"']? ?[:=] ?\Z", re.IGNORECASE
)
_BEFORE_MESSAGE: Final = re.compile(r"\b(?:error|fatal|message) \Z", re.IGNORECASE)
"""These words come right before a quoted message."""
_OF_KEY: Final = re.compile(r"(?:=|[{,] ?[\"'][A-Za-z_]\w{0,40}[\"'] ?: ?)\Z")
_LOOKED_BACK: Final = 48


def unquote(found: re.Match[str]) -> str:
    """The replacement of a quoted text."""
    if found[1]:  # the name of a field that has a list of errors is noise
        return f" {MASK} " if found.string.startswith(("['", '["'), found.end()) else f" {found[1]}="
    start = found.start()
    before = found.string[max(0, start - _LOOKED_BACK) : start]
    inner = found[0][1:-1].strip()
    is_value = before[-1:] in "=: " and _OF_KEY.search(before) is not None
    if " " in inner:
        is_kept = (
            inner.partition(" ")[0] in METHODS
            or _BEGINS.match(inner)
            or _SENTENCE.fullmatch(inner)
            or (is_value and _MESSAGE.search(before))
            or _BEFORE_MESSAGE.search(before)
        )
        if is_kept and ("'" in inner or '"' in inner or "`" in inner):
            inner = QUOTED.sub(unquote, inner)
        return f" {inner} " if is_kept else MASK if is_value else f" {MASK} "
    if inner.lower() in STATES or _STATE.fullmatch(inner):
        is_word = True
    else:
        is_word = _LETTERS.fullmatch(inner) is not None and _asks_for_word(before, is_value=is_value)
    if is_value:
        return inner if is_word else MASK
    return f" {inner} " if is_word else f" {MASK} "


def _asks_for_word(before: str, *, is_value: bool) -> bool:
    """Whether the words before announce a state or an event, and not a name."""
    return _ASKED.search(before) is not None or (is_value and _MESSAGE.search(before) is not None)
