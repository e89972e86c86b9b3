"""Fingerprints by the first version of the rules, for stored ones that have no example text.

Do not change this: it finds the clusters again that people accepted, and the plans that they made.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from batchdrain.failures.excerpt import excerpt, gist_of

_LONGEST: Final = 300
_MASK: Final = "*"
_TOKENS: Final = 120
_ESCAPE: Final = re.compile(r"\x1b\[[0-9;?]{0,20}[A-Za-z]")
_LIMIT: Final = re.compile(r"\A(Timed out after [\d.e+]{1,20} s) \(limit: [^\n]{0,300}?\)(?=:|\Z)")
_QUOTED: Final = re.compile(r"\"[^\"\n]{0,200}\"|(?<![A-Za-z0-9])'[^'\n]{0,200}'(?![A-Za-z])|`[^`\n]{0,200}`")
_QUANTITY: Final = re.compile(r"\(\s?[<>~]?[\d.,]{1,20}\s?[A-Za-z%]{0,8}\s?\)")
_PAIR: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,40})=(.{1,2000})", re.DOTALL)
_HOST: Final = re.compile(r"(?:[a-z][a-z-]{0,60}\.){2,8}[a-z]{2,10}(?::\S{0,8})?")
_HEX: Final = re.compile(r"[0-9a-f]{8,}", re.IGNORECASE)
_FILE: Final = re.compile(r"[\w-]{1,80}\.[a-z]{1,5}")
_DIGITS: Final = re.compile(r"\d[\d.,:]{0,40}")
_OF_LIMIT: Final = re.compile(
    r"\Atimed out after \* limit (?:timeout\.(?:min_s above|max_s below) )?"
    r"(?:timeout\.default_s|\* x \* of \* durations of run type \*(?: after [a-z]+ failures)?)"
    r"(?: (?:doubled|\* times that) (?:after a timeout|because the command asked for time))?"
)
_OPENING: Final = "([{<\"'`*"
_CLOSING: Final = ")]}>\"'`*,;:.!?"
_DAYS: Final = frozenset({"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"})
_MONTHS: Final = frozenset({"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"})
_UNITS: Final = frozenset(
    {
        "b", "byte", "bytes", "kb", "mb", "gb", "tb", "kib", "mib", "gib", "ms", "msec", "msecs", "us", "ns", "s", "sec", "secs",
        "second", "seconds", "min", "mins", "minute", "minutes", "h", "hour", "hours", "day", "days", "%", "percent", "am", "pm",
    }
)  # fmt: skip
_NAMED_NEXT: Final = frozenset({"user", "username", "account", "host", "hostname", "node", "worker", "runner", "branch"})
_TITLED_NEXT: Final = frozenset({"phase", "run", "job", "task", "step", "stage", "build", "pipeline", "container", "pod"})
_CODED_NEXT: Final = frozenset({"code", "status", "http", "errno", "signal"})
_CODE_DIGITS: Final = 3
_TRUTH: Final = frozenset({"true", "false", "null", "none", "nil"})


@lru_cache(maxsize=512)
def former_fingerprint(text: str | None) -> str:
    """The fingerprint by the rules of version 1. At most 300 characters; '' if there is no text."""
    if text is None or not text.strip():
        return ""
    message = _ESCAPE.sub("", gist_of(_LIMIT.sub(r"\1", excerpt(text))))  # who set the limit is not part of the failure
    message = _QUANTITY.sub(" ", _QUOTED.sub(f" {_MASK} ", message))
    masked: list[str] = []
    for token in message.split(None, _TOKENS)[:_TOKENS]:
        before = masked[-1] if masked else ""
        kept = _mask(token, before)
        if kept == "from" and masked[-2:-1] == ["for"]:
            masked[-1] = _MASK  # 'for <somebody> from <somewhere>'
        if kept == _MASK and before == _MASK:
            continue  # a list of variable length
        masked.append(kept)
    if masked == [_MASK]:  # nothing else is left: keep the letters
        masked = [_DIGITS.sub(_MASK, message.strip())]
    return " ".join(masked).lower()[:_LONGEST].strip()


def renew_former(fingerprint: str) -> str:
    """Remove who set the limit from the fingerprint of a timeout that is older than the commit after bd1f117; all later ones
    of version 1 lack it."""
    return _OF_LIMIT.sub("timed out after *", fingerprint)


def _mask(token: str, before: str) -> str:
    core = token.lstrip(_OPENING).rstrip(_CLOSING)
    if not core or before.lower() in _NAMED_NEXT or core in _DAYS or core in _MONTHS:
        return _MASK
    if before.lower() in _TITLED_NEXT and ("-" in core or "_" in core):
        return _MASK  # a name, not a word
    if not before and token.startswith("[") and token.endswith("]"):
        return _MASK  # the name of who reports the failure
    if before.lower() in _CODED_NEXT and core.isdecimal() and len(core) <= _CODE_DIGITS:
        return core  # an exit code or a status says what failed, not how much
    if before == _MASK and core.lower() in _UNITS:
        return _MASK
    pair = _PAIR.fullmatch(core)
    if pair is not None and not _is_variable(pair[1]):
        value = pair[2].strip(_OPENING + _CLOSING)
        named = pair[1].lower() in _NAMED_NEXT or value.lower() in _TRUTH
        return f"{pair[1]}={_MASK if named or _is_variable(value) else value}"
    return _MASK if _is_variable(core) else core


def _is_variable(core: str) -> bool:
    """Whether a token looks like a value: it has a digit, or is a path, an address, a hash, a host or a file."""
    if any(character.isdigit() or character in "/\\@" for character in core):
        return True
    return bool(_HEX.fullmatch(core) or _HOST.fullmatch(core) or _FILE.fullmatch(core))
