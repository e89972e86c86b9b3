"""Sorts rows into lanes, in one pass over the backlog.

What depends only on the run or on the failure text is decided once for each. Only phases that the ledger, the session or a
note knows by name are looked at one by one. Before every first choice a million rows may be read, so nothing is worked out of
a text that no rule and no lane needs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import compress, count
from operator import not_
from typing import Final

from batchdrain.database.phases.pages import Page, Row
from batchdrain.database.phases.singly import Unreadable
from batchdrain.model.failure import NO_REASON, Failure
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.lane_buffer import LAST, LaneBuffer, order_of
from batchdrain.planning.lane_names import LaneNames
from batchdrain.planning.open_lanes import OpenLanes
from batchdrain.planning.remainder import Remainder
from batchdrain.planning.skip_rules import ATTEMPTED, BAD_DATA, IN_THIS_CHAIN, IN_THIS_SESSION, SkipRules
from batchdrain.planning.usable_ids import UsableIds
from batchdrain.runtime.text import is_nameable

KEPT: Final = 20_000
"""All lanes together keep about this many phases; each keeps at least one."""
_BY_US: Final = Skip(ATTEMPTED, IN_THIS_SESSION)
_BY_CHAIN: Final = Skip(ATTEMPTED, IN_THIS_CHAIN)
_Lane = str | tuple[str, str | Skip]
"""The run_id, and if texts matter the name of the lane within its run."""


class LaneBuilder:
    """Sorts the rows of one reading into lanes."""

    def __init__(
        self,
        rules: SkipRules,
        categorise: Callable[[str | None], str],
        redact: Callable[[str], str] = str,
        *,
        most: int | None = None,
        counts_only: bool = False,
    ) -> None:
        """`most`: how many phases are kept in all, None: KEPT. `counts_only`: the rows are only counted, and nothing will be
        chosen."""
        self._rules = rules
        self._redact = redact
        self._parks = rules.parks_some()
        self._counts_alike = bool(rules.settings.stop.canary) and not counts_only
        self._names = LaneNames(rules, categorise, redact, counts_only=counts_only)
        self._skips_run = rules.runs()
        self._named = set(rules.known_by_name())
        self._usable = UsableIds(rules.settings.command.argv)
        self._named_runs = {run_id for run_id, _ in self._named}
        self._named_phases = {phase_id for _, phase_id in self._named}
        self._skips_of_lane: dict[_Lane, Skip | None] = {}
        self._open = OpenLanes(self._skip_of, order_of(rules.order.phase), KEPT if most is None else most)
        self.alike: Counter[str] = Counter()  #: rows by fingerprint, if canaries are sent ahead
        self.seen = self._names.seen
        self.skipped: Counter[Skip] = Counter()
        self.rows_of: Counter[str] = Counter()  #: rows by run_id, including skipped ones
        self.has_unreadable = False  #: whether a row can't be read
        self.buffers: list[LaneBuffer] = []
        self._attempted: set[PhaseKey] = set()  # phases that this session has attempted
        self._counted: Counter[str] = Counter()  # rows by run_id, if their texts do not matter

    @property
    def remainder(self) -> Remainder:
        """How the rows were counted; complete once all pages are read."""
        skipped = Counter({skip: count for skip, count in self.skipped.items() if skip != _BY_US})
        return Remainder(total=self.rows_of.total(), attempted=frozenset(self._attempted), skipped=skipped)

    @property
    def heeds_texts(self) -> bool:
        """Whether a failure text may decide about a row."""
        return self._names.matter or bool(self._rules.verdicts)

    def read(self, pages: Iterable[Page]) -> None:
        """Take in all pages, then finish."""
        for page in pages:
            self.take_in(page)
        self.finish()

    def take_in(self, page: Page) -> None:
        """Take in one page."""
        kinds = set(map(type, page.reasons))
        self.has_unreadable |= Unreadable in kinds
        here = page if page.has_sound_ids else self._without_unusable(page)
        if self._rules.past.summed_runs:
            self._note_named(self._rules.remembered(here.ids))
        if self._may_name(here):
            here = self._without_named(here)
        if self._names.matter or Unreadable in kinds:
            self._open.take_in(here, self._names.of_all(here.reasons, kinds))
        else:
            self._counted.update(here.runs)
        if self._counts_alike:
            for reason, rows in Counter(page.reasons).items():
                if not isinstance(reason, Unreadable):
                    self.alike[self._names.failure(reason).fingerprint] += rows

    def finish(self) -> None:
        """Close the lanes after the last page: trim the buffers to their room and count the skipped rows."""
        self._open.close()
        for run_id, rows in self._counted.items():
            if (skip := self._skip_of(run_id, "")) is not None:
                self.skipped[skip] += rows
        self.rows_of.update(self._counted)
        for buffer in self._open.buffers:
            self.rows_of[buffer.run_id] += buffer.waiting
            if buffer.skip is None:
                self.buffers.append(buffer)
            else:
                self.skipped[buffer.skip] += buffer.waiting
        self._names.forget()

    def skips_of(self, page: Page) -> list[Skip | None]:
        """For each row of a page the rule that skips it; None if it may be drained."""
        if not page.has_sound_ids or Unreadable in set(map(type, page.reasons)):
            return [self.judged(row)[0] for row in page.rows]
        if self._rules.past.summed_runs:
            self._note_named(self._rules.remembered(page.ids))
        names = self._names.of_all(page.reasons, set(map(type, page.reasons))) if self._names.matter else None
        found = self._find_skips(page.runs) if names is None else self._find_skips(list(zip(page.runs, names, strict=True)))
        if self._may_name(page):
            are_named = list(map(self._named.__contains__, page.ids))
            for at, row in zip(compress(count(), are_named), page.select(are_named).rows, strict=True):
                found[at] = self.judged(row)[0]
        return found

    def _find_skips(self, lanes: Sequence[_Lane]) -> list[Skip | None]:
        """The rules for rows that no rule knows by name. They are asked once for each lane."""
        try:
            return list(map(self._skips_of_lane.__getitem__, lanes))
        except KeyError:
            for lane in set(lanes).difference(self._skips_of_lane):
                self._skips_of_lane[lane] = self._skip_of(lane, "") if isinstance(lane, str) else self._skip_of(*lane)
            return list(map(self._skips_of_lane.__getitem__, lanes))

    def _skip_of(self, run_id: str, name: str | Skip) -> Skip | None:
        skip = self._skips_run(run_id)
        return self._rules.run_of(run_id, name if isinstance(name, Skip) else None) if skip is None else skip

    def judged(self, row: Row) -> tuple[Skip | None, Failure, int]:
        """Judge one row by itself: the rule that skips it, its failure, and its attempts."""
        key, past = PhaseKey(row.run_id, row.phase_id), self._rules.past
        if key in self._rules.in_chain:  # before all other rules: it is in the balance of the part that tried it
            return _BY_CHAIN, NO_REASON, 0
        if key in self._rules.attempted and key not in self._attempted:
            self._attempted.add(key)
            return _BY_US, NO_REASON, 0
        if (by_ids := self._unusable(row.run_id, row.phase_id)) is not None:
            return by_ids, NO_REASON, 0
        if isinstance(row.reason, Unreadable):
            return Skip(BAD_DATA, self._redact(row.reason)), NO_REASON, 0
        by_run = self._skips_run(row.run_id)
        failure = self._names.failure(row.reason)
        if by_run is not None:
            return by_run, NO_REASON, 0
        names = (row.run_id, row.phase_id)
        digest = key.digest if names in self._named or any(self._rules.remembered([names])) else None
        attempts = 0 if digest is None else past.attempts.get(digest, 0)
        return self._rules.phase(key, digest, failure, parks=self._parks), failure, attempts

    def _may_name(self, page: Page) -> bool:
        """Whether a row of the page may be known by name. Looking for each pair of ids would take as long as counting it."""
        return not (self._named_runs.isdisjoint(page.runs) or self._named_phases.isdisjoint(page.phases))

    def _note_named(self, names: Iterable[tuple[str, str]]) -> None:
        for name in names:
            self._named.add(name)
            self._named_runs.add(name[0])
            self._named_phases.add(name[1])

    def _without_named(self, page: Page) -> Page:
        """Take in one by one the rows that some rule knows by name; return the page without them."""
        are_named = list(map(self._named.__contains__, page.ids))
        if not any(are_named):
            return page
        for row in page.select(are_named).rows:
            self._take_in_by_name(row)
        return page.select(list(map(not_, are_named)))

    def _take_in_by_name(self, row: Row) -> None:
        skip, failure, attempts = self.judged(row)
        if skip is not None:
            self.rows_of[row.run_id] += 1
            self.skipped[skip] += 1
            return
        promising = self._rules.verdict(PhaseKey(row.run_id, row.phase_id), failure) is not None
        lane = (failure.category if self._names.has_categories else "", attempts, promising)
        place = LAST if row.phase_index is None else row.phase_index
        self._open.put(row.run_id, lane, (place, row.phase_id, row.reason))

    def _unusable(self, run_id: str, phase_id: str) -> Skip | None:
        """The skip of ids that cannot be used. A rule that skips their run comes first."""
        found = self._usable.problem_of(run_id, phase_id)
        if found is None or not is_nameable(run_id):
            return found
        return self._skips_run(run_id) or found

    def _without_unusable(self, page: Page) -> Page:
        problems = [self._unusable(*ids) for ids in page.ids]
        for run_id, skip in zip(page.runs, problems, strict=True):
            if skip is not None:
                self.rows_of[run_id] += 1
                self.skipped[skip] += 1
        return page.select([skip is None for skip in problems])
