"""The membership of a drain in a group: what it may take is counted over all drains of the group, and what stops one stops all."""

from __future__ import annotations

from typing import Final

from batchdrain.database.ledger.groups import GROUP, Groups
from batchdrain.drain.circuit_breaker import is_transient
from batchdrain.drain.database_outage import DatabaseOutage
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.stops import FULL
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Claim, Group
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.failure_row import describe_before
from batchdrain.planning.group_figures import GroupFigures, GroupResult
from batchdrain.sessions.progress import ResultCounts

_MEANWHILE: Final = "the other drains of the group do not know of it yet"


def describe_tried(group: Group) -> Skip:
    """The reason to skip a phase of which a drain of the group already has a result."""
    return Skip(GROUP, f"a drain of {group.name} has tried it")


class Membership:
    """The membership of one session in a group, or in none."""

    def __init__(self, project: Project, request: DrainRequest, outage: DatabaseOutage, counts: ResultCounts) -> None:
        """`counts`: those of the session. A phase that has a result has already taken a unit of the group, so another try of it
        takes none."""
        self._group = None if request.group is None else Group(request.group)
        self._groups = Groups(project.store.database, project.store.ledger)
        self._outage = outage
        self._counts = counts
        self._stop = request.settings.stop
        self._outage_after = request.settings.retry.outage_after
        self._taken = set(counts.places)
        self._told = False

    def begin(self) -> None:
        """Read what the group's other drains have counted so far. Raises DatabaseUnavailable."""
        if (group := self._group) is not None:
            self._counts.group = GroupFigures.of(
                self._outage.retry(lambda: self._groups.read_figures(group), meanwhile=_MEANWHILE)
            )

    def note(self, attempt: Attempt, *, waits: bool) -> None:
        """Count a result for the whole group. `waits`: whether the phase will be tried again. Raises DatabaseUnavailable."""
        group = self._group
        if group is None:
            return
        result = GroupResult(
            run_id=attempt.phase.run_id,
            success=attempt.success,
            waits=waits,
            timed_out=attempt.timed_out,
            is_of_outage=bool(self._outage_after) and is_transient(attempt),
            fingerprint="" if attempt.success else attempt.fingerprint,
            before=describe_before(attempt.phase),
            metrics=attempt.metrics,
            has_metric=attempt.metrics.get(self._stop.metric, 0.0) > 0,
        )
        add = lambda found: GroupFigures.of(found).add(result).to_fields()  # noqa: E731 - used at once
        figures = self._outage.retry(lambda: self._groups.fold(group, add), meanwhile=_MEANWHILE)
        self._counts.group = GroupFigures.of(figures)

    def unit_of(self, key: PhaseKey) -> Group | None:
        """The group of which a claim of this phase must take a unit; None if it takes none. Raises GroupEnded if even phases that
        were taken are not tried again, DatabaseUnavailable."""
        group = self._group
        if group is None or key not in self._taken:
            return group
        state = self._outage.retry(lambda: self._groups.read(group), meanwhile="nothing is tried again")
        end = None if state is None else state.find_end(group)
        if end is not None and not end.is_full:
            raise end
        return None

    def take(self, key: PhaseKey) -> None:
        """Note that a claim of this phase took a unit."""
        self._taken.add(key)

    def give_back(self, claim: Claim) -> None:
        """Note that the phase was released without a result. Its unit went back with it if this claim took it; a claim that tries
        again takes none."""
        if claim.group_key is not None:
            self._taken.discard(claim.phase.key)

    @property
    def tried(self) -> Skip:
        """The reason to skip a phase that a drain of the group has tried."""
        return Skip(GROUP, "") if self._group is None else describe_tried(self._group)

    def tell(self, stopped: Skip | None) -> None:
        """Stop the whole group, once, for what stops this drain, except if only the file of its session is full. Raises
        DatabaseUnavailable."""
        group = self._group
        if group is None or stopped is None or self._told or stopped.rule in {GROUP, FULL.rule}:
            return
        self._outage.retry(lambda: self._groups.stop(group, str(stopped)), meanwhile=_MEANWHILE)
        self._told = True
