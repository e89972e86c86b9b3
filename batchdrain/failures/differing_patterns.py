"""Which parts of a pattern mean something else in RE2 than in Python's `re`, and how to write them unambiguously."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_PARTS: Final = re.compile(
    r"(?P<bracket>\[\^?\]?(?:\[:\^?\w+:\]|\\[pPx]\{[^}]*\}|\\.|[^\]\\])*\])"
    r"|(?P<literal>\\Q.*?(?:\\E|\Z)|\\[pPx]\{[^}]*\}|\\[0-3][0-7]{2})"
    r"|(?P<reference>\\[1-7][0-7])"
    r"|(?P<repetition>\{,\d+\})"
    r"|(?P<flags>\(\?(?P<on>[imsU]*)(?P<off>-[imsU]+)?(?P<colon>[:)]))"
    r"|(?P<plain>\\.|.)",
    re.DOTALL,
)
_WITHIN: Final = re.compile(r"\[:\^?\w+:\]|\\.", re.DOTALL)
_LETTERS: Final = "0-9A-Za-z_"
_ALL_LETTERS: Final = r"\pL\pN_"
_MEANINGS: Final = {
    r"\d": r"\d is only 0-9: write [0-9], or \p{Nd} for the digits of every script",
    r"\D": r"\D is all but 0-9: write [^0-9], or \P{Nd} for the digits of every script",
    r"\w": rf"\w is only A-Z, a-z, 0-9 and _: write [{_LETTERS}], or [{_ALL_LETTERS}] for the letters of every script",
    r"\W": rf"\W is all but A-Z, a-z, 0-9 and _: write [^{_LETTERS}], or [^{_ALL_LETTERS}] for the letters of every script",
    r"\s": r"\s is only a blank, tab, newline, form feed or carriage return: write [ \t\n\f\r], or [\t-\r\x1c-\x20\x{85}\pZ] for all",
    r"\S": r"\S is all but a blank, tab, newline, form feed and carriage return: write [^ \t\n\f\r], or [^\t-\r\x1c-\x20\x{85}\pZ]",
    r"\b": rf"\b takes A-Z, a-z, 0-9 and _ alone for letters: write (?:\A|[^{_LETTERS}]) before a word and (?:[^{_LETTERS}]|\z) behind it,"
           rf" or with {_ALL_LETTERS} for the letters of every script",
    r"\B": rf"\B takes A-Z, a-z, 0-9 and _ alone for letters: write what stands there, such as [{_ALL_LETTERS}]",
    "$": r"$ is the end of the text, and not the place before a last newline: write \z, or \n?\z for both",
    "[:": "[:...:] within brackets is a class of POSIX: write its characters",
    "reference": r"a backslash and two digits are the number of a character, and no back-reference: write \x{...}",
    "repetition": "{,n} is no repetition: write {0,n}",
}  # fmt: skip


def find_differences(pattern: str) -> list[str]:
    """A sentence for each such construct in a pattern that RE2 accepts, in order of occurrence, without duplicates."""
    return list(dict.fromkeys(_MEANINGS[part] for part in _parts(pattern) if part in _MEANINGS))


def _parts(pattern: str) -> Iterator[str]:
    """The parts of a pattern, those that differ as keys of _MEANINGS. A `$` is left out if the flag m makes it the end of
    each line."""
    multiline = [False]  # for each open group
    for found in _PARTS.finditer(pattern):
        kind, part = found.lastgroup, found[0]
        if found["bracket"]:
            yield from (one[:2] for one in _WITHIN.findall(part[1:-1]))
        elif found["flags"]:
            ends = "m" in found["on"] or (multiline[-1] and "m" not in (found["off"] or ""))
            multiline[-1:] = [multiline[-1], ends] if found["colon"] == ":" else [ends]
        elif part == "(":
            multiline.append(multiline[-1])
        elif part == ")":
            multiline[-1:] = [] if len(multiline) > 1 else multiline
        elif part != "$" or not multiline[-1]:
            yield part if found["plain"] else str(kind)
