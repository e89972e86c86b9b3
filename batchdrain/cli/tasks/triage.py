"""The task that diagnoses without draining."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchdrain.cli.tasks.command import command

if TYPE_CHECKING:
    from batchdrain.cli.invocation import Invocation


@command
def triage(invocation: Invocation, **given: Any) -> int:
    """Run the diagnosis command (triage.argv) on the next phases of a drain, and keep its verdicts."""
    from batchdrain.cli.commands import triage

    return triage.triage(invocation, triage.TriageFlags(**given))
