"""What the next drain would do with one phase, judged as the dry run judges it. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchdrain.drain.preview.dry_plan import DryPlan, make_dry_plan
from batchdrain.drain.preview.recovery import foresee_recovery
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan import Planned
from batchdrain.planning.skip_rules import DEPENDS_ON
from batchdrain.sessions.session import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class NextDrain:
    """What the next drain would do with a phase."""

    kind: Kind  #: the kind of the drain: of failed phases, or of the queued phases of its run
    plan: DryPlan
    planned: Planned | None = None  #: set if the phase would be taken
    place: int = 0  #: its place among the phases taken, from 1 on
    skip: Skip | None = None  #: why it is left out; None without a `planned`: the batch is full

    @property
    def only_results_tell(self) -> Sequence[str]:
        """Stop conditions that may end the drain before it reaches the phase."""
        return self.plan.may_end_before(self.place) if self.place else ()

    @property
    def may_follow(self) -> bool:
        """Whether the phase only waits for a run that this drain may complete."""
        return self.skip is not None and self.skip.rule == DEPENDS_ON and self.plan.made.may_follow > 0


def look_ahead(project: Project, key: PhaseKey, state: PhaseState | None) -> tuple[NextDrain | None, GivenBack | None]:
    """What the dry run says of the phase, for the kind of drain that takes it in its state now, or after recovery. Also returns
    what recovery would do with it. Raises ConfigError, DatabaseUnavailable."""
    recovery = next((back for back in foresee_recovery(project) if back.key == key), None)
    then = state if recovery is None else recovery.state
    if then not in {PhaseState.FAILED, PhaseState.QUEUED}:
        return None, recovery
    kind = Kind.QUEUED if then is PhaseState.QUEUED else Kind.FAILED
    plan = make_dry_plan(project, _request_of(project, key, kind), None)
    for place, planned in enumerate(plan.made.all, start=1):
        if planned.choice.phase.key == key:
            return NextDrain(kind=kind, plan=plan, planned=planned, place=place), recovery
    return NextDrain(kind=kind, plan=plan, skip=_find_skip(plan, key)), recovery


def _request_of(project: Project, key: PhaseKey, kind: Kind) -> DrainRequest:
    """The request of `inv drain`, or of `inv drain-queued --run-id=…`, without any other flag."""
    if kind is Kind.FAILED:
        return DrainRequest(kind=kind, filters=Filters(), settings=project.settings)
    settings = project.settings.model_copy(update={"policy": ["run-order"]})
    return DrainRequest(kind=kind, filters=Filters.of(run_id=key.run_id, run_id_is_glob=False), settings=settings)


def _find_skip(plan: DryPlan, key: PhaseKey) -> Skip | None:
    for page, skips in plan.reasons(key.run_id):
        for ids, skip in zip(page.ids, skips, strict=True):
            if ids == (key.run_id, key.phase_id):
                return skip
    return None
