"""The lanes of a reading while its rows come in: each lane counts its rows and keeps its first phases.

A million rows come through `take_in` before every first choice. So lanes have numbers, and a question about each row is asked
for a whole page at once. If a row is behind the phases that its lane keeps, it is counted and not looked at any further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from operator import getitem, le, lt
from typing import Any, Final

from batchdrain.database.phases.pages import Page
from batchdrain.model.phase import Skip
from batchdrain.planning.lane_buffer import LAST, Kept, LaneBuffer

_KEPT_CHARS: Final = 6_000_000
"""About how long the texts of all kept phases may be together. If texts are long, fewer phases are kept."""
_FEW: Final = 8
"""Lanes that keep at most this many phases run out soon, so the lowest index of their other phases is noted. For larger lanes
it is not noted: it is at least the index of their last kept phase."""
LaneName = str | Skip | tuple[str, int, bool]
"""The name of a lane within its run: the category of its phases, or the skip that applies to them. Phases that were looked at
one by one have (category, attempts, promising)."""


class OpenLanes:
    """The lanes by run, and by name within the run."""

    def __init__(self, skip_of: Callable[[str, str | Skip], Skip | None], order: Callable[[Kept], Any], most: int) -> None:
        """`skip_of`: the skip of a lane; `most`: about how many phases all lanes keep together; each keeps at least one."""
        self._skip_of = skip_of
        self._order = order
        self._most = self._room = most
        self._numbers: dict[str, dict[LaneName, int]] = {}
        self._kept: list[list[Kept]] = []  # by lane number: the phases that its buffer keeps
        self._waiting: list[int] = []
        self._worst: list[float] = []
        self._rest: list[float] = []  # the lowest index of the rows that were only counted
        self._all_noted = True  # whether `_rest` covers all rows that were only counted
        self._lanes = 0  # the lanes that are not skipped
        self.buffers: list[LaneBuffer] = []

    def take_in(self, page: Page, names: Sequence[str | Skip]) -> None:
        """Take in the rows of a page; `names` holds the lane name of each row."""
        numbers = self._numbers_of(page.runs, names)
        waiting, worst = self._waiting, self._worst
        for number in numbers:
            waiting[number] += 1
        places: Sequence[Any] = page.indexes
        try:
            are_near = list(map(le, places, map(worst.__getitem__, numbers)))
        except TypeError:
            places = [LAST if place is None else place for place in places]
            are_near = list(map(le, places, map(worst.__getitem__, numbers)))
        if False in are_near:
            if self._room <= _FEW:
                self._note_rest(numbers, places, are_near)
            else:
                self._all_noted = False
        if True in are_near:
            rows = zip(numbers, zip(places, page.phases, page.reasons, strict=True), strict=True)
            self._keep(compress(rows, are_near))
            self._shorten_room(page.reasons)

    def put(self, run_id: str, name: tuple[str, int, bool], kept: Kept) -> None:
        """Take in one row. `name`: its category, its attempts, and whether it is promising."""
        number = self._numbers.setdefault(run_id, {}).get(name)
        if number is None:
            category, attempts, promising = name
            number = self._open(run_id, name, LaneBuffer(run_id, category, attempts, promising, order=self._order))
        self._waiting[number] += 1
        if kept[0] <= self._worst[number]:
            self.buffers[number].kept.append(kept)
        else:
            self._note_rest([number], kept[:1], [False])

    def close(self) -> None:
        """Finish after the last row: trim `buffers` to their room and set how many phases wait in each."""
        self._numbers, self._kept = {}, []  # emptied first, so that what a lane kept is freed as soon as it is trimmed
        for buffer, waiting, rest in zip(self.buffers, self._waiting, self._rest, strict=True):
            buffer.waiting = waiting
            buffer.trim(self._room)
            buffer.rest = min(buffer.rest, rest) if self._all_noted else min(buffer.rest, rest, buffer.worst)
        self._waiting, self._worst, self._rest = [], [], []

    def _note_rest(self, numbers: Sequence[int], places: Sequence[float], are_near: Sequence[bool]) -> None:
        rest = self._rest
        are_lower = map(lt, places, map(rest.__getitem__, numbers))
        for number, place, is_near in compress(zip(numbers, places, are_near, strict=True), are_lower):
            if not is_near and place < rest[number]:
                rest[number] = place

    def _numbers_of(self, runs: Sequence[str], names: Sequence[str | Skip]) -> list[int]:
        """The lane number of each row. Missing lanes are opened."""
        of_run = self._numbers
        try:
            return list(map(getitem, map(of_run.__getitem__, runs), names))
        except KeyError:
            for run_id, name in dict.fromkeys(zip(runs, names, strict=True)):
                if run_id not in of_run or name not in of_run[run_id]:
                    self._number_of(run_id, name)
        return list(map(getitem, map(of_run.__getitem__, runs), names))

    def _number_of(self, run_id: str, name: str | Skip) -> int:
        """Open the lane for phases of a run with this name. A skipped run has one lane, whatever the name."""
        category = "" if isinstance(name, Skip) else name
        return self._open(
            run_id, name, LaneBuffer(run_id, category, 0, False, self._skip_of(run_id, name), order=self._order)
        )

    def _open(self, run_id: str, name: LaneName, buffer: LaneBuffer) -> int:
        lanes = self._numbers.setdefault(run_id, {})
        if lanes:  # share one string: each row brings its own copy of the run id
            buffer.run_id = self.buffers[next(iter(lanes.values()))].run_id
        number = lanes[name] = len(self.buffers)
        self.buffers.append(buffer)
        self._kept.append(buffer.kept)
        self._waiting.append(0)
        nearest = LAST if buffer.skip is None else -LAST  # a skipped lane keeps no phase
        self._worst.append(nearest)
        self._rest.append(nearest)
        if buffer.skip is None:
            self._lanes += 1
            self._room = max(1, self._most // self._lanes)
        return number

    def _keep(self, rows: Iterable[tuple[int, Kept]]) -> None:
        lanes, most = self._kept, 2 * self._room
        for number, row in rows:
            kept = lanes[number]
            kept.append(row)
            if len(kept) >= most:
                self._trim(number)
                self._worst[number] = self.buffers[number].worst

    def _trim(self, number: int) -> None:
        buffer = self.buffers[number]
        buffer.trim(self._room)
        self._kept[number] = buffer.kept  # another list

    def _shorten_room(self, reasons: Sequence[Any]) -> None:
        """Keep fewer phases if their texts are long."""
        try:
            chars = sum(map(len, filter(None, reasons)))
        except TypeError:  # a number: SQLite stores anything anywhere
            chars = sum(len(str(reason)) for reason in reasons)
        most = _KEPT_CHARS // max(1, chars // max(1, len(reasons)))
        if most < self._most:
            self._most = most
            self._room = max(1, most // max(1, self._lanes))
            for number, buffer in enumerate(self.buffers):
                self._trim(number)
                self._worst[number] = min(self._worst[number], buffer.worst)
