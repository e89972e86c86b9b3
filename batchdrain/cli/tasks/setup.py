"""The tasks for the first five minutes."""

from __future__ import annotations

from invoke.context import Context

from batchdrain.cli.tasks.invoke_edge import command, invocation_of


@command(help={"format": "text or json"})
def doctor(c: Context, format: str | None = None) -> int:  # noqa: A002 - the flag's name
    """Check configuration, database, table, command and folders: all problems at once, each with its cure."""
    from batchdrain.cli.commands.doctor.report import examine

    return examine(invocation_of(c), format)


@command(
    help={
        "database_url": "the database to look at (default: the configured one)",
        "table": "the table that holds the phases (default: the likeliest one)",
    }
)
def init(c: Context, database_url: str | None = None, table: str | None = None) -> None:
    """Write a commented batchdrain section to invoke.yaml, guessing the mapping from the database."""
    from batchdrain.cli.commands.init.section import write_section

    write_section(invocation_of(c), database_url, table)


@command()
def recover(c: Context) -> None:
    """Give back what dead controllers held, and record what had ended. Starts no work."""
    from batchdrain.cli.commands.recover import give_all_back

    give_all_back(invocation_of(c))


@command(help={"phases": "failed phases to make, 1 to 100000", "seed": "another seed makes another backlog"})
def demo(c: Context, phases: str | None = None, seed: str | None = None) -> None:
    """Make batchdrain.db, a sample database with a realistic backlog."""
    from batchdrain.cli.commands.demo import make_demo

    make_demo(invocation_of(c), phases, seed)
