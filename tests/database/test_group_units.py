"""A unit of a group goes with the claim, and comes back with what is given back, once each, whatever is repeated."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.database.ledger.claims import Claims
from batchdrain.database.ledger.groups import GroupEnded, Groups, TriedInGroup
from batchdrain.model.claim import Claim, Group, NotYet, Turn
from batchdrain.model.states import COUNTED, GIVEN_BACK, Outcome
from batchdrain.runtime import clock
from tests.database.bench import NOW, Bench, attempt_of, choice_of, taken

GROUP = Group("n 'ä\"\n")
UNITS = "SELECT most, taken, stopped FROM batchdrain_group"


@pytest.fixture
def of_two(bench: Bench) -> Bench:
    """A group that may take two of its three phases."""
    bench.work.fail("r/a", "r/b", "s/c")
    Groups(bench.database, bench.ledger).join(GROUP, most=2, minutes=0, asked={})
    return bench


def claim(bench: Bench, claims: Claims, name: str, group: Group | None = GROUP) -> Claim:
    return taken(claims.claim(choice_of(name), lease_s=60, run_type="default", now=NOW, group=group))


def test_a_claim_whose_reply_was_lost_takes_one_unit(of_two: Bench) -> None:
    first, again = (Claims(of_two.project.store, of_two.command, "a" * 32, owner="0" * 32) for _ in "ab")
    assert claim(of_two, first, "r/a") == claim(of_two, again, "r/a")
    assert of_two.work.sql(UNITS) == [(2, 1, None)]


def test_an_end_whose_reply_was_lost_returns_one_unit(of_two: Bench) -> None:
    claims = of_two.controller()
    held, _ = claim(of_two, claims, "r/a"), claim(of_two, claims, "r/b")
    for _ in "ab":
        claims.finish(held, attempt_of(held, Outcome.RELEASED))
    assert of_two.work.sql(UNITS) == [(2, 1, None)]


@pytest.mark.parametrize("outcome", [*sorted(GIVEN_BACK), *sorted(COUNTED - {Outcome.MOVED, Outcome.REFUSED})])
def test_what_has_a_result_keeps_its_unit_and_is_tried_by_no_other_drain_of_its_group(
    of_two: Bench, outcome: Outcome
) -> None:
    claims, other = of_two.controller("a"), of_two.controller("b")
    held = claim(of_two, claims, "r/a")
    claims.finish(held, attempt_of(held, outcome))
    of_two.work.sql("UPDATE phases SET state = 'FAILED'")

    if outcome in COUNTED:
        with pytest.raises(TriedInGroup):
            claim(of_two, other, "r/a")
        assert claim(of_two, claims, "r/a", group=None).epoch == 2, "its own drain may try it again"
    else:
        assert claim(of_two, other, "r/a").epoch == 2
    assert of_two.work.sql(UNITS) == [(2, 1, None)]


def test_a_group_that_is_full_takes_nothing_and_leaves_no_trace_of_it(of_two: Bench) -> None:
    claims = of_two.controller()
    claim(of_two, claims, "r/a"), claim(of_two, claims, "r/b")
    with pytest.raises(GroupEnded) as ended:
        claim(of_two, claims, "s/c")
    assert (ended.value.is_full, of_two.work.states()["s/c"], len(of_two.rows("key"))) == (True, "FAILED", 2)


def test_a_unit_that_comes_back_while_a_drain_finds_out_why_there_is_none_is_taken(of_two: Bench) -> None:
    claims = of_two.controller()
    of_two.work.sql("UPDATE batchdrain_group SET taken = 2")
    looked = list[str]()

    def give_one_back(connection: sa.Connection, _: Any, statement: str, *__: Any) -> None:
        if statement.startswith("UPDATE batchdrain_group SET taken=") and not looked:
            looked.append(statement)
            connection.exec_driver_sql("UPDATE batchdrain_group SET taken = 1")

    sa.event.listen(of_two.database.engine, "after_cursor_execute", give_one_back)
    assert claim(of_two, claims, "r/a").epoch == 1
    assert (len(looked), of_two.work.sql(UNITS)) == (1, [(2, 2, None)])


@pytest.mark.parametrize("ends", ["stopped = 'why'", "until_ms = 5"])
def test_a_group_that_ended_takes_nothing_though_it_has_room(of_two: Bench, ends: str) -> None:
    """Whoever chose a phase before it ended finds out with its claim."""
    of_two.work.sql(f"UPDATE batchdrain_group SET {ends}")
    with pytest.raises(GroupEnded) as ended:
        claim(of_two, of_two.controller(), "r/a")
    assert (ended.value.is_full, of_two.work.states()["r/a"], of_two.rows("key")) == (False, "FAILED", [])
    assert of_two.work.sql("SELECT taken FROM batchdrain_group") == [(0,)]


def test_what_others_tried_before_a_drain_of_the_group_may_try(of_two: Bench) -> None:
    """Alone, and in a group of another name."""
    groups, claims = Groups(of_two.database, of_two.ledger), of_two.controller("a")
    groups.join(Group("another"), most=9, minutes=0, asked={})
    for name, group in (("r/a", None), ("r/b", Group("another"))):
        held = claim(of_two, claims, name, group=group)
        claims.finish(held, attempt_of(held, Outcome.FAILED))
    of_two.work.sql("UPDATE phases SET state = 'FAILED'")

    other = of_two.controller("b")
    assert [claim(of_two, other, name).epoch for name in ("r/a", "r/b")] == [2, 2]
    assert groups.read_tried(GROUP) == []
    assert [str(key) for key in groups.read_tried(Group("another"))] == ["r / b"]


def test_the_first_reason_for_which_a_group_was_stopped_stays_and_no_other_group_is_stopped(of_two: Bench) -> None:
    groups = Groups(of_two.database, of_two.ledger)
    groups.join(Group("another"), most=9, minutes=0, asked={})
    for because in ("enough", "more than enough"):
        groups.stop(GROUP, because)
    assert sorted(of_two.work.sql(UNITS), key=str) == [(2, 0, "enough"), (9, 0, None)]
    with pytest.raises(GroupEnded, match="was stopped: enough") as ended:
        claim(of_two, of_two.controller(), "r/a")
    assert not ended.value.is_full


def test_a_result_that_another_drain_counted_meanwhile_is_not_lost(of_two: Bench) -> None:
    groups, looked = Groups(of_two.database, of_two.ledger), list[str]()
    groups.fold(GROUP, lambda _: {"results": 1})

    def count_one_more(connection: sa.Connection, _: Any, statement: str, *__: Any) -> None:
        if statement.startswith("SELECT") and "figures_no" in statement and not looked:
            looked.append(statement)
            connection.exec_driver_sql("UPDATE batchdrain_group SET figures = '{\"results\": 2}', figures_no = 2")

    sa.event.listen(of_two.database.engine, "after_cursor_execute", count_one_more)
    assert groups.fold(GROUP, lambda found: {"results": found["results"] + 1}) == {"results": 3}
    assert (len(looked), groups.read_figures(GROUP)) == (1, {"results": 3})


def test_an_old_group_of_which_somebody_holds_a_unit_is_not_to_go(of_two: Bench) -> None:
    groups, claims = Groups(of_two.database, of_two.ledger), of_two.controller()
    held = claim(of_two, claims, "r/a")
    later = clock.to_ms(NOW) + 86_400_000
    assert (groups.read_old(later), groups.read_old(0)) == ([], [])
    claims.finish(held, attempt_of(held, Outcome.FAILED))
    assert (groups.read_old(later), groups.read_old(0)) == ([GROUP.key], [])


def test_a_turn_is_taken_with_the_claim_and_the_next_one_waits_for_its_time(of_two: Bench) -> None:
    first, second = of_two.controller("a"), of_two.controller("b")
    for claims in (first, second):
        claims.turn = Turn(group=GROUP, interval_ms=60_000)
    claim(of_two, first, "r/a")
    with pytest.raises(NotYet) as early:
        claim(of_two, second, "r/b")
    assert 50 < early.value.wait_s <= 60
    assert (of_two.work.sql(UNITS), of_two.work.states()["r/b"]) == ([(2, 1, None)], "FAILED"), "nothing of it stays"
    of_two.work.sql("UPDATE batchdrain_group SET next_run_ms = next_run_ms - 60000")
    claim(of_two, second, "r/b")
    of_two.work.sql("UPDATE batchdrain_group SET next_run_ms = next_run_ms - 60000")
    with pytest.raises(GroupEnded):
        claim(of_two, second, "s/c")
    [(due,)] = of_two.work.sql("SELECT next_run_ms FROM batchdrain_group")
    assert due <= clock.to_ms(clock.now()) + 5_000, "a claim that came to nothing took no turn"


def test_a_drain_waits_for_the_turn_of_its_own_group_alone(of_two: Bench) -> None:
    Groups(of_two.database, of_two.ledger).join(Group("another"), most=9, minutes=0, asked={})
    claims = of_two.controller()
    turns = {name: Turn(group=group, interval_ms=interval_ms) for name, group, interval_ms in
             (("ours", GROUP, 60_000), ("theirs", Group("another"), 600_000))}  # fmt: skip
    for name, phase, wait_s in (("theirs", "r/a", 600), ("ours", "r/b", 60)):
        claims.turn = turns[name]
        claim(of_two, claims, phase, turns[name].group)
        with pytest.raises(NotYet) as early:
            claim(of_two, claims, "s/c", turns[name].group)
        assert wait_s - 10 < early.value.wait_s <= wait_s


@pytest.mark.parametrize("minutes", [0, 0.5, 90])
def test_the_minutes_of_a_group_are_minutes_from_its_first_drain_on(of_two: Bench, minutes: float) -> None:
    groups = Groups(of_two.database, of_two.ledger)
    for _ in "ab":
        groups.join(Group("timed"), most=2, minutes=minutes, asked={})
    [(begun_ms, until_ms)] = of_two.work.sql("SELECT begun_ms, until_ms FROM batchdrain_group WHERE name = 'timed'")
    assert (until_ms is None) is (minutes == 0)
    assert until_ms is None or abs(until_ms - begun_ms - minutes * 60_000) < 1_000
