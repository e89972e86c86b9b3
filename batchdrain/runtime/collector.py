"""Holds back Python's search for cyclic garbage while very many objects are made that form no cycles.

The search is started by the number of new objects, and looks at all that live. While a million rows are read it takes a
seventh of the time and finds nothing.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_YOUNG: Final = 50_000
"""So many new objects start a search among the new ones."""
_WHOLE: Final = 1_000
"""A search among all objects comes so much more rarely."""
_lock = threading.Lock()
_holders = 0
_before = (0, 0, 0)


@contextmanager
def rare_collections() -> Iterator[None]:
    """Within this context there are few searches for garbage, in all threads. Contexts may overlap in any order."""
    global _holders, _before  # noqa: PLW0603 - the collector is one for the whole process
    with _lock:
        _holders += 1
        if _holders == 1:
            _before = gc.get_threshold()
            if _before[0]:  # otherwise it is switched off
                gc.set_threshold(max(_before[0], _YOUNG), _before[1], max(_before[2], _WHOLE))
    try:
        yield
    finally:
        with _lock:
            _holders -= 1
            if not _holders:
                gc.set_threshold(*_before)
