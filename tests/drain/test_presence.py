"""What a session tells of itself with each beat, and what it hears: each request once, and what cannot wait is done at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.requests import FormerPart
from batchdrain.database.ledger.session_rows import SessionRow
from batchdrain.drain import presence
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.presence import Presence
from batchdrain.drain.project import Project
from batchdrain.drain.remapped import mapping_of
from batchdrain.drain.shutdown import Shutdown
from batchdrain.execution.process_identity import identify_self
from batchdrain.model.asked import Ask, Asked
from batchdrain.model.errors import BadData, DatabaseUnavailable
from batchdrain.planning.filters import Filters
from batchdrain.runtime import clock
from batchdrain.sessions.session import Status
from tests.sessions.files import result
from tests.support.opened import hold, open_session, opened, request_for
from tests.support.workplace import Workplace

AWAY = DatabaseUnavailable("away", remedy="wait")


class World:
    """A session that was opened, and its row in the ledger."""

    def __init__(self, project: Project, it: OpenSession, results: int) -> None:
        self.project, self.it = project, it
        self.session = it.record.session
        self.add(results)
        self.shutdown = Shutdown(finish_current=True)
        self.presence = Presence(it, self.shutdown)

    def add(self, count: int) -> None:
        start = len(self.session.results)
        self.session.results += [result(number, success=number % 2 == 0) for number in range(start, start + count)]
        self.session.recount()

    @property
    def row(self) -> SessionRow:
        [found] = self.project.session_rows.read()
        return found

    def ask(self, ask: Ask) -> None:
        assert self.project.session_rows.ask(self.row, ask, by="me@here", reason="lunch") is not None


@contextmanager
def opened_world(work: Workplace, *, results: int = 0, most: int | None = 5) -> Iterator[World]:
    with (
        opened(work, workers=3, batch_size=9) as project,
        open_session(project, request_for(project, filters=Filters(run_id="r"), group="g")) as it,
    ):
        yield World(project, replace(it, most=most), results)


@pytest.fixture
def world(sqlite_project: Workplace) -> Iterator[World]:
    sqlite_project.fail("r/p", "r/q")
    with opened_world(sqlite_project) as found:
        yield found


def test_a_session_tells_when_it_begins_what_it_was_asked_for_and_who_drains_it(world: World) -> None:
    world.presence.begin()
    row = world.row
    assert row.wanted == {
        "kind": "failed", "batch_size": 9, "workers": 3, "run_id": "r", "group": "g", "folder": str(world.it.record.path.parent),
        "beat_s": Settings().lease.beat_s, "columns": mapping_of(Settings().source.columns),
    }  # fmt: skip
    assert (row.uid, row.session_id) == (world.session.session_uid, world.session.session_id)
    assert (row.controller, row.ttl_ms, row.ended_ms) == (identify_self(), Settings().lease.ttl_s * 1000, None)
    assert (row.progress["processed"], row.progress["slots"]) == (0, [])


@pytest.mark.parametrize(("most", "target"), [(5, 4), (1, 3), (None, 4)])
def test_until_the_drain_knows_better_it_is_to_come_to_what_it_had_and_what_waits_up_to_its_size(
    sqlite_project: Workplace, most: int | None, target: int
) -> None:
    """Of a session that was resumed with two results: one came since, one runs, two waited at its beginning."""
    long = "r" * 190
    sqlite_project.fail("r/p", "r/q", f"{long}/p")
    with opened_world(sqlite_project, results=2, most=most) as world:
        world.presence.begin()
        world.add(1)
        claim = hold(world.project, f"{long}/p", by=identify_self())
        phase = replace(claim.phase, run_id="r" * 300)
        world.presence.beat([replace(claim, phase=phase, claimed_at=clock.now() - timedelta(seconds=30))])
        progress = world.row.progress
    assert (progress["before"], progress["processed"], progress["succeeded"], progress["failed"], progress["target"]) == (
        2, 3, 2, 1, target,
    )  # fmt: skip
    [slot] = progress["slots"]
    assert (slot["run_id"], slot["phase_id"], slot["attempt"]) == ("r" * 199 + "…", "p", 1)
    assert slot["for_s"] >= 30


def test_before_it_has_begun_nothing_is_told(world: World) -> None:
    world.presence.beat([])
    world.presence.end()
    assert world.project.session_rows.read() == []


def test_the_next_part_of_a_chain_takes_over_what_came_after_the_last_that_was_heard(
    world: World, sqlite_project: Workplace
) -> None:
    assert world.presence.part is None
    world.presence.begin()
    world.ask(Ask.PAUSE)
    world.presence.beat([])
    world.ask(Ask.STOP)
    part = world.presence.part
    assert part == FormerPart(session_uid=world.session.session_uid or "", epoch=1, heard=1)
    with opened(sqlite_project) as project, open_session(project, request_for(project)) as it:
        later = World(project, replace(it, former=part), 0)
        later.presence.begin()
        assert (taken := later.presence.take()) is not None, "before anything is claimed"
        assert (taken.number, taken.ask) == (1, Ask.STOP)


def test_a_request_is_heard_once_in_its_order_whatever_comes_between(world: World, sqlite_project: Workplace) -> None:
    world.presence.begin()
    former = ""
    for ask in (Ask.PAUSE, Ask.CONTINUE):
        world.ask(ask)
        world.presence.beat([])
        [(now,)] = sqlite_project.sql("SELECT asked FROM batchdrain_session")
        for text in (former, now):
            sqlite_project.sql("UPDATE batchdrain_session SET asked = :text", [{"text": text}])
            world.presence.beat([])
        former = now
    assert world.presence.has_news
    taken = [world.presence.take() for _ in range(3)]
    assert [one and (one.number, one.ask) for one in taken] == [(1, Ask.PAUSE), (2, Ask.CONTINUE), None]
    assert (world.presence.has_news, world.shutdown.asked) == (False, None)


def test_what_is_to_end_now_does_not_wait_for_the_drain_to_look(world: World) -> None:
    world.presence.begin()
    world.ask(Ask.STOP_NOW)
    with world.shutdown.watch():
        for _ in range(2):
            world.presence.beat([])
        assert (world.shutdown.count, world.shutdown.signal) == (1, signal.SIGTERM)
    assert world.shutdown.asked == "`inv stop --now`, asked by me@here: lunch"
    assert world.presence.has_news


def test_a_beat_that_does_not_get_through_is_made_up_for_by_the_next(world: World, tmp_path: Path) -> None:
    world.presence.begin()
    world.ask(Ask.PAUSE)
    path = world.project.root.parent / "work.db"
    path.rename(tmp_path / "away.db")
    world.presence.beat([])
    assert world.presence.take() is None
    (tmp_path / "away.db").rename(path)
    world.presence.beat([])
    assert (heard := world.presence.take()) is not None
    assert heard.number == 1


def test_a_row_that_somebody_has_locked_delays_no_beat_of_the_claims(tmp_path: Path, postgresql_url: str) -> None:
    place = Workplace(root=tmp_path, url=postgresql_url)
    place.make_table()
    place.fail("r/p")
    with opened(place, patience={"lock_s": 0.2}) as project, open_session(project, request_for(project)) as it:
        world = World(project, it, 0)
        world.presence.begin()
        world.ask(Ask.PAUSE)
        with place.engine.begin() as other:
            other.exec_driver_sql("SELECT * FROM batchdrain_session FOR UPDATE")
            world.presence.beat([])
            assert world.presence.take() is None
        world.presence.beat([])
        assert world.presence.take() is not None


@pytest.mark.parametrize(
    ("status", "told"),
    [(Status.STOPPED, "stopped"), (Status.COMPLETE, "complete"), (Status.INTERRUPTED, "interrupted"), (None, "interrupted")],
)
def test_an_end_is_told_as_the_file_says_it_and_what_was_asked_last_holds(
    world: World, status: Status | None, told: str
) -> None:
    world.presence.begin()
    world.session.status = status
    world.ask(Ask.PAUSE)
    world.presence.end()
    assert (world.row.status, world.row.ended_ms is not None, world.presence.is_paused) == (told, True, True)


def test_after_an_error_the_end_is_told_too_unless_the_database_is_away(world: World, tmp_path: Path) -> None:
    world.presence.begin()
    world.presence.end_after(AWAY)
    assert world.row.ended_ms is None
    world.presence.end_after(BadData("bad", remedy="mend it"))
    assert world.row.ended_ms is not None
    path = world.project.root.parent / "work.db"
    path.rename(tmp_path / "away.db")
    world.presence.end_after(BadData("bad", remedy="mend it"))


def test_the_workers_of_the_other_drains_of_its_group_are_counted_with_each_beat(
    world: World, sqlite_project: Workplace
) -> None:
    """They take of the same phases, so that those are done sooner than by ours alone."""
    world.presence.begin()
    for group, workers in (("g", 4), ("h", 8)):
        with (
            opened(sqlite_project, workers=workers) as project,
            open_session(project, request_for(project, group=group)) as it,
        ):
            World(project, it, 0).presence.begin()
    world.presence.beat([])
    assert world.presence.others_workers == 4


def test_a_pause_is_no_part_of_the_time_by_which_the_rate_is_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000.0
    monkeypatch.setattr(presence, "monotonic", lambda: now)
    told = Presence(world.it, world.shutdown)
    for seconds, asked in (
        (10, Ask.PAUSE),
        (500, Ask.PAUSE),
        (400, Ask.CONTINUE),
        (20, Ask.CONTINUE),
        (5, Ask.PAUSE),
        (60, None),
    ):
        now += seconds
        if asked is not None:
            told.apply(Asked(number=1, ask=asked, by="me", reason="", at_ms=0))
    assert told._progress(())["elapsed_s"] == 10 + 20 + 5
