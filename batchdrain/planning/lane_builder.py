"""Rows into lanes, in one pass over the backlog.

What depends on the run or on the failure text alone is decided once for each; only phases that the ledger,
the session or somebody's word knows by name are looked at one by one. A million rows are read for every first choice: the
loop in `_take_in` is written for that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from batchdrain.database.phases.pages import Page, Plain, Row, to_reason
from batchdrain.database.phases.singly import Unreadable
from batchdrain.model.failure import NO_REASON, Failure
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.lane_buffer import LAST, LaneBuffer
from batchdrain.planning.remainder import Remainder
from batchdrain.planning.seen_kinds import SeenKinds
from batchdrain.planning.skip_rules import ATTEMPTED, BAD_DATA, IN_THIS_SESSION, SkipRules
from batchdrain.planning.usable_ids import UsableIds

KEPT: Final = 20_000
"""How many phases all lanes together keep at hand, about."""
_LEAST: Final = 4
_TEXTS: Final = 10_000
_CHARS: Final = 2_000_000
_Name = str | Skip | tuple[str, int, bool]
"""Of a lane of a run: its category, or what skips it; of phases that were looked at one by one also what else sets them apart."""

_BY_US: Final = Skip(ATTEMPTED, IN_THIS_SESSION)


class LaneBuilder:
    """One reading of the backlog, on its way into lanes."""

    def __init__(self, rules: SkipRules, categorise: Callable[[str | None], str], redact: Callable[[str], str] = str) -> None:
        self._rules = rules
        self._categorise = categorise
        self._redact = redact
        self._skips_run = rules.runs()
        self._named = set(rules.known_by_name())
        self._usable = UsableIds(rules.settings.command.argv)
        self._kinds: dict[str | None, tuple[str | Skip, Failure]] = {}  # failure text -> where it goes, what it says
        self._chars = 0
        self._runs: dict[str, dict[_Name, LaneBuffer]] = {}  # run_id -> its lanes by name
        self._lanes = 0
        self._room = KEPT
        self.alike: Counter[str] = Counter()  #: rows by fingerprint, where canaries are sent ahead
        self.seen = SeenKinds(rules.filters.clusters)
        self.skipped: Counter[Skip] = Counter()
        self.rows_of: Counter[str] = Counter()  #: by run_id, the skipped ones too
        self.buffers: list[LaneBuffer] = []
        self._attempted: set[PhaseKey] = set()  # phases that this session has attempted

    @property
    def remainder(self) -> Remainder:
        """What the pages came to, once they are read."""
        skipped = Counter({skip: count for skip, count in self.skipped.items() if skip != _BY_US})
        return Remainder(total=self.rows_of.total(), attempted=frozenset(self._attempted), skipped=skipped)

    def read(self, pages: Iterable[Page]) -> None:
        """Take all pages in; afterwards the buffers are trimmed to their room, the skipped counted."""
        named = self._named
        for page in pages:
            rows = page.rows if page.has_sound_ids else self._without_unusable(page.rows)
            if self._rules.past.summed_runs:
                named.update(self._rules.remembered((row[0], row[1]) for row in rows))
            if named:
                for row in rows:
                    if (row[0], row[1]) in named:
                        self._take_in_by_name(Row._make(row))
                rows = [row for row in rows if (row[0], row[1]) not in named]
            self._take_in(rows)
            if self._rules.settings.stop.canary:
                for reason, count in Counter(row[3] for row in page.rows).items():
                    self.alike[self._kind(reason)[1].fingerprint] += count
        for buffer in self.buffers:
            self.rows_of[buffer.run_id] += buffer.waiting
            if buffer.skip is not None:
                self.skipped[buffer.skip] += buffer.waiting
            buffer.trim(self._room)
        self.buffers = [buffer for buffer in self.buffers if buffer.skip is None]

    def judged(self, row: Row) -> tuple[Skip | None, Failure, int]:
        """A row by itself: the rule that skips it, its failure, its attempts."""
        key, past = PhaseKey(row.run_id, row.phase_id), self._rules.past
        if key in self._rules.attempted and key not in self._attempted and key not in self._rules.in_chain:
            self._attempted.add(key)
            return _BY_US, NO_REASON, 0
        if (by_ids := self._usable.problem_of(row.run_id, row.phase_id)) is not None:
            return by_ids, NO_REASON, 0
        if isinstance(row.reason, Unreadable):
            return Skip(BAD_DATA, self._redact(row.reason)), NO_REASON, 0
        by_run = self._skips_run(row.run_id)
        failure = self._failure(row.reason)
        if by_run is not None:
            return by_run, NO_REASON, 0
        names = (row.run_id, row.phase_id)
        digest = key.digest if names in self._named or any(self._rules.remembered([names])) else None
        attempts = 0 if digest is None else past.attempts.get(digest, 0)
        return self._rules.phase(key, digest, failure), failure, attempts

    def _take_in(self, rows: Sequence[Plain]) -> None:
        kinds, runs, most = self._kinds, self._runs, 2 * self._room
        for run_id, phase_id, index, reason in rows:
            try:
                name, failure = kinds[reason]
                buffer = runs[run_id][name]
            except KeyError:
                name, failure = self._kind(reason)
                buffer = self._buffer_of(run_id, name)
                kinds, most = self._kinds, 2 * self._room
            buffer.waiting += 1
            place = LAST if index is None else index
            if place <= buffer.worst:
                kept = buffer.kept
                kept.append((place, phase_id, failure))
                if len(kept) >= most:
                    buffer.trim(self._room)

    def _take_in_by_name(self, row: Row) -> None:
        skip, failure, attempts = self.judged(row)
        if skip is not None:
            self.rows_of[row.run_id] += 1
            self.skipped[skip] += 1
            return
        promising = self._rules.verdict(PhaseKey(row.run_id, row.phase_id), failure) is not None
        lane = (failure.category, attempts, promising)
        buffer = self._runs.setdefault(row.run_id, {}).get(lane) or self._new_buffer(row.run_id, lane, *lane)
        buffer.waiting += 1
        place = LAST if row.phase_index is None else row.phase_index
        if place <= buffer.worst:
            buffer.kept.append((place, row.phase_id, failure))

    def _kind(self, reason: str | None) -> tuple[str | Skip, Failure]:
        """Where a failure text goes, whatever the run; remembered, in bounded memory."""
        found = self._kinds.get(reason)
        if found is not None:
            return found
        if len(self._kinds) >= _TEXTS or self._chars >= _CHARS:
            self._kinds, self._chars = {}, 0
        if isinstance(reason, Unreadable):
            return Skip(BAD_DATA, self._redact(reason)), NO_REASON
        failure = self._failure(reason)
        self._chars += len(failure.text or "")
        found = self._kinds[reason] = (self._rules.failed_so(failure) or failure.category, failure)
        return found

    def _failure(self, reason: object) -> Failure:
        """Of a reason as the driver gives it: SQLite may hold something else than text."""
        failure = Failure.of(to_reason(reason), self._categorise, self._redact)
        self.seen.add(failure)
        return failure

    def _buffer_of(self, run_id: str, name: str | Skip) -> LaneBuffer:
        """Where the phases of a run go that failed so. A run that is skipped has one buffer, under whatever name."""
        lanes = self._runs.setdefault(run_id, {})
        buffer = lanes.get(name)
        if buffer is None:
            skip = self._skips_run(run_id)
            if skip is None:
                skip = self._rules.run_of(run_id, name if isinstance(name, Skip) else None)
            buffer = self._new_buffer(run_id, name, "" if isinstance(name, Skip) else name, 0, skip=skip)
        return buffer

    def _new_buffer(
        self, run_id: str, name: _Name, category: str, attempts: int, promising: bool = False, skip: Skip | None = None
    ) -> LaneBuffer:
        buffer = LaneBuffer(run_id, category, attempts, promising, skip, worst=LAST if skip is None else -LAST)
        self._runs[run_id][name] = buffer
        self.buffers.append(buffer)
        if skip is None:
            self._lanes += 1
            self._room = max(_LEAST, KEPT // self._lanes)
        return buffer

    def _without_unusable(self, page: Sequence[Plain]) -> list[Plain]:
        rows = []
        for row in page:
            skip = self._usable.problem_of(row[0], row[1])
            if skip is None:
                rows.append(row)
            else:
                self.rows_of[row[0]] += 1
                self.skipped[skip] += 1
        return rows
