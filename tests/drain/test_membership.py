"""A drain in a group: what it takes a unit for, and what of it stops all the others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.groups import GROUP, GroupEnded, GroupState
from batchdrain.drain.membership import Membership
from batchdrain.drain.stops import FULL
from batchdrain.execution.order import EndedBy
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Group
from batchdrain.model.errors import DatabaseUnavailable
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.failure_row import describe_before
from batchdrain.planning.group_figures import GroupFigures, GroupResult
from tests.drain.judging import claim_of as claim
from tests.drain.judging import ending, judged, settings_of

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


def member(
    group: str | None = "g", tried: tuple[PhaseKey, ...] = (), settings: Settings | None = None
) -> tuple[Membership, Told]:
    store = SimpleNamespace(database=None, ledger=None)
    request = SimpleNamespace(group=group, settings=settings or Settings())
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


def test_a_phase_that_has_no_unit_yet_asks_nobody_whether_the_group_has_ended() -> None:
    ours, groups = member(tried=(A,))
    groups.state = GroupState(most=9, taken=1, is_over=True, stopped="enough")
    assert ours.unit_of(B) == Group("g"), "to take one tells it"


def test_what_a_group_tried_is_said_with_its_name() -> None:
    assert member()[0].tried == Skip(GROUP, "a drain of g has tried it")
    assert member(None)[0].tried == Skip(GROUP, "")


def noted(attempt: Attempt, *, waits: bool = False, group: str | None = "g", **settings: Any) -> list[GroupResult]:
    """What of a result is added to the group's figures."""
    ours, groups = member(group, settings=Settings.model_validate(settings))
    added = list[GroupResult]()

    def fold(of: Group, add: Any) -> Any:
        assert of == Group("g")
        return add({})

    def note(figures: GroupFigures, result: GroupResult) -> GroupFigures:
        added.append(result)
        return add_result(figures, result)

    add_result = GroupFigures.add
    groups.fold = fold  # type: ignore[attr-defined]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GroupFigures, "add", note)
        ours.note(attempt, waits=waits)
    if group is not None:
        assert cast("Any", ours)._counts.group == GroupFigures.of({}).add(added[0])
    return added


def test_of_a_result_its_group_counts_what_the_stop_conditions_look_at() -> None:
    told = ending(exit_code=1, stderr_tail=b"boom", result=b'{"metrics": {"tokens": 7}}')
    [found] = noted(judged(settings_of(), told), stop={"metric": "tokens"})
    assert found == GroupResult(
        run_id="r", success=False, waits=False, timed_out=False, is_of_outage=False, fingerprint="boom", before=found.before,
        metrics={"tokens": 7.0}, has_metric=True,
    )  # fmt: skip
    assert found.before == describe_before(claim().phase)
    [late] = noted(judged(settings_of(), ending(EndedBy.TIMEOUT)), waits=True)
    assert (late.timed_out, late.waits, late.has_metric, late.metrics) == (True, True, False, {})
    [well] = noted(judged(settings_of(), ending(exit_code=0)))
    assert (well.success, well.fingerprint, well.has_metric) == (True, "", False)
    assert noted(judged(settings_of(), ending(exit_code=0)), group=None) == []


@pytest.mark.parametrize(("value", "has"), [(b"0", False), (b"0.5", True), (b"-1", False)])
def test_a_metric_counts_where_it_is_more_than_nothing(value: bytes, has: bool) -> None:
    result = b'{"metrics": {"tokens": ' + value + b"}}"
    [found] = noted(judged(settings_of(), ending(exit_code=0, result=result)), stop={"metric": "tokens"})
    assert found.has_metric is has


@pytest.mark.parametrize(("outage_after", "code", "is_of_outage"), [(3, 75, True), (0, 75, False), (3, 1, False)])
def test_a_failure_may_be_of_an_outage_where_that_is_looked_for(outage_after: int, code: int, is_of_outage: bool) -> None:
    [found] = noted(judged(settings_of(), ending(exit_code=code)), retry={"outage_after": outage_after})
    assert found.is_of_outage is is_of_outage


def test_a_drain_begins_with_what_the_others_of_its_group_have_counted() -> None:
    figures = GroupFigures.of({}).add(noted(judged(settings_of(), ending(exit_code=0)))[0])
    for group in ("g", None):
        ours, groups = member(group)
        groups.read_figures = lambda _: figures.to_fields()  # type: ignore[attr-defined]
        ours.begin()
        assert cast("Any", ours)._counts.group == (figures if group else None)


def test_what_could_not_be_told_to_the_group_is_told_again() -> None:
    ours, groups = member()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(groups, "stop", lambda *_: (_ for _ in ()).throw(DatabaseUnavailable("away", remedy="wait")))
        with pytest.raises(DatabaseUnavailable):
            ours.tell(STOP)
    ours.tell(STOP)
    assert groups.stops == [("g", str(STOP))]
