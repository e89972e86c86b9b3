"""What a session tells of itself with each beat, and what it hears: each request once, and what cannot wait is done at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.config.settings import Settings
from batchdrain.database.driver_errors import RowLocked
from batchdrain.drain.presence import Presence
from batchdrain.drain.remapped import mapping_of
from batchdrain.model.asked import Ask, Asked
from batchdrain.model.errors import BadData, DatabaseUnavailable
from batchdrain.runtime import clock
from batchdrain.sessions.session import Kind, Session, Status
from tests.sessions.files import START, result


class World:
    """A session, its row, and who may end it."""

    def __init__(self, *, results: int = 0, most: int | None = 5) -> None:
        self.begun: list[tuple[Any, ...]] = []
        self.beats: list[Any] = []
        self.ends: list[tuple[Any, ...]] = []
        self.asked: Asked | None = None
        self.error: BaseException | None = None
        self.told_now: list[str] = []
        self.rows: list[Any] = []
        self.session = Session(session_id="s", session_uid="u" * 32, started_at=START, kind=Kind.FAILED, batch_size=9)
        self.add(results)
        record = SimpleNamespace(session=self.session, path=Path("/srv/state/s.json"))
        filters = SimpleNamespace(run_id="r*")
        request = SimpleNamespace(settings=Settings(workers=3), filters=filters, group="g")
        self.it = SimpleNamespace(
            project=SimpleNamespace(session_rows=self), record=record, request=request, most=most,
            backlog=SimpleNamespace(waiting=2), asked=None,
        )  # fmt: skip
        self.presence = Presence(cast("Any", self.it), cast("Any", SimpleNamespace(ask_now=self.told_now.append)))

    def add(self, count: int) -> None:
        start = len(self.session.results)
        self.session.results += [result(number, success=number % 2 == 0) for number in range(start, start + count)]
        self.session.recount()

    def begin(self, *given: Any) -> int:
        self.begun.append(given)
        return 4

    def beat(self, uid: str, epoch: int, progress: Any) -> Asked | None:
        assert (uid, epoch) == ("u" * 32, 4)
        if self.error is not None:
            raise self.error
        self.beats.append(progress)
        return self.asked

    def read(self, *, running: bool) -> list[Any]:
        assert running
        return self.rows

    def end(self, *given: Any) -> None:
        if self.error is not None:
            raise self.error
        self.ends.append(given)


def asked(number: int, ask: Ask = Ask.PAUSE) -> Asked:
    return Asked(number=number, ask=ask, by="me@here", reason="lunch", at_ms=0)


def held(phase: str, *, for_s: float) -> Any:
    return SimpleNamespace(
        phase=SimpleNamespace(run_id="r" * 300, phase_id=phase), attempt=2, claimed_at=clock.now() - timedelta(seconds=for_s)
    )


def test_a_session_tells_when_it_begins_what_it_was_asked_for_and_who_drains_it() -> None:
    world = World()
    world.presence.begin()
    [(uid, values, wanted, progress)] = world.begun
    assert uid == "u" * 32
    assert wanted == {
        "kind": "failed", "batch_size": 9, "workers": 3, "run_id": "r*", "group": "g", "folder": "/srv/state",
        "beat_s": Settings().lease.beat_s, "columns": mapping_of(Settings().source.columns),
    }  # fmt: skip
    assert values["ttl_ms"] == Settings().lease.ttl_s * 1000
    assert (progress["processed"], progress["slots"]) == (0, [])


@pytest.mark.parametrize(("most", "target"), [(5, 4), (1, 3), (None, 4)])
def test_until_the_drain_knows_better_it_is_to_come_to_what_it_had_and_what_waits_up_to_its_size(
    most: int | None, target: int
) -> None:
    """Of a session that was resumed with two results: one came since, one runs, two waited at its beginning."""
    world = World(results=2, most=most)
    world.presence.begin()
    world.add(1)
    world.presence.beat([held("p", for_s=30)])
    progress = world.beats[-1]
    assert (progress["before"], progress["processed"], progress["succeeded"], progress["failed"], progress["target"]) == (
        2, 3, 2, 1, target,
    )  # fmt: skip
    [slot] = progress["slots"]
    assert (slot["run_id"], slot["phase_id"], slot["attempt"]) == ("r" * 199 + "…", "p", 2)
    assert slot["for_s"] == pytest.approx(30, abs=5)


def test_before_it_has_begun_nothing_is_told() -> None:
    world = World()
    world.presence.beat([])
    world.presence.end()
    assert (world.beats, world.ends) == ([], [])


def test_a_request_is_heard_once_in_its_order_whatever_comes_between() -> None:
    world = World()
    world.presence.begin()
    for number in (1, 1, 2, 1, 2):
        world.asked = asked(number)
        world.presence.beat([])
    world.asked = None
    world.presence.beat([])
    assert world.presence.has_news
    taken = [world.presence.take() for _ in range(3)]
    assert [one and one.number for one in taken] == [1, 2, None]
    assert (world.presence.has_news, world.told_now) == (False, [])


def test_what_is_to_end_now_does_not_wait_for_the_drain_to_look() -> None:
    world = World()
    world.presence.begin()
    world.asked = asked(1, Ask.STOP_NOW)
    for _ in range(2):
        world.presence.beat([])
    assert world.told_now == ["`inv stop --now`, asked by me@here: lunch"]
    assert world.presence.has_news


@pytest.mark.parametrize("error", [DatabaseUnavailable("away", remedy="wait"), RowLocked("locked")])
def test_a_beat_that_does_not_get_through_is_made_up_for_by_the_next(error: BaseException) -> None:
    world = World()
    world.presence.begin()
    world.error = error
    world.presence.beat([])
    world.error, world.asked = None, asked(1)
    world.presence.beat([])
    assert (len(world.beats), world.presence.take()) == (1, asked(1))


@pytest.mark.parametrize(
    ("status", "told"),
    [(Status.STOPPED, "stopped"), (Status.COMPLETE, "complete"), (Status.INTERRUPTED, "interrupted"), (None, "interrupted")],
)
def test_an_end_is_told_as_the_file_says_it(status: Status | None, told: str) -> None:
    world = World()
    world.presence.begin()
    world.session.status = status
    world.presence.end()
    [(uid, epoch, said, _)] = world.ends
    assert (uid, epoch, said) == ("u" * 32, 4, told)


def test_after_an_error_the_end_is_told_too_unless_the_database_is_away() -> None:
    world = World()
    world.presence.begin()
    world.presence.end_after(DatabaseUnavailable("away", remedy="wait"))
    assert world.ends == []
    world.presence.end_after(BadData("bad", remedy="mend it"))
    assert len(world.ends) == 1
    world.error = DatabaseUnavailable("away", remedy="wait")
    world.presence.end_after(BadData("bad", remedy="mend it"))


def test_the_workers_of_the_other_drains_of_its_group_are_counted_with_each_beat() -> None:
    """They take of the same phases, so that those are done sooner than by ours alone."""
    world = World()
    world.presence.begin()
    other: dict[str, Any] = {"uid": "other", "wanted": {"group": "g"}, "workers": 4, "is_at_work": True}
    rows = (other, {**other, "uid": "u" * 32}, {**other, "wanted": {"group": "h"}}, {**other, "is_at_work": False})
    world.rows = [SimpleNamespace(**row) for row in rows]
    world.presence.beat(())
    assert world.presence.others_workers == 4
