"""inv resume, and inv drain --resume."""

from __future__ import annotations

from dataclasses import replace

from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.go_through import Told, go_through
from batchdrain.cli.commands.narrowing_flags import FINISH_CURRENT, narrowing_of, require_narrow
from batchdrain.cli.commands.open import open_project, screen_for
from batchdrain.cli.commands.plan_format import require_plan_format
from batchdrain.cli.commands.report import report
from batchdrain.cli.commands.resume_choice import tell_choice, tell_nothing_to_resume
from batchdrain.cli.commands.resume_flags import ResumeFlags
from batchdrain.cli.commands.resume_plan import show_resumption
from batchdrain.cli.commands.tell_others import early_ends_told
from batchdrain.cli.invocation import Invocation
from batchdrain.drain.chain.resumption import find_target
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.resume import resume
from batchdrain.planning.planner import settle_run


def resume_session(invocation: Invocation, given: ResumeFlags) -> int:
    """`inv resume`. Returns the exit code."""
    if invocation.dry:
        require_plan_format(given.format)
    flags = DrainFlags(
        settings=given.settings, dry_run=invocation.dry, fail_if_nothing=given.fail_if_nothing, format=given.format
    )
    return _resume(invocation, given.session_id, flags)


def resume_by_flag(invocation: Invocation, flags: DrainFlags) -> int:
    """`inv drain --resume`, and its dry run. Returns the exit code.
    Raises UsageError for a flag that would widen the session."""
    require_narrow(flags)
    return _resume(invocation, None, flags)


def _resume(invocation: Invocation, session_id: str | None, flags: DrainFlags) -> int:
    less = narrowing_of(invocation, flags)
    own = [one for one in flags.settings if one.flag == FINISH_CURRENT]
    with open_project(invocation, own) as project:
        target = find_target(project, session_id)
        if target is None:
            return tell_nothing_to_resume(invocation, project, flags.format) or int(flags.fail_if_nothing)
        chain, session = target.chain, target.session
        less = replace(
            less,
            filters=settle_run(project.store, less.filters),
            is_of_chain=chain is not None,
            fail_if_nothing=flags.fail_if_nothing,
        )
        if session_id is None and flags.format == "text" and not flags.quiet:
            tell_choice(project, session)
        if chain is not None:
            less.require_narrower(chain.requests.values())
        if flags.dry_run:
            return show_resumption(project, target, less, flags)
        if chain is not None:
            if chain.ended is not None:
                chain.begin_anew(project)
            how = Told(quiet=flags.quiet, fail_if_nothing=flags.fail_if_nothing, shape=flags.format)
            return go_through(invocation, project, chain, how, less=less)
        with early_ends_told(invocation, project):
            outcome = resume(project, session.session_id, screen_for(quiet=flags.quiet, shape=flags.format), less)
        request = DrainRequest(
            kind=session.kind, filters=flags.filters, settings=project.settings, fail_if_nothing=flags.fail_if_nothing
        )
        return report(invocation, project, request, outcome, flags.format)
