"""The names of tables in the ledger, which stand in rows of all earlier versions too; and what those tables lack, added."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.database.ledger.migration import find_way_to_add, is_held, statements_of
from batchdrain.database.ledger.source_names import apart_name_of, bare_name_of, is_elsewhere, require_present_name
from batchdrain.model.errors import ConfigError
from tests.database.book import Book


def table(name: str, dialect: str = "mysql") -> Any:
    return SimpleNamespace(table=SimpleNamespace(name=name), dialect=dialect, source=SimpleNamespace(table=name))


@pytest.mark.parametrize(
    ("name", "dialect", "known_as"),
    [
        ("phases", "postgresql", "phases"),
        ("Phases", "postgresql", "Phases"),
        ("Phases", "mysql", "Phases"),
        ("Phases", "sqlite", "phases"),
        ("p" * 64, "mysql", "p" * 64),
        ("p" * 65, "mysql", None),
        ("build phases", "postgresql", "build-phases-b0b9f5107fd496ff"),
        ("Build phases", "sqlite", "build-phases-b0b9f5107fd496ff"),
    ],
)
def test_a_table_is_known_by_its_name_and_one_that_is_no_key_by_a_digest(
    name: str, dialect: str, known_as: str | None
) -> None:
    found = bare_name_of(table(name, dialect))
    assert known_as is None or found == known_as
    assert len(found) <= 64


def test_tables_whose_names_differ_in_case_alone_have_names_apart() -> None:
    one, other = (apart_name_of(table(name)) for name in ("Phases", "phases"))
    assert one.lower() != other.lower()
    assert apart_name_of(table("phases")) == other
    assert bare_name_of(table("phases")) not in {one, other}


def test_a_drain_that_began_under_the_bare_name_goes_on_by_a_resume() -> None:
    require_present_name(table("phases"), apart_name_of(table("phases")))
    with pytest.raises(ConfigError) as told:
        require_present_name(table("phases"), "phases")
    assert told.value.message.startswith("table 'phases' has another name in batchdrain's tables since this drain began")
    assert told.value.remedy == "`inv resume` continues under that name"


@pytest.mark.parametrize(
    ("dialect", "source", "is_asked", "asks_for_holder"),
    [
        ("mysql", "phases", True, False),
        ("mysql", apart_name_of(table("phases")), True, True),
        ("mysql", "other", False, False),
        ("postgresql", "phases", False, False),
    ],
)
def test_only_on_mariadb_a_phase_may_be_known_by_the_other_name(
    book: Book, dialect: str, source: str, *, is_asked: bool, asks_for_holder: bool
) -> None:
    claim = book.ledger.claim
    found = is_elsewhere(claim, table("phases", dialect), source, claim.c.key == "k")
    assert (found is not None) is is_asked
    assert ("owner IS NOT NULL" in str(found)) is asks_for_holder


def test_a_column_that_may_be_null_is_added_and_for_any_other_the_rows_would_need_a_value(book: Book) -> None:
    ours = sa.Table(
        "t", sa.MetaData(), sa.Column("a", sa.Integer, nullable=False), sa.Column("b", sa.Integer), sa.Column("c", sa.Text)
    )
    with book.database.read() as connection:
        assert find_way_to_add(connection, ours, ["b", "c"]) == (
            'ALTER TABLE "t" ADD COLUMN b INTEGER; ALTER TABLE "t" ADD COLUMN c TEXT'
        )
        assert find_way_to_add(connection, ours, ["b"]) == 'ALTER TABLE "t" ADD COLUMN b INTEGER'
        assert find_way_to_add(connection, ours, ["a", "b"]) is None


def test_tables_of_the_newest_version_need_no_more_than_its_number(book: Book) -> None:
    with book.database.read() as connection:
        [version] = statements_of(connection, book.ledger)
        assert version.startswith('UPDATE "batchdrain_meta" SET value = ')
        assert not is_held(connection, book.ledger)
