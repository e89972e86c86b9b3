"""How far a drain is, as lines of a terminal: one for the whole, one for each command that runs. Pure.

Nothing is wider than the terminal, and nothing is left out without a sign. Ids come as they may be shown.
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
"""Above the display: something of what ended stays in sight, and the prompt's line below."""
_NARROWEST_BAR: Final = 8
_ROOMY: Final = 100
_WIDE: Final = 160
_SLOT_BARS: Final = {_WIDE: 24, _ROOMY: 12}
_DONE, _OPEN = "━", "─"
_IN_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a line."""

    text: str
    is_accent: bool = False  #: it is to stand out


Line = Sequence[Span]


def lay_out(
    shot: Snapshot, size: tuple[int, int], now: datetime, show: Callable[[str], str] = lambda text: text
) -> list[Line]:
    """`size`: columns and rows of the terminal; `now`: aware, in the zone of its readers; `show`: what may be shown of an id."""
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
    """What has room of it: the first of the shorter and shorter ones that fits."""
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
    state = ["paused"] if shot.is_paused else ["nothing more is begun"] if shot.is_ending else []
    yield _DOT.join([*counts, *retries, *state, whole, *cut_by])
    yield _DOT.join([*counts, *retries, *state, whole])
    yield _DOT.join([*counts, *retries, *state, short])
    yield _DOT.join([*counts, *retries, "…", short])
    yield _DOT.join([*counts, "…", short])
    yield _DOT.join([*counts, "…"])
    yield _DOT.join([counts[0], "…"])


def _slot_lines(running: Sequence[RunningPhase], columns: int, show: Callable[[str], str]) -> Iterator[Line]:
    """Number, phase, try, a bar and the time, in columns of one width each."""
    times = [f"{to_clock(one.elapsed_s, one.limit_s)}/{to_clock(one.limit_s, one.limit_s)}" for one in running]
    times = [f"{time} s" if one.limit_s < _IN_SECONDS else time for one, time in zip(running, times, strict=True)]
    numbers = max((len(str(one.number)) for one in running), default=1)
    widest = max(map(len, times), default=0)
    bar = next((cells for least, cells in _SLOT_BARS.items() if columns >= least), 0)
    for one, time in zip(running, times, strict=True):
        begin = f"  {one.number:>{numbers}} "
        again = f"  try {one.tries}" if one.tries > 1 else ""
        end = f"  {time:>{widest}}"
        room = columns - len(begin) - len(again) - len(end) - (bar + 2 if bar else 0)
        if room < _NARROWEST_BAR:
            yield [Span(cut(begin + _name_of(one, _NARROWEST_BAR, show) + end, columns))]
            continue
        line = [Span(begin + pad(_name_of(one, room, show), room) + again)]
        if bar:
            line += [Span("  "), *_bar(one.elapsed_s, one.limit_s, bar)]
        yield [*line, Span(end)]


def _name_of(one: RunningPhase, cells: int, show: Callable[[str], str]) -> str:
    """Both ids, each cut where it must be: the ends of a run's and a phase's id tell them apart as their beginnings do."""
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
    """Full only where all is done."""
    filled = 0 if whole <= 0 else min(cells, int(cells * done / whole))
    return [Span(_DONE * filled, is_accent=True), Span(_OPEN * (cells - filled))]


def to_clock(seconds: float, limit_s: float) -> str:
    """'12' of a minute, '3:05' of an hour, '1:02:03' of a day."""
    whole = int(seconds)
    if limit_s < _IN_SECONDS:
        return str(whole)
    minutes, rest = divmod(whole, 60)
    if limit_s < 3600 and minutes < 60:
        return f"{minutes}:{rest:02d}"
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"
