"""The progress of a drain as lines of a terminal: one line for the whole, and one for each running command. Pure.

No line is wider than the terminal, and whatever is left out leaves a sign. Ids are shown as `show` allows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from batchdrain.cli.screens.cells import cut, pad, width_of
from batchdrain.drain.snapshot import RunningPhase, Snapshot
from batchdrain.reports.eta_words import describe_eta
from batchdrain.runtime.text import agree

_DOT: Final = " · "
_FREE_ROWS: Final = 3
"""Rows that stay free, for some of the results above and the prompt below."""
_NARROWEST_BAR: Final = 8
_ROOMY: Final = 80
_DONE, _OPEN = "━", "─"
_IN_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a line."""

    text: str
    is_accent: bool = False  #: whether it is highlighted


Line = Sequence[Span]


def lay_out(
    shot: Snapshot, size: tuple[int, int], now: datetime, show: Callable[[str], str] = lambda text: text
) -> list[Line]:
    """Lay the lines out. `size`: columns and rows of the terminal; `now`: aware, in the reader's time zone; `show`:
    makes an id safe to show."""
    columns, rows = max(1, size[0]), size[1]
    room = max(min(2, rows), rows - _FREE_ROWS)
    above = [_total_line(shot, columns, now)]
    if shot.waits and room > 2:
        above.append([Span(cut(show(f"  waits: {shot.waits}"), columns))])
    room -= len(above)
    shown = shot.running if len(shot.running) <= room else shot.running[: max(0, room - 1)]
    lines: list[Line] = [*above, *_slot_lines(shown, columns, show)]
    if len(shown) < len(shot.running) and room > 0:
        more = f"and {len(shot.running) - len(shown)} more" if shown else f"{len(shot.running)} run"
        lines.append([Span(cut(f"  {more}", columns))])
    return lines


def _total_line(shot: Snapshot, columns: int, now: datetime) -> Line:
    """The line about the whole drain: the first of ever shorter texts that fits, with a bar if there is room."""
    for text in _total_texts(shot, now):
        if width_of(text) <= columns:
            break
    else:
        return [Span(cut(text, columns))]
    room = columns - width_of(text) - 2
    if room < _NARROWEST_BAR:
        return [Span(text)]
    return [Span(text), Span("  "), *_bar(shot.processed, shot.target, room)]


def _total_texts(shot: Snapshot, now: datetime) -> Iterator[str]:
    counts = [f"{shot.processed}/{shot.target}", f"{shot.succeeded} ok", f"{shot.failed} failed"]
    retries = []
    if shot.retries_waiting:
        retries.append(f"{shot.retries_waiting} {agree(shot.retries_waiting, 'retry waits', 'retries wait')}")
    if shot.retries_running:
        retries.append(f"{shot.retries_running} {agree(shot.retries_running, 'retry runs', 'retries run')}")
    whole = describe_eta(shot.eta.seconds, now, is_least=shot.eta.is_least)
    short = describe_eta(shot.eta.seconds, now, is_least=shot.eta.is_least, with_clock=False)
    cut_by = ["then max_total_minutes is over"] if shot.eta.is_cut else []
    state = ["paused"] if shot.is_paused else ["nothing more is started"] if shot.is_ending else []
    yield _DOT.join([*counts, *retries, *state, whole, *cut_by])
    yield _DOT.join([*counts, *retries, *state, whole])
    yield _DOT.join([*counts, *retries, *state, short])
    yield _DOT.join([*counts, *retries, "…", short])
    yield _DOT.join([*counts, "…", short])
    yield _DOT.join([*counts, "…"])
    yield _DOT.join([counts[0], "…"])


def _slot_lines(running: Sequence[RunningPhase], columns: int, show: Callable[[str], str]) -> Iterator[Line]:
    """The lines of running commands, in columns: number, phase, try, a bar if there is room, and the time."""
    times = [_time_of(one) for one in running]
    tries = [f"  try {one.tries}" if one.tries > 1 else "" for one in running]
    begins = [f"  {one.number} " for one in running]
    first, last = max(map(len, begins), default=0), max(map(len, times), default=0) + 2
    of_tries = max(map(len, tries), default=0)
    room = columns - first - of_tries - last
    bar_room = _NARROWEST_BAR + 2 if columns >= _ROOMY else 0
    names = [_name_of(one, max(_NARROWEST_BAR, room - bar_room), show) for one in running]
    widest = max(map(width_of, names), default=0)
    bar = room - widest - 2 if bar_room else 0
    for one, begin, name, again, time in zip(running, begins, names, tries, times, strict=True):
        text = f"{begin:>{first}}{pad(name, widest if bar else room)}{pad(again, of_tries)}"
        if not bar:
            yield [Span(cut(f"{text}{time:>{last}}", columns))]
            continue
        cells = columns - width_of(text) - 2 - last
        yield [Span(f"{text}  "), *_bar(one.elapsed_s, one.limit_s, cells), Span(f"{time:>{last}}")]


def _name_of(one: RunningPhase, cells: int, show: Callable[[str], str]) -> str:
    """Both ids, each cut if it must be. Neither takes all the room, since both tell phases apart."""
    run_id, phase_id = show(one.run_id), show(one.phase_id)
    if width_of(run_id) + width_of(phase_id) + 3 <= cells:
        return f"{run_id} / {phase_id}"
    half = (cells - 3) // 2
    if half < 3:
        return cut(f"{run_id} / {phase_id}", cells)
    of_phase = max(half, cells - 3 - width_of(run_id))
    phase_id = cut(phase_id, of_phase)
    return f"{cut(run_id, cells - 3 - width_of(phase_id))} / {phase_id}"


def _bar(done: float, whole: float, cells: int) -> list[Span]:
    """A progress bar. It is full only if everything is done."""
    filled = 0 if whole <= 0 else min(cells, int(cells * done / whole))
    return [Span(_DONE * filled, is_accent=True), Span(_OPEN * (cells - filled))]


def _time_of(one: RunningPhase) -> str:
    """Elapsed time and limit: '12/60 s' or '3:05/40:00'."""
    times = f"{to_clock(one.elapsed_s, one.limit_s)}/{to_clock(one.limit_s, one.limit_s)}"
    return f"{times} s" if one.limit_s < _IN_SECONDS else times


def to_clock(seconds: float, limit_s: float) -> str:
    """The time in the format of its limit: '12' below ten minutes, '3:05' below an hour, '1:02:03' above."""
    whole = int(seconds)
    if limit_s < _IN_SECONDS:
        return str(whole)
    minutes, rest = divmod(whole, 60)
    if limit_s < 3600 and minutes < 60:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
