"""What is sent to a terminal to paint lines at its bottom anew, below lines that stay. Pure.

The cursor rests at the beginning of the last painted line, so that whatever the terminal itself echoes, such as ^C, is painted
over.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_UP, _ERASE_BELOW, _ERASE_LINE = "\x1b[A", "\x1b[J", "\x1b[2K"
_WRAP_OFF, _WRAP_ON = "\x1b[?7l", "\x1b[?7h"


def frame(above: str, lines: Sequence[str], painted: Sequence[int], columns: int) -> str:
    """The text that replaces the painted lines by `lines`, and writes `above` before them. `above`: whole lines that stay, or '';
    `painted`: the widths of the lines that are painted now, in cells; `columns`: of the terminal now."""
    if not (lines or painted):
        return above
    top = "\r" + _UP * _rows_above_the_last(painted, columns)
    if above or len(lines) < len(painted) or max(painted, default=0) > columns:
        top += _ERASE_BELOW
    below = "\n".join(f"{_ERASE_LINE}{line}" for line in lines)  # behind a full line it would erase the last cell
    return f"{top}{above}{_WRAP_OFF}{below}{_WRAP_ON}\r" if lines else f"{top}{above}"


def _rows_above_the_last(painted: Sequence[int], columns: int) -> int:
    """How many rows the painted lines take, without the last line. Most terminals wrap them when they get narrower, so this
    assumes it."""
    return sum(max(1, math.ceil(width / columns)) for width in painted[:-1])
