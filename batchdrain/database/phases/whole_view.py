"""Whether a view shows every row of one table. Then a row that the view does not show any more was deleted."""

from __future__ import annotations

import re
from typing import Final

import sqlalchemy as sa

from batchdrain.database.phases.names import quote_name
from batchdrain.database.phases.relation import Relation, read_relation

_NAME: Final = r"(?:\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|[\w$]+)"
_ONE_TABLE: Final = re.compile(rf"({_NAME}(?:\.{_NAME})?)(?:\s+(?:AS\s+)?{_NAME})?", re.IGNORECASE)
_TEXT: Final = re.compile(r"'(?:[^'\\]|'')*'")
_OPEN, _CLOSED = "⟦", "⟧"
_CALL: Final = re.compile(rf"([\w$.\"`]+)\s*{_OPEN}")
"""What is before a parenthesis. A quoted name, or one with a schema, may be a function that makes one row of many."""
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


def shows_every_row(connection: sa.Connection, relation: Relation, name: str, schema: str | None) -> bool:
    """Whether the source is a table, or a view that has one row for each row of one table. False if that can't be told."""
    if relation is not Relation.VIEW:
        return relation is Relation.TABLE
    definition = sa.inspect(connection).get_view_definition(name, schema=schema) or ""
    table = find_only_table(definition)
    if table is None:
        return False
    beside = [one[1:-1].replace(one[-1] * 2, one[-1]) if one[0] in '"`' else one for one in re.findall(_NAME, table)]
    if connection.dialect.name == "postgresql":
        return _hides_no_row(connection, quote_name(schema, name), table)
    return read_relation(connection, beside[-1], beside[0] if len(beside) > 1 else schema) is Relation.TABLE


def find_only_table(definition: str) -> str | None:
    """The table, as the view's definition names it, if the view has one row for each of the table's. Pure."""
    if "--" in definition or "/*" in definition or "\\" in definition or _OPEN in definition:
        return None
    bare = _mark_parentheses(_TEXT.sub("''", definition.strip().rstrip(";")))
    found = re.fullmatch(r"(?:CREATE\s.*?\sAS\s+)?SELECT\s+(.*?)\sFROM\s+(.*)", bare.strip(), re.IGNORECASE | re.DOTALL)
    if found is None or re.match(r"DISTINCT\b", found[1], re.IGNORECASE):
        return None
    if any(call.lower() not in _OF_ONE_ROW for call in _CALL.findall(found[1])):
        return None
    table = _ONE_TABLE.fullmatch(found[2].strip())
    return None if table is None else table[1]


def _mark_parentheses(text: str) -> str:
    """The text with marks for its parentheses. A query in them gives one value, so it adds and takes away no row, and is left
    out; a FROM in the arguments of a function names no table."""

    def replace(found: re.Match[str]) -> str:
        is_query = re.match(r"\s*SELECT\b", found[1], re.IGNORECASE) is not None
        inner = "" if is_query else re.sub(r"\bFROM\b", " ", found[1], flags=re.IGNORECASE)
        return f"{_OPEN}{inner}{_CLOSED}"

    while (marked := re.sub(r"\(([^()]*)\)", replace, text)) != text:
        text = marked
    return text


def _hides_no_row(connection: sa.Connection, view: str, table: str) -> bool:
    """Whether the table is one, and no row security hides its rows in the view, which applies to the view's owner; nor may a
    function of the user's with a known name make no row or several of one."""
    query = sa.text(
        "SELECT t.relkind IN ('r', 'p') AND (NOT t.relrowsecurity OR (v.relowner = CAST(current_user AS regrole) "
        "AND NOT row_security_active(t.oid))) AND NOT EXISTS (SELECT FROM pg_catalog.pg_rewrite r "
        "JOIN pg_catalog.pg_depend d ON d.objid = r.oid AND d.classid = CAST('pg_catalog.pg_rewrite' AS regclass) "
        "JOIN pg_catalog.pg_proc f ON f.oid = d.refobjid AND d.refclassid = CAST('pg_catalog.pg_proc' AS regclass) "
        "WHERE r.ev_class = v.oid AND (f.proretset OR f.prokind <> 'f')) "
        "FROM pg_catalog.pg_class t, pg_catalog.pg_class v WHERE t.oid = to_regclass(:table) AND v.oid = to_regclass(:view)"
    )
    return bool(connection.execute(query, {"table": table, "view": view}).scalar())
