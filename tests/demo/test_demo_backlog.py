from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from batchdrain.demo.backlog import RUNS, make_backlog
from batchdrain.demo.reasons import kind_of

Row = tuple[str, str, int, str, str | None, str]


def rows_of(path: Path) -> list[Row]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT * FROM phases ORDER BY run_id, phase_index").fetchall()


def test_the_default_backlog_has_twelve_runs_and_sixty_failed_phases(tmp_path: Path) -> None:
    counts = make_backlog(tmp_path / "demo.db")
    rows = rows_of(tmp_path / "demo.db")
    assert counts == {"FAILED": 60, "QUEUED": 15, "COMPLETE": 40}
    assert counts == Counter(state for _, _, _, state, _, _ in rows)
    assert {run_id for run_id, *_ in rows} == set(RUNS)
    assert len(RUNS) == 12


def test_the_failed_phases_are_of_all_seven_categories_and_the_others_have_no_reason(tmp_path: Path) -> None:
    make_backlog(tmp_path / "demo.db")
    rows = rows_of(tmp_path / "demo.db")
    kinds = Counter(kind_of(reason or "") for _, _, _, state, reason, _ in rows if state == "FAILED")
    assert kinds == {
        "unknown": 9, "transient": 4, "collection": 6, "deliverable": 6, "patch": 14, "other": 16, "timeout": 5,
    }  # fmt: skip
    assert all(reason is None for _, _, _, state, reason, _ in rows if state != "FAILED")
    assert "" not in {reason for *_, reason, _ in rows}


def test_a_phase_id_repeats_across_runs_but_an_index_not_within_one(tmp_path: Path) -> None:
    make_backlog(tmp_path / "demo.db")
    rows = rows_of(tmp_path / "demo.db")
    assert Counter(phase_id for _, phase_id, *_ in rows)["phase-0-foundation"] > 6
    assert len({(run_id, index) for run_id, _, index, *_ in rows}) == len(rows)


def test_one_seed_gives_the_same_rows_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in [("a", 7), ("b", 7), ("c", 8)]:
        make_backlog(tmp_path / name, seed=seed)
    assert rows_of(tmp_path / "a") == rows_of(tmp_path / "b")
    assert rows_of(tmp_path / "a") != rows_of(tmp_path / "c")


@pytest.mark.parametrize("phases", [1, 2, 11, 12, 13, 61, 5_000, 100_000])
def test_any_size_has_its_number_of_failed_phases_in_at_most_twelve_runs(tmp_path: Path, phases: int) -> None:
    counts = make_backlog(tmp_path / "demo.db", phases=phases)
    rows = rows_of(tmp_path / "demo.db")
    failed_runs = {run_id for run_id, _, _, state, _, _ in rows if state == "FAILED"}
    assert counts == {"FAILED": phases, "QUEUED": phases // 4, "COMPLETE": phases * 2 // 3}
    assert Counter(counts) == Counter(state for _, _, _, state, _, _ in rows)
    assert len(failed_runs) == min(12, phases)


@pytest.mark.parametrize("phases", [-1, 0, 100_001])
def test_a_size_out_of_range_writes_nothing(tmp_path: Path, phases: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 100000"):
        make_backlog(tmp_path / "demo.db", phases=phases)
    assert list(tmp_path.iterdir()) == []


def test_a_demo_database_is_replaced_and_its_leftover_log_is_not_replayed(tmp_path: Path) -> None:
    crashed, live = tmp_path / "demo.db", tmp_path / "live" / "demo.db"
    live.parent.mkdir()
    make_backlog(live)
    with closing(sqlite3.connect(live, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("DELETE FROM phases")
        for suffix in ("", "-wal", "-shm"):
            shutil.copy(f"{live}{suffix}", f"{crashed}{suffix}")
    make_backlog(crashed)
    assert len(rows_of(crashed)) == 115
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["demo.db"]


def test_a_foreign_database_is_refused_and_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "team.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE phases (run_id TEXT)")
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"team\.db is not of a demo database"):
        make_backlog(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"notes", b"SQLite format 3\0"], ids=["empty", "text", "cut-off"])
def test_any_other_file_is_refused_and_left_untouched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "demo.db"
    path.write_bytes(content)
    with pytest.raises(FileExistsError):
        make_backlog(path)
    assert path.read_bytes() == content


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError):
        make_backlog(tmp_path)


def test_the_log_of_a_database_that_is_gone_is_refused(tmp_path: Path) -> None:
    (tmp_path / "demo.db-wal").write_bytes(b"somebody's rows")
    with pytest.raises(FileExistsError, match=r"demo\.db-wal"):
        make_backlog(tmp_path / "demo.db")


def test_a_link_to_a_demo_database_stays_a_link(tmp_path: Path) -> None:
    make_backlog(tmp_path / "real.db", phases=3)
    (tmp_path / "link.db").symlink_to("real.db")
    make_backlog(tmp_path / "link.db")
    assert (tmp_path / "link.db").is_symlink()
    assert len(rows_of(tmp_path / "real.db")) == 115
