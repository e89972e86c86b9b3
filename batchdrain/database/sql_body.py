"""Finds what the body of a trigger, a routine or a view names: tables, and the routines it calls.
When in doubt a name is included."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_COMMENTS: Final = r"/\*(?!M?!).*?\*/|/\*M?!\d*|\*/|--(?=\s|\Z)[^\n]*|#[^\n]*|@@?[\w$.]+|\s+"
_REST: Final = r"`(?P<quoted>(?:[^`]|``)+)`|(?P<bare>[\w$]+)|(?P<sign>.)"
_ESCAPED, _PLAIN = r"(?:[^{0}\\]|\\.|{0}{0})*", r"(?:[^{0}]|{0}{0})*"
_MODIFIERS: Final = frozenset({"LOW_PRIORITY", "HIGH_PRIORITY", "DELAYED", "QUICK", "IGNORE", "INTO", "FROM"})
_WRITES: Final = frozenset({"INSERT", "REPLACE", "UPDATE", "DELETE"})
_NO_STATEMENT: Final = frozenset({"FOR", "KEY", "ON"})
"""After these words UPDATE does not begin a statement."""
_UNCLEAR: Final = frozenset({"PREPARE", "EXECUTE", "OUTFILE", "DUMPFILE"})
Parts = tuple[str, ...]  #: a name, preceded by the parts before its dots


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlBody:
    """The names in a body, as they are written there."""

    named: frozenset[Parts]
    written: frozenset[Parts]  #: names in the place of a table that is written to
    called: frozenset[Parts]
    is_unclear: bool  #: whether it has SQL that is built while it runs, writes files, or could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    parts: Parts
    keyword: str  #: in capitals; '' for a quoted or dotted name; a sign stands for itself
    opens: bool  #: whether a parenthesis follows


def read_sql_body(text: str, mode: str, known: frozenset[str]) -> SqlBody:
    """Read the names in a body. `mode`: the sql_mode that the body was made under; `known`: words that may stand before a
    parenthesis without calling a routine."""
    named: set[Parts] = set()
    written: set[Parts] = set()
    called: set[Parts] = set()
    is_unclear, before, writes, in_update = "ORACLE" in mode, "", False, False
    for token in _merged_tokens(text, mode):
        key = token.keyword
        is_unclear = is_unclear or key in _UNCLEAR or key in {"'", '"', "`"}
        begins = key in _WRITES and not token.opens and not (key == "UPDATE" and before in _NO_STATEMENT)
        if begins:
            writes, in_update = True, key == "UPDATE"
        elif token.parts and not (writes and key in _MODIFIERS):
            is_target = writes or (in_update and before in {",", "JOIN"})
            if is_target:
                written.add(token.parts)
            if before == "CALL" or (token.opens and not is_target and key not in known):
                called.add(token.parts)
            writes = False
        in_update = in_update and key not in {"SET", ";"}
        named.add(token.parts)
        before = key
    return SqlBody(named=frozenset(named - {()}), written=frozenset(written), called=frozenset(called), is_unclear=is_unclear)


def _merged_tokens(text: str, mode: str) -> Iterator[_Token]:
    tokens = list(_tokens(text, mode))
    at = 0
    while at < len(tokens):
        name, sign = tokens[at]
        at += 1
        if name is None:
            yield _Token(parts=(), keyword=sign, opens=False)
            continue
        parts = [name]
        while at + 1 < len(tokens) and tokens[at] == (None, ".") and (part := tokens[at + 1][0]) is not None:
            parts.append(part)
            at += 2
        opens = at < len(tokens) and tokens[at] == (None, "(")
        yield _Token(parts=tuple(parts), keyword=sign if len(parts) == 1 else "", opens=opens)


def _tokens(text: str, mode: str) -> Iterator[tuple[str | None, str]]:
    """Yields each name with its capitals ('' if it is quoted), and each sign with None as its name.
    Texts and comments are left out."""
    string = _PLAIN if "NO_BACKSLASH_ESCAPES" in mode else _ESCAPED
    double = f'"(?P<double>{_PLAIN.format(chr(34))})"' if "ANSI_QUOTES" in mode else f'"{string.format(chr(34))}"'
    single = f"'{string.format(chr(39))}'"
    for found in re.finditer(f"(?s){_COMMENTS}|{single}|{double}|{_REST}", text):
        quoted, bare, sign = found["quoted"], found["bare"], found["sign"]
        if quoted is not None:
            yield quoted.replace("``", "`"), ""
        elif "ANSI_QUOTES" in mode and found["double"] is not None:
            yield found["double"].replace('""', '"'), ""
        elif bare is not None:
            yield bare, bare.upper()
        elif sign is not None:
            yield None, sign
