"""drain, resume and dry-run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from batchdrain.cli.commands.drain_flags import Request
from batchdrain.cli.commands.dry_run import show_plan
from batchdrain.cli.commands.open import opened, screen_for, shape_of
from batchdrain.cli.commands.report import report
from batchdrain.cli.commands.resume import _resume_by_flag
from batchdrain.cli.invocation import Invocation
from batchdrain.drain.project import Project
from batchdrain.drain.request import Intent
from batchdrain.drain.start import begin, identity
from batchdrain.model.errors import BadData, UsageError
from batchdrain.planning import plan_file
from batchdrain.planning.filters import Filters
from batchdrain.reports import formats
from batchdrain.sessions.session import Kind


def drain_failed(invocation: Invocation, flags: Mapping[str, object], request: Request) -> int:
    """`inv drain` and `inv dry-run`. Returns the exit code."""
    dry = request.dry_run or invocation.dry
    shape = shape_of(request.format, ("text", "json") if dry else formats.SUMMARY)
    filters = request.filters
    if request.resume:
        return _resume_by_flag(invocation, flags, request, shape, dry=dry)
    if request.plan is not None:
        _require_plan_alone(flags, filters, triage=request.triage)
    with opened(invocation, flags) as project:
        intent = Intent(kind=Kind.FAILED, filters=filters, settings=project.settings)
        if request.triage:
            intent = _with_triage(intent)
        if request.plan is not None:
            intent = _with_plan(project, intent, Path(request.plan), explicit_size=flags.get("batch_size") is not None)
        if dry:
            output = None if request.output is None else Path(request.output)
            return show_plan(project, intent, shape, output=output, explain=request.explain)
        screen = screen_for(quiet=request.quiet, shape=shape)
        return report(project, intent, begin(project, intent, screen), shape)


def _with_triage(intent: Intent) -> Intent:
    """What a diagnosis calls promising goes first, behind the hints that people gave."""
    policy = list(intent.settings.policy)
    names = [entry.get("name") if isinstance(entry, dict) else entry for entry in policy]
    if "promising-first" not in names:
        policy.insert(1 if names[0] == "hints" else 0, "promising-first")
    return replace(intent, triage=True, settings=intent.settings.model_copy(update={"policy": policy}))


def _require_plan_alone(flags: Mapping[str, object], filters: Filters, *, triage: bool) -> None:
    """A plan is drained exactly: what would choose among its phases contradicts it."""
    if triage or filters != Filters() or flags.get("policy") is not None:
        raise UsageError(
            "--plan: drains exactly the phases of the plan, so it goes with no filter, no policy and no triage",
            remedy="leave those flags out, or make another plan with `inv dry-run --output`",
        )


def _with_plan(project: Project, intent: Intent, path: Path, *, explicit_size: bool) -> Intent:
    plan = plan_file.load(path)
    theirs, ours = plan.database.get("uid"), identity(project)["uid"]
    if theirs is not None and ours is not None and theirs != ours:
        raise BadData(
            f"--plan: {path} was made for another database ({plan.database.get('url')})",
            remedy="make a plan of this one with `inv dry-run --output`",
        )
    if not plan.phases:
        raise BadData(f"--plan: {path} holds no phases", remedy="make it with `inv dry-run --output`")
    settings = intent.settings
    if not explicit_size:
        settings = settings.model_copy(update={"batch_size": len(plan.phases)})
    return replace(intent, plan=tuple(plan.phases), settings=settings)
