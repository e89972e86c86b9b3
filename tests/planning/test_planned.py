"""What a plan takes: as much as it may, what could not be claimed left out and another phase in its place, and retries first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from batchdrain.config.timeout_settings import Timeout
from batchdrain.database.phases.pages import Page, Row
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.id_order import IdOrder, as_number
from batchdrain.model.phase import Phase, PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.limits import TimeLimits
from batchdrain.planning.plan import ORDERED, ExplainedPage, ImaginedClaims, Plan, explain_in_order, plan
from batchdrain.planning.skip_rules import ATTEMPTED, DEPENDS_ON, IN_THIS_SESSION
from tests.planning.backlogs import NOW, backlog_of
from tests.planning.test_skip_rules import rules

LIMITS = TimeLimits(lambda *_: [], Timeout(default_s=50), lambda _: "default")
NO = Skip("bad data", "no")
ROWS = [Row(run_id="r", phase_id=name, phase_index=at, reason=None) for at, name in enumerate("abcd")]


class Claims:
    """Refuses some phases, and keeps what it was asked."""

    def __init__(self, *refused: str) -> None:
        self.refused = {PhaseKey("r", name): NO for name in refused}
        self.taken = list[str]()
        self.asked = list[list[str]]()

    def refuse(self, keys: Sequence[PhaseKey]) -> Mapping[PhaseKey, Skip]:
        self.asked.append([key.phase_id for key in keys])
        return {key: self.refused[key] for key in keys if key in self.refused}

    def made(self, most: int | None, *retries: str, attempted: Sequence[str] = ()) -> Plan:
        seen = rules(attempted=[PhaseKey("r", name) for name in attempted])
        backlog = backlog_of(ROWS, rules=seen)
        backlog.refresh(NOW)
        claims = ImaginedClaims(take=lambda key: self.taken.append(key.phase_id), refuse=self.refuse)
        return plan(backlog, LIMITS, most=most, now=NOW, claims=claims, retries=[again(name) for name in retries])


def again(name: str) -> ScheduledAttempt:
    phase = Phase(run_id="r", phase_id=name, phase_index=0, state=PhaseState.FAILED)
    return ScheduledAttempt(0.0, 1, Choice(phase=phase, reason="its retry"), 1, 2)


def names(found: Plan) -> str:
    return "".join(one.choice.phase.key.phase_id for one in found.all)


@pytest.mark.parametrize(
    ("most", "taken", "left", "room"), [(None, "abcd", 0, None), (2, "ab", 2, 0), (0, "", 4, 0), (9, "abcd", 0, 5)]
)
def test_a_plan_takes_as_many_as_it_may(most: int | None, taken: str, left: int, room: int | None) -> None:
    claims = Claims()
    found = claims.made(most)
    assert (names(found), found.left, found.room, found.total, claims.taken) == (taken, left, room, 4, list(taken))
    assert {one.limit.seconds for one in found.all} == ({50.0} if taken else set())


def test_for_what_could_not_be_claimed_another_one_is_taken_and_it_is_counted_as_skipped() -> None:
    claims = Claims("a", "c")
    found = claims.made(2)
    assert (names(found), found.left, found.room, found.skipped[NO]) == ("bd", 0, 0, 2)
    assert claims.asked[1:] == [["a", "b"], ["c"], ["d"]]
    assert (found.total, found.remainder.waiting) == (4, 2)


def test_a_retry_comes_first_takes_no_room_and_has_the_time_that_its_command_asked_for() -> None:
    claims = Claims()
    found = claims.made(1, "c", attempted=["c"])
    assert (names(found), found.room, claims.asked[0]) == ("ca", 0, ["c"])
    assert [one.limit.seconds for one in found.all] == [200.0, 50.0]
    assert found.skipped == Counter(), "it is tried again"


def test_a_retry_that_could_not_be_claimed_is_skipped_for_that_and_not_as_attempted() -> None:
    found = Claims("c").made(None, "c", attempted=["c", "d"])
    assert (names(found), found.skipped) == ("ab", Counter({NO: 1, Skip(ATTEMPTED, IN_THIS_SESSION): 1}))


@pytest.mark.parametrize(
    ("most", "room", "may_follow", "said"),
    [(None, None, 3, "up to 5 phases"), (4, 2, 2, "up to 4 phases"), (2, 0, 0, "2 phases")],
)
def test_phases_that_wait_for_runs_of_the_plan_may_follow_as_far_as_there_is_room(
    most: int | None, room: int | None, may_follow: int, said: str
) -> None:
    found = Claims().made(most)
    waits = Counter({Skip(DEPENDS_ON, "waits for run a"): 1, Skip(DEPENDS_ON, "waits for run b"): 2, NO: 5})
    made = Plan(phases=found.phases[:2], remainder=type(found.remainder)(total=10, skipped=waits), room=room)
    assert (made.may_follow, made.describe_most("phase"), made.most) == (may_follow, said, said.removesuffix(" phases"))


def explained(*phase_ids: str, chosen: str = "") -> ExplainedPage:
    page = Page.of([Row(run_id="r", phase_id=phase_id, phase_index=1, reason=None) for phase_id in phase_ids])
    return ExplainedPage(page, {phase_ids.index(one): f"why {one}" for one in chosen}, [NO] * len(phase_ids))


def test_a_list_that_people_read_is_in_the_order_of_its_ids_whatever_they_are() -> None:
    [found] = explain_in_order(iter([explained("10", "9", chosen="9"), explained("30", "2")]), IdOrder(phase=as_number))
    assert (list(found.page.phases), dict(found.reasons), list(found.skips)) == (
        ["2", "9", "10", "30"],
        {1: "why 9"},
        [NO] * 4,
    )
    assert (list(explain_in_order(iter([]), IdOrder())), ORDERED) == ([], 10_000)


def test_a_page_has_one_reason_where_all_its_rows_share_it_and_none_was_chosen() -> None:
    other = Skip("claimed", "x")
    assert explained("a", "b").only_skip == NO
    assert explained("a", "b", chosen="b").only_skip is None
    assert explained("a", "b")._replace(skips=[NO, other]).only_skip is None
    assert explained().only_skip is None
