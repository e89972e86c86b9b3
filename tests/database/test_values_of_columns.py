"""Which value of a column a text stands for, on each database: a text that no value has names nothing."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.config.reason_setting import ReasonAt
from batchdrain.database.phases.columns import exact_column_of, plain_type_of, state_column_of, to_shown
from batchdrain.database.phases.declared_types import DeclaredType, Family
from batchdrain.database.phases.given_columns import LONGEST, _to_given
from batchdrain.database.phases.reason_column import is_fit
from batchdrain.model.errors import BadData
from batchdrain.model.phase import PhaseKey
from batchdrain.model.state_words import NULL

KEY = PhaseKey("r", "p")


def declared(base: str, family: Family, **more: Any) -> DeclaredType:
    return DeclaredType(name=base, base=base, family=family, **more)


TEXT, WHOLE = declared("varchar", Family.TEXT), declared("bigint", Family.WHOLE)
ENUM = declared("enum", Family.TEXT, words=("A", "b"))
BOOL, STORED = declared("bool", Family.SPELT), declared("int", Family.STORED)


def column_of(dialect: str, kind: DeclaredType) -> Any:
    return exact_column_of(sa.Column("c", sa.Text()), kind, dialect)


@pytest.mark.parametrize(
    ("dialect", "kind", "text", "value"),
    [
        ("postgresql", TEXT, "7", "7"),
        ("postgresql", TEXT, "a\x00b", None),
        ("postgresql", WHOLE, "7", 7),
        ("postgresql", WHOLE, str(2**63 - 1), 2**63 - 1),
        ("postgresql", WHOLE, str(2**63), None),
        ("postgresql", WHOLE, "-9223372036854775807", -(2**63 - 1)),
        ("postgresql", WHOLE, "x", None),
        ("postgresql", BOOL, "true", "true"),
        ("postgresql", BOOL, "t", None),
        ("postgresql", ENUM, "b", "b"),
        ("postgresql", ENUM, "B", None),
        ("mysql", TEXT, "7", "7"),
        ("mysql", WHOLE, "7", 7),
        ("mysql", WHOLE, "7x", None),
        ("mysql", ENUM, "A", "A"),
        ("mysql", ENUM, "a", None),
    ],
)  # fmt: skip
def test_a_text_is_a_value_of_its_column_or_of_none(dialect: str, kind: DeclaredType, text: str, value: object) -> None:
    column = column_of(dialect, kind)
    if value is None:
        with pytest.raises(ValueError, match=r"."):
            column.parameters("x", text)
    else:
        found = column.parameters("x", text)
        assert (found, type(found["x"])) == ({"x": value}, type(value))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("7", 7), ("-7", -7), ("0", 0), ("7.5", 7.5), ("1e+20", 1e20), ("inf", float("inf")), (str(2**63 - 1), 2**63 - 1),
        ("07", "07"), ("7.50", "7.50"), ("+7", "+7"), (" 7", " 7"), ("1_0", "1_0"), ("x", "x"), ("", ""), (str(2**63), str(2**63)),
        ("1" * 33, "1" * 33), ("0.1234567890123456789012345678901", "0.1234567890123456789012345678901"), ("true", "true"),
    ],
)  # fmt: skip
def test_on_sqlite_a_text_stands_for_itself_and_for_the_number_that_is_written_so(text: str, number: object) -> None:
    found = column_of("sqlite", STORED).parameters("x", text)
    assert (found, type(found["x_number"])) == ({"x": text, "x_number": number}, type(number))


def test_on_sqlite_a_text_that_is_no_utf8_names_nothing() -> None:
    with pytest.raises(UnicodeEncodeError):
        column_of("sqlite", STORED).parameters("x", "a\udcff")


@pytest.mark.parametrize(
    ("kind", "value"),
    [("text", ("7", "7")), ("integer", (7, 7)), ("real", (7, 7)), ("null", ("7", 7)), ("blob", ("7", 7)), (None, ("7", 7))],
)
def test_a_state_is_given_back_as_the_kind_of_value_that_it_was(kind: str | None, value: tuple[object, object]) -> None:
    column = state_column_of(column_of("sqlite", STORED), sa.Column("c", sa.Text()), "sqlite")
    assert tuple(column.parameters("x", "7", kind).values()) == value


@pytest.mark.parametrize(("dialect", "names"), [("sqlite", ["x", "x_number"]), ("postgresql", ["x"]), ("mysql", ["x"])])
def test_null_is_a_value_of_a_state_and_no_text(dialect: str, names: list[str]) -> None:
    column = state_column_of(column_of(dialect, STORED if dialect == "sqlite" else TEXT), sa.Column("c", sa.Text()), dialect)
    assert column.parameters("x", NULL) == dict.fromkeys(names)
    assert str(column.is_exactly("x", NULL)) == "c IS NULL"
    condition, given = column.is_any("x", [NULL])
    assert (str(condition), given) == ("c IS NULL", {})


def test_a_word_that_no_value_has_is_left_out_of_the_words_that_are_looked_for() -> None:
    column = state_column_of(column_of("postgresql", WHOLE), sa.Column("c", sa.BigInteger()), "postgresql")
    condition, given = column.is_any("x", ["1", "failed", "3"])
    assert given == {"x": 1, "x_2": 3}
    assert str(condition).count("c =") == 2
    assert str(column.is_any("x", ["failed"])[0]) == "false"


@pytest.mark.parametrize(
    ("value", "given"),
    [
        (None, None),
        ("", ""),
        (7, "7"),
        (1.5, "1.5"),
        (True, "True"),
        ("é", "é"),
        ("x" * LONGEST, "x" * LONGEST),
    ],
    ids=lambda value: str(value)[:10],
)
def test_a_value_reaches_a_command_as_its_text(value: object, given: str | None) -> None:
    assert _to_given(KEY, "c", value) == given


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"x", "holds bytes, which the command can't be given"),
        ("a\x00", "holds a NUL or what is no UTF-8"),
        ("a\udcff", "holds a NUL or what is no UTF-8"),
        ("x" * (LONGEST + 1), f"is too long for the command \\(at most {LONGEST} bytes\\)"),
        ("é" * (LONGEST // 2 + 1), "is too long for the command"),
    ],
    ids=lambda value: str(value)[:10],
)
def test_a_value_that_no_command_can_be_given_is_bad_data_of_its_row(value: object, says: str) -> None:
    with pytest.raises(BadData, match=f"r / p: column 'c' {says}") as caught:
        _to_given(KEY, "c", value)
    assert caught.value.remedy == "correct the row, or remove the column from batchdrain.command.columns"


def test_the_longest_value_fits_into_one_argument_with_its_name() -> None:
    assert LONGEST == 100_000


JSON, JSONB, ARRAY = (declared(name, Family.UNFIT) for name in ("json", "jsonb", "_jsonb"))


@pytest.mark.parametrize(
    ("kind", "path", "dialect", "fit"),
    [
        (TEXT, (), "postgresql", True), (TEXT, ("a",), "mysql", True), (ENUM, (), "mysql", False), (WHOLE, (), "postgresql", False),
        (WHOLE, (), "sqlite", True), (JSON, (), "postgresql", False), (JSON, ("a",), "postgresql", True),
        (JSONB, ("a",), "postgresql", True), (ARRAY, ("0",), "postgresql", True), (declared("bytea", Family.BYTES), ("a",), "postgresql", False),
        (declared("_json", Family.UNFIT), ("0",), "postgresql", True), (declared("hstore", Family.UNFIT), ("a",), "postgresql", False),
    ],
)  # fmt: skip
def test_reasons_are_read_from_texts_and_at_a_path_from_json(
    kind: DeclaredType, path: tuple[str, ...], dialect: str, fit: bool
) -> None:
    assert is_fit(kind, ReasonAt(column="c", path=path), dialect) is fit


@pytest.mark.parametrize(
    ("family", "kind"),
    [(Family.WHOLE, sa.BigInteger), (Family.STORED, sa.types.NullType), (Family.TEXT, sa.Text), (Family.SPELT, sa.Text)],
)
def test_sqlalchemy_converts_no_value_of_a_mapped_column(family: Family, kind: type) -> None:
    assert type(plain_type_of(declared("x", family))) is kind


@pytest.mark.parametrize(
    ("dialect", "family", "is_plain"),
    [("sqlite", Family.UNFIT, True), ("mysql", Family.WHOLE, True), ("postgresql", Family.TEXT, True),
     ("postgresql", Family.SPELT, False), ("mysql", Family.BYTES, False)],
)  # fmt: skip
def test_a_column_whose_values_the_driver_may_not_take_is_read_as_text(dialect: str, family: Family, is_plain: bool) -> None:
    column = sa.Column("c", sa.Text())
    shown = to_shown(column, declared("x", family), dialect)
    assert (shown is column) is is_plain
    assert is_plain or str(shown) == "CAST(c AS TEXT)"
