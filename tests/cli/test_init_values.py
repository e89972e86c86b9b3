"""Which values `inv init` reads of a table, how much of each, and what they make known of a column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from batchdrain.cli.commands.init import read_values
from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, Parent
from batchdrain.cli.commands.init.read_facts import _kind_of
from batchdrain.cli.commands.init.read_values import add_spoken, complete_facts, read_rows
from batchdrain.database.phases.declared_types import DeclaredType, Family

TEXT = DeclaredType(name="text", base="text", family=Family.STORED)
WHOLE = DeclaredType(name="integer", base="integer", family=Family.STORED)


@pytest.fixture
def connection() -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as found:
        yield found
    engine.dispose()


def made(connection: sa.Connection, **values: list[Any]) -> sa.Table:
    """A table with these values in each column."""
    table = sa.Table("t", sa.MetaData(), *(sa.Column(name, sa.types.NullType()) for name in values))
    connection.exec_driver_sql(f"CREATE TABLE t ({', '.join(values)})")
    for row in zip(*values.values(), strict=True):
        connection.exec_driver_sql(f"INSERT INTO t VALUES ({', '.join('?' * len(row))})", row)
    return table


def column(name: str, kind: Kind = Kind.TEXT, **facts: Any) -> ColumnFacts:
    return ColumnFacts(name=name, kind=kind, **facts)


def test_texts_are_read_by_their_beginning_reasons_further_and_json_whole(connection: sa.Connection) -> None:
    long = "x" * 9_000
    table = made(connection, name=[long], error=[long], doc=[long], number=[7], raw=[b"\xab" * 99], odd=[1])
    columns = [column(name) for name in ("name", "error", "number")]
    columns += [column("doc", Kind.JSON), column("raw", Kind.BYTES), column("odd", Kind.OTHER)]
    [row] = read_rows(connection, table, columns)
    assert list(row) == ["name", "error", "number", "doc", "raw"]
    assert (row["name"], row["error"], row["doc"]) == (long[:400], long[:8_000], long)
    assert (row["number"], row["raw"]) == (7, "AB" * 64)
    assert read_rows(connection, table, [column("odd", Kind.OTHER)]) == []


@pytest.mark.parametrize(("kind", "most"), [(Kind.TEXT, 1_000), (Kind.JSON, 200)])
def test_of_many_rows_some_are_read_and_of_documents_fewer(connection: sa.Connection, kind: Kind, most: int) -> None:
    table = made(connection, name=["x"] * 1_001)
    assert len(read_rows(connection, table, [column("name", kind)])) == most


@pytest.mark.parametrize(
    ("dialect", "facts", "sql"),
    [
        (postgresql, column("a"), "substr(CAST(t.a AS TEXT), 1, 400)"),
        (mysql, column("a"), "substr(CAST(t.a AS CHAR), 1, 400)"),
        (postgresql, column("error"), "substr(CAST(t.error AS TEXT), 1, 8000)"),
        (postgresql, column("a", Kind.TIME), "CAST(t.a AS TEXT)"),
        (mysql, column("a", Kind.JSON), "CAST(t.a AS CHAR)"),
        (postgresql, column("a", Kind.WHOLE, type_name="bigint"), "t.a"),
        (postgresql, column("a", Kind.WHOLE, type_name="numeric(9,0)"), "CAST(t.a AS BIGINT)"),
        (mysql, column("a", Kind.WHOLE, type_name="decimal(9,0)"), "CAST(t.a AS SIGNED INTEGER)"),
        (postgresql, column("a", Kind.BYTES), "encode(substr(t.a, 1, 64), 'hex')"),
        (mysql, column("a", Kind.BYTES), "hex(substr(t.a, 1, 64))"),
        (postgresql, column("a", Kind.JSON, type_name="text[]"), "CAST(to_jsonb(t.a) AS TEXT)"),
    ],
)  # fmt: skip
def test_each_server_is_asked_for_what_can_be_compared(dialect: Any, facts: ColumnFacts, sql: str) -> None:
    class Connection:
        dialect: Any = None

    Connection.dialect = dialect.dialect()
    table = sa.Table("t", sa.MetaData(), sa.Column(facts.name, sa.types.NullType()))
    found = read_values._select(cast("sa.Connection", Connection), table.c[facts.name], facts)
    assert str(found.compile(dialect=Connection.dialect, compile_kwargs={"literal_binds": True})) == sql


@pytest.mark.parametrize(
    ("facts", "values", "is_counted"),
    [
        (column("state"), ["a", "b", None], True),
        (column("state"), [str(at) for at in range(20)], True),
        (column("state"), [str(at) for at in range(21)], False),
        (column("what"), ["failed", "b"], True),
        (column("what"), ["a", "b"], False),
        (column("what", words=("a", "b")), ["a", "b"], True),
        (column("what", Kind.WHOLE, meanings={"1": "failed"}), [1, 2], True),
        (column("what", Kind.WHOLE), [1, 2], False),
        (column("state", Kind.JSON), ["a"], False),
        (column("state", Kind.TRUTH), [1], False),
    ],
)  # fmt: skip
def test_the_words_of_what_may_be_a_state_are_counted(
    connection: sa.Connection, facts: ColumnFacts, values: list[Any], is_counted: bool
) -> None:
    table = made(connection, **{facts.name: values})
    found = complete_facts(connection, table, TEXT, facts, read_rows(connection, table, [facts]))
    assert found.counts == (dict.fromkeys(values, 1) if is_counted else None)


@pytest.mark.parametrize(("count", "is_told"), [(60, True), (61, False)])
def test_of_more_than_sixty_words_none_is_counted(connection: sa.Connection, count: int, is_told: bool) -> None:
    words = tuple(f"w{at}" for at in range(count))
    facts = column("state", words=words)
    table = made(connection, state=[*words, *words])
    found = complete_facts(connection, table, TEXT, facts, [])
    assert found.counts == (dict.fromkeys(words, 2) if is_told else None)


@pytest.mark.parametrize(
    ("values", "fits", "unit"),
    [
        ([1_700_000_000], True, "s"), ([1_700_000_000_000], True, "ms"), ([1_700_000_000_000_000], True, "us"),
        ([1_700_000_000_000_000_000], False, ""), ([], True, ""), ([5], True, ""),
    ],
)  # fmt: skip
def test_a_number_is_a_time_where_its_values_can_be_one(
    connection: sa.Connection, values: list[int], fits: bool, unit: str
) -> None:
    facts = column("updated_at", Kind.WHOLE)
    table = made(connection, updated_at=values)
    found = complete_facts(connection, table, WHOLE, facts, read_rows(connection, table, [facts]))
    assert (found.fits_time, found.unit, found.counts) == (fits, unit, None)


@pytest.mark.parametrize(
    ("rows", "meanings"),
    [
        ([(1, "failed"), (4, "done")], {"1": "failed", "4": "done"}),
        ([(1, "odd"), (4, "failed")], {"1": "odd", "4": "failed"}),
        ([(1, "odd"), (4, "none")], {}),
        ([(1, None), (4, "failed")], {"1": "1", "4": "failed"}),
        ([("failed", "x"), ("odd", "y")], {"failed": "failed", "odd": "y"}),
        ([(at, "failed") for at in range(60)], {str(at): "failed" for at in range(60)}),
        ([(at, "failed") for at in range(61)], {}),
    ],
)  # fmt: skip
def test_a_code_means_the_word_beside_it_in_the_table_that_it_refers_to(
    connection: sa.Connection, rows: list[tuple[Any, Any]], meanings: dict[str, str]
) -> None:
    connection.exec_driver_sql("CREATE TABLE words (code, word)")
    for row in rows:
        connection.exec_driver_sql("INSERT INTO words VALUES (?, ?)", row)
    facts = column("state", Kind.WHOLE, parent=Parent(schema=None, table="words", column="code"), meanings={"9": "kept"})
    table = made(connection, state=[1, 1, 4])
    found = complete_facts(connection, table, WHOLE, facts, read_rows(connection, table, [facts]))
    assert (found.counts, found.meanings) == ({1: 2, 4: 1}, {**meanings, "9": "kept"})
    assert found.words == tuple(meanings)


@pytest.mark.parametrize(
    ("facts", "counts"),
    [
        (column("state", counts={"failed": 3}), {"failed": 3, "queued": 0}),
        (column("what", counts={"failed": 3}), {"failed": 3}),
        (column("state", Kind.WHOLE, counts={1: 3}), {1: 3}),
        (column("state"), None),
    ],
)
def test_words_of_a_definition_that_no_row_has_yet_are_added_to_a_state(
    facts: ColumnFacts, counts: dict[str, int] | None
) -> None:
    assert add_spoken(facts, ["failed", "queued", "odd"]).counts == counts


def declared(base: str, family: Family, **facts: Any) -> DeclaredType:
    return DeclaredType(name=base, base=base, family=family, **facts)


@pytest.mark.parametrize(
    ("of", "kind"),
    [
        *((declared(base, Family.UNFIT), Kind.JSON) for base in ("json", "jsonb", "_json", "_jsonb")),
        (declared("mood", Family.SPELT, words=("a", "b")), Kind.TEXT),
        *((declared(base, Family.SPELT, precision=18), Kind.WHOLE) for base in ("numeric", "decimal")),
        (declared("numeric", Family.SPELT, precision=19), Kind.NAME), (declared("numeric", Family.SPELT, precision=9, scale=2), Kind.NAME),
        (declared("numeric", Family.SPELT), Kind.NAME),
        (declared("bool", Family.SPELT), Kind.TRUTH), (declared("boolean", Family.STORED), Kind.TRUTH),
        *((declared(base, Family.SPELT), Kind.TIME) for base in
          ("date", "time", "timestamp", "timestamptz", "timetz", "datetime", "year", "interval")),
        *((declared(base, Family.STORED), Kind.TIME) for base in ("datetime2", "timestamp with time zone")),
        (declared("bigint", Family.STORED), Kind.WHOLE), (declared("blob", Family.STORED), Kind.BYTES),
        (declared("anything", Family.STORED), Kind.TEXT),
        *((declared(base, Family.BYTES), Kind.BYTES) for base in ("varbinary", "longblob", "bytea")),
        (declared("int8", Family.WHOLE), Kind.WHOLE), (declared("citext", Family.TEXT), Kind.TEXT), (declared("uuid", Family.SPELT), Kind.NAME),
        (declared("xml", Family.UNFIT), Kind.OTHER), (declared("bit", Family.BYTES), Kind.OTHER),
    ],
    ids=lambda of: getattr(of, "base", of.value if isinstance(of, Kind) else None),
)  # fmt: skip
def test_the_kind_of_a_column_is_that_of_its_declared_type(of: DeclaredType, kind: Kind) -> None:
    assert _kind_of(of, [], "c") == kind


@pytest.mark.parametrize(
    ("check", "is_json"),
    [
        ("json_valid(c)", True), ("JSON_VALID ( `c` )", True), ('json_valid("c")', True), ("json_valid([c])", True), ("json_valid(cc)", False),
        ("json_valid(other)", False), ("c > 0", False),
    ],
)  # fmt: skip
def test_a_check_that_requires_json_makes_a_document_of_a_text(check: str, is_json: bool) -> None:
    assert _kind_of(declared("text", Family.TEXT), ["c IS NOT NULL", check], "c") == (Kind.JSON if is_json else Kind.TEXT)
