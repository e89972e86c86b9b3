"""The soak: what is repeated, enumerated, or goes on for minutes. `pytest` leaves it out; `pytest -m soak` is all of it, for hours.

`BATCHDRAIN_SOAK=0.1 pytest -m soak` is the tenth that the gate runs, the same one each time: of the fault matrix a tenth of the
repetitions and of the steps, of everything else what stands alone, and of what is alike what the checksum of its name draws.
"""

from __future__ import annotations

import os
import zlib
from fractions import Fraction
from typing import Final

import pytest

PART: Final = Fraction(os.environ.get("BATCHDRAIN_SOAK", "1"))
"""How much of it is run."""
soak: Final = pytest.mark.soak


def share(amount: int) -> int:
    """So much of an amount, at least one."""
    return max(1, -(-amount * PART.numerator // PART.denominator))


def is_drawn(test: str) -> bool:
    """Whether the test, one of many that are alike, is in the part that is run."""
    return zlib.crc32(test.encode()) % 1000 < 1000 * PART
