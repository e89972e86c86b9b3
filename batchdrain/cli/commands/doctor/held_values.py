"""Tells what the state column of a table holds, if the mapped words can't stand there. Reads only."""

from __future__ import annotations

from collections.abc import Iterator

from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.cli.commands.init.state_words import describe_counts
from batchdrain.cli.commands.init.tables import read_table
from batchdrain.config.settings import Settings
from batchdrain.database.connection import open_database
from batchdrain.model.errors import BatchDrainError


def tell_values(settings: Settings, url: str) -> Iterator[Finding]:
    """Tell which values the state column has, and in how many rows. Nothing if it has none, or too many for states, or if the
    database can't be read any more."""
    database = open_database(url)
    try:
        column = read_table(database, settings.source.table).by_name.get(settings.source.columns.state)
    except BatchDrainError:
        return
    finally:
        database.close()
    if column is not None and column.counts:
        yield Finding(
            "states", ok=False, message=f"column {column.name!r} holds {describe_counts(column.counts)}",
            cure="map them in batchdrain.source.states",
        )  # fmt: skip
