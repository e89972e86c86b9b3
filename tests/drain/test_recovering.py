"""Recovery claim by claim: what is settled, what has to wait, and what that comes to."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchdrain.drain.project import Project
from batchdrain.drain.recovery import recover
from batchdrain.drain.spooled_result import record_spooled
from batchdrain.execution import orphans, spool_reader
from batchdrain.execution.order import TOKEN
from batchdrain.execution.process_identity import ProcessIdentity, identify_self
from batchdrain.model.errors import ConfigError, DatabaseUnavailable
from batchdrain.model.states import Outcome
from tests.support.opened import hold, keep_result, opened
from tests.support.workplace import Workplace

ELSEWHERE = ProcessIdentity("another-boot:1", 1, 1)


@pytest.fixture
def work(sqlite_project: Workplace) -> Workplace:
    sqlite_project.fail("r/p", "r/q", reason="before")
    return sqlite_project


@pytest.fixture
def project(work: Workplace) -> Iterator[Project]:
    with opened(work) as found:
        yield found


def test_a_result_that_was_kept_is_recorded_and_only_else_the_phase_is_given_back(work: Workplace, project: Project) -> None:
    kept, lost = hold(project, "r/p"), hold(project, "r/q")
    record = keep_result(project, kept)
    left = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"], env={**os.environ, TOKEN: lost.token}, start_new_session=True
    )
    found = {str(back.key): back for back in recover(project)}
    assert left.wait(timeout=30) == -9
    assert [(back.recorded, back.state, back.ended_processes) for back in found.values()] == [
        (Outcome.COMPLETE, "COMPLETE", 0), (None, "FAILED", 1),
    ]  # fmt: skip
    assert work.phases() == {"r/p": ("COMPLETE", None), "r/q": ("FAILED", "before")}
    assert not record.exists()
    assert recover(project) == []


@pytest.mark.parametrize(
    ("by", "lease_s", "is_settled"),
    [(None, 3600, True), (None, -1, True), (ELSEWHERE, 3600, False), (ELSEWHERE, -1, True), (identify_self(), 3600, False)],
    ids=["dead", "dead and over", "elsewhere", "elsewhere and over", "alive"],
)
def test_a_claim_is_settled_where_its_controller_is_dead_or_its_lease_over(
    project: Project, by: ProcessIdentity | None, lease_s: float, is_settled: bool
) -> None:
    hold(project, "r/p", by=by, lease_s=lease_s)
    assert len(recover(project)) == is_settled


@pytest.mark.parametrize(("by", "gone"), [(None, True), (ELSEWHERE, False)], ids=["dead", "elsewhere"])
def test_only_a_lease_that_is_over_is_asked_for_again_by_the_databases_clock(
    work: Workplace, project: Project, monkeypatch: pytest.MonkeyPatch, by: ProcessIdentity | None, gone: bool
) -> None:
    """Its controller gives a sign of life in this moment."""
    hold(project, "r/p", by=by, lease_s=-1)
    read = spool_reader.read

    def beat(*of: Any) -> Any:
        work.sql("UPDATE batchdrain_claim SET lease_until_ms = lease_until_ms + 3600000")
        return read(*of)

    monkeypatch.setattr(spool_reader, "read", beat)
    assert len(recover(project)) == gone


def test_a_claim_of_which_something_lives_on_waits_for_the_next_time(
    work: Workplace, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = keep_result(project, hold(project, "r/p"))
    with monkeypatch.context() as patched:
        patched.setattr(orphans, "settle", lambda *_, **__: None)  # another user's process, which we can't end
        assert recover(project) == []
    assert (record.exists(), work.states()["r/p"]) == (True, "EXECUTING")
    assert len(recover(project)) == 1


@pytest.mark.parametrize(("by", "stays"), [(identify_self(), True), (ELSEWHERE, False), (None, False)])
def test_the_spool_of_one_that_lives_stays(project: Project, by: ProcessIdentity | None, stays: bool) -> None:
    """It may work for another copy of the database, and need it there."""
    record = keep_result(project, hold(project, "r/p", by=by, lease_s=-1), by="lost", exit_code=None, message="x")
    assert len(recover(project)) == 1
    assert record.exists() is stays


REFUSES = (
    "CREATE TRIGGER never BEFORE UPDATE ON phases WHEN OLD.phase_id = 'p' BEGIN SELECT RAISE(ABORT, 'not that one'); END"
)
BREAKS = REFUSES.replace("RAISE(ABORT, 'not that one')", "json_extract('{no json', '$')")
OURS = REFUSES.replace("ON phases", "ON batchdrain_attempt")


@pytest.mark.parametrize("is_kept", [True, False], ids=["a result", "nothing"])
@pytest.mark.parametrize(
    ("change", "code", "told"),
    [
        (REFUSES, ConfigError.exit_code, "not that one"),
        (BREAKS, ConfigError.exit_code, "malformed JSON"),
        (OURS, ConfigError.exit_code, "refuses what batchdrain writes into its own tables: not that one"),
    ],
    ids=["refused", "breaks", "ours"],
)
def test_what_keeps_one_claim_held_is_told_with_its_code_and_keeps_no_other(
    work: Workplace, change: str, code: int, told: str, is_kept: bool
) -> None:
    with opened(work) as project:
        record = keep_result(project, hold(project, "r/p"), **({} if is_kept else {"token": "x"}))
        hold(project, "r/q")
    work.sql(change)
    with opened(work) as project:
        found = {back.key.phase_id: back for back in recover(project)}
    assert (found["p"].code, found["p"].state, found["p"].recorded, record.exists()) == (code, "EXECUTING", None, True)
    assert told in found["p"].problem
    assert (found["q"].problem, work.states()["r/q"]) == ("", "FAILED")


@pytest.fixture
def on_postgresql(tmp_path: Path, postgresql_url: str) -> Workplace:
    place = Workplace(root=tmp_path, url=postgresql_url)
    place.make_table()
    place.fail("r/p", "r/q")
    return place


@pytest.mark.parametrize("is_kept", [True, False], ids=["a result", "nothing"])
def test_a_row_that_is_locked_is_not_waited_for_and_keeps_no_other(on_postgresql: Workplace, is_kept: bool) -> None:
    place = on_postgresql
    with opened(place, patience={"lock_s": 0.2}) as project:
        record = keep_result(project, hold(project, "r/p"), **({} if is_kept else {"token": "x"}))
        hold(project, "r/q")
        with place.engine.begin() as other:
            other.exec_driver_sql("SELECT * FROM phases WHERE phase_id = 'p' FOR UPDATE")
            found = {back.key.phase_id: back for back in recover(project)}
        assert (found["p"].code, found["p"].recorded, record.exists()) == (DatabaseUnavailable.exit_code, None, True)
        assert (found["q"].problem, place.states()) == ("", {"r/p": "EXECUTING", "r/q": "FAILED"})
        [back] = recover(project)
        assert (back.recorded, back.problem) == (Outcome.COMPLETE if is_kept else None, "")


def test_a_result_is_recorded_by_whoever_is_first(work: Workplace, project: Project) -> None:
    keep_result(project, hold(project, "r/p"))
    [held] = project.store.history.read_held()
    record = spool_reader.read(held.spool_dir, held.token)
    assert record is not None
    work.sql("UPDATE batchdrain_claim SET epoch = epoch + 1")  # somebody took it over
    assert record_spooled(project, held, record) is None
    work.sql("UPDATE batchdrain_claim SET epoch = epoch - 1")
    found = record_spooled(project, held, record)
    assert found is not None
    assert (found.recorded, found.state, found.note) == (Outcome.COMPLETE, "COMPLETE", "")
    assert record_spooled(project, held, None) is None
