"""A drain opens its diagnoses, a signal ends them in any case, and nothing of them is left behind."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain.project import Project
from batchdrain.drain.shutdown import Shutdown
from batchdrain.drain.triage import lookahead as room
from batchdrain.drain.triage import runner
from batchdrain.drain.triage.lookahead import open_lookahead
from batchdrain.drain.triage.runner import Triage
from batchdrain.execution.order import EndedBy, Ending, Order
from batchdrain.model.errors import FilesUnavailable
from tests.drain.judging import ending
from tests.drain.test_triage_runner import PHASE, project
from tests.support.workplace import DEADLINE_S

__all__ = ["project"]


class Opened:
    """A session that asks for triage, or does not."""

    def __init__(self, patch: pytest.MonkeyPatch, *, asks: bool = True, error: Exception | None = None) -> None:
        self.told, self.error, self.shutdown = list[str](), error, Shutdown()
        self.triage = SimpleNamespace(
            tidy=lambda: self.told.append("tidied"), close=lambda: self.told.append("closed"), cancel=lambda _: None
        )
        patch.setattr(room, "Triage", self._make)
        settings = SimpleNamespace(triage=SimpleNamespace(limit=3))
        record = SimpleNamespace(session=SimpleNamespace(session_id="s-1"), logs=Path("/x/logs"))
        self.it: Any = SimpleNamespace(
            request=SimpleNamespace(triage=asks, settings=settings), record=record, project="project", backlog=None
        )
        self.recorder: Any = SimpleNamespace(notice=self.told.append, diagnosed=lambda _: None)

    def _make(self, project: object, settings: object, folder: Path, session_id: str) -> Any:
        if self.error is not None:
            raise self.error
        self.told.append(f"made for {project} {session_id} in {folder}")
        return self.triage


def test_the_first_signal_ends_diagnoses_in_any_case_and_they_end_with_the_drain(monkeypatch: pytest.MonkeyPatch) -> None:
    it = Opened(monkeypatch)
    with pytest.raises(KeyError), open_lookahead(it.it, it.recorder, it.shutdown):
        raise KeyError
    assert it.shutdown.beside is it.triage
    assert it.told == ["made for project s-1 in /x/triage", "tidied", "closed"]


def test_a_session_that_asks_for_no_diagnoses_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    it = Opened(monkeypatch, asks=False)
    with open_lookahead(it.it, it.recorder, it.shutdown) as found:
        found.submit(5)
    assert (it.told, it.shutdown.beside) == ([], None)


def test_diagnoses_that_can_not_be_made_are_told_of_and_the_drain_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    it = Opened(monkeypatch, error=FilesUnavailable("full", remedy="free some"))
    with open_lookahead(it.it, it.recorder, it.shutdown) as found:
        found.submit(5)
    assert it.told == ["Triage has ended: FilesUnavailable: full; free some; the drain continues without it"]
    assert it.shutdown.beside is None


class Pool:
    """Guardians of which the one that is ended lets its command go."""

    def __init__(self) -> None:
        self.ended, self.gone = list[str](), threading.Event()

    def end(self, token: str) -> None:
        self.ended.append(token)
        if len(self.ended) == 2:
            self.gone.set()


@pytest.fixture
def triage(project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """One whose commands run until somebody ends them."""
    made, found = Triage(project, project.settings, tmp_path / "triage", "x"), Pool()
    begun = threading.Event()

    def execute(order: Order) -> Ending:
        begun.set()
        assert found.gone.wait(DEADLINE_S)
        return ending(EndedBy.INTERRUPT, signal=15)

    monkeypatch.setattr(runner, "execute", execute)
    monkeypatch.setattr(runner, "_LEAVES_S", 0.001)
    with monkeypatch.context() as patch:
        patch.setattr(type(made._engine), "pool", property(lambda _: found), raising=False)
        yield SimpleNamespace(triage=made, pool=found, begun=begun)
        found.gone.set()
    made.close()


def test_a_diagnosis_has_ended_when_its_phase_is_executed_and_its_guardian_is_asked_until_then(triage: Any) -> None:
    future: Future[Any] = triage.triage.ask(PHASE)
    assert triage.begun.wait(DEADLINE_S)
    token = triage.triage._tokens[PHASE.key]
    triage.triage.cancel(PHASE.key)
    assert future.done()
    assert triage.pool.ended[:2] == [token, token]
    triage.triage.cancel(PHASE.key)
    triage.triage.cancel(PHASE.__class__(run_id="x", phase_id="y", phase_index=0, state=PHASE.state).key)
    assert set(triage.pool.ended) == {token}


def test_a_diagnosis_that_has_not_begun_is_taken_back_without_its_guardian(triage: Any) -> None:
    waits: Future[Any] = Future()
    triage.triage._asked[PHASE.key] = waits
    triage.triage.cancel(PHASE.key)
    assert (waits.cancelled(), triage.pool.ended) == (True, [])


def test_what_is_closed_leaves_no_lock_and_ends_without_killing(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made, asked = Triage(project, project.settings, tmp_path / "triage", "x"), list[bool]()
    interrupt = made._engine.interrupt

    def note(*, kill: bool = False) -> None:
        asked.append(kill)
        interrupt(kill=kill)

    monkeypatch.setattr(made._engine, "interrupt", note)
    assert opened_in(tmp_path / "triage") == [str(tmp_path / "triage" / "lock")]
    made.close()
    made.interrupt(kill=True)
    assert (asked, opened_in(tmp_path / "triage")) == ([False, True], [])


def opened_in(folder: Path) -> list[str]:
    """What this process has open there."""
    found = [str(one.readlink()) for one in Path("/proc/self/fd").iterdir() if one.is_symlink()]
    return [name for name in found if name.startswith(f"{folder}/")]
