"""Ends a process in which a thread of foreign code hangs; Python would wait for such threads for ever."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Final, NoReturn

_hangs: Final = [False]


def note_hanging() -> None:
    """Note that a thread which is not ours does not end."""
    _hangs[0] = True


def is_hanging() -> bool:
    """Whether the process has to end without waiting for threads."""
    return _hangs[0]


def end_process(code: int, message: str = "") -> NoReturn:
    """Flush the output and end the process at once. Processes of a multiprocessing pool are ended too, since nothing else
    would end them."""
    for stream, text in ((sys.stderr, f"{message}\n" if message else ""), (sys.stdout, "")):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.write(text)
            stream.flush()
    multiprocessing = sys.modules.get("multiprocessing")
    for child in () if multiprocessing is None else multiprocessing.active_children():
        child.terminate()
    os._exit(code)
