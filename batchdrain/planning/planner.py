"""The planner of a project: the backlog over its database. The drain and the dry run both get theirs here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from batchdrain.config.categories import categoriser_of
from batchdrain.config.settings import Settings
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.database.phases.pages import Page, Row, redact_rows
from batchdrain.database.store import Store
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import Acceptances
from batchdrain.planning.filters import Filters
from batchdrain.planning.hints import Hints
from batchdrain.planning.lane_backlog import LaneBacklog, Reading
from batchdrain.planning.session_progress import NothingDone, SessionProgress
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.planning.verdicts import current_verdicts_of
from batchdrain.policies.ranking import ranking_of
from batchdrain.runtime import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What to select from, and how."""

    store: Store
    settings: Settings  #: the session's own, which may differ from the project's
    filters: Filters
    state: PhaseState
    done: SessionProgress = field(default_factory=NothingDone)
    heeds_verdicts: bool = True  #: of diagnoses; only those of failed phases are heeded

    def backlog(self) -> LaneBacklog:
        """A backlog that was not read yet. Raises ConfigError for what can't be loaded."""
        return LaneBacklog(
            self.reading,
            ranking_of(self.settings.policy),
            state=self.state,
            categorise=categoriser_of(self.settings),
            run_type=cache(self.settings.run_type_of),
            fixed=lambda: self.done.fixed,
        )

    def reading(self) -> Reading:
        """One look: the ledger and the counts now, the rows as they are drawn."""
        notes, past = Notes(self.store.database, self.store.ledger), self.store.history.read_past()
        heeds = self.heeds_verdicts and self.state is PhaseState.FAILED
        verdicts = notes.read(NoteKind.VERDICT) if heeds else []
        rules = SkipRules(
            filters=self.filters,
            settings=self.settings,
            past=past,
            queued=self.store.count_queued(),
            unfinished={row.run_id: row.unfinished for row in self.store.read_run_counts()}
            if self.settings.depends_on
            else {},
            attempted={*self.done.attempted, *self.done.passed_over} if self.done.passed_over else self.done.attempted,
            progress=self.done.progress,
            accepted=acceptances(self.store) if self.state is PhaseState.FAILED else None,
            hints=Hints(notes.read(NoteKind.HINT)),
            verdicts=current_verdicts_of(verdicts, past.attempts, clock.now()),
        )
        return Reading(pages=self.pages(), rules=rules, redact=self.store.redact)

    def pages(self) -> Iterator[Page]:
        """The rows in the state, as a stream that holds a connection until it is drawn. Raises DatabaseUnavailable."""
        with self.store.database.read() as connection:
            yield from self.store.table.read_pages(connection, self.state)

    def rows(self) -> Iterator[Row]:
        """One by one, for whoever does not mind the time. Without secrets: what is made of a reason is shown, and kept."""
        return redact_rows(self.pages(), self.store.redact)


def settle_run(store: Store, filters: Filters) -> Filters:
    """Whether `run_id` is the name of a run, or a glob of several. Raises DatabaseUnavailable."""
    return filters.settled(row.run_id for row in store.read_run_counts()) if filters.run_id_is_glob else filters


def acceptances(store: Store) -> Acceptances | None:
    """What is accepted now; None where nothing is."""
    return Acceptances.of(Notes(store.database, store.ledger).read(NoteKind.ACCEPTED), clock.now())
