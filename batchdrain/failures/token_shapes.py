"""Judges one token of a failure text by its form alone: a word, a value, or a name that contains a word worth keeping.

No rule names a program or a text. The closed lists hold what standards and grammar define: HTTP methods, units, days and
months, words before codes, and the endings of exception names in various languages.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

MASK: Final = "*"
DATES: Final = frozenset([
        "mon", "tue", "wed", "thu", "fri", "sat", "sun", "monday", "tuesday", "wednesday", "thursday", "friday",
        "saturday", "sunday", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        "january", "february", "march", "april", "june", "july", "august", "september", "october", "november",
        "december",
    ])  # fmt: skip
UNITS: Final = frozenset([
        "b", "byte", "bytes", "kb", "mb", "gb", "tb", "kib", "mib", "gib", "k", "m", "g", "ms", "msec", "msecs", "us",
        "ns", "s", "sec", "secs", "second", "seconds", "min", "mins", "minute", "minutes", "h", "hour", "hours",
        "day", "days", "%", "percent", "am", "pm", "utc", "gmt",
    ])  # fmt: skip
METHODS: Final = frozenset(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"])
CODES: Final = frozenset([
        "code", "codes", "status", "http", "exit", "exited", "errno", "signal", "rc", "returncode", "sqlstate",
        "retcode", "exitcode", "hresult",
    ])  # fmt: skip
"""After one of these a number says what failed, not how much."""
_CODED: Final = CODES | {"error", "warning", "err"}
_NAME_KEYS: Final = frozenset([
        "user", "username", "account", "host", "hostname", "node", "worker", "runner", "branch", "name", "id", "uid",
        "euid", "gid", "pid", "tid", "path", "file", "dir", "url", "addr", "address", "ip", "port", "tag", "key",
        "token", "session", "job", "task", "time", "date", "at", "ts",
    ])  # fmt: skip
"""Keys that end with one of these words have a name as their value."""
_NOTHING: Final = frozenset(["null", "none", "nil"])
_OPENING: Final = "([{<\"'`*"
_CLOSING: Final = ")]}>\"'`*,;:.!?"
_DIGITS: Final = frozenset("0123456789")
_VALUE_SIGNS: Final = frozenset("0123456789/\\@")
_NAME_SIGNS: Final = frozenset(".$")
"""These come before the name of a hidden file, a field or a variable."""
_FAULT: Final = re.compile(
    r"(?:[A-Za-z0-9_$]+(?:\.|::|\\|/))*((?:[A-Z][A-Za-z0-9_]*)?(?:Error|Exception|Failure|Fault|Rejection|Interrupt|Exceeded|Violation"
    r"|NotFound|Timeout|ExceptionGroup|Refused|Denied|Warning|Exit)|E[A-Z]{3,}|(?<=exceptions\.)[A-Z][A-Za-z]+|(?<=errors\.)[A-Z][A-Za-z]+)"
)
_FAULT_ENDS: Final = frozenset("degnprt")
"""The last letters of these words. Most tokens end with another letter and need not be tried."""
_CODE: Final = re.compile(r"[A-Z]{1,3}\d{3,5}|[A-Z]{2,5}-\d{5}")
_CODE_DIGITS: Final = 3
_BRACKETED_CODE: Final = re.compile(r"([A-Za-z]+)[\[(]([A-Za-z]{0,8}-?\d{1,6}|[A-Z0-9]{5})[\])]?")
_PAIR: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]{0,40})=(.{0,2000})", re.DOTALL)
_PLAIN: Final = re.compile(r"[A-Za-z]+(?:[_-][A-Za-z]+)*")
_ENDING: Final = re.compile(
    r"-?\d{1,3}(?:/[A-Z]{2,20}|:\d{1,3})?|[A-Z]{0,4}\d{1,4}|[A-Za-z_]{1,20}|(?=[A-Z0-9]*[A-Z])[A-Z0-9]{5}"
)
_LEADER: Final = re.compile(r"([A-Za-z]+)\.{3,}\S*")
_PROCESS: Final = re.compile(r"([A-Za-z]+)\[\d{1,10}\]?")
_CALL: Final = re.compile(r"([A-Za-z_][A-Za-z_.]{0,60})\((?![\d\s,.]*\)?\Z).*", re.DOTALL)
_CONSTANT: Final = re.compile(r"(?:[A-Za-z_]\w*\.)+([A-Z]{2,}(?:_[A-Z]+)*)")
_HEX: Final = re.compile(r"[0-9a-fA-F]{8,}")
_DOTTED: Final = re.compile(r"[A-Za-z_$][\w$-]*(?:(?:\.[\w$*-]+){2,}|\.[a-z][a-z-]*)(?::\S*)?")
_NAME_AND_TAG: Final = re.compile(
    r"[a-z0-9]+(?:-[a-z0-9]+)*-(?!(?:state|status|mode|level|reason|error|type|code):)[a-z0-9]+:[a-z][a-z0-9_-]*"
)
"""Such as 'web-app:latest'."""
_VERSION: Final = re.compile(r"v\d(?:\.\d)?")


@lru_cache(maxsize=4096)
def shape_of(token: str) -> tuple[str, str]:
    """(the token without surrounding brackets and punctuation; what is kept of it: MASK for a value, else words in lower
    case)."""
    core = token.lstrip(_OPENING).rstrip(_CLOSING)
    if not core:
        return core, MASK
    return core, core.lower() if core.isalpha() else _shape_of(core)


def is_code(core: str) -> bool:
    """Whether it has the form in which compilers and linters number their findings."""
    return _CODE.fullmatch(core) is not None


def tells_failures_apart(core: str) -> bool:
    """Whether it is an exception's class, a system error, the number of a finding, or as short as exit codes and HTTP
    codes."""
    return _FAULT.fullmatch(core) is not None or is_code(core) or (core.isdecimal() and len(core) <= _CODE_DIGITS)


def shape_of_route(path: str) -> str:
    """The path of a request without values: its host, its query, and the segments with digits are masked."""
    _, scheme, rest = path.partition("://")
    segments = (f"/{rest.partition('/')[2]}" if scheme else path).partition("?")[0].split("/")[:8]
    return "/".join(MASK if _is_id(one) else one.lower() for one in segments)


def _is_id(segment: str) -> bool:
    """Whether a segment is an id, such as '42' or a hash. 'v2' is a version of an interface."""
    if _VERSION.fullmatch(segment):
        return False
    return not _DIGITS.isdisjoint(segment) or len(segment) > 40 or "<" in segment


def _shape_of(core: str) -> str:
    if "=" in core and "==" not in core and (found := _PAIR.fullmatch(core)) is not None:
        return _shape_of_pair(found[1], found[2])
    if ("(" in core or "[" in core) and (kept := _shape_of_brackets(core)):
        return kept
    if core[0] in _VALUE_SIGNS or core[0] in _NAME_SIGNS:
        return MASK
    last = core[-1]
    may_be_fault = (last in _FAULT_ENDS or "A" <= last <= "Z") and not core.islower()
    if (may_be_fault and (found := _FAULT.fullmatch(core)) is not None) or (
        ".." in core and (found := _LEADER.fullmatch(core)) is not None
    ):
        return found[1].lower()
    if not _is_value(core):
        return core.lower()
    found = _CONSTANT.fullmatch(core) if "A" <= last <= "Z" else None
    return MASK if found is None else found[1].lower()


def _shape_of_brackets(core: str) -> str:
    """What is kept of an error with its number, a process with its number, or a call with its arguments; '' for anything
    else."""
    found = _BRACKETED_CODE.fullmatch(core)
    if found is not None and found[1].lower() in _CODED:
        return core.lower()
    found = _PROCESS.fullmatch(core) or _CALL.fullmatch(core)
    return "" if found is None else found[1].lower()


def _shape_of_pair(key: str, value: str) -> str:
    if _is_value(key):
        return MASK
    name = key.lower()
    bare = value.strip(_OPENING + _CLOSING)
    last = name.replace("-", "_").rpartition("_")[2]
    if last in CODES and _ENDING.fullmatch(bare):
        return f"{name}={bare.lower()}"
    if last in _NAME_KEYS or not _PLAIN.fullmatch(bare) or bare.lower() in _NOTHING or _HEX.fullmatch(bare):
        return f"{name}={MASK}"
    return f"{name}={bare.lower()}"


def _is_value(core: str) -> bool:
    """Whether it has the form of a value: it has a digit, or is a path, an address, a hash, a host, a file or an option."""
    if core[0] == "-" or "::" in core or "==" in core or "*" in core or not _VALUE_SIGNS.isdisjoint(core):
        return True
    if ":" in core and _NAME_AND_TAG.fullmatch(core):
        return True
    return bool("$" in core[1:] or _HEX.fullmatch(core) or _DOTTED.fullmatch(core))
