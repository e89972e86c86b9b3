"""Reads the words that a CHECK allows in a column, and the meanings that a comment gives to codes. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

_CAST: Final = r"(?:::[\w\". ]+(?:\(\d+\))?(?:\[\])?)?"
_VALUE: Final = rf"(?:'(?:[^']|'')*'|-?\d+){_CAST}"
_ITEM: Final = re.compile(r"'((?:[^']|'')*)'|(?<![\w.:])(-?\d+)(?![\w.])")
_CODE: Final = re.compile(r"(?<![\w.])(-?\d{1,6})\s*(?:=|:|-|–|\)|\s)\s*([^\W\d][\w -]*?)\s*(?=[,;|/\n]|$|\s-?\d)")
_LETTERS: Final = re.compile(r"(?<!\w)([A-Z]{1,3})\s*[=:]\s*([^\W\d][\w -]*?)\s*(?=[,;|/\n]|$|\s[A-Z]{1,3}\s*[=:])")
_MOST: Final = 60


def find_words(column: str, checks: Sequence[str]) -> tuple[str, ...]:
    """The values that a CHECK lists, or the numbers of its range, if it is about this column alone; () if no check is."""
    return next((found for check in checks if (found := _read(column, check))), ())


def _read(column: str, check: str) -> tuple[str, ...]:
    name = rf"[(\s\[]*(?:{re.escape(column)}|\"{re.escape(column)}\"|`{re.escape(column)}`|VALUE)[)\s\]]*{_CAST}[)\s]*"
    values = rf"[(\s]*{_VALUE}[)\s]*{_CAST}(?:\s*,\s*[(\s]*{_VALUE}[)\s]*{_CAST})*"
    listed = rf"{name}(?:IN\s*\(({values})\)|=\s*ANY\s*\(+\s*ARRAY\s*\[({values})\][)\s]*{_CAST}\)*)[)\s]*"
    null = rf"{name}IS\s+NULL[)\s]*"
    found = re.fullmatch(rf"(?:{null}OR\s+)?[(\s]*{listed}(?:\s*OR\s+{null})?", check.strip(), re.IGNORECASE | re.DOTALL)
    if found is not None:
        return _items(found[1] or found[2])
    one = rf"{name}=\s*[(\s]*{_VALUE}[)\s]*"
    if re.fullmatch(rf"{one}(?:OR\s+{one})+", check.strip(), re.IGNORECASE | re.DOTALL):
        return _items(check)
    return _read_range(name, check)


def _items(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(term.replace("''", "'") or number for term, number in _ITEM.findall(text)))


def _read_range(name: str, check: str) -> tuple[str, ...]:
    number = rf"[(\s]*(-?\d+)[)\s]*{_CAST}[)\s]*"
    found = re.fullmatch(rf"{name}BETWEEN\s+{number}AND\s+{number}", check.strip(), re.IGNORECASE) or re.fullmatch(
        rf"{name}>=\s*{number}AND\s+{name}<=\s*{number}", check.strip(), re.IGNORECASE
    )
    if found is None or not 0 <= int(found[2]) - int(found[1]) < _MOST:
        return ()
    return tuple(map(str, range(int(found[1]), int(found[2]) + 1)))


def find_meanings(comment: str) -> Mapping[str, str]:
    """'0 new, 1 queued, 4=failed' -> {'0': 'new', '1': 'queued', '4': 'failed'}, and 'W=waiting F=failed' likewise; {} if it
    names fewer than two."""
    found = {code: term.strip() for one in (_CODE, _LETTERS) for code, term in one.findall(comment)}
    return found if len(found) > 1 else {}


def find_literals(sql: str) -> tuple[str, ...]:
    """The texts that a definition in SQL may give as values. Those that a CASE compares with are none."""
    found = re.findall(r"(\bWHEN\s+)?'((?:[^']|'')*)'", sql, re.IGNORECASE)
    return tuple(dict.fromkeys(term.replace("''", "'") for when, term in found if not when))
