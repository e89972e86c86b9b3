"""The planner of a project: makes the backlog over its database, for the drain and for the dry run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from batchdrain.config.categories import categoriser_of
from batchdrain.config.settings import Settings
from batchdrain.database.phases.pages import Page
from batchdrain.database.store import Store
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import acceptances
from batchdrain.planning.filters import Filters
from batchdrain.planning.given_back import GivenBack, foreseen, foreseen_counts
from batchdrain.planning.hints import read_hints
from batchdrain.planning.lane_backlog import LaneBacklog
from batchdrain.planning.reading import Reading
from batchdrain.planning.session_progress import NothingDone, SessionProgress
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.planning.verdicts import read_verdicts
from batchdrain.policies.ranking import may_look_at_queued, ranking_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What to select from, and by which rules."""

    store: Store
    settings: Settings  #: those of the session, which may differ from the project's
    filters: Filters
    state: PhaseState
    done: SessionProgress = field(default_factory=NothingDone)
    heeds_verdicts: bool = True  #: whether to heed the verdicts of diagnoses; only failed phases have any
    given_back: Sequence[GivenBack] = ()  #: for a dry run: what recovery would give back before a drain begins
    drained_before: Mapping[str, int] = field(default_factory=dict)  #: for a dry run: phases no longer queued, by run_id

    def backlog(self, read: Callable[[], Reading] | None = None) -> LaneBacklog:
        """A backlog that has not been read yet. `read`: takes the looks at the database, None: `reading` does. Raises
        ConfigError for a policy or rule that cannot be loaded."""
        backlog = LaneBacklog(
            read or self.reading,
            ranking_of(self.settings.policy),
            state=self.state,
            categorise=categoriser_of(self.settings),
            run_type=cache(self.settings.run_type_of),
            fixed=lambda: self.done.fixed,
        )
        if self.state is PhaseState.QUEUED:  # a run that was begun is continued after a resume
            backlog.count_taken(key.run_id for key in self.done.attempted)
        return backlog

    def reading(self) -> Reading:
        """Begin a reading: the ledger and the counts are read now, the rows while the pages are iterated."""
        past = foreseen(self.store.history.read_past(), self.given_back)
        heeds = self.heeds_verdicts and self.state is PhaseState.FAILED
        rules = SkipRules(
            filters=self.filters,
            settings=self.settings,
            past=past,
            queued=self._count_queued() if self._heeds_queued() else {},
            unfinished=self._count_unfinished() if self.settings.depends_on else {},
            attempted=self.done.attempted,
            passed_over=self.done.passed_over,
            ambiguous=self.store.read_ambiguous_ids(),
            in_chain=self.done.in_chain,
            state=self.state,
            progress=self.done.progress,
            accepted=acceptances(self.store) if self.state is PhaseState.FAILED else None,
            hints=read_hints(self.store),
            verdicts=read_verdicts(self.store, past.attempts) if heeds else {},
            order=self.store.table.ids.order,
        )
        return Reading(
            pages=self.pages(),
            rules=rules,
            redact=self.store.redact,
            pages_of=self.pages_of,
            ids=self.pages(only_ids=True) if self.store.table.writability.stores_all else None,
        )

    def _heeds_queued(self) -> bool:
        """Whether a rule or a policy may look at how many phases of a run are queued. Counting them takes a scan."""
        return self.settings.stop.skip_runs_with_queued or may_look_at_queued(self.settings.policy)

    def _count_queued(self) -> dict[str, int]:
        counts = foreseen_counts(self.store.count_queued(), self.given_back, PhaseState.QUEUED, by=1)
        return {run_id: max(0, count - self.drained_before.get(run_id, 0)) for run_id, count in counts.items()}

    def _count_unfinished(self) -> dict[str, int]:
        counts = {row.run_id: row.unfinished for row in self.store.read_run_counts()}
        return foreseen_counts(counts, self.given_back, PhaseState.COMPLETE, by=-1)

    def pages(self, *, only_ids: bool = False) -> Iterator[Page]:
        """The rows in the source state, as a stream. It holds a connection until it is exhausted. `only_ids`: as
        PhaseTable.read_pages takes it. Raises DatabaseUnavailable."""
        with self.store.database.read() as connection:
            yield from self.store.table.read_pages(connection, self.state, only_ids=only_ids)
        rows = [back.row for back in self.given_back if back.row is not None and back.state is self.state]
        if rows:
            yield Page.of(rows)

    def pages_of(self, run_id: str) -> Iterator[Page]:
        """The rows of one run in the source state, otherwise like `pages`."""
        with self.store.database.read() as connection:
            yield from self.store.table.read_pages(connection, self.state, run_id)
        rows = [back.row for back in self.given_back if back.row is not None and back.state is self.state]
        if rows := [row for row in rows if row.run_id == run_id]:
            yield Page.of(rows)


def settle_run(store: Store, filters: Filters) -> Filters:
    """If the filter's glob is the name of a run, make it mean that run only. Raises DatabaseUnavailable."""
    return filters.settled(row.run_id for row in store.read_run_counts()) if filters.run_id_is_glob else filters
