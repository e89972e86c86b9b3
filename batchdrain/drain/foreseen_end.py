"""What may end a drain before its plan is done, or keep it from beginning, as far as a look tells. Reads only."""

from __future__ import annotations

from dataclasses import replace

from batchdrain.config.plugins import resolve_engine
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.execution.command import diagnosis_problems_of, problems_of
from batchdrain.model.errors import ConfigError
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.early_end import rules_that_may_end
from batchdrain.planning.plan import Plan
from batchdrain.planning.stop import Progress


def name_early_ends(made: Plan, request: DrainRequest, progress: Progress, backlog: Backlog) -> Plan:
    """The plan with the rules that may end it before its last phase. `progress`: before its first one."""
    phases = [planned.choice.phase for planned in made.all]
    rules = rules_that_may_end(phases, progress, request.settings.stop, backlog.size_of)
    if request.stop_on_first_failure and len(phases) > 1:
        rules = ("--stop-on-first-failure", *rules)
    return replace(made, may_end_by=rules)


def find_problems(project: Project, request: DrainRequest) -> list[str]:
    """Why a drain would not begin, a line each."""
    settings = request.settings
    problems = diagnosis_problems_of(settings, project.root) if request.triage else []
    problems += problems_of(settings.command, project.root)
    try:
        resolve_engine(settings.engine)
    except ConfigError as error:
        problems.append(str(error))
    return problems
