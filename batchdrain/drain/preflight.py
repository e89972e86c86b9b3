"""Everything that can be found wrong before the first claim is."""

from __future__ import annotations

from batchdrain.config.plugins import resolve_engine
from batchdrain.database.ledger.give_back import Recovered
from batchdrain.database.phases.dry_write import dry_write
from batchdrain.drain.project import Project
from batchdrain.drain.recovery import recover
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.screen import Screen
from batchdrain.execution.command import diagnosis_problems_of, problems_of
from batchdrain.model.errors import ConfigError


def require_ready(project: Project, request: DrainRequest) -> None:
    """Everything that can be found wrong before the first claim is."""
    settings = request.settings
    problems = diagnosis_problems_of(settings, project.root) if request.triage else []
    problems += problems_of(settings.command, project.root) + project.find_table_problems(settings.command)
    if problems:
        raise ConfigError.of(problems)
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


def settle_ledger(project: Project, screen: Screen) -> list[Recovered]:
    """What dead controllers held is settled; then nobody may hold a claim, and tables of an earlier version are brought up to
    date. Raises DatabaseUnavailable."""
    recovered = recover(project)
    denied = project.store.migrate_ledger()
    if denied is not None:
        screen.notice(denied)
    return recovered
