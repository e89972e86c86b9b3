"""A write whose text is made once: the driver gets the same as from SQLAlchemy's own way, and answers the same."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.database.compiled_write import CompiledWrite
from batchdrain.database.connection import open_database

WRITTEN = sa.Table(
    "written",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("begun", sa.DateTime(timezone=True)),
    sa.Column("word", sa.Enum("new", "50 % of it", name="words", native_enum=False, length=20)),
    sa.Column("key", sa.Uuid),
    sa.Column("raw", sa.LargeBinary),
    sa.Column("sum", sa.Numeric(10, 2)),
    sa.Column("is_big", sa.Boolean),
)
ROW: dict[str, Any] = {
    "id": 1,
    "begun": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    "word": "50 % of it",
    "key": uuid.UUID(int=7),
    "raw": b"\x00\xff",
    "sum": Decimal("1.50"),
    "is_big": True,
}
THIS = WRITTEN.c.id == sa.bindparam("the_id")
CHANGED = WRITTEN.update().where(THIS, WRITTEN.c.word != "100 % of it")

ODD = sa.Table(
    "100 % of: it",
    WRITTEN.metadata,
    sa.Column("the (id) %s", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("a word: written?", WRITTEN.c.word.type),
    sa.Column("a [sum].of%(it)s", sa.Numeric(10, 2)),
)
"""Whose columns have names that are written otherwise as names of parameters."""
ODD_ROW: dict[str, Any] = dict(zip(ODD.c.keys(), (1, "50 % of it", Decimal("1.50")), strict=True))


@pytest.fixture
def connection(database_url: str) -> Iterator[sa.Connection]:
    database = open_database(database_url)
    with database.engine.connect() as connection:
        WRITTEN.metadata.create_all(connection)
        connection.commit()
        with connection.begin():
            yield connection
    database.close()


def _plain(value: object) -> str:
    """Drivers wrap bytes in what is equal to nothing."""
    return repr(bytes(value) if isinstance(value, memoryview) else value)


def sent_by(connection: sa.Connection, write: object, values: dict[str, Any]) -> list[tuple[str, Any]]:
    """What the driver was given; nothing of it stays."""
    sent: list[tuple[str, Any]] = []

    def note(_: object, __: object, text: str, parameters: Any, *___: object) -> None:
        items = parameters.items() if isinstance(parameters, dict) else enumerate(parameters)
        sent.append((text, {name: _plain(value) for name, value in items}))

    sa.event.listen(connection.engine, "before_cursor_execute", note)
    try:
        with connection.begin_nested() as point:
            if isinstance(write, CompiledWrite):
                write.execute(connection, values)
            else:
                connection.execute(write, values)  # type: ignore[call-overload]
            point.rollback()
    finally:
        sa.event.remove(connection.engine, "before_cursor_execute", note)
    return [(text, parameters) for text, parameters in sent if "written" in text or "100 %" in text]


@pytest.mark.parametrize(
    ("construct", "values"),
    [
        (WRITTEN.insert(), ROW),
        (WRITTEN.insert(), {"id": 2, "sum": None}),
        (CHANGED, {"the_id": 1, **{name: value for name, value in ROW.items() if name != "id"}}),
        (CHANGED.values(sum=WRITTEN.c.sum + 1), {"the_id": 1, "raw": b"", "no_column": 3}),
        (ODD.insert(), ODD_ROW),
        (
            ODD.update().where(ODD.c["the (id) %s"] == sa.bindparam("the_id"), ODD.c["a word: written?"] != "new"),
            {"the_id": 1, "a word: written?": None, "a [sum].of%(it)s": Decimal(2)},
        ),
    ],
    ids=["a row", "some columns", "a change by names", "a change with an expression", "odd names", "a change of odd names"],
)
def test_the_driver_gets_what_sqlalchemy_gives_it(
    connection: sa.Connection, construct: sa.Insert | sa.Update, values: dict[str, Any]
) -> None:
    ours = sent_by(connection, CompiledWrite(construct), values)
    assert ours == sent_by(connection, construct, values)
    assert len(ours) == 1


def test_what_was_written_is_read_as_it_was_given(connection: sa.Connection) -> None:
    write = CompiledWrite(WRITTEN.insert())
    assert write.execute(connection, ROW) == 1
    assert write.execute(connection, {"id": 2}) == 1  # other names: another text
    read = connection.execute(WRITTEN.select().order_by(WRITTEN.c.id)).mappings().all()
    begun = ROW["begun"].replace(tzinfo=read[0]["begun"].tzinfo)  # not every database keeps a zone
    assert [*read] == [{**ROW, "begun": begun}, {**dict.fromkeys(ROW), "id": 2}]


def test_it_tells_how_many_rows_were_changed(connection: sa.Connection) -> None:
    CompiledWrite(WRITTEN.insert()).execute(connection, ROW)
    write = CompiledWrite(CHANGED)
    assert [write.execute(connection, {"the_id": number, "raw": b"\x00\xff"}) for number in (1, 2, 1)] == [1, 0, 1]


def test_an_error_is_sqlalchemys_and_hides_the_values(connection: sa.Connection) -> None:
    write = CompiledWrite(WRITTEN.insert())
    write.execute(connection, {**ROW, "word": "new"})
    with pytest.raises(sa.exc.IntegrityError) as error:
        write.execute(connection, {**ROW, "word": "new"})
    assert "INSERT INTO written" in str(error.value)
    assert "hidden" in str(error.value)
    assert str(ROW["key"].hex) not in str(error.value)


def test_a_value_that_lacks_is_an_error(connection: sa.Connection) -> None:
    with pytest.raises(sa.exc.InvalidRequestError, match="the_id"):
        CompiledWrite(CHANGED).execute(connection, {"raw": b""})
