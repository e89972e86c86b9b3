"""What becomes of an error, and its cure: a refusal of the table, bad data of one row, an outage, a configuration. Pure."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.database.driver_error_table import STATEMENT_POOLING
from batchdrain.database.driver_errors import (
    RowLocked,
    RowRefused,
    StatementLost,
    as_trouble_of,
    refusal_of,
    to_batchdrain_error,
)
from batchdrain.model.errors import BadData, ConfigError, DatabaseUnavailable, FilesUnavailable
from tests.database.test_what_errors_mean import Postgres, Sqlite, mysql, raised


@pytest.mark.parametrize(
    ("error", "refused", "cure"),
    [
        (raised(Postgres("23514")), True, "map words and columns"),
        (raised(Postgres("23505")), True, "map words and columns"),
        (raised(Postgres("42501")), True, "map words and columns"),
        (ValueError("a NUL"), True, "map words and columns"),
        (raised(mysql(1178, "The storage engine for the table doesn't support SAVEPOINT")), True, "ALTER TABLE"),
        (raised(Postgres("40001")), False, ""),
        (raised(Postgres("08006")), False, ""),
        (raised(Postgres("28P01")), False, ""),
        (sa.exc.ArgumentError("x"), False, ""),
    ],
    ids=str,
)
def test_a_statement_on_the_users_table_is_refused_by_the_row_or_the_configuration_alone(
    error: Exception, refused: bool, cure: str
) -> None:
    found = refusal_of(error, "table 'phases'")
    assert (found is not None) is refused
    assert found is None or (found.message.startswith("table 'phases': "), str(found.remedy).startswith(cure)) == (True, True)


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (ValueError("x"), BadData),
        (KeyError("x"), BadData),
        (StatementLost("x", remedy=""), BadData),
        (to_batchdrain_error(raised(Postgres("22001")), "d"), BadData),
        (RowRefused("x", remedy=""), RowRefused),
        (RowLocked("x"), RowLocked),
        (DatabaseUnavailable("x", remedy=""), DatabaseUnavailable),
        (ConfigError("x", remedy=""), ConfigError),
    ],
    ids=lambda value: getattr(value, "__name__", type(value).__name__),
)
def test_only_what_fails_over_a_rows_own_content_is_bad_data_of_that_row(error: Exception, becomes: type[Exception]) -> None:
    with pytest.raises(becomes) as caught, as_trouble_of("r / p"):
        raise error
    assert type(caught.value) is becomes
    assert becomes is not BadData or str(caught.value).startswith("r / p: this row can't be drained: ")


@pytest.mark.parametrize(
    ("error", "kind", "cure"),
    [
        (raised(Sqlite(11)), FilesUnavailable, "the file is damaged"),
        (raised(Sqlite(26)), FilesUnavailable, "the file is damaged"),
        (raised(Sqlite(13)), FilesUnavailable, "free disk space or repair the disk"),
        (raised(Sqlite(8)), ConfigError, "batchdrain must be able to write the file"),
        (raised(Postgres("3D000")), ConfigError, "correct batchdrain.database_url"),
        (raised(Postgres("42501", "permission denied for table batchdrain_claim")), ConfigError, "GRANT SELECT, INSERT"),
        (raised(Postgres("42501", "permission denied for table phases")), ConfigError, "GRANT SELECT and UPDATE on your"),
        (raised(Postgres("42P01")), ConfigError, "`inv doctor` checks"),
        (raised(Postgres("08P01", STATEMENT_POOLING)), ConfigError, "set the pooler's pool_mode"),
        (raised(Postgres("57P01")), DatabaseUnavailable, "check that the server runs"),
        (raised(Postgres("55P03")), DatabaseUnavailable, "find out who holds the lock"),
        (raised(Sqlite(5)), DatabaseUnavailable, "find out who holds the lock"),
    ],
    ids=str,
)
def test_each_error_has_its_kind_and_its_cure(error: Any, kind: type[ConfigError], cure: str) -> None:
    found = to_batchdrain_error(error, "d")
    assert isinstance(found, kind)
    assert found.message.startswith("database d: ")
    assert str(found.remedy).startswith(cure)


@pytest.mark.parametrize("error", [raised(Postgres("57P01")), raised(Sqlite(5)), raised(Sqlite(13))], ids=str)
def test_that_something_was_recorded_is_said_once_a_session_was_begun_and_not_before(error: Any) -> None:
    said = [str(to_batchdrain_error(error, "d", in_session=in_session).remedy) for in_session in (False, True)]
    assert ["recorded" in one for one in said] == [False, True]
    assert ["inv resume" in one for one in said] == [False, True]
