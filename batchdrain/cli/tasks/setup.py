"""The tasks for the first five minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from batchdrain.cli.tasks.command import command

if TYPE_CHECKING:
    from batchdrain.cli.invocation import Invocation


@command
def doctor(invocation: Invocation, **given: Any) -> int:
    """Check configuration, database, table, command and folders: all problems at once, each with its cure."""
    from batchdrain.cli.commands.doctor.report import examine

    return examine(invocation, format_name=given["format"])


@command
def init(invocation: Invocation, **given: Any) -> None:
    """Write a commented batchdrain section to invoke.yaml, guessing the mapping from the database."""
    from batchdrain.cli.commands.init.section import write_section

    write_section(invocation, url=given["database_url"], table=given["table"], shape=given["format"],
                  takes_guesses=given["yes"])  # fmt: skip


@command
def recover(invocation: Invocation, **given: Any) -> int:
    """Settle the claims of dead controllers: record the results, release the other phases. Starts no work."""
    from batchdrain.cli.commands.recover import give_all_back

    return give_all_back(invocation, shape=given["format"])


@command
def prune(invocation: Invocation, **given: Any) -> None:
    """Remove old sessions, logs and attempts; without --yes only show them. Keeps what is held or running."""
    from batchdrain.cli.commands.prune import PruneFlags, prune

    prune(invocation, PruneFlags(**given))


@command
def demo(invocation: Invocation, **given: Any) -> None:
    """Make batchdrain.db, a sample database with a realistic backlog."""
    from batchdrain.cli.commands.demo import make_demo

    make_demo(invocation, phases=given["phases"], seed=given["seed"], shape=given["format"])
