"""Cuts texts for the cells of the page: one line of bounded length, whatever the text."""

from __future__ import annotations

from typing import Final

from batchdrain.runtime.text import safe_text

_GROWS: Final = {"&": 5, "<": 4, ">": 4, '"': 5, "'": 5}
"""How many bytes these characters take on the page, where they are escaped."""


def cut_for_page(text: str, characters: int, most_bytes: int) -> str:
    """At most `characters` characters, and at most `most_bytes` bytes after escaping, with an ellipsis if something is left
    out."""
    line, size = safe_text(text, limit=characters), 0
    if len(line) * 5 <= most_bytes:
        return line
    for place, sign in enumerate(line):
        size += _GROWS.get(sign) or len(sign.encode())
        if size > most_bytes:
            return line[: max(0, place - 1)] + "…"
    return line
