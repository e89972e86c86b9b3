"""What an error is taken for by its circumstances: whether it was at a statement, at a commit, and whose it is. Pure."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.database import driver_errors
from batchdrain.database.driver_error_table import Meaning
from batchdrain.database.driver_errors import (
    RowLocked,
    code_of,
    first_line_of,
    is_large,
    is_lost_statement,
    is_of_row,
    is_row_lock,
    is_transient,
    may_be_said_by_a_trigger,
    meaning_of,
)
from batchdrain.database.lost_statement import roll_back_quietly
from batchdrain.database.retrying import StopAtLarge


class Postgres(Exception):
    def __init__(self, sqlstate: str | None, text: str = "said by the server") -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


class Sqlite(Exception):
    def __init__(self, sqlite_errorcode: int, text: str = "said by the library") -> None:
        super().__init__(text)
        self.sqlite_errorcode = sqlite_errorcode


def mysql(number: int, text: str = "said by the server") -> Exception:
    return Exception(number, text)


def raised(
    orig: BaseException,
    *,
    statement: str | None = "UPDATE phases",
    params: Any = (),
    lost: bool = False,
    kind: type[sa.exc.DBAPIError] = sa.exc.OperationalError,
) -> sa.exc.DBAPIError:
    return kind(statement, params, orig, connection_invalidated=lost)


@pytest.mark.parametrize(
    ("error", "at_once"),
    [
        (raised(Postgres("40001")), True),
        (raised(Postgres("55P03")), True),
        (raised(Postgres("25006")), False),
        (raised(Postgres("08006")), False),
        (raised(Postgres("08006"), lost=True), True),
        (raised(Postgres(None), lost=True), True),
        (raised(Postgres(None)), False),
        (raised(Postgres("22001"), lost=True), False),
        (raised(Postgres("28P01"), lost=True), False),
        (raised(mysql(1213)), True),
        (raised(Sqlite(5)), True),
        (raised(Sqlite(261)), True),
        (raised(Sqlite(13)), False),
        (sa.exc.TimeoutError("no connection is free"), False),
        (ValueError("x"), False),
    ],
    ids=str,
)
def test_only_what_a_repetition_can_mend_is_repeated_at_once(error: BaseException, at_once: bool) -> None:
    assert is_transient(error) is at_once


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (sa.exc.TimeoutError("no connection is free"), Meaning.OUTAGE),
        (sa.exc.StatementError("x", "SELECT", {}, ValueError("a NUL")), Meaning.ROW),
        (OverflowError("too large"), Meaning.ROW),
        (sa.exc.ArgumentError("x"), Meaning.CONFIGURATION),
        (raised(Postgres(None), kind=sa.exc.ProgrammingError, lost=True), Meaning.OUTAGE),
        (raised(Postgres(None), kind=sa.exc.ProgrammingError), Meaning.CONFIGURATION),
        (raised(Postgres(None), kind=sa.exc.IntegrityError), Meaning.ROW),
        (raised(Postgres(None), kind=sa.exc.DataError), Meaning.ROW),
        (raised(Postgres(None), kind=sa.exc.InternalError), Meaning.OUTAGE),
        (raised(Postgres(None), kind=sa.exc.InterfaceError), Meaning.OUTAGE),
        (raised(Postgres(None, 'FATAL:  password authentication failed for user "u"')), Meaning.ACCESS),
        (raised(Postgres(None, "ERROR: the password authentication failed for us all")), Meaning.OUTAGE),
        (raised(Postgres("0A000")), Meaning.CONFIGURATION),
        (raised(Postgres("0A000", "cached plan must not change result type")), Meaning.CONFLICT),
        (raised(Postgres("23505")), Meaning.LOST_CLAIM),
        (raised(Postgres("23514")), Meaning.ROW),
    ],
    ids=str,
)
def test_an_error_is_taken_for_what_its_text_its_code_or_its_kind_says(error: BaseException, meaning: Meaning) -> None:
    assert meaning_of(error) is meaning


@pytest.mark.parametrize(
    ("error", "may_be"),
    [
        (raised(Postgres("40001")), True),
        (raised(Postgres("25006")), True),
        (raised(Postgres("08000")), True),
        (raised(Postgres("HV000")), True),
        (raised(mysql(1290)), True),
        (raised(mysql(1213)), True),
        (raised(Postgres("40001"), lost=True), False),
        (raised(Postgres("40001"), statement=None), False),
        (raised(Postgres("57P01")), False),
        (raised(Postgres("53100")), False),
        (raised(Postgres("55P03")), False),
        (raised(Postgres(None)), False),
        (ValueError("x"), False),
    ],
    ids=str,
)
def test_a_trigger_may_have_said_what_a_working_connection_says_at_a_statement(error: BaseException, may_be: bool) -> None:
    assert may_be_said_by_a_trigger(error) is may_be


@pytest.mark.parametrize(
    ("error", "of_row"),
    [
        (raised(Sqlite(1, "malformed JSON")), True),
        (raised(Sqlite(1, "no such column: note")), False),
        (raised(Sqlite(1, 'near "WHER": syntax error')), False),
        (raised(Sqlite(19)), True),
        (raised(Sqlite(5)), False),
        (raised(Postgres("22P02")), True),
        (raised(Postgres("42703")), False),
        (raised(mysql(1)), False),
        (ValueError("x"), True),
    ],
    ids=str,
)
def test_where_many_rows_are_read_one_of_them_may_be_the_cause(error: BaseException, of_row: bool) -> None:
    assert is_of_row(error) is of_row


@pytest.mark.parametrize(
    ("error", "locks", "says"),
    [
        (raised(Postgres("55P03")), True, driver_errors.LOCKED),
        (raised(mysql(1205)), True, driver_errors.LOCKED),
        (raised(Postgres("57014", "canceling statement due to statement timeout")), True, "canceling statement"),
        (raised(mysql(3024, "maximum statement execution time exceeded")), True, "maximum statement execution time"),
        (raised(Sqlite(5)), False, "said by the library"),
        (ValueError("x"), False, driver_errors.LOCKED),
    ],
    ids=str,
)
def test_a_lock_says_that_somebody_has_the_row_and_a_limit_of_time_says_itself(
    error: BaseException, locks: bool, says: str
) -> None:
    assert is_row_lock(error) is locks
    assert str(RowLocked.of(error)).startswith(says)


@pytest.mark.parametrize(
    ("params", "large"),
    [
        ({"a": "x" * 4_000}, False),
        ({"a": "x" * 4_001}, True),
        ({"a": b"x" * 2_000, "b": "x" * 2_001, "c": 10**9, "d": None}, True),
        (("x" * 4_001,), True),
        (None, False),
        ((), False),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_statement_is_large_by_the_texts_that_it_carries(params: Any, large: bool) -> None:
    assert is_large(raised(mysql(2013), params=params)) is large
    assert not is_large(ValueError("x" * 9_000))


@pytest.mark.parametrize(
    ("lost", "statement", "is_one"), [(True, "UPDATE", True), (True, None, False), (False, "UPDATE", False)]
)
def test_a_statement_is_lost_where_the_connection_broke_at_it(lost: bool, statement: str | None, is_one: bool) -> None:
    assert is_lost_statement(raised(mysql(2013), statement=statement, lost=lost)) is is_one


@pytest.mark.parametrize(
    ("error", "stops"),
    [
        (raised(mysql(2013), params={"a": "x" * 9_000}, lost=True), [False, True]),
        (raised(mysql(2013), params={"a": "x"}, lost=True), [False] * 9),
        (raised(mysql(1213), params={"a": "x" * 9_000}), [False] * 9),
    ],
    ids=["a large one", "a small one", "another trouble"],
)
def test_a_large_statement_that_breaks_its_connection_is_tried_three_times(error: BaseException, stops: list[bool]) -> None:
    outcome = type("Outcome", (), {"exception": lambda _: error})()
    state: Any = type("State", (), {"outcome": outcome})()
    stop = StopAtLarge()
    assert [stop(state) for _ in stops] == stops, "after the very first try, which nobody counts"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (mysql(1062, "Duplicate entry"), "Duplicate entry (1062)"),
        (OSError(2, "No such file"), "[Errno 2] No such file"),
        (Exception("  first\nsecond"), "first"),
        (Exception("connection failed: connection to server at h"), "connection to server at h"),
        (Exception("connection failed: the door is shut"), "connection failed: the door is shut"),
        (KeyError(), "KeyError"),
        (Exception("x" * 400), "x" * 300),
    ],
    ids=lambda value: str(value)[:30],
)
def test_of_what_an_error_says_its_first_line_is_told(error: BaseException, line: str) -> None:
    assert first_line_of(error) == line


@pytest.mark.parametrize(
    ("orig", "code"),
    [(Sqlite(2067), ("sqlite", 2067)), (mysql(1062), ("mysql", 1062)), (Postgres("23505"), ("postgresql", "23505")),
     (Postgres(None), None), (Exception("1062"), None), (None, None)],
)  # fmt: skip
def test_a_code_is_told_with_the_database_that_it_is_of(orig: BaseException | None, code: object) -> None:
    assert code_of(orig) == code


def test_the_first_error_counts_though_the_connection_can_not_be_rolled_back() -> None:
    rolled: list[bool] = []

    def rollback() -> None:
        rolled.append(True)
        raise sa.exc.OperationalError("ROLLBACK", {}, Exception("gone"))

    connection: Any = type("Connection", (), {"rollback": staticmethod(rollback)})()
    with pytest.raises(KeyError), roll_back_quietly(connection):
        raise KeyError
    with roll_back_quietly(connection):
        pass
    assert rolled == [True]
