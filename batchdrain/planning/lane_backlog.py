"""The backlog: streamed once, counted into lanes, and from then on the next phase at a constant price.

Only lanes stay in memory, each with the first few of its phases. Where a lane has handed out all that it kept, the
backlog is read again. The drain and the dry run take their phases from here and nowhere else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Mapping
from datetime import datetime
from typing import Any

from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice
from batchdrain.model.errors import ConfigError
from batchdrain.model.lane import Lane
from batchdrain.model.phase import Phase, Skip
from batchdrain.model.retry_stats import RetryStats
from batchdrain.model.states import PhaseState
from batchdrain.planning.lane_buffer import Kept, LaneBuffer
from batchdrain.planning.lane_heap import LaneHeap
from batchdrain.planning.lane_view import RunFacts, lane_of
from batchdrain.planning.reading import Categorise, Reading, Reasons
from batchdrain.planning.remainder import Remainder
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.planning.verdicts import Verdict
from batchdrain.policies.ranking import Ranking


class LaneBacklog:
    """The next phase, again and again, each at most once."""

    def __init__(
        self,
        read: Callable[[], Reading],
        ranking: Ranking,
        *,
        state: PhaseState,
        categorise: Categorise,
        run_type: Callable[[str], str],
        fixed: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        """`read` looks at the database anew. `fixed`: phases that this session completed, by run_id."""
        self._read = read
        self._ranking = ranking
        self._state = state
        self._categorise = categorise
        self._run_type = run_type
        self._fixed = fixed
        self._lanes_of: dict[str, list[LaneBuffer]] = defaultdict(list)
        self._taken: Counter[str] = Counter()
        self._retry_stats = RetryStats()
        self._order: LaneHeap[LaneBuffer] = LaneHeap(self._stamp)
        self._failed: Counter[str] = Counter()
        self._sizes: dict[str, int] = {}
        self._rules: SkipRules | None = None
        self.skipped: Counter[Skip] = Counter()  #: by rule and value, of the last reading and since
        self.remainder = Remainder()  #: of the last reading
        self.waiting = 0  #: phases in all lanes
        self.stale = True  #: a lane has handed out all that it kept: refresh before the next choice

    def refresh(self, now: datetime) -> None:
        """Read the database again. Raises DatabaseUnavailable, and ConfigError for a cycle or a bad policy."""
        reading = self._read()
        self._rules = reading.rules
        self._retry_stats, self._order = reading.rules.past.retry_stats.copy(), LaneHeap(self._stamp)
        builder = reading.build(self._categorise)
        for fingerprint, count in builder.alike.items():
            self._sizes[fingerprint] = max(count, self._sizes.get(fingerprint, 0))
        self._lanes_of = defaultdict(list)
        for buffer in builder.buffers:
            self._lanes_of[buffer.run_id].append(buffer)
        self._failed, self.skipped, self.remainder = builder.rows_of, builder.skipped, builder.remainder
        self.seen = builder.seen  #: of the last reading
        self.waiting = sum(buffer.waiting for buffer in builder.buffers)
        self._failed.update(self._fixed())
        for buffer in builder.buffers:
            self._push(buffer, now)
        self.stale = False

    @property
    def total(self) -> int:
        """Rows of the source state at the last reading."""
        return self.remainder.total

    def count(self) -> Remainder:
        """Look at the database again, and choose nothing. Raises as `refresh` does."""
        return self._read().build(self._categorise).remainder

    def why_not(self) -> Reasons:
        """For each row of the source state, as it stands now, the rule that skips it, or None where it may be drained."""
        return self._read().why_not(self._categorise)

    def count_taken(self, runs: Iterable[str]) -> None:
        """The session took phases of these runs before, one each time that a run is named."""
        self._taken.update(runs)

    def size_of(self, fingerprint: str) -> int:
        """The most phases with it that one reading counted; 0 where no canaries are sent ahead."""
        return self._sizes.get(fingerprint, 0)

    def ranks(self) -> list[Any]:
        """How the policies ranked the lanes that wait, in no order."""
        return [keys for is_ranked, keys in self._order.ranks() if is_ranked]

    def next(self, now: datetime, busy: Container[str] = frozenset(), full: Container[str] = frozenset()) -> Choice | None:
        """The phase most worth trying, of a run that is not `busy` and a cluster that is not `full`; it leaves the backlog.
        None when there is none: it is `stale` and to be read again, or nothing is `waiting`, or all that waits is busy."""
        choice, aside = None, list[LaneBuffer]()
        while choice is None and (buffer := self._first(now, busy)) is not None:
            if not buffer.kept:
                self.stale = True
                self._push(buffer, now)
                break
            if full and buffer.kept[0][2].fingerprint in full:
                aside.append(buffer)
                continue
            phase = buffer.phase(buffer.take(), self._state)
            self.waiting -= 1
            choice = self._choice(buffer, phase, now)
            self._taken[buffer.run_id] += choice is not None
            self._push(buffer, now)
        for buffer in aside:
            self._push(buffer, now)
        return choice

    def touch(self, run_id: str, now: datetime, attempt: Attempt | None = None) -> None:
        """Rank the lanes of a run anew, after a result of it; other lanes that `attempt` teaches something of follow when
        they come to the top."""
        if attempt is not None:
            self._retry_stats.add(attempt, self._run_type(run_id))
        for buffer in self._lanes_of.get(run_id, ()):
            self._push(buffer, now)

    def upcoming(self, most: int, now: datetime) -> list[Phase]:
        """The first phases without a verdict that `next` would come to now, in its order; they stay where they are."""
        found: list[Phase] = []
        lent: dict[int, tuple[LaneBuffer, list[Kept], int]] = {}
        taken: dict[str, int] = {}
        with self._order.trial():
            try:
                while len(found) < most and (buffer := self._first(now, ())) is not None:
                    if not buffer.kept:  # the rest of the lane is not at hand
                        continue
                    lent.setdefault(id(buffer), (buffer, buffer.kept.copy(), buffer.waiting))
                    taken.setdefault(buffer.run_id, self._taken[buffer.run_id])
                    phase = buffer.phase(buffer.take(), self._state)
                    if self._seen.stopped(phase) is None:
                        self._taken[buffer.run_id] += 1
                        if self._verdict(phase) is None:
                            found.append(phase)
                    self._push(buffer, now)
            finally:
                for run_id, before in taken.items():
                    self._taken[run_id] = before
                for buffer, kept, waiting in lent.values():
                    buffer.kept, buffer.waiting = kept, waiting
        return found

    def apply(self, verdict: Verdict, now: datetime) -> None:
        """A diagnosis said this meanwhile: its phase leaves the backlog, or goes to the lane where it belongs now."""
        self._seen.verdicts[verdict.key] = verdict
        for buffer in self._lanes_of.get(verdict.key.run_id, [])[:]:
            for kept in [one for one in buffer.kept if one[1] == verdict.key.phase_id and verdict.is_of(one[2])]:
                buffer.drop(kept)
                self._push(buffer, now)
                if verdict.skip is None:
                    promising = self._promising(buffer)
                    promising.put(kept)
                    self._push(promising, now)
                else:
                    self.waiting -= 1
                    self.skipped[verdict.skip] += 1

    @property
    def _seen(self) -> SkipRules:
        if self._rules is None:
            raise AssertionError("refresh comes first")
        return self._rules

    def _verdict(self, phase: Phase) -> Verdict | None:
        """Of a phase that it does not skip: a promising one."""
        return self._seen.verdict(phase.key, phase.failure)

    def _promising(self, like: LaneBuffer) -> LaneBuffer:
        """Where those phases of a lane go that are promising."""
        lanes = self._lanes_of[like.run_id]
        for buffer in lanes:
            if buffer.promising and (buffer.category, buffer.attempts) == (like.category, like.attempts):
                return buffer
        lanes.append(buffer := LaneBuffer(like.run_id, like.category, like.attempts, promising=True))
        return buffer

    def _choice(self, buffer: LaneBuffer, phase: Phase, now: datetime) -> Choice | None:
        stop = self._seen.stopped(phase)
        if stop is not None:
            self.skipped[stop] += 1
            return None
        verdict, why = self._verdict(phase), self._why(self._lane(buffer, phase), now)
        return Choice(phase=phase, reason=why if verdict is None else f"{verdict}, {why}")

    def _push(self, buffer: LaneBuffer, now: datetime) -> None:
        if not buffer.waiting:
            self._order.drop(buffer)
            return
        rank = self._rank(buffer, now)
        try:
            self._order.push(buffer, rank)
        except TypeError as error:
            raise self._incomparable(error) from error

    def _first(self, now: datetime, busy: Container[str]) -> LaneBuffer | None:
        try:
            return self._order.pop(lambda buffer: self._rank(buffer, now), busy)
        except TypeError as error:
            raise self._incomparable(error) from error

    def _rank(self, buffer: LaneBuffer, now: datetime) -> Any:
        # A lane that kept nothing can't be ranked: it goes first, which makes `next` ask for another reading.
        if not buffer.kept:
            return (0, ())
        return (1, self._ranking(self._lane(buffer, buffer.phase(buffer.kept[0], self._state)), now))

    def _stamp(self, buffer: LaneBuffer) -> Hashable:
        return (self._retry_stats.results, self._taken[buffer.run_id])

    def _incomparable(self, error: TypeError) -> ConfigError:
        return ConfigError(
            f"batchdrain.policy: {', '.join(self._ranking.names)}: the keys of two lanes can't be compared: {error}",
            remedy="a policy must return keys of one type",
        )

    def _lane(self, buffer: LaneBuffer, head: Phase) -> Lane:
        run_id = buffer.run_id
        run = RunFacts(type=self._run_type(run_id), failed=self._failed[run_id], taken=self._taken[run_id])
        return lane_of(head, buffer, run, self._seen, self._retry_stats)

    def _why(self, lane: Lane, now: datetime) -> str:
        hint = f"hint {lane.hint:+}, " if lane.hint else ""
        tried = "never tried" if lane.attempts == 0 else f"tried {lane.attempts}x"
        index = "no phase_index" if lane.phase_index is None else f"phase_index {lane.phase_index}"
        waits = f"{lane.failed} {self._state} in its run"
        says = "".join(f", {fact}" for fact in self._ranking.explain(lane, now))
        return f"{hint}{lane.category}, {tried}, {index}, {waits}{says} (policy {' > '.join(self._ranking.names)})"
