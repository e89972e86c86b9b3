"""The time of a write, in a column of whatever type: right in every time zone, in the column's own unit, or refused before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from batchdrain.database.phases.declared_types import DeclaredType, Family
from batchdrain.database.phases.update_time import update_time_of
from batchdrain.model.errors import ConfigError
from tests.chaos.faults import fault
from tests.support import servers
from tests.support.databases import own_database
from tests.support.workplace import Workplace

NOW = datetime(2026, 1, 31, 10, 11, 12, 131415, tzinfo=UTC)
COLUMNS = "run_id VARCHAR(20), phase_id VARCHAR(20), phase_index INTEGER, state VARCHAR(20), last_failure_reason TEXT"
_S, _MS, _US = 1_700_000_000, 1_700_000_000_123, 1_700_000_000_123_456


def place(project: Workplace, kind: str, *values: str, unit: str | None = None) -> None:
    """A table with `updated_at` of this type: a failed row, and complete ones that hold the values."""
    project.sql(f"CREATE TABLE timed ({COLUMNS}, touched {kind})")
    project.sql("INSERT INTO timed (run_id, phase_id, state) VALUES ('r', 'p', 'FAILED')")
    for number, value in enumerate(values):
        project.sql(
            f"INSERT INTO timed (run_id, phase_id, state, touched) VALUES ('old', '{number}', 'COMPLETE', {value})".replace(
                ":", "\\:"
            )
        )
    project.source = {"table": "timed", "columns": {"updated_at": "touched"}}
    if unit is not None:
        project.source["updated_at_unit"] = unit
    project.configure()


def touched(project: Workplace) -> object:
    return project.sql("SELECT touched FROM timed WHERE run_id = 'r'")[0][0]


@fault(54)
@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
@pytest.mark.parametrize(
    ("values", "unit", "per_second"),
    [([_S], None, 1), ([_MS, 0], None, 1_000), ([_US], None, 10**6), ([], None, 1), ([], "ms", 1_000), ([_MS], "s", 1)],
)
def test_numbers_are_written_in_the_unit_of_the_column(
    project: Workplace, values: list[int], unit: str | None, per_second: int
) -> None:
    place(project, "BIGINT", *map(str, values), unit=unit)

    looked, before = project.inv("doctor"), time.time()
    assert project.inv("drain").code == 0

    assert before - 1 <= int(str(touched(project))) / per_second <= time.time() + 1
    assert ("warn updated_at: column 'touched' holds numbers" in looked.out) is (not values and unit is None)
    assert looked.code == 0


@fault(54)
@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
@pytest.mark.parametrize("kind", ["DATE", "TIME", "SMALLINT"])
def test_a_type_that_can_not_hold_a_time_is_refused_before_anything_is_written(project: Workplace, kind: str) -> None:
    if kind == "SMALLINT" and project.url.startswith("sqlite"):
        pytest.skip("SQLite's SMALLINT holds 64 bits")
    place(project, kind)

    looked, ran = project.inv("doctor"), project.inv("drain")

    assert (looked.code, ran.code) == (78, 78), (looked, ran)
    assert "columns.updated_at: column 'touched' holds" in looked.out
    assert "columns.updated_at: column 'touched' holds" in ran.err
    assert project.sql("SELECT state FROM timed") == [("FAILED",)]
    assert not (project.root / "witness.txt").exists()
    assert not project.sessions.exists()


@pytest.fixture
def kathmandu(tmp_path: Path) -> Iterator[Workplace]:
    """A MariaDB server of our own, in another time zone, that fills every CHAR up with blanks."""
    if not servers.mariadb_programs():
        pytest.skip("the system has no MariaDB server")
    root = tmp_path / "project"
    root.mkdir()
    with servers.own_mariadb() as server, own_database(server.url) as url:
        project = Workplace(root=root, url=url)
        project.sql("SET GLOBAL time_zone = '+05\\:45'")
        project.sql("SET GLOBAL sql_mode = concat(@@GLOBAL.sql_mode, ',PAD_CHAR_TO_FULL_LENGTH')")
        yield project


@fault(53)
@pytest.mark.parametrize("kind", ["TIMESTAMP(6) NULL", "DATETIME(6)"])
def test_a_time_is_utc_on_a_server_of_another_zone(kathmandu: Workplace, kind: str) -> None:
    place(kathmandu, kind)
    before = time.time()

    assert kathmandu.inv("drain").code == 0

    zone = "" if kind.startswith("TIMESTAMP") else "SET time_zone = '+00\\:00'"
    with kathmandu.engine.begin() as connection:
        if zone:
            connection.execute(sa.text(zone))
        written = connection.execute(sa.text("SELECT UNIX_TIMESTAMP(touched) FROM timed")).scalar_one()
    assert before - 1 <= float(written) <= time.time() + 1


@fault(53)
def test_a_state_in_a_char_that_comes_with_blanks_is_the_word(kathmandu: Workplace) -> None:
    kathmandu.sql(f"CREATE TABLE padded ({COLUMNS.replace('VARCHAR', 'CHAR')})")
    kathmandu.sql("INSERT INTO padded VALUES ('r', 'p', 1, 'FAILED', NULL)")
    kathmandu.source = {"table": "padded"}
    kathmandu.configure()

    assert (kathmandu.inv("doctor").code, kathmandu.inv("drain").code) == (0, 0)
    assert kathmandu.inv("list-run-counts", "--format=tsv").lines == ["r\t0\t0\t1\t0"]


@fault(53)
@pytest.mark.everyday("postgresql")
def test_a_run_that_is_named_by_a_time_has_one_name_in_every_zone(postgresql_url: str, tmp_path: Path) -> None:
    project = Workplace(root=tmp_path, url=postgresql_url)
    project.sql(f"CREATE TABLE dated ({COLUMNS.replace('run_id VARCHAR(20)', 'run_id TIMESTAMPTZ')})")
    project.sql("INSERT INTO dated VALUES ('2026-01-31 10\\:00\\:00+05\\:45', 'p', 1, 'FAILED', NULL)")
    project.sql(f"ALTER DATABASE {postgresql_url.rsplit('/', 1)[1]} SET TimeZone = 'Asia/Kathmandu'")
    project.source = {"table": "dated"}
    project.configure()

    assert project.inv("drain").code == 0

    assert [result["run_id"] for result in project.session()["results"]] == ["2026-01-31 04:15:00+00"]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("'2026-01-31 10:11:12'", "%Y-%m-%d %H:%M:%S"),
        ("'2026-01-31T10:11:12+00:00'", "%Y-%m-%dT%H:%M:%S+00:00"),
        ("'2026-01-31T10:11:12Z'", "%Y-%m-%dT%H:%M:%SZ"),
    ],
)
def test_a_text_is_written_as_the_others_are(sqlite_project: Workplace, value: str, shown: str) -> None:
    place(sqlite_project, "TEXT", value, value)

    assert sqlite_project.inv("drain").code == 0

    written = datetime.strptime(str(touched(sqlite_project)), shown).replace(tzinfo=UTC)
    assert abs(datetime.now(UTC) - written) < timedelta(minutes=10)


@pytest.mark.parametrize("kind", ["", "REAL", "DATETIME", "TIMESTAMP", "DATE", "UUID"])
def test_sqlite_s_numbers_of_days_stay_numbers_of_days(sqlite_project: Workplace, kind: str) -> None:
    place(sqlite_project, kind, "julianday('2026-01-31')", "julianday('2026-02-01 10:00:00')")

    assert sqlite_project.inv("drain").code == 0

    assert sqlite_project.sql("SELECT abs(touched - julianday('now')) < 0.1 FROM timed WHERE run_id = 'r'") == [(1,)]


def declared(base: str, family: Family, **more: int) -> DeclaredType:
    return DeclaredType(name=base, base=base, family=family, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "values", "expected"),
    [
        (declared("timestamptz", Family.SPELT), [], NOW),
        (declared("datetime", Family.SPELT), [], NOW.replace(tzinfo=None)),
        (declared("varchar", Family.TEXT, length=19), [], "2026-01-31 10:11:12"),
        (declared("varchar", Family.TEXT, length=24), [], "2026-01-31T10:11:12Z"),
        (declared("text", Family.TEXT), [], "2026-01-31T10:11:12.131415Z"),
        (declared("text", Family.TEXT), ["1700000000123", "1700000000124"], "1769854272131"),
        (declared("text", Family.TEXT), ["2026-01-31 10:11:12.123+02"], "2026-01-31 10:11:12.131+00"),
        (declared("text", Family.TEXT), ["2026-01-31T10:11:12-05:30"], "2026-01-31T10:11:12+00:00"),
        (declared("text", Family.TEXT), ["2026-01-31 10:11:12.1-0800"], "2026-01-31 10:11:12.1+0000"),
        (declared("text", Family.TEXT), ["2026-01-31 10:11:12z", "x", "2026"], "2026-01-31 10:11:12z"),
        (declared("varchar", Family.TEXT, length=20), ["2026-01-31T10:11:12-05:30"], "2026-01-31T10:11:12Z"),
        (declared("numeric", Family.SPELT, precision=16, scale=6), [], Decimal("1769854272.131415")),
        (declared("decimal", Family.SPELT, precision=16, scale=3), [Decimal(_S)], Decimal("1769854272.131415")),
        (declared("double", Family.UNFIT), [float(_MS)], 1769854272131.415),
        (declared("real", Family.STORED), [2_461_041.5, 2_461_042.5, float(_S)], NOW.timestamp() / 86_400 + 2_440_587.5),
        (declared("real", Family.STORED), [2_461_041.5, float(_S), float(_S)], 1769854272.131415),
        *((declared(base, Family.WHOLE), [_S], 1769854272) for base in ("int4", "int", "oid", "int8", "bigint")),
        (declared("datetime", Family.STORED), [], "2026-01-31 10:11:12.131415"),
        (declared("datetime", Family.STORED), [_MS, _MS, "2026-01-31"], 1769854272131),
        (declared("mydate", Family.STORED), [], "2026-01-31 10:11:12.131415"),
        (declared("timestamp", Family.STORED), [], "2026-01-31 10:11:12.131415"),
        (declared("", Family.STORED), [], "2026-01-31T10:11:12.131415Z"),
        (declared("integer", Family.STORED), [], 1769854272),
    ],
)
def test_what_is_written_is_as_type_and_values_ask_for_it(kind: DeclaredType, values: list[object], expected: object) -> None:
    made = update_time_of("touched", kind, values, "auto").make(NOW)
    assert made == pytest.approx(expected, abs=1e-5) if isinstance(expected, float) else made == expected


@pytest.mark.parametrize(
    ("kind", "unit", "values"),
    [
        (declared("year", Family.SPELT), "auto", []),
        (declared("float4", Family.UNFIT), "auto", []),
        (declared("bool", Family.SPELT), "s", []),
        (declared("bytea", Family.BYTES), "auto", []),
        (declared("jsonb", Family.UNFIT), "auto", []),
        (declared("mediumint", Family.WHOLE), "s", []),
        (declared("int4", Family.WHOLE), "ms", []),
        (declared("decimal", Family.SPELT, precision=10, scale=0), "ms", []),
        (declared("int8", Family.WHOLE), "auto", [_US * 1000]),
        (declared("varchar", Family.TEXT, length=10), "auto", []),
        (declared("date", Family.STORED), "auto", ["2026-01-31"]),
    ],
)
def test_what_can_not_hold_the_time_of_a_write_is_refused(kind: DeclaredType, unit: str, values: list[object]) -> None:
    with pytest.raises(ConfigError, match=r"columns\.updated_at: column 'touched' holds"):
        update_time_of("touched", kind, values, unit)


def test_a_unit_that_the_values_contradict_is_warned_of() -> None:
    found = update_time_of("touched", declared("int8", Family.WHOLE), [_MS, _MS, _S], "auto")
    assert (found.make(NOW), "more than one unit" in found.warning) == (1769854272131, True)
