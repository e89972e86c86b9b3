"""A query whose text is made once: it reads what SQLAlchemy's own way reads, inside the same transaction."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.database.compiled_read import CompiledRead
from batchdrain.database.compiled_write import CompiledWrite
from tests.database.test_compiled_write import ODD, ODD_ROW, ROW, THIS, WRITTEN, connection

__all__ = ["connection"]

ODD_THIS = ODD.c["the (id) %s"] == sa.bindparam("the_id")
SELECTED: dict[str, sa.Select[Any]] = {
    "values of each type": sa.select(WRITTEN).where(THIS),
    "expressions": sa.select(sa.null(), WRITTEN.c.sum + 1, sa.literal("50 % of it"), sa.func.lower(WRITTEN.c.word)).where(
        THIS
    ),
    "odd names": sa.select(ODD).where(ODD_THIS, ODD.c["a word: written?"] != "100 % of it"),
}


@pytest.mark.parametrize("name", SELECTED)
def test_it_reads_what_sqlalchemy_reads(connection: sa.Connection, name: str) -> None:
    connection.execute(WRITTEN.insert(), ROW)
    connection.execute(ODD.insert(), ODD_ROW)
    theirs = connection.execute(SELECTED[name], {"the_id": 1}).first()
    read = CompiledRead(SELECTED[name])
    for _ in range(2):
        assert read.first(connection, {"the_id": 1}) == theirs is not None
    assert read.first(connection, {"the_id": 2}) is None


def test_it_reads_no_more_rows_than_it_was_asked_for_and_leaves_none_behind(connection: sa.Connection) -> None:
    for number in range(4):
        connection.execute(WRITTEN.insert(), {"id": number})
    read = CompiledRead(sa.select(WRITTEN.c.id).where(WRITTEN.c.id >= sa.bindparam("least")).order_by(WRITTEN.c.id))
    assert [read.execute(connection, {"least": 1}, most) for most in (2, 9)] == [[(1,), (2,)], [(1,), (2,), (3,)]]
    ODD.drop(connection)  # which no database does while a query is under way on its connection


@pytest.mark.everyday("sqlite")
def test_on_sqlite_the_driver_has_it_directly_unless_somebody_listens(connection: sa.Connection) -> None:
    heard: list[str] = []

    def hear(_: object, __: object, text: str, *___: object) -> None:
        heard.append(text)

    read, write = CompiledRead(SELECTED["values of each type"]), CompiledWrite(WRITTEN.insert())
    sa.event.listen(connection.engine, "before_cursor_execute", hear)
    write.execute(connection, {"id": 1})
    read.first(connection, {"the_id": 1})
    sa.event.remove(connection.engine, "before_cursor_execute", hear)
    assert [text.split()[0] for text in heard] == ["INSERT", "SELECT"]

    with connection.begin_nested() as point:
        write.execute(connection, {"id": 2})
        assert (len(heard), read.first(connection, {"the_id": 2}) is None) == (2, False)
        point.rollback()
    assert read.first(connection, {"the_id": 2}) is None, "it was a part of the transaction"


@pytest.mark.everyday("sqlite")
def test_on_sqlite_an_error_that_comes_with_a_later_row_is_sqlalchemys_too(connection: sa.Connection) -> None:
    for number in (1, 2):
        connection.execute(WRITTEN.insert(), {"id": number, "word": '{"a": 1}' if number == 1 else "no JSON"})
    read = CompiledRead(sa.select(sa.func.json_extract(WRITTEN.c.word, "$.a")).order_by(WRITTEN.c.id))
    with pytest.raises(sa.exc.OperationalError, match="malformed JSON"):
        read.execute(connection, {}, 2)
