"""The end of a process in which something of others hangs: Python would wait for its threads for ever."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Final, NoReturn

_hangs: Final = [False]


def note_hanging() -> None:
    """Some thread that is not ours does not end."""
    _hangs[0] = True


def is_hanging() -> bool:
    """Whether the process is to end without those threads."""
    return _hangs[0]


def end_process(code: int, message: str = "") -> NoReturn:
    """At once, once all is printed. Processes that were started for a pool of Python's end too: nobody else would end them."""
    for stream, text in ((sys.stderr, f"{message}\n" if message else ""), (sys.stdout, "")):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.write(text)
            stream.flush()
    multiprocessing = sys.modules.get("multiprocessing")
    for child in () if multiprocessing is None else multiprocessing.active_children():
        child.terminate()
    os._exit(code)
