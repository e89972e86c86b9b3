"""What is printed once a session has ended."""

from __future__ import annotations

from batchdrain.cli.commands.open import output_after
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.project import Site
from batchdrain.drain.request import Intent
from batchdrain.drain.session_run import Went
from batchdrain.reports import formats
from batchdrain.reports.nothing_to_drain import why_nothing
from batchdrain.runtime.signals import came
from batchdrain.runtime.text import shown


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
