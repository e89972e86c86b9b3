"""The backlog: read once as a stream and counted into lanes. After that each next phase costs the same.

Only lanes stay in memory, each with the first few of its phases. When a lane has handed out all phases that it kept, its run
is read again. Both the drain and the dry run take their phases from here, and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from datetime import datetime
from time import monotonic
from typing import Any

from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice
from batchdrain.model.phase import Phase, PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.lane_buffer import LaneBuffer
from batchdrain.planning.lane_builder import LaneBuilder
from batchdrain.planning.lane_view import Knowledge
from batchdrain.planning.outlook import Outlook
from batchdrain.planning.ranked_lanes import RankedLanes
from batchdrain.planning.reading import Categorise, Reading, Reasons
from batchdrain.planning.remainder import Remainder
from batchdrain.planning.seen_kinds import SeenKinds
from batchdrain.planning.since_reading import SinceReading
from batchdrain.planning.verdicts import Verdict
from batchdrain.policies.ranking import Ranking


class LaneBacklog:
    """Hands out the next phase, again and again, each phase at most once."""

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
        """`read` takes a new look at the database. `fixed`: phases that this session completed, by run_id."""
        self._read = read
        self._ranking = ranking
        self._state = state
        self._categorise = categorise
        self._run_type = run_type
        self._fixed = fixed
        self._taken: Counter[str] = Counter()
        self._reading: Reading | None = None
        self._lanes: RankedLanes | None = None
        self._since: SinceReading | None = None  # set while a reading is under way
        self._waited = 0  # the phases that waited when the choosing ended
        self._sizes: dict[str, int] = {}
        self.skipped: Counter[Skip] = Counter()  #: skipped by the last reading and since, by rule and value
        self.remainder = Remainder()  #: how the last reading counted its rows
        self.seen = SeenKinds()  #: the kinds of failures in the last reading
        self.read_s = 0.0  #: how long the last reading took
        self._has_unreadable = True  # whether the last reading met such a row; before it, any row may be

    def refresh(self, now: datetime) -> None:
        """Read the database again. Raises DatabaseUnavailable, and ConfigError for a cycle or a bad policy."""
        for _ in self.refresh_in_slices(lambda: now):
            pass

    def refresh_in_slices(self, now: Callable[[], datetime]) -> Iterator[None]:
        """Like `refresh`, but a little with each step. Phases that are chosen meanwhile come from the reading before, and are
        not chosen again. Nothing changes before the last step."""
        began, took_s = monotonic(), 0.0
        self._since = since = SinceReading()
        try:
            reading = self._read()
            builder = reading.begin(self._categorise)
            for step in self._steps(reading, builder, now):
                took_s += monotonic() - began
                if step is None:
                    yield
                else:
                    self._take_over(reading, builder, step)
                began = monotonic()
        finally:
            self._since = None
        since.apply_to(self, now())
        self.read_s = took_s

    def _steps(self, reading: Reading, builder: LaneBuilder, now: Callable[[], datetime]) -> Iterator[RankedLanes | None]:
        for page in reading.pages:
            builder.take_in(page)
            yield None
        builder.finish()
        failed = builder.rows_of.copy()  # a copy, since the builder still counts with the original
        failed.update(self._fixed())
        retry_stats = reading.rules.past.retry_stats.copy()
        known = Knowledge(
            rules=reading.rules, retry_stats=retry_stats, run_type=self._run_type, failed=failed, taken=self._taken,
            redact=reading.redact,
        )  # fmt: skip
        lanes = RankedLanes(known, self._ranking, self._state)
        for _ in lanes.add(builder.buffers, now):
            yield None
        yield lanes

    def _take_over(self, reading: Reading, builder: LaneBuilder, lanes: RankedLanes) -> None:
        self._reading, self._lanes = reading, lanes
        for fingerprint, count in builder.alike.items():
            self._sizes[fingerprint] = max(count, self._sizes.get(fingerprint, 0))
        self.skipped, self.remainder, self.seen = builder.skipped, builder.remainder, builder.seen
        self._has_unreadable = builder.has_unreadable

    @property
    def stale(self) -> bool:
        """Whether to refill before the next choice: a lane has handed out all that it kept, or nothing was read yet."""
        return self._lanes is None or bool(self._lanes.dry)

    def refill(self, now: datetime) -> None:
        """Read again the runs whose lanes have handed out all that they kept. Raises as `refresh` does."""
        reading, lanes = self._reading, self._lanes
        if reading is None or lanes is None or reading.pages_of is None:
            self.refresh(now)
            return
        for run_id in sorted(lanes.dry, key=reading.rules.order.run):
            lanes.replace_run(run_id, reading.build_run(run_id, self._categorise).buffers, now)

    @property
    def waiting(self) -> int:
        """How many phases wait in all lanes."""
        lanes = self._lanes  # another thread may ask while the choosing ends
        return self._waited if lanes is None else lanes.waiting

    @property
    def total(self) -> int:
        """Rows of the source state at the last reading."""
        return self.remainder.total

    def end(self) -> None:
        """Nothing more is chosen: what waits stays counted, and no lane is kept."""
        self._waited = self.waiting
        self._reading = self._lanes = None

    def count(self) -> Remainder:
        """Read the database again and count its rows, without choosing anything. Raises as `refresh` does."""
        return self._read().count(self._categorise, has_unreadable=self._has_unreadable)

    def why_not(self, run_id: str | None = None) -> Reasons:
        """For each row as it is now the rule that skips it; None if it may be drained. `run_id`: look at this run only."""
        return self._read().why_not(self._categorise, run_id)

    def count_taken(self, runs: Iterable[str]) -> None:
        """Note that the session took phases of these runs before: one phase for each time that a run is named."""
        self._taken.update(runs)

    def size_of(self, fingerprint: str) -> int:
        """The largest number of phases with this fingerprint in any reading; 0 if no canaries are sent ahead."""
        return self._sizes.get(fingerprint, 0)

    def ranks(self) -> list[Any]:
        """The ranks that the policies gave to the waiting lanes, unordered."""
        return self._at_hand.ranks()

    def next(self, now: datetime, busy: Container[str] = frozenset(), full: Container[str] = frozenset()) -> Choice | None:
        """Take the phase most worth trying, of a run that is not `busy` and a cluster that is not `full`. None if the backlog
        is `stale`, if nothing is `waiting`, or if all that waits is busy or full."""
        if self._lanes is None:
            return None
        lanes, choice, aside = self._lanes, None, list[LaneBuffer]()
        while choice is None and (buffer := lanes.first(now, busy)) is not None:
            if not buffer.kept:
                lanes.dry.add(buffer.run_id)
                lanes.push(buffer, now)
                break
            if full and lanes.known.failure(buffer, buffer.kept[0]).fingerprint in full:
                aside.append(buffer)
                continue
            choice = self._take(buffer, now)
            lanes.push(buffer, now)
        for buffer in aside:
            lanes.push(buffer, now)
        return choice

    def touch(self, run_id: str, now: datetime, attempt: Attempt | None = None) -> None:
        """Rank the lanes of a run anew after one of its results. Other lanes to which `attempt` matters are ranked anew when
        they come to the top."""
        if attempt is not None:
            self._at_hand.known.retry_stats.add(attempt, self._run_type(run_id))
            if self._since is not None:
                self._since.attempts.append(attempt)
        self._at_hand.rank_run(run_id, now)

    def upcoming(self, most: int, now: datetime) -> list[Phase]:
        """The first phases without a verdict that `next` would return now, in its order. They stay in the backlog."""
        return self._at_hand.upcoming(most, now)

    def look_ahead(self, most: int, now: datetime) -> Outlook:
        """The first phases that `next` would return now, including those with a verdict. They stay in the backlog."""
        lanes = self._at_hand
        return Outlook(
            phases=lanes.upcoming(most, now, judged=True),
            waiting=lanes.waiting,
            stats=lanes.known.retry_stats,
            run_type=self._run_type,
            size_of=self.size_of,
        )

    def apply(self, verdict: Verdict, now: datetime) -> None:
        """Use a diagnosis that arrived after the reading: its phase leaves the backlog, or moves to the lane where it belongs
        now."""
        lanes = self._at_hand
        lanes.known.rules.verdicts[verdict.key] = verdict
        if self._since is not None:
            self._since.verdicts.append(verdict)
        for buffer in lanes.of_run(verdict.key.run_id)[:]:
            named = [one for one in buffer.kept if one[1] == verdict.key.phase_id]
            for kept in [one for one in named if verdict.is_of(lanes.known.failure(buffer, one))]:
                buffer.drop(kept)
                lanes.push(buffer, now)
                if verdict.skip is None:
                    promising = lanes.promising(buffer)
                    promising.put(kept)
                    lanes.push(promising, now)
                else:
                    lanes.waiting -= 1
                    self.skipped[verdict.skip] += 1

    def forget(self, key: PhaseKey) -> None:
        """Remove a phase that was chosen before this reading was taken over."""
        self._at_hand.forget(key)

    @property
    def _at_hand(self) -> RankedLanes:
        if self._lanes is None:
            raise AssertionError("refresh comes first")
        return self._lanes

    def _take(self, buffer: LaneBuffer, now: datetime) -> Choice | None:
        """Take the first phase out of the lane; None if its run or its cluster has been stopped meanwhile."""
        lanes, kept = self._at_hand, buffer.take()
        phase = lanes.phase(buffer, kept)
        lanes.waiting -= 1
        stop = lanes.known.rules.stopped(phase)
        if stop is not None:
            self.skipped[stop] += 1
            return None
        verdict, why = lanes.verdict(phase), lanes.explain(buffer, kept, now)
        self._taken[buffer.run_id] += 1
        if self._since is not None:
            self._since.chosen.append(phase.key)
        return Choice(phase=phase, reason=why if verdict is None else f"{verdict}, {why}")
