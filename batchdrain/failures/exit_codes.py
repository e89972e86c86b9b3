"""What an exit code says by itself: those that timeout(1) and shells give in the name of somebody else."""

from __future__ import annotations

import signal
from typing import Final

_OF_A_SIGNAL: Final = 128
_CODES: Final = {
    124: "timed out, as timeout(1) says with exit code 124",
    126: "a program could not be executed, as the shell says with exit code 126",
    127: "a program was not found, as the shell says with exit code 127",
}
_SIGNALS: Final = {
    _OF_A_SIGNAL + number: number
    for number in (
        signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGILL, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGKILL,
        signal.SIGSEGV, signal.SIGPIPE, signal.SIGTERM, signal.SIGXCPU, signal.SIGXFSZ, signal.SIGSYS,
    )
}  # fmt: skip
_OWN_WORDS: Final = {
    124: ("timed out", "timeout"),
    134: ("abort", "sigabrt", "terminate called", "assert"),
    137: ("killed", "sigkill"),
    139: ("segmentation", "sigsegv", "segfault"),
    143: ("terminated", "sigterm"),
}


def words_of_exit(code: int | None) -> str:
    """'' where it says no more than that the command failed."""
    if code in _SIGNALS:
        return f"ended by {_SIGNALS[code].name}, exit code {code}"
    return _CODES.get(code or 0, "")


def words_of_silence(number: int | None) -> str:
    """Of a command that printed nothing. `number`: of the signal that ended it; None for none. Deaths by unlike signals are
    unlike failures."""
    if number is None:
        return "the command failed and printed nothing"
    try:
        name = signal.Signals(number).name
    except ValueError:  # the real-time signals have no names
        name = f"signal {number}"
    return f"the command was ended by {name} and printed nothing"


def is_said(code: int | None, text: str) -> bool:
    """Whether a line says by itself what the code says."""
    return any(phrase in text.lower() for phrase in _OWN_WORDS.get(code or 0, ())) or code in {126, 127}
