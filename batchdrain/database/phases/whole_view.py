"""Whether a view shows every row of one table. Then a row that the view does not show any more was deleted."""

from __future__ import annotations

import re
from typing import Final

import sqlalchemy as sa

from batchdrain.database.phases.relation import Relation, read_relation

_NAME: Final = r"(?:\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|[\w$]+)"
_ONE_TABLE: Final = re.compile(rf"({_NAME}(?:\.{_NAME})?)(?:\s+(?:AS\s+)?{_NAME})?", re.IGNORECASE)
_TEXT: Final = re.compile(r"'(?:[^'\\]|'')*'")
_CALL: Final = re.compile(r"([\w$]+)\s*\(\)")
_OF_ONE_ROW: Final = frozenset(
    [
        "and",
        "as",
        "between",
        "by",
        "case",
        "cast",
        "coalesce",
        "concat",
        "convert",
        "else",
        "encode",
        "from",
        "hex",
        "in",
        "lower",
        "not",
        "nullif",
        "on",
        "or",
        "select",
        "substr",
        "substring",
        "then",
        "trim",
        "upper",
        "varchar",
        "varying",
        "when",
        "char",
        "numeric",
        "decimal",
        "timestamp",
    ]
)
"""What may stand before a parenthesis in a view that has one row for each row of its table."""


def shows_every_row(connection: sa.Connection, name: str, schema: str | None) -> bool:
    """Whether the source is a table, or a view that has one row for each row of one table. False if that can't be told."""
    relation = read_relation(connection, name, schema)
    if relation is not Relation.VIEW:
        return relation is Relation.TABLE
    definition = sa.inspect(connection).get_view_definition(name, schema=schema) or ""
    table = find_only_table(definition)
    if table is None:
        return False
    beside = [one[1:-1].replace(one[-1] * 2, one[-1]) if one[0] in '"`' else one for one in re.findall(_NAME, table)]
    if connection.dialect.name == "postgresql":
        return _has_no_row_security(connection, table)
    return read_relation(connection, beside[-1], beside[0] if len(beside) > 1 else schema) is Relation.TABLE


def find_only_table(definition: str) -> str | None:
    """The table, as the view's definition names it, if the view has one row for each of the table's. Pure."""
    if "--" in definition or "/*" in definition or "\\" in definition:
        return None
    bare = _without_parentheses(_TEXT.sub("''", definition.strip().rstrip(";")))
    found = re.fullmatch(r"(?:CREATE\s.*?\sAS\s+)?SELECT\s+(.*?)\sFROM\s+(.*)", bare.strip(), re.IGNORECASE | re.DOTALL)
    if found is None or re.match(r"DISTINCT\b", found[1], re.IGNORECASE):
        return None
    if any(call.lower() not in _OF_ONE_ROW for call in _CALL.findall(found[1])):
        return None
    table = _ONE_TABLE.fullmatch(found[2].strip())
    return None if table is None else table[1]


def _without_parentheses(text: str) -> str:
    """The text with `()` for all that stands in parentheses: what is selected there adds and takes away no row."""
    while (shorter := re.sub(r"\([^()]+\)", "()", text)) != text:
        text = shorter
    return text


def _has_no_row_security(connection: sa.Connection, table: str) -> bool:
    catalogue = sa.table("pg_class", *map(sa.column, ("oid", "relkind", "relrowsecurity")), schema="pg_catalog")
    query = sa.select(catalogue.c.relkind, catalogue.c.relrowsecurity).where(catalogue.c.oid == sa.func.to_regclass(table))
    found = connection.execute(query).first()
    kind = None if found is None else found[0].decode() if isinstance(found[0], bytes) else found[0]
    return found is not None and kind in {"r", "p"} and not found[1]
