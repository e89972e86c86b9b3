"""That a drain is of a group: what it may take is counted over all drains of the group, and what stops one stops all."""

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
    """Why a phase is left out of which a drain of the group has a result."""
    return Skip(GROUP, f"a drain of {group.name} has tried it")


class Membership:
    """Of one session in a group, or in none."""

    def __init__(self, project: Project, request: DrainRequest, outage: DatabaseOutage, counts: ResultCounts) -> None:
        """`counts`: of the session. Of a phase that has a result it took a unit before: to try it again takes no other."""
        self._group = None if request.group is None else Group(request.group)
        self._groups = Groups(project.store.database, project.store.ledger)
        self._outage = outage
        self._counts = counts
        self._stop = request.settings.stop
        self._outage_after = request.settings.retry.outage_after
        self._taken = set(counts.places)
        self._told = False

    def begin(self) -> None:
        """What the others counted so far counts for us too. Raises DatabaseUnavailable."""
        if (group := self._group) is not None:
            self._counts.group = GroupFigures.of(
                self._outage.retry(lambda: self._groups.read_figures(group), meanwhile=_MEANWHILE)
            )

    def note(self, attempt: Attempt, *, waits: bool) -> None:
        """A result of ours counts for all of the group. `waits`: it is to be tried again. Raises DatabaseUnavailable."""
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
        add = lambda found: GroupFigures.of(found).add(result).to_fields()  # noqa: E731 - given away at once
        figures = self._outage.retry(lambda: self._groups.fold(group, add), meanwhile=_MEANWHILE)
        self._counts.group = GroupFigures.of(figures)

    def unit_of(self, key: PhaseKey) -> Group | None:
        """The group of which a claim of this phase is to take a unit; None where it is to take none. Raises GroupEnded where
        not even what was taken is to be tried again, DatabaseUnavailable."""
        group = self._group
        if group is None or key not in self._taken:
            return group
        state = self._outage.retry(lambda: self._groups.read(group), meanwhile="nothing is tried again")
        end = None if state is None else state.find_end(group)
        if end is not None and not end.is_full:
            raise end
        return None

    def take(self, key: PhaseKey) -> None:
        """A claim took a unit for this phase."""
        self._taken.add(key)

    def give_back(self, claim: Claim) -> None:
        """The phase was given back without a result, and its unit with it, if this claim took it: a claim that tries again does
        not."""
        if claim.group_key is not None:
            self._taken.discard(claim.phase.key)

    @property
    def tried(self) -> Skip:
        """Why a phase is left out that a drain of the group has tried."""
        return Skip(GROUP, "") if self._group is None else describe_tried(self._group)

    def tell(self, stopped: Skip | None) -> None:
        """What stops this drain stops the whole group, once; that its session's file is full does not. Raises DatabaseUnavailable."""
        group = self._group
        if group is None or stopped is None or self._told or stopped.rule in {GROUP, FULL.rule}:
            return
        self._outage.retry(lambda: self._groups.stop(group, str(stopped)), meanwhile=_MEANWHILE)
        self._told = True
