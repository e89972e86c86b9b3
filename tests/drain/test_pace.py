"""`command.runs_per_minute`: so many executions begin in a minute, whoever begins them."""

from __future__ import annotations

import itertools
import signal
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.drain import pace
from batchdrain.drain.pace import Pace
from tests.chaos.checker import violations
from tests.chaos.watching import started, watched
from tests.support.workplace import Workplace, ended, read_until

BEGUN = "SELECT started_ms FROM batchdrain_attempt ORDER BY started_ms"


def set_pace(project: Workplace, per_minute: float) -> None:
    project.configure(command={**project.settings["command"], "runs_per_minute": per_minute})


def gaps_ms(project: Workplace) -> list[int]:
    """Between one execution's begin and the next one's."""
    begun = [ms for (ms,) in project.sql(BEGUN)]
    return [after - before for before, after in itertools.pairwise(begun)]


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_the_drains_of_a_group_keep_the_pace_together(project: Workplace) -> None:
    witness = watched(project, *(f"run{number}/p{number}~ms=1" for number in range(12)))
    set_pace(project, 300)
    with ThreadPoolExecutor(3) as pool:
        ran = list(pool.map(lambda _: project.inv("drain", "--group=g", "--batch-size=9", "--workers=4"), range(3)))

    assert {one.code for one in ran} == {0}, ran
    assert violations(project, witness, "".join(one.out for one in ran)) == []
    assert len(gaps_ms(project)) == 8
    assert sum(gaps_ms(project)) >= 8 * 200 - 100, "300 a minute are one each 200 ms"
    assert project.sql("SELECT taken FROM batchdrain_group") == [(9,)]


def test_workers_and_retries_keep_the_pace_of_a_session(sqlite_project: Workplace) -> None:
    sqlite_project.configure(retry={"max_attempts": 3, "initial_s": 0.01})
    sqlite_project.fail("a/p~transient=2", "b/q", "c/r")
    set_pace(sqlite_project, 300)
    ran = sqlite_project.inv("drain", "--workers=3")

    assert ran.code == 0, ran
    assert len(gaps_ms(sqlite_project)) == 3
    assert sum(gaps_ms(sqlite_project)) >= 3 * 200 - 100
    assert ran.out.count("command.runs_per_minute: 300 executions start per minute: the next one in") == 1


def test_a_drain_that_waits_for_its_turn_says_so_and_ends_at_once_by_ctrl_c_and_resume_waits_too(
    sqlite_project: Workplace,
) -> None:
    witness = watched(sqlite_project, "a/p~ms=1", "b/q~ms=1")
    set_pace(sqlite_project, 0.1)
    drain = sqlite_project.start("drain", "--policy=run-order")
    started(witness, 1)
    read_until(drain, "command.runs_per_minute: 0.1 executions start per minute: the next one in ")
    drain.send_signal(signal.SIGINT)
    assert ended(drain)[0] == 130
    again = sqlite_project.start("resume")
    read_until(again, "command.runs_per_minute: 0.1 executions start per minute: the next one in ")
    again.send_signal(signal.SIGTERM)
    assert ended(again)[0] == 143
    assert sorted(sqlite_project.states().values()) == ["COMPLETE", "FAILED"]


def test_a_dry_run_tells_the_pace(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/p", "b/q", "c/r")
    set_pace(sqlite_project, 6)
    plan = sqlite_project.inv("dry-run")
    assert (
        "Pace: 6 executions start per minute (command.runs_per_minute): the last of these after 20 s at the earliest"
        in plan.lines
    )


def test_the_drains_of_a_group_have_one_pace(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/p", "b/q")
    set_pace(sqlite_project, 6000)
    assert sqlite_project.inv("drain", "--group=g", "--batch-size=1").code == 0
    set_pace(sqlite_project, 6001)
    ran = sqlite_project.inv("drain", "--group=g", "--batch-size=1")
    assert (ran.code, "g was begun with command.runs_per_minute 6000" in ran.err) == (2, True), ran


class Waits:
    """What a pace tells."""

    def __init__(self) -> None:
        self.waits = ""
        self.notices: list[str] = []


def pace_of(per_minute: float, *, group: str | None = None, results: int = 0, in_chain: int = 0) -> tuple[Pace, Waits]:
    told = Waits()
    settings = SimpleNamespace(command=SimpleNamespace(runs_per_minute=per_minute))
    session = SimpleNamespace(results=[None] * results)
    it = SimpleNamespace(
        request=SimpleNamespace(settings=settings, group=group),
        record=SimpleNamespace(session=session, counts=SimpleNamespace(in_chain=in_chain)),
    )
    return Pace(cast("Any", it), cast("Any", told), told.notices.append), told


def test_one_begins_in_each_interval_and_people_are_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    now = SimpleNamespace(s=100.0)
    monkeypatch.setattr(pace, "monotonic", lambda: now.s)
    ours, told = pace_of(6)
    assert ours.permits(), "the first one waits for nothing"
    ours.note_begun()
    now.s = 109.9
    assert not ours.permits()
    ours.tell_wait()
    ours.tell_wait()
    assert (told.waits, told.notices) == (
        "command.runs_per_minute (6)",
        ["command.runs_per_minute: 6 executions start per minute: the next one in 0.1 s"],
    )
    now.s = 110.0
    assert ours.permits()
    assert told.waits == ""
    ours.put_off(3)
    now.s = 112.9
    assert not ours.permits()


@pytest.mark.parametrize(
    ("given", "waits"),
    [({}, False), ({"results": 1}, True), ({"in_chain": 1}, True), ({"results": 1, "group": "g"}, False)],
)
def test_after_a_resume_or_in_the_next_part_of_a_chain_one_interval_passes_first(given: dict[str, Any], waits: bool) -> None:
    assert pace_of(6, **given)[0].permits() is not waits


def test_of_a_group_the_ledger_counts_and_without_a_pace_nobody() -> None:
    assert pace_of(6)[0].turn is None
    assert pace_of(0, group="g")[0].turn is None
    turn = pace_of(6, group="g")[0].turn
    assert turn is not None
    assert (turn.group.name, turn.interval_ms) == ("g", 10_000)
    free, told = pace_of(0, results=1)
    free.note_begun()
    free.tell_wait()
    assert (free.permits(), told.notices) == (True, [])


@pytest.mark.parametrize(("at_s", "waits"), [(109.9, True), (110.0, False), (111.0, False)])
def test_a_worker_whose_turn_has_come_waits_for_nothing(monkeypatch: pytest.MonkeyPatch, at_s: float, waits: bool) -> None:
    now = SimpleNamespace(s=100.0)
    monkeypatch.setattr(pace, "monotonic", lambda: now.s)
    ours, told = pace_of(6)
    ours.note_begun()
    now.s = at_s
    ours.tell_wait()
    assert (bool(told.waits), len(told.notices)) == (waits, int(waits))
