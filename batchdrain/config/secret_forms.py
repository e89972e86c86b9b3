"""The forms in which a secret may occur in a text: as it is, escaped for JSON, Python, HTML, a URL or a shell, and in base64.

Secrets in hex, reversed or split up are not looked for.
"""

from __future__ import annotations

import base64
import html
import itertools
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Final

LEAST_CHARS: Final = 6
"""Shorter secrets would be found everywhere."""
_PLAIN: Final = frozenset(string.ascii_letters + string.digits + "_-.~")
"""Characters that no form escapes."""
_PIECES: Final = re.compile(r"[A-Za-z0-9_.~-]+")
_IN_BASE64: Final = {"+": r"(?>%2[bB]|\\u002[bB]|[+-])", "/": r"(?>%2[fF]|\\u002[fF]|\\/|[/_])"}
"""These characters in both base64 alphabets, and escaped for a URL or for JSON."""
_NAMED: Final = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f", "\v": "v", "\a": "a"}
_LONG_RUN: Final = 16
_OF_SHELLS: Final = ("'\"'\"'", "'\\''")
"""A quote within single quotes, as `shlex.quote` writes it and as people do."""


@dataclass(frozen=True, slots=True)
class Form:
    """One or more forms of a secret. Compiling the pattern is expensive, so it is done only for a text that contains
    `piece`."""

    text: str
    is_base64: bool

    @property
    def piece(self) -> str:
        """The longest part that all forms share; '' if there is none."""
        pieces = re.findall(r"[A-Za-z0-9]+", self.text) if self.is_base64 else _PIECES.findall(self.text)
        return max(pieces, key=len, default="")

    def compile(self) -> re.Pattern[str]:
        """The pattern that matches all forms."""
        if self.is_base64:
            return re.compile("".join(_IN_BASE64.get(sign, sign) for sign in self.text))
        nested = sorted({*_nested(self.text)} - {self.text}, key=lambda form: (-len(form), form))
        # The secret as it is comes last: its own '%' could be taken for the beginning of an escape.
        return re.compile("|".join((*map(re.escape, nested), _escaped_all(self.text), re.escape(self.text))))


def forms_of(secret: str) -> Iterator[Form]:
    """The forms of a secret; none if it is too short."""
    if len(secret) < LEAST_CHARS:
        return
    raw = secret.encode("utf-8", "surrogateescape")
    yield Form(secret, is_base64=False)
    yield Form(raw.decode(errors="replace"), is_base64=False)  # what we read when a command prints it
    for before in range(3):  # per offset in a group: the part that no neighbour changes
        encoded = base64.b64encode(b"\0" * before + raw).decode()
        core = encoded[-(-8 * before // 6) : 8 * (before + len(raw)) // 6]
        if len(core) >= LEAST_CHARS:
            yield Form(core, is_base64=True)


def _nested(text: str) -> Iterator[str]:
    """The secret in JSON within JSON or within a Python string, up to three levels deep. Each level doubles the
    backslashes."""
    for encode in (encode_basestring_ascii, encode_basestring):
        inner = encode(text)[1:-1]
        for _ in range(2):
            doubled = inner.replace("\\", "\\\\")
            yield from (doubled, doubled.replace("'", "\\'"))
            inner = doubled.replace('"', '\\"')
            yield inner


def _escaped_all(text: str) -> str:
    """A pattern of each character or its escapes. A long run of one character becomes a repeat count: a pattern of full
    length would take seconds to compile."""
    runs = ((_escaped(sign), len(list(run))) for sign, run in itertools.groupby(text))
    return "".join(one * times if times < _LONG_RUN else f"{one}{{{times}}}" for one, times in runs)


def _escaped(sign: str) -> str:
    """A pattern of one character or its escapes. It is atomic: a text of many backslashes must not cause backtracking."""
    if sign in _PLAIN:
        return re.escape(sign)
    found = {re.escape(sign), *map(re.escape, _backslashed(sign)), *_in_html(sign)}
    found.add("".join(f"%{_any_case(f'{byte:02x}')}" for byte in sign.encode("utf-8", "surrogateescape")))
    if sign == " ":
        found.add(r"\+")
    if sign == "'":
        found.update(map(re.escape, _OF_SHELLS))
    if sign == '"':
        found.add('""')
    return f"(?>{'|'.join(sorted(found, key=lambda form: (-len(form), form)))})"


def _backslashed(sign: str) -> Iterator[str]:
    code = ord(sign)
    if sign in _NAMED:
        yield f"\\{_NAMED[sign]}"
    elif sign in string.punctuation or sign == " ":
        yield f"\\{sign}"
    for digits in dict.fromkeys(("02x", "02X")):
        if code < 0x100:
            yield f"\\x{code:{digits}}"
        yield "".join(f"\\x{byte:{digits}}" for byte in sign.encode("utf-8", "surrogateescape"))
    for digits in ("04x", "04X"):
        raw = sign.encode("utf-16-be", "surrogatepass")
        yield "".join(f"\\u{int.from_bytes(raw[at : at + 2]):{digits}}" for at in range(0, len(raw), 2))
    yield f"\\U{code:08x}"


def _in_html(sign: str) -> Iterator[str]:
    code = ord(sign)
    yield rf"&\#0*{code};"
    yield rf"&\#[xX]0*{_any_case(f'{code:x}')};"
    if (named := html.escape(sign)) != sign:
        yield re.escape(named)
    if sign == "'":
        yield "&apos;"


def _any_case(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)
