"""What would keep a drain from beginning, and the error with which it would end whatever its phases result in, as far as can be
seen beforehand. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from batchdrain.config.plugins import resolve_engine
from batchdrain.database.ledger.groups import GROUP
from batchdrain.database.phases.checks import describe_lost
from batchdrain.database.phases.write_risks import find_write_risks
from batchdrain.drain.ambiguous_rows import ambiguity_of
from batchdrain.drain.project import Project
from batchdrain.drain.remapped import require_same_ids
from batchdrain.drain.request import DrainRequest
from batchdrain.execution.command import command_problems_of, diagnosis_problems_of
from batchdrain.execution.notify_command import notify_refusals_of
from batchdrain.model.errors import BadData, BatchDrainError, ConfigError
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.plan import Plan

_LOOKED_AT: Final = 3


def find_problems(project: Project, request: DrainRequest) -> list[str]:
    """Why a drain would not begin, a line each."""
    settings = request.settings
    problems = diagnosis_problems_of(settings, project.root) if request.triage else []
    problems += notify_refusals_of(project.settings)
    problems += command_problems_of(settings, project.root)
    checks: tuple[Callable[[], object], ...] = (
        lambda: resolve_engine(settings.engine),
        project.store.database.require_local_disk,
        lambda: require_same_ids(project),
    )
    for check in checks:
        try:
            check()
        except ConfigError as error:
            problems.append(str(error))
    return problems


def find_risks(project: Project, request: DrainRequest) -> tuple[str, ...]:
    """What in the table may refuse the drain's writes, though nothing looks wrong. Empty if the command sets the states itself.
    Raises DatabaseUnavailable."""
    if request.settings.command.result_from != "exit_code":
        return ()
    with project.store.database.read() as connection:
        return tuple(find_write_risks(connection, project.store.table))


def foresee_failure(project: Project, made: Plan, problems: Sequence[str]) -> BatchDrainError | None:
    """The error with which a drain that follows the plan would end whatever its phases result in; None if none can be seen.
    `problems`: why it would not begin."""
    if problems:
        return ConfigError.of(problems)
    if (lost := _find_lost(project, made)) is not None:
        return BadData(describe_lost(project.store.table, lost))
    return ambiguity_of(made.skipped) if made.left <= 0 and made.may_follow == 0 else None


def _find_lost(project: Project, made: Plan) -> PhaseKey | None:
    """The first phase of the plan, if neither it nor the next ones are found again by their ids; else None. One phase alone may
    just have been deleted."""
    first = [planned.choice.phase.key for planned in made.phases[:_LOOKED_AT]]
    with project.store.database.read() as connection:
        found = any(project.store.table.read_row_state(connection, key) is not None for key in first)
    return None if found or not first else first[0]


def name_stopped(stop: Skip) -> str:
    """What the stop keeps from taking more: the group or the session."""
    return "group" if stop.rule == GROUP else "session"
