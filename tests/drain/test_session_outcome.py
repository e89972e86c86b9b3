"""What a session comes to: which of several ends gives the exit code, and what is closed whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batchdrain.database.driver_errors import RowRefused
from batchdrain.drain.project import Project
from batchdrain.drain.screen import Opening
from batchdrain.drain.session_run import SessionOutcome, run_session
from batchdrain.model.errors import BadData, FilesUnavailable
from tests.support import scripted_engine
from tests.support.opened import Told, new_session, opened, request_for
from tests.support.workplace import Workplace

NO_COMMAND_TAKES = "UPDATE phases SET note = x'00ff' WHERE phase_id = 'unclaimed'"
NOT_TAKEN_BACK = (
    "CREATE TRIGGER never BEFORE UPDATE ON phases WHEN OLD.phase_id = 'refused' AND OLD.state = 'EXECUTING' "
    "BEGIN SELECT RAISE(ABORT, 'not that one'); END"
)
NO_END = (
    "CREATE TRIGGER no_end BEFORE UPDATE ON batchdrain_session WHEN NEW.ended_ms IS NOT NULL "
    "BEGIN SELECT RAISE(ABORT, 'no end'); END"
)


class Run:
    """A session whose commands end as their phases are called, and what stood when its screen was told."""

    def __init__(self, work: Workplace) -> None:
        self.work = work
        self.order: list[str] = []
        self.settings: dict[str, Any] = {}
        self.fails: dict[str, BaseException] = {}
        self.path = Path(work.url.removeprefix("sqlite:///"))
        self.meddle: Callable[[str], None] = lambda _: None

    def run(self) -> SessionOutcome:
        scripted_engine.before_each_end(lambda _, phase: self.meet(f"drains {phase}"))
        with opened(self.work, engine=scripted_engine.ENGINE, **self.settings) as project:
            self.project = project
            it = new_session(project, request_for(project), Shown(self, project))
            self.session = it.record.session
            try:
                return run_session(it)
            finally:
                assert not project.folder.is_held(self.session.session_id), "its lock is let go"
                assert (project.store.database.on_retry, project.store.database.hurry) == (None, None)

    def meet(self, what: str) -> None:
        assert self.project.store.database.hurry is not None, "a signal ends the waits of its writes"
        self.order.append(what)
        self.meddle(what)
        if what in self.fails:
            raise self.fails[what]


class Shown(Told):
    def __init__(self, run: Run, project: Project) -> None:
        super().__init__()
        self._run, self._project = run, project

    def begin(self, opening: Opening) -> None:
        self._run.meet(f"announced: {self.stands()}")

    def end(self) -> None:
        self._run.meet(f"ends: {self.stands()}")

    def stands(self) -> str:
        """As file and ledger have it, while we hold it."""
        name = self._run.session.session_id
        assert self._project.folder.is_held(name)
        if not self._run.path.exists():
            return "nobody knows"
        ours = [{"uid": self._run.session.session_uid}]
        [(status,)] = self._run.work.sql("SELECT status FROM batchdrain_session WHERE session_uid = :uid", ours)
        return f"{self._project.folder.load(name).current_status}, {status}"


@pytest.fixture
def it(sqlite_project: Workplace) -> Iterator[Run]:
    yield Run(sqlite_project)
    scripted_engine.before_each_end()


def test_a_session_is_announced_drained_and_closed_in_this_order(it: Run) -> None:
    it.work.fail("r/a", "r/b", "s/c")
    it.settings = {"batch_size": 2}
    found = it.run()
    assert it.order == ["announced: running, None", "drains a", "drains b", "ends: complete, complete"]
    assert (found.exit_code, found.failure, found.took, found.phases, found.total) == (0, None, 2, 2, 3)
    assert (found.was_signalled, found.orphaned, found.session) == (False, False, it.session)


def test_what_was_not_written_gives_the_code_after_what_ended_the_drain_and_a_signal_before_all(
    it: Run, tmp_path: Path
) -> None:
    columns = {"command": {**it.work.settings["command"], "columns": ["note"]}}

    def again(*names: str, before: Callable[[str], None] = lambda _: None) -> SessionOutcome:
        it.work.sql("DELETE FROM phases")
        it.work.fail(*names)
        it.work.sql(NO_COMMAND_TAKES)
        it.settings = {**columns, "policy": ["run-order"]}
        it.meddle = before
        return it.run()

    found = again("a0/unclaimed", "b0/ok")
    assert (type(found.failure), found.exit_code) == (BadData, 65)
    it.work.sql(NOT_TAKEN_BACK)
    found = again("a1/unclaimed", "b1/refused", "c1/ok")
    assert (type(found.failure), found.exit_code, "not that one" in str(found.failure)) == (RowRefused, 78, True)

    def take_away(what: str) -> None:
        if what == "drains last":
            it.path.rename(tmp_path / "away.db")

    found = again("a2/unclaimed", "b2/refused", "c2/last", before=take_away)
    (tmp_path / "away.db").rename(it.path)
    assert (type(found.failure), found.exit_code) == (FilesUnavailable, 74)

    def interrupt(what: str) -> None:
        take_away(what)
        if what == "drains last":
            scripted_engine.interrupt()

    found = again("a3/unclaimed", "b3/refused", "c3/last", before=interrupt)
    (tmp_path / "away.db").rename(it.path)
    assert (type(found.failure), found.exit_code, found.was_signalled) == (FilesUnavailable, 130, True)


def test_without_an_error_its_results_give_the_code(it: Run) -> None:
    it.work.fail("r/a", "r/b~fail")
    assert it.run().exit_code == 1
    it.work.sql("DELETE FROM phases")
    it.work.fail("s/a", "s/b~fail")
    it.settings = {"min_success_rate": 0.5}
    assert it.run().exit_code == 0


def test_rows_of_one_name_are_its_failure_once_nothing_else_waits(it: Run) -> None:
    for statement in ("CREATE TABLE two AS SELECT * FROM phases", "DROP TABLE phases", "ALTER TABLE two RENAME TO phases"):
        it.work.sql(statement)
    it.work.fail("r/a", "r/a", "s/b", "s/c")
    it.settings = {"batch_size": 1}
    assert it.run().failure is None
    found = it.run()
    assert (type(found.failure), found.exit_code) == (BadData, 65)


def test_an_end_that_can_not_be_written_is_told_and_summarised_all_the_same(it: Run) -> None:
    it.work.fail("r/a")

    def refuse_its_end(what: str) -> None:
        if what == "drains a":
            it.work.sql(NO_END)

    it.meddle = refuse_its_end
    found = it.run()
    assert (found.took, found.exit_code, "no end" in str(found.failure)) == (1, 78, True)
    assert it.project.folder.load(it.session.session_id).total_success == 1


@pytest.mark.parametrize("where", ["announced: running, None", "drains a"])
def test_whatever_breaks_it_the_session_is_left_as_it_is_known_and_its_lock_let_go(it: Run, where: str) -> None:
    it.work.fail("r/a")
    it.fails = {where: KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        it.run()
    assert it.order[-1] == "ends: interrupted, interrupted"
