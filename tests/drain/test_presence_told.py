"""What a session's row tells with each beat once its drain has begun, and whether the next part of its chain may follow."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from batchdrain.drain import presence as room
from batchdrain.drain.narrowing import Narrowing
from batchdrain.drain.snapshot import Snapshot
from batchdrain.execution.process_identity import identify_self
from batchdrain.model.asked import Ask
from batchdrain.planning.eta import Eta
from batchdrain.runtime import clock
from batchdrain.sessions.session import Status
from tests.drain.test_presence import World, opened_world
from tests.support.opened import hold, open_session, opened, request_for
from tests.support.workplace import Workplace


@pytest.fixture
def world(sqlite_project: Workplace) -> Iterator[World]:
    sqlite_project.fail("r/p", "r/q")
    with opened_world(sqlite_project, results=4) as found:
        found.presence.begin()
        yield found


def shot(**facts: Any) -> Snapshot:
    known: dict[str, Any] = {
        "processed": 9, "succeeded": 5, "failed": 4, "retries_waiting": 2, "retries_running": 1, "target": 20, "running": (),
        "eta": Eta(12.34), "waits": "for its turn",
    }  # fmt: skip
    return Snapshot(**{**known, **facts})


def told(world: World) -> dict[str, Any]:
    world.presence.beat([])
    return dict(world.row.progress)


def test_until_a_drain_has_begun_its_row_tells_what_its_file_has_and_then_what_the_drain_tells(world: World) -> None:
    world.presence.waits = "for a reading"
    before = told(world)
    assert {name: before[name] for name in ("processed", "succeeded", "failed", "retries", "before", "target")} == {
        "processed": 4, "succeeded": 2, "failed": 2, "retries": 0, "before": 4, "target": 6,
    }  # fmt: skip
    assert (before["starting"], before["waits"], before["eta_s"], before["eta_is_least"]) == (
        True,
        "for a reading",
        None,
        False,
    )
    world.presence.look = shot
    after = told(world)
    assert {name: after[name] for name in ("processed", "succeeded", "failed", "retries", "before", "target")} == {
        "processed": 9, "succeeded": 5, "failed": 1, "retries": 3, "before": 4, "target": 20,
    }  # fmt: skip
    assert (after["starting"], after["waits"], after["eta_s"], after["eta_is_least"]) == (False, "for its turn", 12.3, False)


@pytest.mark.parametrize(("eta", "seconds", "is_least"), [(Eta(None), None, False), (Eta(60.0, is_least=True), 60.0, True)])
def test_how_long_it_takes_is_told_as_far_as_it_is_known(
    world: World, eta: Eta, seconds: float | None, is_least: bool
) -> None:
    world.presence.look = lambda: shot(eta=eta)
    found = told(world)
    assert (found["eta_s"], found["eta_is_least"]) == (seconds, is_least)


def test_how_long_it_has_lasted_counts_from_its_own_begin(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = world.presence._begun
    monkeypatch.setattr(room, "monotonic", lambda: begun + 90.5)
    assert told(world)["elapsed_s"] == 90.5


def test_what_was_claimed_by_a_clock_that_is_ahead_runs_for_no_time(world: World) -> None:
    claim = hold(world.project, "r/p", by=identify_self())
    world.presence.beat([replace(claim, claimed_at=clock.now() + timedelta(seconds=30))])
    assert [slot["for_s"] for slot in world.row.progress["slots"]] == [0.0]


@pytest.mark.parametrize("ask", [None, Ask.PAUSE, Ask.CONTINUE, Ask.STOP])
def test_a_row_tells_whether_it_is_paused(world: World, ask: Ask | None) -> None:
    if ask is not None:
        world.ask(ask)
        world.presence.beat([])
        asked = world.presence.take()
        assert asked is not None
        world.presence.apply(asked)
    assert (told(world)["paused"], world.presence.is_paused) == (ask is Ask.PAUSE, ask is Ask.PAUSE)
    assert (world.presence.asked is None) is (ask in {None, Ask.CONTINUE})


@pytest.mark.parametrize(
    ("facts", "may"),
    [
        ({}, True),
        ({"status": Status.INTERRUPTED}, True),
        ({"status": None}, True),
        ({"status": Status.STOPPED}, False),
        ({"signal": signal.SIGTERM}, False),
        ({"ask": Ask.STOP}, False),
        ({"ask": Ask.STOP_NOW}, False),
        ({"ask": Ask.PAUSE}, True),
        ({"batch_size": 3}, True),
        ({"batch_size": 2}, False),
        ({"minutes": 1.0, "begun": 0.0}, False),
        ({"minutes": 1.0}, True),
    ],
    ids=str,
)
def test_the_next_part_may_follow_unless_somebody_or_something_has_ended_it(
    world: World, facts: dict[str, Any], may: bool
) -> None:
    """Two results came since this call began."""
    world.add(2)
    world.session.status = facts.get("status", Status.COMPLETE)
    less = Narrowing(
        batch_size=facts.get("batch_size"),
        limits={"--max-total-minutes": facts["minutes"]} if "minutes" in facts else {},
        **({"begun": facts["begun"]} if "begun" in facts else {}),
    )
    world.presence._it = replace(world.it, less=less)
    if "signal" in facts:
        world.shutdown.signal = facts["signal"]
        world.shutdown.wake.set()
    if "ask" in facts:
        world.ask(facts["ask"])
    world.presence.shutdown = cast("Any", _Still(world.shutdown)) if facts.get("ask") is Ask.STOP_NOW else world.shutdown
    world.presence.end()
    assert world.row.progress["may_go_on"] is may


class _Still:
    """A shutdown that nobody asks to end commands: a request is what is looked at here."""

    def __init__(self, shutdown: Any) -> None:
        self.signal, self.ask_now = shutdown.signal, lambda _: None


def test_of_the_other_drains_of_its_group_those_that_take_phases_are_counted_and_those_that_ended_or_are_paused_not(
    world: World, sqlite_project: Workplace
) -> None:
    with (
        opened(sqlite_project, workers=4) as project,
        open_session(project, request_for(project, group="g")) as it,
    ):
        other = World(project, it, 0)
        other.presence.begin()
        world.presence.beat([])
        assert world.presence.others_workers == 4
        [row] = [row for row in project.session_rows.read() if row.uid == it.record.session.session_uid]
        assert project.session_rows.ask(row, Ask.PAUSE, by="me@here", reason="") is not None
        other.presence.beat([])
        asked = other.presence.take()
        assert asked is not None
        other.presence.apply(asked)
        other.presence.beat([])
        world.presence.beat([])
        assert world.presence.others_workers == 0
        other.presence.apply(replace(asked, ask=Ask.CONTINUE))
        other.presence.beat([])
        world.presence.beat([])
        assert world.presence.others_workers == 4
        other.session.status = Status.COMPLETE
        other.presence.end()
        world.presence.beat([])
        assert world.presence.others_workers == 0


def test_who_is_in_no_group_or_has_not_begun_counts_nobody(
    sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_project.fail("r/p")
    with opened(sqlite_project) as project:
        for group, begins in ((None, True), ("g", False)):
            with open_session(project, request_for(project, group=group)) as it:
                alone = World(project, it, 0)
                if begins:
                    alone.presence.begin()
                monkeypatch.setattr(project.session_rows, "read", lambda **_: pytest.fail("asked"))
                alone.presence.beat([])
                assert alone.presence.others_workers == 0
                monkeypatch.undo()
