"""inv drain and inv dry-run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.open import open_project, screen_for
from batchdrain.cli.commands.plan_format import require_plan_format
from batchdrain.cli.commands.report import report
from batchdrain.cli.commands.tell_others import early_ends_told
from batchdrain.cli.invocation import Invocation
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.start import begin
from batchdrain.model.errors import BadData, UsageError
from batchdrain.planning import plan_file
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind


def drain_failed(invocation: Invocation, flags: DrainFlags) -> int:
    """`inv drain` and `inv dry-run`. Returns the exit code."""
    flags = replace(flags, dry_run=flags.dry_run or invocation.dry)
    if flags.dry_run:
        require_plan_format(flags.format)
    if flags.resume:
        from batchdrain.cli.commands.resume import resume_by_flag

        return resume_by_flag(invocation, flags)
    filters = flags.filters
    if flags.plan is not None:
        _require_plan_alone(flags, filters)
    with open_project(invocation, flags.settings) as project:
        if flags.dry_run:  # a drain follows a renamed table in the ledger; this writes nothing
            project.read_by_former_name()
        request = DrainRequest(
            kind=Kind.FAILED,
            filters=filters,
            settings=project.settings,
            flags=flags.names,
            group=flags.group,
            fail_if_nothing=flags.fail_if_nothing,
        )
        if flags.triage:
            request = _with_triage(request)
        if flags.plan is not None:
            request = _with_plan(project, request, Path(flags.plan), explicit_size=flags.sets("--batch-size"))
        if flags.dry_run:
            from batchdrain.cli.commands.dry_run import show_plan

            return show_plan(project, request, flags.format, view=replace(flags.view, dry=invocation.dry))
        screen = screen_for(quiet=flags.quiet, shape=flags.format)
        with early_ends_told(invocation, project):
            outcome = begin(project, request, screen)
        return report(invocation, project, request, outcome, flags.format)


def _with_triage(request: DrainRequest) -> DrainRequest:
    """Let phases that a diagnosis calls promising go first, after the hints of people."""
    policy = list(request.settings.policy)
    names = [entry.get("name") if isinstance(entry, dict) else entry for entry in policy]
    if "promising-first" not in names:
        policy.insert(1 if names[0] == "hints" else 0, "promising-first")
    return replace(request, triage=True, settings=request.settings.model_copy(update={"policy": policy}))


def _require_plan_alone(flags: DrainFlags, filters: Filters) -> None:
    """Raises UsageError for a flag that would choose among the phases of a plan: a plan is drained exactly."""
    if flags.triage or filters != Filters() or flags.sets("--policy"):
        raise UsageError(
            "--plan: drains exactly the phases of the plan, so it cannot be combined with filters, a policy or triage",
            remedy="leave those flags out, or make another plan with `inv dry-run --output`",
        )


def _with_plan(project: Project, request: DrainRequest, path: Path, *, explicit_size: bool) -> DrainRequest:
    plan = plan_file.load(path)
    theirs, ours = plan.database, project.store.identify()
    knows_both = theirs.get("uid") is not None and ours["uid"] is not None  # a database has no uid before its first drain
    name = "uid" if knows_both else "place"
    is_same = theirs.get(name) == ours[name] if knows_both else project.store.database.is_at(theirs.get(name))
    if theirs.get(name) is not None and not is_same:
        raise BadData(
            f"--plan: {path} was made for another database ({theirs.get('url')})",
            remedy="make a plan of this one with `inv dry-run --output`",
        )
    if not plan.phases:
        raise BadData(f"--plan: {path} holds no phases", remedy="make it with `inv dry-run --output`")
    settings = request.settings
    if not explicit_size:
        settings = settings.model_copy(update={"batch_size": len(plan.phases)})
    filters = replace(request.filters, include_quarantined=plan.filters.get("include_quarantined") is True)
    return replace(request, plan=tuple(plan.phases), settings=settings, filters=filters)
