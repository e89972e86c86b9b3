"""What may end a drain before its plan is done, as far as can be seen beforehand. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from batchdrain.database.ledger.groups import GroupEnded, Groups
from batchdrain.drain.preflight import asked_of_group
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.model.claim import Group
from batchdrain.model.phase import Skip
from batchdrain.model.states import GIVEN_BACK
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.early_end import rules_that_may_end
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan import Plan
from batchdrain.planning.stop import Progress, session_stop


def name_early_ends(
    made: Plan, request: DrainRequest, progress: Progress, backlog: Backlog, before: Plan | None = None
) -> Plan:
    """The plan with the rules that may end it before its last phase. `before`: the plan of the chain's part that comes first, if
    there is one; `progress`: that before the first phase of both."""
    phases = [planned.choice.phase for planned in made.all]
    first = [] if before is None else [planned.choice.phase for planned in before.all]
    rules = rules_that_may_end(phases, progress, request.settings.stop, backlog.size_of, first=first)
    if request.stop_on_first_failure and phases and len(first) + len(phases) > 1:
        rules = ("--stop-on-first-failure", *rules)
    if before is not None and phases and request.settings.stop.skip_runs_with_queued:  # what it leaves out stays queued
        rules = (*rules, *before.may_end_by)
    room = made.room if phases or first else 0  # if nothing is drained, no phase can become free
    return replace(made, may_end_by=tuple(dict.fromkeys(rules)), room=room, workers=request.settings.workers)


def find_group_end(
    project: Project, request: DrainRequest, recovery: Sequence[GivenBack]
) -> tuple[int | None, GroupEnded | None]:
    """How many phases the group may still take once `recovery` is done, and why it takes none; (None, None) if there is no group,
    or if it has not begun. Reads only. Raises UsageError if the group was begun with another request."""
    if request.group is None:
        return None, None
    group, groups = Group(request.group), Groups(project.store.database, project.store.ledger)
    state = groups.read(group)
    if state is None:
        return None, None
    groups.require_alike(group, asked_of_group(request))
    state = replace(state, taken=max(0, state.taken - count_returned(group, recovery)))
    return max(0, state.most - state.taken), state.find_end(group)


def count_returned(group: Group, recovery: Sequence[GivenBack]) -> int:
    """How many of its phases the group gets back, as `recovery` gives them back without a result. Pure."""
    return sum(back.group_key == group.key and back.recorded in {None, *GIVEN_BACK} for back in recovery)


def find_session_stop(request: DrainRequest, progress: Progress) -> Skip | None:
    """The stop condition that keeps a session with this progress from taking more; None if there is none. Pure."""
    return session_stop(progress, request.settings.stop)
