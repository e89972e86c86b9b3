"""Keys for messages that differ only in values, so that a masked result can be reused.

In a key, a token stands for itself, unless the rules of fingerprints see nothing in it but a value. The rules do look into a
value that has the form of a code (at most 12 characters), of a number or of a route; into the latter two only after certain
words.

`rough_key_of` makes such a key for a whole message in one pass, and recognises fewer values. If its key is known, the message
need not be split.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from batchdrain.failures.token_shapes import CODES, MASK, METHODS, shape_of

ANSWERED: Final = frozenset(["error", "returned", "response", "responded", "answered", "replied", "got", "received"])
"""A number after one of these is an HTTP code."""
_ASKS_FOR_ROUTE: Final = frozenset(one.lower() for one in METHODS)
_ASKS_FOR_NUMBER: Final = CODES | ANSWERED | _ASKS_FOR_ROUTE | {"with"}
_VALUE: Final = "\n"
_NUMBER: Final = "\t"
_ROUTE: Final = "\x1c"
_BEFORE_NUMBER: Final = "\r"
_BEFORE_ROUTE: Final = "\x1d"
"""All five markers are whitespace, which no token contains."""
_CODE_CHARS: Final = 12
_NUMBER_CHARS: Final = 5
_TOKEN_CHARS: Final = 100
_LONGEST: Final = 500
_WORDS: Final = 4_096
_words: dict[str, str] = {}  # keys of words
_SURE: Final = re.compile(
    r" (?:[0-9]{6,}[,;.]*|\(?(?![0-9]+[,;:.)]*(?: |\Z)|[^ ]*\.\.)"
    r"(?:(?:(?=[a-z_./:@+~-]*[0-9])(?!http)[a-z0-9_]|(?:https?:/)?/)[a-z0-9_./:@+~-]{11,}[a-z0-9_/~-]"
    r"|(?=[a-f]*[0-9])[0-9a-f]{12})[,;:.)]*)(?= |\Z)"
)  # it begins with a blank, so that only blanks are tried
"""Tokens that `key_of` takes for nothing but values, unless an HTTP method is among the others. They are in lower case, so
that no exception's name is among them, and longer than any code."""


def key_of(tokens: Sequence[str]) -> str:
    """The key; '' if it would be too long."""
    keys = [_words.get(token) or _key_of(token) for token in tokens]
    key = " ".join(keys)
    for context, value in ((_BEFORE_NUMBER, _NUMBER), (_BEFORE_ROUTE, _ROUTE)):
        if context in key and value in key:
            keys = [token if one == value else one for one, token in zip(keys, tokens, strict=True)]
            key = " ".join(keys)
    return key if len(key) <= _LONGEST else ""


def rough_key_of(message: str) -> str:
    """The key; '' if there is none. Messages with the same one are masked alike, unless `is_about_a_route` is true of their
    `key_of`."""
    key = _SURE.sub(f" {_VALUE}", f" {message}")[1:] if message.isprintable() else ""
    return key if len(key) <= _LONGEST else ""


def asks_for_number(key: str) -> bool:
    """Whether a number of the message with this key may be a code."""
    return _BEFORE_NUMBER in key


def is_about_a_route(key: str) -> bool:
    """Whether the message with this key contains an HTTP method."""
    return _BEFORE_ROUTE in key


def _key_of(token: str) -> str:
    """The key of one token. Words are remembered; values do not occur again."""
    core, kept = shape_of.__wrapped__(token)
    if kept != MASK:
        key = token + _BEFORE_NUMBER if kept in _ASKS_FOR_NUMBER or kept.startswith(("http", "/")) else token
        key += _BEFORE_ROUTE if kept in _ASKS_FOR_ROUTE else ""
        if len(token) <= _TOKEN_CHARS:
            if len(_words) >= _WORDS:
                _words.clear()
            _words[token] = key
        return key
    if not core or len(token) > _TOKEN_CHARS:
        return token
    if core.startswith("HTTP/") or (core.startswith("http") and "://" not in core):
        return token + _BEFORE_NUMBER
    if core.isdecimal():
        if token[0] in "([" or token[-1] in ":]":
            return token
        return _VALUE if len(core) > _NUMBER_CHARS else _NUMBER
    if len(core) < _CODE_CHARS or (len(core) == _CODE_CHARS and "/" in core):
        return token
    return _ROUTE if core[0] in "/h" else _VALUE
