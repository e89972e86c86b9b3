"""drain, resume and dry-run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from batchdrain.cli.commands.dry_run import show_plan
from batchdrain.cli.commands.open import opened, output_after, screen_for, shape_of, whole
from batchdrain.cli.invocation import Project
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.project import Site
from batchdrain.drain.request import Intent
from batchdrain.drain.resume import resumable, resume
from batchdrain.drain.session_run import Went
from batchdrain.drain.start import begin, identity
from batchdrain.model.errors import BadData, UsageError
from batchdrain.planning import plan_file
from batchdrain.planning.filters import Filters
from batchdrain.reports import formats
from batchdrain.reports.nothing_to_drain import why_nothing
from batchdrain.runtime.signals import came
from batchdrain.runtime.text import shown
from batchdrain.sessions.session import Kind

_NARROWING = frozenset({"batch_size", "finish_current"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The flags of drain and dry-run that set no setting."""

    run_id: str | None = None
    exclude_run: Sequence[str] | None = None
    category: Sequence[str] | None = None
    dry_run: bool = False
    resume: bool = False
    plan: str | None = None
    cluster: str | None = None
    include_quarantined: bool = False
    triage: bool = False
    quiet: bool = False
    format: str | None = None
    output: str | None = None
    explain: bool = False

    @property
    def filters(self) -> Filters:
        return Filters.of(
            run_id=self.run_id,
            exclude_runs=self.exclude_run or (),
            categories=self.category or (),
            cluster=self.cluster,
            include_quarantined=self.include_quarantined,
        )


def drain_failed(project: Project, flags: Mapping[str, object], request: Request) -> int:
    """`inv drain` and `inv dry-run`. Returns the exit code."""
    dry = request.dry_run or project.dry
    shape = shape_of(request.format, ("text", "json") if dry else formats.SUMMARY)
    filters = request.filters
    if request.resume:
        return _resume_by_flag(project, flags, request, shape, dry=dry)
    if request.plan is not None:
        _require_plan_alone(flags, filters, triage=request.triage)
    with opened(project, flags) as site:
        intent = Intent(kind=Kind.FAILED, filters=filters, settings=site.settings)
        if request.triage:
            intent = _with_triage(intent)
        if request.plan is not None:
            intent = _with_plan(site, intent, Path(request.plan), explicit_size=flags.get("batch_size") is not None)
        if dry:
            output = None if request.output is None else Path(request.output)
            return show_plan(site, intent, shape, output=output, explain=request.explain)
        screen = screen_for(quiet=request.quiet, shape=shape)
        return report(site, intent, begin(site, intent, screen), shape)


def resume_session(project: Project, session_id: str | None, batch_size: str | None, *, finish_current: bool) -> int:
    """`inv resume`. Returns the exit code."""
    size = whole("--batch-size", batch_size)
    with opened(project, {"finish_current": finish_current or None}) as site:
        return _resumed(site, session_id, size, Request(dry_run=project.dry), "text")


def report(site: Site, intent: Intent, went: Went, shape: str) -> int:
    """Print what came of a go. Returns its exit code; raises what ended it early."""
    if went.session is None:
        Output().text(formats.nothing(_why_nothing(site, intent, went), shape))
        return 0
    if not went.took and went.failure is None and shape == "text":
        Output().text(formats.nothing(_why_nothing(site, intent, went), shape))
    saved_to = shown(site.folder.path(went.session.session_id))
    out = output_after(was_stopped=came())
    out.text(formats.summary(went.session, saved_to, shape))
    out.finish()
    if went.failure is not None:
        raise went.failure
    return went.exit_code


def _why_nothing(site: Site, intent: Intent, went: Went) -> str:
    return why_nothing(
        site.where,
        site.counts(),
        intent.state.value,
        went.total,
        went.skipped,
        held=len(site.history.held()),
        by_plan=intent.plan is not None,
    )


def _resume_by_flag(project: Project, flags: Mapping[str, object], request: Request, shape: str, *, dry: bool) -> int:
    widening = [name for name, value in flags.items() if value is not None and name not in _NARROWING]
    others = [name for name in ("plan", "triage") if getattr(request, name)]
    if widening or others:
        name = (widening or others)[0].replace("_", "-")
        raise UsageError(
            f"--{name}: --resume goes on as the session was asked for",
            remedy="leave the flag out, or leave out --resume",
        )
    size = flags.get("batch_size")
    with opened(project, {"finish_current": flags.get("finish_current")}) as site:
        number = whole("--batch-size", None if size is None else str(size))
        return _resumed(site, None, number, replace(request, dry_run=dry), shape)


def _resumed(site: Site, session_id: str | None, size: int | None, request: Request, shape: str) -> int:
    if request.dry_run:
        left = resumable(site, session_id, size=size, by=request.filters)
        if left is None:
            return _nothing_to_resume(site)
        output = None if request.output is None else Path(request.output)
        return show_plan(site, left.intent, shape, output=output, explain=request.explain, left=left)
    went = resume(site, session_id, screen_for(quiet=request.quiet, shape=shape), size=size, by=request.filters)
    if went is None:
        return _nothing_to_resume(site)
    if went.session is None:
        raise AssertionError("a resumed session is a session")
    return report(site, Intent(kind=went.session.kind, filters=request.filters, settings=site.settings), went, shape)


def _nothing_to_resume(site: Site) -> int:
    known = ", ".join(site.folder.ids()[-5:]) or "none"
    Output().line(f"Nothing to resume in {shown(site.folder.folder)}: no session is incomplete (newest: {known}).")
    return 0


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


def _with_plan(site: Site, intent: Intent, path: Path, *, explicit_size: bool) -> Intent:
    plan = plan_file.load(path)
    theirs, ours = plan.database.get("uid"), identity(site)["uid"]
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
