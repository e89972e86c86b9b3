"""The suffix that batchdrain adds to a reason: how the command ended, in brackets. It is not part of the failure itself."""

from __future__ import annotations

import re
import signal as signals
from typing import Final

_DETAIL_CHARS: Final = 600
SUFFIX: Final = re.compile(
    rf" \[(?:(?:exit -?\d{{1,10}}|signal \d{{1,3}}|no exit code)(?:[:;] [^\[\]\n]{{1,{_DETAIL_CHARS}}})?"
    r"|(?:exit code -?\d+|exit code None|killed by signal \d+(?: with \d+ MiB and [\d.]+ s of CPU)?); log: [^\n]*)\]\Z"
)
"""The present forms, and the older ones from before the log had its own line: those are in users' tables."""
_BEGINNINGS: Final = (" [exit ", " [signal ", " [no exit code", " [killed by signal ")
_SUFFIX_CHARS: Final = 4_200  # the longest path of the system, and a little more
_BRACKETS: Final = str.maketrans("[]\n\r", "()  ")


def describe_end(exit_code: int | None, signal: int | None, cpu_s: float | None = None, max_rss_kb: int | None = None) -> str:
    """'exit 4', or 'signal 9: KILL, 812 MiB, 3.2 s of CPU'. What a killed command used shows whether it lacked memory or
    time."""
    if signal is None:
        return "no exit code" if exit_code is None else f"exit {exit_code}"
    used = () if cpu_s is None or max_rss_kb is None else (f"{max_rss_kb / 1024:.0f} MiB", f"{cpu_s:.1f} s of CPU")
    more = ", ".join((*_names_of(signal), *used))
    return f"signal {signal}: {more}" if more else f"signal {signal}"


def _names_of(signal: int) -> tuple[str, ...]:
    """('KILL',); empty for a number without a name."""
    try:
        return (signals.Signals(signal).name.removeprefix("SIG"),)
    except ValueError:
        return ()


def add_suffix(reason: str, ending: str, problem: str = "", *, most: int) -> str:
    """'<reason> [<ending>]', or '<reason> [<ending>; <problem>]': at most `most` characters, none of them cut from the
    suffix.

    `ending`: from `describe_end`. A reason that already ends with this suffix, as when a command repeats an older reason,
    does not get it twice.
    """
    told = problem.translate(_BRACKETS)[: _DETAIL_CHARS // 2]
    suffix = f" [{ending}; {told}]" if told else f" [{ending}]"
    return fit(reason if reason.endswith(suffix) else reason + suffix, most)


def fit(text: str, length: int) -> str:
    """At most `length` characters. The words are cut, and not how the command ended; if there is no room for both, the ending
    goes."""
    if len(text) <= length:
        return text
    words = strip_suffix(text)
    suffix = text[len(words) :]
    if len(suffix) * 2 > length:
        return words[:length]
    return words[: length - len(suffix)] + suffix


def strip_suffix(text: str) -> str:
    """The reason without the suffixes of `add_suffix`, however many there are: the same failure must stay the same text."""
    end = _length_without_padding(text)
    found = len(text)
    # Only `end` moves: slicing for each suffix would copy a long text made of suffixes thousands of times.
    while text.endswith("]", 0, end):
        floor = max(0, end - _SUFFIX_CHARS)
        start = max(text.rfind(beginning, floor, end) for beginning in _BEGINNINGS)
        if start < 0 or SUFFIX.match(text, start, end) is None:
            break
        found = end = start
    return text[:found]


def _length_without_padding(text: str) -> int:
    """The length without trailing blanks, with which fixed-width columns are padded."""
    return len(text.rstrip(" ")) if text.endswith(" ") else len(text)
