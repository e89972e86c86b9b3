"""Suggests a view for a table whose key holds bytes, such as a UUID in a BINARY(16): the texts in it can name phases. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from batchdrain.cli.commands.init.facts import Kind, TableFacts
from batchdrain.cli.commands.init.mapping import map_table
from batchdrain.cli.commands.init.view_over import free_name, place_of, quoting_of


def find_bytes(table: TableFacts) -> list[str]:
    """The columns of the table's first key that hold bytes."""
    return [name for name in next(iter(table.keys), ()) if table.by_name[name].kind is Kind.BYTES]


def suggest_texts(table: TableFacts, dialect: str, taken: Collection[str] = ()) -> str:
    """An SQL statement for a view that has texts in place of the bytes of its ids; '' if no bytes are in the way, or if the
    table has no word for failed. `taken`: names that the schema already has."""
    if not find_bytes(table) or table.is_view:
        return ""
    named = replace(
        table, columns=tuple(replace(one, kind=Kind.NAME) if one.kind is Kind.BYTES else one for one in table.columns)
    )
    mapped = map_table(named)
    if mapped.missing or "failed" not in mapped.states.sure:
        return ""
    place = place_of(table, free_name(table, taken), quoting_of(dialect))
    of_table = place_of(table, table.name, quoting_of(dialect))
    selected = ", ".join(_select(table, dialect, mapped.columns))
    return f"CREATE VIEW {place} AS\nSELECT {selected}\nFROM {of_table};"  # nosec B608 - shown, not executed


def _select(table: TableFacts, dialect: str, columns: object) -> Iterator[str]:
    """What the view selects: each mapped column by our name, those of a list by their own."""
    quote = quoting_of(dialect)

    def as_text(name: str) -> str:
        if table.by_name[name].kind is not Kind.BYTES:
            return quote(name)
        return f"encode({quote(name)}, 'hex')" if dialect == "postgresql" else f"lower(hex({quote(name)}))"

    for ours, value in dict(columns).items():  # type: ignore[call-overload]
        if isinstance(value, str):
            yield f"{as_text(value)} AS {ours}"
        elif isinstance(value, list):
            yield from (f"{as_text(name)} AS {quote(name)}" for name in value)
        elif isinstance(value, dict):
            yield (
                f"'{value['value']}' AS {ours}"
                if "value" in value
                else f"{quote(value['column'])} AS {quote(value['column'])}"
            )
