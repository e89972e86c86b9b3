"""The collaborators of a drain are one drain's: what one of them learns, those know that have to heed it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest

from batchdrain.database.ledger.groups import Groups
from batchdrain.drain.announcement import announce
from batchdrain.drain.compose import open_drain
from batchdrain.drain.loop import Drain
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.preflight import join_group
from batchdrain.drain.presence import Presence
from batchdrain.drain.project import Project
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.screen import Look
from batchdrain.drain.shutdown import Shutdown
from batchdrain.model.asked import Ask
from batchdrain.model.claim import Group
from tests.support import scripted_engine
from tests.support.opened import Told, open_session, opened, request_for
from tests.support.workplace import Workplace


class Watching(Told):
    """A screen that keeps whom it may ask."""

    look: Look | None = None

    def watch(self, look: Look) -> None:
        self.look = look


@dataclass
class Composed:
    """A session, opened and announced, with its drain."""

    project: Project
    screen: Watching
    it: OpenSession
    presence: Presence
    drain: Drain

    def events(self) -> list[tuple[str, float]]:
        """Name and millisecond of each."""
        path = self.project.folder.events_path(self.it.record.session.session_id)
        lines = map(json.loads, path.read_text().splitlines())
        return [(one["event"], datetime.fromisoformat(one["timestamp"]).timestamp() * 1000) for one in lines]


@contextmanager
def composed(work: Workplace, *, group: str | None = None, **settings: Any) -> Iterator[Composed]:
    with opened(work, engine=scripted_engine.ENGINE, **settings) as project:
        request, screen = request_for(project, group=group), Watching()
        join_group(project, request)
        with open_session(project, request, screen) as it:
            recorder = Recorder(it.record, screen)
            presence = Presence(it, Shutdown())
            announce(it, recorder, presence)
            with open_drain(it, recorder, presence) as drain:
                yield Composed(project, screen, it, presence, drain)


@pytest.fixture
def work(sqlite_project: Workplace) -> Iterator[Workplace]:
    yield sqlite_project
    scripted_engine.before_each_end()


def test_how_far_it_is_can_be_asked_from_its_first_phase_on_and_the_ledger_has_it_at_its_end(work: Workplace) -> None:
    work.fail("r/a", "r/b~fail", "s/c")
    seen: list[tuple[int, int]] = []
    with composed(work, batch_size=2) as it:
        assert it.presence.look is not None
        assert it.screen.look is it.presence.look

        def ask(*_: str) -> None:
            assert it.screen.look is not None
            shot = it.screen.look()
            seen.append((shot.processed, shot.target))

        scripted_engine.before_each_end(ask)
        it.drain.run()
        it.presence.end()
        [row] = it.project.session_rows.read()
    assert seen == [(0, 2), (1, 2)]
    assert {name: row.progress[name] for name in ("processed", "succeeded", "failed", "target")} == {
        "processed": 2, "succeeded": 1, "failed": 1, "target": 2,
    }  # fmt: skip


def test_what_is_asked_of_the_session_is_heard_by_its_drain(work: Workplace) -> None:
    work.fail("r/a")
    with composed(work) as it:
        [row] = it.project.session_rows.read(running=True)
        it.project.session_rows.ask(row, Ask.STOP, by="me@here", reason="lunch")
        it.presence.beat([])
        it.drain.run()
        assert (it.drain.executed, str(it.drain.stops.left)) == (0, "inv stop: asked by me@here: lunch")
    assert work.states() == {"r/a": "FAILED"}
    assert [event for event, _ in it.events() if event == "phase.selected"] == []


def test_the_metric_that_is_missed_is_the_sessions(work: Workplace) -> None:
    """Also after a resume, which counts from a file that does not say it."""
    work.fail("r/a")
    with composed(work, stop={"metric": "tokens"}) as it:
        assert it.it.record.counts.metric == "tokens"


def test_no_command_begins_before_its_turn(work: Workplace) -> None:
    work.fail("r/a", "r/b", "s/c")
    with composed(work, command={**work.settings["command"], "runs_per_minute": 300}) as it:
        it.drain.run()
    begun = [at for event, at in it.events() if event == "phase.selected"]
    assert len(begun) == 3
    assert all(later - earlier >= 195 for earlier, later in pairwise(begun)), begun


def test_after_an_outage_has_begun_nothing_is_taken_until_its_pause_is_over(work: Workplace) -> None:
    work.fail("r/a~flaky", "s/b~flaky", "t/c")
    with composed(work, retry={"outage_after": 2, "initial_s": 0.4, "max_s": 0.4, "max_attempts": 2}) as it:
        it.drain.run()
    events = it.events()
    [paused] = [at for event, at in events if event == "session.paused"]
    later = [at for event, at in events if event == "phase.selected" and at >= paused]
    assert len(later) >= 2
    assert min(later) - paused >= 390, events
    assert set(work.states().values()) == {"COMPLETE"}


def test_what_a_drain_of_a_group_takes_and_finds_is_counted_for_all(work: Workplace) -> None:
    work.fail("r/a", "s/b~fail")
    with composed(work, group="night") as it:
        it.drain.run()
        figures = Groups(it.project.store.database, it.project.store.ledger).read_figures(Group("night"))
    assert work.sql("SELECT taken FROM batchdrain_group") == [(2,)]
    assert (figures["results"], figures["successes"]) == (2, 1)


def test_nothing_of_it_runs_on_once_it_is_left(work: Workplace) -> None:
    work.fail("r/a")
    before = set(threading.enumerate())
    with composed(work) as it:
        it.drain.run()
        assert any("heartbeat" in thread.name for thread in set(threading.enumerate()) - before)
    assert not [thread.name for thread in set(threading.enumerate()) - before if "heartbeat" in thread.name]
