"""What an exit code says by itself: the codes by which timeout(1) and shells report about other programs."""

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
    """The meaning of an exit code in words; '' if it only says that the command failed."""
    if code in _SIGNALS:
        return f"ended by {_SIGNALS[code].name}, exit code {code}"
    return _CODES.get(code or 0, "")


def words_of_silence(number: int | None) -> str:
    """The failure text for a command that printed nothing. `number`: the signal that ended it; None if none did. Deaths by
    different signals are different failures."""
    if number is None:
        return "the command failed and printed nothing"
    try:
        name = signal.Signals(number).name
    except ValueError:  # the real-time signals have no names
        name = f"signal {number}"
    return f"the command was ended by {name} and printed nothing"


def is_said(code: int | None, text: str) -> bool:
    """Whether a line already says what the exit code says."""
    return any(phrase in text.lower() for phrase in _OWN_WORDS.get(code or 0, ())) or code in {126, 127}
