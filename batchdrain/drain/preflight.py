"""Checks before the first claim everything that can be found wrong by then."""

from __future__ import annotations

from collections.abc import Sequence

from batchdrain.config.plugins import resolve_engine
from batchdrain.database.ledger.groups import GroupEnded, Groups
from batchdrain.database.phases.dry_write import dry_write
from batchdrain.drain import settling
from batchdrain.drain.membership import describe_tried
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.execution.command import command_problems_of, diagnosis_problems_of
from batchdrain.execution.notify_command import notify_refusals_of
from batchdrain.model.claim import Group
from batchdrain.model.errors import ConfigError
from batchdrain.model.states import COUNTED
from batchdrain.planning.given_back import GivenBack
from batchdrain.runtime.signals import keep_handlers
from batchdrain.sessions.progress import ResultCounts

settle_ledger = settling.settle_ledger


def require_ready(project: Project, request: DrainRequest) -> None:
    """Check everything that can be found wrong before the first claim. Raises ConfigError, which names every problem found, and
    DatabaseUnavailable."""
    settings = request.settings
    problems = diagnosis_problems_of(settings, project.root) if request.triage else []
    problems += notify_refusals_of(project.settings)
    problems += command_problems_of(settings, project.root) + project.find_table_problems(settings.command)
    if problems:
        raise ConfigError.of(problems)
    with keep_handlers():  # Ray sets a signal handler while it is imported
        resolve_engine(settings.engine)
    project.store.database.prepare_for_writing()
    if settings.command.result_from == "exit_code":
        problems = dry_write(project.store.database, project.store.table, request.state).problems
    try:
        project.store.ledger.create(project.store.database)
    except ConfigError as error:
        problems.append(str(error))
    if problems:
        raise ConfigError.of(problems)


def join_group(project: Project, request: DrainRequest) -> GroupEnded | None:
    """Join the group before anything is claimed. Returns why the group takes nothing more, None if it does. Raises UsageError if
    the group was begun with another request, ConfigError if the ledger has no groups, DatabaseUnavailable."""
    if request.group is None:
        return None
    group, minutes, most = Group(request.group), request.settings.stop.max_total_minutes, request.settings.batch_size
    groups = Groups(project.store.database, project.store.ledger)
    groups.join(group, most=most, minutes=minutes, asked=asked_of_group(request))
    state = groups.read(group)
    return None if state is None else state.find_end(group)


def asked_of_group(request: DrainRequest) -> dict[str, float | int]:
    """What all drains of a group have to ask for alike, by flag or setting."""
    settings = request.settings
    return {
        "--batch-size": settings.batch_size,
        "--max-total-minutes": settings.stop.max_total_minutes,
        "command.runs_per_minute": settings.command.runs_per_minute,
    }


def leave_out_tried(
    project: Project, request: DrainRequest, counts: ResultCounts, recovery: Sequence[GivenBack] = ()
) -> None:
    """Leave out the phases that drains of the group have tried; the session knows its own. `recovery`: what would be settled first.
    Reads only. Raises DatabaseUnavailable."""
    if request.group is None:
        return
    group = Group(request.group)
    recorded = [back.key for back in recovery if back.group_key == group.key and back.recorded in COUNTED]
    for key in [*Groups(project.store.database, project.store.ledger).read_tried(group), *recorded]:
        if key not in counts.places:
            counts.passed_over[key] = describe_tried(group)
