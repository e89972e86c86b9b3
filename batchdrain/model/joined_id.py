r"""An id of several columns as one text, for people, files and flags: `acme/etl/2026-11-01`.

A slash in a value is written `\/` and a backslash `\\`, so that the text can be split in one way only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

SEPARATOR: Final = "/"
ESCAPED: Final = "/\\"
"""The characters that are written with a backslash before them."""
_TO_ESCAPE: Final = re.compile(r"[\\/]")
_PART: Final = re.compile(r"(?:[^\\/]|\\[\\/])*")
_ESCAPE: Final = re.compile(r"\\([\\/])")


def join_parts(parts: Iterable[str]) -> str:
    """Join the values; `split_parts` splits them again."""
    return SEPARATOR.join(_TO_ESCAPE.sub(r"\\\g<0>", part) if "/" in part or "\\" in part else part for part in parts)


def split_parts(text: str, count: int) -> tuple[str, ...]:
    """Split a joined id. Raises ValueError unless it has `count` parts."""
    if "\\" not in text:
        found = text.split(SEPARATOR)
    else:
        found, at = [], 0
        while at <= len(text):
            part = _PART.match(text, at)
            end = at if part is None else part.end()
            if end < len(text) and text[end] != SEPARATOR:
                raise ValueError(text)
            found.append(_ESCAPE.sub(r"\1", text[at:end]))
            at = end + 1
    if len(found) != count:
        raise ValueError(text)
    return tuple(found)
