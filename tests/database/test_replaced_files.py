"""Another file in the place of a SQLite database that is open: it is told, and nothing more is written."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from batchdrain.database.same_file import SameFile
from batchdrain.model.errors import FilesUnavailable
from tests.chaos.faults import fault
from tests.chaos.watching import started, watched
from tests.support.workplace import DEADLINE_S, Workplace

ROW = "a/p~until=go"


def moved_over(file: Path, other: Path) -> None:
    other.rename(file)


def renamed_and_copied(file: Path, other: Path) -> None:
    file.rename(file.with_name("former.db"))
    shutil.copy(other, file)


def removed(file: Path, other: Path) -> None:
    file.unlink()


@fault(72)
@pytest.mark.parametrize("replace", [moved_over, renamed_and_copied, removed])
def test_a_drain_ends_before_it_writes_on_where_its_file_was_replaced(
    sqlite_project: Workplace, tmp_path: Path, replace: object
) -> None:
    file, other = tmp_path / "work.db", tmp_path / "other.db"
    witness = watched(sqlite_project, ROW, "b/q")
    with sqlite3.connect(file) as source, sqlite3.connect(other) as target:
        source.backup(target)
    source.close()
    target.close()
    before = hashlib.sha256(other.read_bytes()).hexdigest()
    drain = sqlite_project.start("drain", "--policy=run-order")
    started(witness, 1)
    assert callable(replace)
    replace(file, other)
    (sqlite_project.root / "go").touch()
    _out, err = drain.communicate(timeout=DEADLINE_S)

    assert (drain.wait(), b"Traceback" in err) == (74, False), err
    what = b"it is gone since it was opened" if replace is removed else b"another file has replaced it since it was opened"
    assert what in err, err
    assert sqlite_project.session()["total_processed"] == 0
    if replace is not removed:
        assert hashlib.sha256(file.read_bytes()).hexdigest() == before
        for name in ("work.db-wal", "work.db-shm"):
            (tmp_path / name).unlink(missing_ok=True)
        assert sqlite_project.sql("PRAGMA integrity_check") == [("ok",)]
        assert set(sqlite_project.states().values()) == {"FAILED"}


@fault(72)
def test_a_file_that_was_replaced_between_two_commands_is_opened_as_any_other(
    sqlite_project: Workplace, tmp_path: Path
) -> None:
    sqlite_project.fail("a/p~fail")
    sqlite_project.inv("drain")
    with sqlite3.connect(tmp_path / "work.db") as source, sqlite3.connect(tmp_path / "new.db") as target:
        source.backup(target)
    source.close()
    target.close()
    for name in ("work.db-wal", "work.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / "new.db").rename(tmp_path / "work.db")

    ran = sqlite_project.inv("drain")
    assert (ran.code, ran.err) == (1, ""), ran


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    """Of a file that is checked, with a table in it; its connection is in the pool."""
    found = sa.create_engine(f"sqlite:///{tmp_path}/one.db")
    SameFile(tmp_path / "one.db").listen(found)
    with found.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (x)"))
    yield found
    found.dispose()


def is_refused(file: Path, what: str) -> pytest.RaisesExc[FilesUnavailable]:
    return pytest.raises(FilesUnavailable, match=f"database file {file}: {what} since it was opened: nothing more is written")


@pytest.mark.parametrize(
    ("replace", "what"), [(moved_over, "another file has replaced it"), (removed, "it is gone")], ids=["replaced", "removed"]
)
def test_a_file_that_is_not_the_one_that_was_opened_is_told_at_the_beginning_and_at_the_commit(
    engine: sa.Engine, tmp_path: Path, replace: Callable[[Path, Path], None], what: str
) -> None:
    file, other = tmp_path / "one.db", tmp_path / "other.db"
    other.touch()
    with engine.connect() as connection:
        begun = connection.begin()
        replace(file, other)
        with is_refused(file, what) as told:
            begun.commit()
        begun.close()
        with is_refused(file, what):
            connection.begin()
    assert told.value.remedy is not None
    assert "one.db-wal and one.db-shm are of the former file: move them away with it" in told.value.remedy


def test_a_new_connection_to_another_file_is_refused(engine: sa.Engine, tmp_path: Path) -> None:
    engine.dispose()
    (tmp_path / "other.db").touch()
    moved_over(tmp_path / "one.db", tmp_path / "other.db")
    with is_refused(tmp_path / "one.db", "another file has replaced it"), engine.connect():
        pass


def test_a_file_that_stays_the_same_is_used_by_as_many_connections_as_are_wanted(engine: sa.Engine) -> None:
    for number in range(2):
        with engine.begin() as connection:
            connection.execute(sa.text(f"INSERT INTO t VALUES ({number})"))
        engine.dispose()
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT x FROM t ORDER BY x")).scalars().all() == [0, 1]
