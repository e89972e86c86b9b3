"""The dry run of a resume: shows what would be drained of a session, or of its chain."""

from __future__ import annotations

from dataclasses import replace

from batchdrain.cli.commands.chain_plan import show_chain_plan
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.dry_run import show_plan
from batchdrain.drain.chain.resumption import Target
from batchdrain.drain.narrowing import Narrowing
from batchdrain.drain.project import Project
from batchdrain.drain.resumption import request_to_resume, what_is_left


def show_resumption(project: Project, target: Target, less: Narrowing, flags: DrainFlags) -> int:
    """Print the plan in the form that the flags request. Returns the exit code."""
    if target.chain is not None:
        return show_chain_plan(project, target.chain, less, fail_if_nothing=flags.fail_if_nothing, shape=flags.format)
    left = what_is_left(project, target.session.session_id, request_to_resume(project, target.session), less)
    request = replace(left.request, fail_if_nothing=flags.fail_if_nothing)
    return show_plan(project, request, flags.format, view=flags.view, left=left)
