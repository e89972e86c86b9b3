"""Encodes texts for RE2 as UTF-8, whatever they contain."""

from __future__ import annotations

import re
from typing import Final

_HALVES: Final = re.compile("[\ud800-\udfff]")


def to_utf8(text: str) -> bytes:
    """UTF-8. A lone surrogate, as undecodable bytes leave behind, has no UTF-8; it becomes U+FFFD, which is no letter
    either."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _HALVES.sub("\ufffd", text).encode()
