"""What a session comes to: which of several ends gives the exit code, and what is closed whatever happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain import session_run as room
from batchdrain.drain.session_run import SessionOutcome, run_session
from batchdrain.model.errors import BadData, BatchDrainError, ConfigError, DatabaseUnavailable
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.skip_rules import AMBIGUOUS, BAD_DATA
from batchdrain.sessions.record import SessionRecord
from tests.drain.judging import settings_of
from tests.sessions.files import add, result

AWAY = DatabaseUnavailable("away", remedy="wait")
REFUSED = ConfigError("the table does not take it back", remedy="mend it")
UNCLAIMED = BadData("two rows", remedy="mend it")


class Run:
    """A session whose drain ends as a test says."""

    def __init__(self, record: SessionRecord, patch: pytest.MonkeyPatch) -> None:
        self.record, self.order = record, list[str]()
        self.raises: dict[str, BaseException] = {}
        self.stops = SimpleNamespace(failure=None, fail=self._fail)
        self.shutdown = SimpleNamespace(signal=None, exit_code=None, watch=self._watch, gone_by=lambda _: None)
        self.finisher = SimpleNamespace(refused=None, outage=SimpleNamespace(retry=lambda work, meanwhile: work()))
        self.claimer = SimpleNamespace(refused=None)
        self.orphaned: set[PhaseKey] = set()
        self.backlog = SimpleNamespace(waiting=0, skipped=Counter[Skip](), total=3)
        presence = SimpleNamespace(
            end=lambda: self._do("presence ends"), end_after=lambda _: self._do("presence left"), asked=None
        )
        patch.setattr(room, "Shutdown", lambda **_: self.shutdown)
        patch.setattr(room, "Recorder", lambda *_: None)
        patch.setattr(room, "Presence", lambda *_: presence)
        patch.setattr(room, "announce", lambda *_: self._do("announced"))
        patch.setattr(room, "open_drain", self._open)
        patch.setattr(room, "close_session", lambda *_: self._do("closed"))
        patch.setattr(room, "close_after", lambda *_: self._do("left"))
        patch.setattr(record, "close", lambda: self._do("record closed"))

    def _do(self, what: str) -> None:
        self.order.append(what)
        if what in self.raises:
            raise self.raises[what]

    def _fail(self, error: BatchDrainError) -> None:
        self.stops.failure = self.stops.failure or error

    @contextmanager
    def _watch(self) -> Iterator[None]:
        yield

    @contextmanager
    def _open(self, *_: object) -> Iterator[Any]:
        yield SimpleNamespace(
            run=lambda _: self._do("drained"), stops=self.stops, finisher=self.finisher, claimer=self.claimer, executed=2,
            orphaned=self.orphaned, chooser=SimpleNamespace(taken=1),
        )  # fmt: skip

    def run(self) -> SessionOutcome:
        it: Any = SimpleNamespace(
            record=self.record, request=SimpleNamespace(settings=settings_of()), backlog=self.backlog, retries=(),
            screen=SimpleNamespace(end=lambda: self._do("screen ends")),
            project=SimpleNamespace(store=SimpleNamespace(database=SimpleNamespace(on_retry=1))),
        )  # fmt: skip
        return run_session(it)


@pytest.fixture
def it(record: SessionRecord, monkeypatch: pytest.MonkeyPatch) -> Run:
    return Run(record, monkeypatch)


def test_a_session_is_announced_drained_and_closed_in_this_order(it: Run) -> None:
    found = it.run()
    assert it.order == ["announced", "drained", "closed", "presence ends", "screen ends", "record closed"]
    assert (found.exit_code, found.failure, found.took, found.phases, found.total) == (0, None, 2, 1, 3)


def test_what_was_not_written_gives_the_code_after_what_ended_the_drain_and_a_signal_before_all(it: Run) -> None:
    it.claimer.refused = UNCLAIMED
    assert (it.run().failure, it.run().exit_code) == (UNCLAIMED, UNCLAIMED.exit_code)
    it.finisher.refused = REFUSED
    assert (it.run().failure, it.run().exit_code) == (REFUSED, REFUSED.exit_code)
    it.stops.failure = AWAY
    assert (it.run().failure, it.run().exit_code) == (AWAY, AWAY.exit_code)
    it.shutdown.signal, it.shutdown.exit_code = 15, 143
    found = it.run()
    assert (found.failure, found.exit_code, found.was_signalled) == (AWAY, 143, True)


def test_without_an_error_its_results_and_what_is_orphaned_give_the_code(it: Run) -> None:
    it.orphaned = {PhaseKey("r", "p")}
    assert (it.run().exit_code, it.run().orphaned) == (1, True)
    it.orphaned = set()
    add(it.record, result(0, success=False))
    assert (it.run().exit_code, it.run().orphaned) == (1, False)


def test_rows_of_one_name_are_its_failure_once_nothing_else_waits(it: Run) -> None:
    it.backlog.skipped[Skip(BAD_DATA, f"r / p: {AMBIGUOUS}")] = 2
    it.backlog.waiting = 1
    assert it.run().failure is None
    it.backlog.waiting = 0
    assert it.run().exit_code == BadData.exit_code


def test_an_end_that_can_not_be_written_is_told_and_summarised_all_the_same(it: Run) -> None:
    it.raises = {"closed": AWAY}
    found = it.run()
    assert (found.failure, found.took) == (AWAY, 2)
    assert it.order == ["announced", "drained", "closed", "left", "presence left", "screen ends", "record closed"]
    it.stops.failure, it.raises = REFUSED, {"presence ends": AWAY}
    assert it.run().failure is REFUSED, "the first error is told"


@pytest.mark.parametrize("where", ["announced", "drained"])
def test_whatever_breaks_it_the_session_is_left_as_it_is_known_and_its_lock_let_go(it: Run, where: str) -> None:
    it.raises = {where: KeyboardInterrupt()}
    with pytest.raises(KeyboardInterrupt):
        it.run()
    assert it.order[-4:] == ["left", "presence left", "screen ends", "record closed"]
