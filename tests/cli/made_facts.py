"""Facts of tables as `inv init` reads them, written in a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, Parent, TableFacts

KINDS = {"#": Kind.WHOLE, "?": Kind.TRUTH, "@": Kind.TIME, "%": Kind.JSON, "!": Kind.NAME, "*": Kind.OTHER, "'": Kind.BYTES}


def table(
    columns: str, *rows: Sequence[object], keys: Sequence[str] = (), name: str = "jobs", counted: str = "",
    of: dict[str, Any] | None = None, **column: ColumnFacts,
) -> TableFacts:  # fmt: skip
    """'id# name status owner!>runs': the sign behind a name is its kind, and what it refers to stands behind `>`.
    `keys`: each 'a b'; `counted`: the columns whose values are counted, as those of a state are; `of`: more facts of the
    table."""
    made, names = list[ColumnFacts](), list[str]()
    for one in columns.split():
        bare, _, parent = one.partition(">")
        name_of, kind = bare.rstrip("".join(KINDS)), KINDS.get(bare[-1], Kind.TEXT)
        names.append(name_of)
        refers = Parent(schema=None, table=parent, column="id") if parent else None
        plain = ColumnFacts(name=name_of, kind=kind, type_name=kind.value, fits_time=kind is Kind.TIME, parent=refers)
        made.append(column.get(name_of) or plain)
    read = tuple(dict(zip(names, row, strict=True)) for row in rows)
    for place, facts in enumerate(made):
        if facts.name in counted.split():
            counts: dict[Any, int] = Counter(row[facts.name] for row in read)
            made[place] = replace(facts, counts=dict(counts))
    return TableFacts(name=name, columns=tuple(made), keys=tuple(tuple(key.split()) for key in keys), rows=read, **(of or {}))
