"""The tasks by which people say what they know of runs, phases and clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchdrain.cli.tasks.command import command

if TYPE_CHECKING:
    from batchdrain.cli.invocation import Invocation


@command
def hint(invocation: Invocation, **given: Any) -> None:
    """Give runs a manual priority, kept in the ledger; without flags list the hints."""
    from batchdrain.cli.commands import hint

    hint.hint(invocation, hint.HintFlags(**given))


@command
def accept(invocation: Invocation, **given: Any) -> None:
    """Accept a known failure, so that it is not drained again; without flags list the acceptances."""
    from batchdrain.cli.commands import accept

    accept.accept(invocation, accept.AcceptFlags(**given))


@command
def reopen(invocation: Invocation, **given: Any) -> int:
    """Lift a quarantine or the verdict of a diagnosis, so that drains take the phase again; without flags list both."""
    from batchdrain.cli.commands import reopen

    return reopen.reopen(invocation, reopen.ReopenFlags(**given))
