"""A drain in a group: what it takes a unit for, and what of it stops all the others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.groups import GROUP, GroupEnded, GroupState
from batchdrain.drain.membership import Membership
from batchdrain.drain.stops import FULL
from batchdrain.model.claim import Group
from batchdrain.model.phase import PhaseKey, Skip

A, B = PhaseKey("r", "a"), PhaseKey("r", "b")
STOP = Skip("stop.max_repeats", "3 equal failures: x")


class Told:
    """The groups of a ledger, as far as they are told and asked."""

    def __init__(self) -> None:
        self.stops: list[tuple[str, str]] = []
        self.state: GroupState | None = GroupState(most=2, taken=2, is_over=False, stopped=None)

    def stop(self, group: Group, because: str) -> None:
        self.stops.append((group.name, because))

    def read(self, _: Group) -> GroupState | None:
        return self.state


def member(group: str | None = "g", tried: tuple[PhaseKey, ...] = ()) -> tuple[Membership, Told]:
    store = SimpleNamespace(database=None, ledger=None)
    request = SimpleNamespace(group=group, settings=Settings())
    outage = SimpleNamespace(retry=lambda work, meanwhile: work())
    found = Membership(
        cast("Any", SimpleNamespace(store=store)), cast("Any", request), cast("Any", outage),
        cast("Any", SimpleNamespace(places=dict.fromkeys(tried, 0), group=None)),
    )  # fmt: skip
    found._groups = told = cast("Any", Told())
    return found, told


def claim_of(key: PhaseKey, group_key: str | None) -> Any:
    return SimpleNamespace(phase=SimpleNamespace(key=key), group_key=group_key)


@pytest.mark.parametrize(
    ("stopped", "told"),
    [
        (STOP, [("g", str(STOP))]),
        (None, []),
        (FULL, []),
        (Skip(GROUP, "another drain of g was stopped: x"), []),
    ],
    ids=["a stop condition", "nothing", "a file that is full", "the group"],
)
def test_a_stop_condition_stops_all_drains_of_the_group_once_and_what_is_its_own_none(
    stopped: Skip | None, told: list[tuple[str, str]]
) -> None:
    ours, groups = member()
    for _ in range(2):
        ours.tell(stopped)
    assert groups.stops == told


def test_a_drain_of_no_group_tells_nobody_and_takes_no_unit() -> None:
    ours, groups = member(None)
    ours.tell(STOP)
    assert (groups.stops, ours.unit_of(A)) == ([], None)


def test_a_phase_takes_one_unit_however_often_it_is_tried_and_another_once_it_was_given_back() -> None:
    ours, _ = member()
    group = Group("g")
    assert ours.unit_of(A) == group
    ours.take(A)
    assert (ours.unit_of(A), ours.unit_of(B)) == (None, group)
    ours.give_back(claim_of(A, None))
    assert ours.unit_of(A) is None, "the claim of a retry took none, so none came back"
    ours.give_back(claim_of(A, group.key))
    assert ours.unit_of(A) == group


def test_what_has_a_result_before_a_resume_took_its_unit_then() -> None:
    assert member(tried=(A,))[0].unit_of(A) is None


@pytest.mark.parametrize(
    ("state", "ends"),
    [
        (GroupState(most=2, taken=2, is_over=False, stopped=None), False),
        (None, False),
        (GroupState(most=9, taken=1, is_over=True, stopped=None), True),
        (GroupState(most=9, taken=1, is_over=False, stopped="enough"), True),
    ],
    ids=["full", "removed", "over", "stopped"],
)
def test_a_phase_that_has_a_unit_is_tried_again_unless_the_group_has_ended(state: GroupState | None, ends: bool) -> None:
    ours, groups = member(tried=(A,))
    groups.state = state
    if not ends:
        assert ours.unit_of(A) is None
        return
    with pytest.raises(GroupEnded):
        ours.unit_of(A)
