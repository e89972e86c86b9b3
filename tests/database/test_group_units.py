"""A unit of a group goes with the claim, and comes back with what is given back, once each, whatever is repeated."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.database.ledger.claims import Claims
from batchdrain.database.ledger.groups import GroupEnded, Groups, TriedInGroup
from batchdrain.model.claim import Claim, Group, NotYet, Turn
from batchdrain.model.states import COUNTED, GIVEN_BACK, Outcome
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


def test_what_was_stopped_keeps_its_first_reason_and_another_group_goes_on(of_two: Bench) -> None:
    groups, other = Groups(of_two.database, of_two.ledger), Group("other")
    groups.join(other, most=2, minutes=0, asked={})
    groups.stop(GROUP, "first")
    groups.stop(GROUP, "second")
    states = [groups.read(one) for one in (GROUP, other)]
    assert [None if state is None else state.stopped for state in states] == ["first", None]


def test_a_turn_goes_with_the_claim_and_whoever_comes_too_soon_takes_nothing(of_two: Bench) -> None:
    claims = of_two.controller()
    claims.turn = Turn(group=GROUP, interval_ms=60_000)
    claim(of_two, claims, "r/a")
    with pytest.raises(NotYet) as too_soon:
        claim(of_two, claims, "r/b")
    assert 50 < too_soon.value.wait_s <= 60
    assert (of_two.work.states()["r/b"], of_two.work.sql(UNITS)) == ("FAILED", [(2, 1, None)])
    of_two.work.sql("UPDATE batchdrain_group SET next_run_ms = 5")
    assert claim(of_two, claims, "r/b").epoch == 1


def test_a_group_is_old_by_its_begin_unless_somebody_holds_a_unit_of_it(of_two: Bench) -> None:
    groups, later = Groups(of_two.database, of_two.ledger), 2**53
    of_two.work.sql("UPDATE batchdrain_group SET begun_ms = 5")
    claim(of_two, of_two.controller(), "r/a")
    assert (groups.read_old(6), groups.read_old(5)) == ([], [])
    of_two.work.sql("UPDATE batchdrain_claim SET owner = NULL")
    assert (groups.read_old(6), groups.read_old(5)) == ([GROUP.key], [])
    groups.forget([GROUP.key])
    assert (groups.read(GROUP), groups.read_old(later)) == (None, [])
