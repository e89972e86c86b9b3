"""Everything that can be found wrong before the first claim is."""

from __future__ import annotations

from batchdrain.config.plugins import resolve_engine
from batchdrain.database.phases.checks import find_unfit_columns, find_unwritable_view
from batchdrain.database.phases.dry_write import dry_write
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.execution.command import diagnosis_problems_of, problems_of
from batchdrain.model.errors import ConfigError


def require_ready(project: Project, request: DrainRequest) -> None:
    """Everything that can be found wrong before the first claim is."""
    settings = request.settings
    problems = diagnosis_problems_of(settings, project.root) if request.triage else []
    problems += problems_of(settings.command, project.root) + find_unfit_columns(project.store.database, project.store.table)
    if settings.command.result_from == "exit_code":
        problems += find_unwritable_view(project.store.database, project.store.table)
    if problems:
        raise ConfigError.of(problems)
    resolve_engine(settings.engine)
    project.store.database.prepare_for_writing()
    if settings.command.result_from == "exit_code":
        problems = dry_write(project.store.database, project.store.table, request.state)
    try:
        project.store.ledger.create(project.store.database)
    except ConfigError as error:
        problems.append(str(error))
    if problems:
        raise ConfigError.of(problems)
