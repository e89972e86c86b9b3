"""The lanes of one reading, in the order of the policies' ranks."""

from __future__ import annotations

from collections.abc import Callable, Container, Hashable, Iterator
from datetime import datetime
from typing import Any, Final

from batchdrain.model.errors import ConfigError
from batchdrain.model.phase import Phase, PhaseKey
from batchdrain.model.states import PhaseState
from batchdrain.planning.lane_buffer import LAST, Kept, LaneBuffer
from batchdrain.planning.lane_heap import LaneHeap
from batchdrain.planning.lane_view import Knowledge, best_of_rest, lane_of
from batchdrain.planning.verdicts import Verdict
from batchdrain.policies.ranking import STEADY, Ranking
from batchdrain.runtime.collector import rare_collections

_AT_ONCE: Final = 200
_EQUALS: Final = 10_000
_DRY: Final = ((0,),)
_PLAIN: Final = frozenset({int, bool, float, str, type(None)})


class RankedLanes:
    """Orders the lanes. A lane is in the order once it has been pushed."""

    def __init__(self, known: Knowledge, ranking: Ranking, state: PhaseState) -> None:
        self.known = known
        self._ranking = ranking
        self._is_steady = STEADY.issuperset(ranking.names)
        self._state = state
        self._of_run: dict[str, list[LaneBuffer]] = {}
        self._order: LaneHeap[LaneBuffer] = LaneHeap(self._stamp)
        self._equals: dict[tuple[Any, ...], tuple[Any, ...]] = {}  # shares one object among equal tuples
        self.dry: set[str] = set()  #: runs with a lane that has handed out all that it kept
        self.waiting = 0  #: how many phases wait in all lanes

    def add(self, buffers: list[LaneBuffer], now: Callable[[], datetime]) -> Iterator[None]:
        """Rank and add all lanes of a reading, some with each step. There are no lanes before. Raises ConfigError for a bad
        policy."""
        self._enter(buffers)
        with rare_collections():
            for start in range(0, len(buffers), _AT_ONCE):
                moment = now()
                for buffer in buffers[start : start + _AT_ONCE]:
                    if buffer.waiting:
                        self._order.append(buffer, self._rank(buffer, moment))
                yield
        try:
            self._order.settle()
        except TypeError as error:
            raise self._incomparable(error) from error

    def replace_run(self, run_id: str, buffers: list[LaneBuffer], now: datetime) -> None:
        """Replace the lanes of a run that was read again by itself."""
        for buffer in self._of_run.pop(run_id, ()):
            self.waiting -= buffer.waiting
            self._order.drop(buffer)
        self.dry.discard(run_id)
        self._enter(buffers)
        for buffer in buffers:
            self.push(buffer, now)

    def _enter(self, buffers: list[LaneBuffer]) -> None:
        for buffer in buffers:
            self.waiting += buffer.waiting
            self._of_run.setdefault(buffer.run_id, []).append(buffer)

    def of_run(self, run_id: str) -> list[LaneBuffer]:
        """The lanes of a run, unordered."""
        return self._of_run.get(run_id, [])

    def rank_run(self, run_id: str, now: datetime) -> None:
        """Rank those lanes of a run again that a result may move."""
        for buffer in self.of_run(run_id):
            if not self._is_steady or buffer.stamp != self._stamp(buffer):
                self.push(buffer, now)

    def forget(self, key: PhaseKey) -> None:
        """Remove a phase that no longer waits. If its lane does not keep it, it stays counted until the run is read again."""
        for buffer in self.of_run(key.run_id):
            for kept in [one for one in buffer.kept if one[1] == key.phase_id]:
                buffer.drop(kept)
                self.waiting -= 1

    def promising(self, like: LaneBuffer) -> LaneBuffer:
        """The lane for phases of this lane that have become promising."""
        lanes = self._of_run[like.run_id]
        for buffer in lanes:
            if buffer.promising and (buffer.category, buffer.attempts) == (like.category, like.attempts):
                return buffer
        lanes.append(buffer := LaneBuffer(like.run_id, like.category, like.attempts, promising=True, order=like.order))
        return buffer

    def ranks(self) -> list[Any]:
        """The ranks that the policies gave to the waiting lanes, unordered."""
        return [(*head[1:], *ids) for head, *ids in self._order.ranks() if head[0]]

    def push(self, buffer: LaneBuffer, now: datetime) -> None:
        """Rank a lane by what is known now and put it in its place. Raises ConfigError for a bad policy."""
        if not buffer.waiting:
            self._order.drop(buffer)
            return
        rank = self._rank(buffer, now)
        try:
            self._order.push(buffer, rank)
        except TypeError as error:
            raise self._incomparable(error) from error

    def first(self, now: datetime, busy: Container[str]) -> LaneBuffer | None:
        """Take out the first lane of a run that is not `busy`. Raises ConfigError for a bad policy."""
        try:
            return self._order.pop(lambda buffer: self._rank(buffer, now), busy)
        except TypeError as error:
            raise self._incomparable(error) from error

    def upcoming(self, most: int, now: datetime, *, judged: bool = False) -> list[Phase]:
        """The first phases that would be chosen now, in order. They stay in the lanes. Phases with a verdict are left out
        unless `judged`."""
        found: list[Phase] = []
        lent: dict[int, tuple[LaneBuffer, list[Kept], int]] = {}
        all_taken, taken = self.known.taken, dict[str, int]()
        with self._order.trial():
            try:
                while len(found) < most and (buffer := self.first(now, ())) is not None:
                    if not buffer.kept:  # the rest of the lane is not at hand
                        continue
                    lent.setdefault(id(buffer), (buffer, buffer.kept.copy(), buffer.waiting))
                    taken.setdefault(buffer.run_id, all_taken[buffer.run_id])
                    phase = self.phase(buffer, buffer.take())
                    if self.known.rules.stopped(phase) is None:
                        all_taken[buffer.run_id] += 1
                        if judged or self.verdict(phase) is None:
                            found.append(phase)
                    self.push(buffer, now)
            finally:
                for run_id, before in taken.items():
                    all_taken[run_id] = before
                for buffer, kept, waiting in lent.values():
                    buffer.kept, buffer.waiting = kept, waiting
        return found

    def verdict(self, phase: Phase) -> Verdict | None:
        """The verdict on a phase that is not skipped; it can only be a promising one."""
        return self.known.rules.verdict(phase.key, phase.failure)

    def phase(self, buffer: LaneBuffer, kept: Kept) -> Phase:
        """The Phase that a kept entry stands for."""
        return Phase(
            run_id=buffer.run_id,
            phase_id=kept[1],
            phase_index=None if kept[0] == LAST else int(kept[0]),
            state=self._state,
            failure=self.known.failure(buffer, kept),
            attempts=buffer.attempts,
        )

    def explain(self, buffer: LaneBuffer, kept: Kept, now: datetime) -> str:
        """Why this phase of the lane comes now, for people."""
        lane = lane_of(buffer, kept, self.known)
        hint = f"hint {lane.hint:+}, " if lane.hint else ""
        tried = f"tried {lane.attempts}x" if lane.attempts else "never tried"
        if not lane.attempts and (buffer.run_id, kept[1]) in self.known.rules.past.names:
            tried = "never tried to an end"
        index = self._describe_index(lane.phase_index)
        waits = f"{lane.failed} {self._state} in its run"
        says = "".join(f", {fact}" for fact in self._ranking.explain(lane, now))
        return f"{hint}{lane.category}, {tried}, {index}{waits}{says} (policy {' > '.join(self._ranking.names)})"

    def _describe_index(self, index: int | None) -> str:
        """The index for people. Nothing is said if the table has no index column: it would be repeated in each line."""
        if index is not None:
            return f"phase_index {index}, "
        return "" if self.known.rules.settings.source.columns.phase_index is None else "no phase_index, "

    def _rank(self, buffer: LaneBuffer, now: datetime) -> tuple[Any, ...]:
        """The rank of a lane: first the policies' keys and the index, which many lanes share, then the ids."""
        # A lane that keeps no phase can't be ranked. It is put at the best place that its next phase may have, if that is
        # known, else in front. When it comes to the top, `next` asks for another reading.
        if not buffer.kept and not self._is_steady:
            return _DRY
        lane = lane_of(buffer, buffer.kept[0], self.known) if buffer.kept else best_of_rest(buffer, self.known)
        *head, run, phase = self._ranking(lane, now)
        found = (1, *head)
        return (self._equal(found) if self._is_steady or all(map(_is_plain, found)) else found, run, phase)

    def _stamp(self, buffer: LaneBuffer) -> Hashable:
        """Of what its rank was made of, beside what is of the lane, or of one reading, for good."""
        if self._is_steady:
            return buffer.kept[0] if buffer.kept else buffer.rest
        return self._equal((self.known.retry_stats.results, self.known.taken[buffer.run_id]))

    def _equal(self, found: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(self._equals) > _EQUALS:
            self._equals.clear()
        return self._equals.setdefault(found, found)

    def _incomparable(self, error: TypeError) -> ConfigError:
        return ConfigError(
            f"batchdrain.policy: {', '.join(self._ranking.names)}: the keys of two lanes can't be compared: {error}",
            remedy="a policy must return keys of one type",
        )


def _is_plain(key: Any) -> bool:
    """Whether equal keys of this type can stand for each other. An object of a third party's policy may define equality as it
    likes."""
    return type(key) in _PLAIN or (type(key) is tuple and _PLAIN.issuperset(map(type, key)))
