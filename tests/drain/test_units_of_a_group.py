"""What a drain takes of its group, and what it tells the others."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.database.ledger.groups import GROUP, GroupEnded, GroupState
from batchdrain.drain import membership as room
from batchdrain.drain.membership import Membership
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.stops import FULL
from batchdrain.model.claim import Group
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.filters import Filters
from batchdrain.planning.group_figures import GroupFigures
from batchdrain.sessions.progress import ResultCounts
from batchdrain.sessions.session import Kind
from tests.drain.judging import claim_of, ending, judged, settings_of

GROUP_OF = Group("night")
KEY = PhaseKey("r", "p")
OPEN = GroupState(most=2, taken=1, is_over=False, stopped=None)


class Member:
    """A member, and the group's row in the place of a ledger."""

    def __init__(self, patch: pytest.MonkeyPatch, group: str | None = "night", **settings: Any) -> None:
        self.state: GroupState | None = OPEN
        self.figures: Any = {}
        self.stopped: list[str] = []
        groups = SimpleNamespace(read=lambda _: self.state, stop=lambda _, why: self.stopped.append(why), fold=self._fold)
        patch.setattr(room, "Groups", lambda *_: groups)
        project: Any = SimpleNamespace(store=SimpleNamespace(database=None, ledger=None))
        outage: Any = SimpleNamespace(retry=lambda work, meanwhile: work())
        request = DrainRequest(
            kind=Kind.FAILED, filters=Filters(), settings=settings_of().model_copy(update=settings), group=group
        )
        self.counts = ResultCounts()
        self.counts.places[PhaseKey("r", "done")] = 0
        self.membership = Membership(project, request, outage, self.counts)

    def _fold(self, _: Group, add: Any) -> Any:
        self.figures = add(self.figures)
        return self.figures

    def takes(self, key: PhaseKey = KEY) -> bool:
        return self.membership.unit_of(key) == GROUP_OF


@pytest.fixture
def member(monkeypatch: pytest.MonkeyPatch) -> Member:
    return Member(monkeypatch)


def test_a_phase_takes_one_unit_however_often_it_is_tried(member: Member) -> None:
    assert (member.takes(), member.takes(PhaseKey("r", "done"))) == (True, False)
    member.membership.take(KEY)
    assert member.takes() is False
    member.membership.give_back(claim_of())
    assert member.takes() is False, "a try that took no unit gives none back"
    member.membership.give_back(claim_of(group_key=GROUP_OF.key))
    assert member.takes() is True


@pytest.mark.parametrize(
    ("state", "ends"),
    [
        (replace(OPEN, stopped="why"), True),
        (replace(OPEN, is_over=True), True),
        (replace(OPEN, taken=2), False),
        (None, False),
    ],
)
def test_what_was_taken_is_tried_again_though_the_group_is_full_and_not_once_it_has_ended(
    member: Member, state: GroupState | None, ends: bool
) -> None:
    member.membership.take(KEY)
    member.state = state
    if ends:
        with pytest.raises(GroupEnded):
            member.takes()
    else:
        assert member.takes() is False


def test_what_stops_a_drain_stops_its_group_once_and_what_concerns_it_alone_does_not(member: Member) -> None:
    for skip in (None, FULL, Skip(GROUP, "another drain was stopped")):
        member.membership.tell(skip)
    assert member.stopped == []
    for number in (3, 4):
        member.membership.tell(Skip("stop.max_consecutive_failures", f"{number} in a row"))
    assert member.stopped == ["stop.max_consecutive_failures: 3 in a row"]


def test_each_result_is_counted_for_all_as_the_stop_conditions_look_at_it(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_of()
    stop = settings.stop.model_copy(update={"metric": "tokens"})
    member = Member(monkeypatch, stop=stop)
    failed = judged(settings, ending(exit_code=1, stderr_tail=b"no disk\n"))
    transient = judged(settings, ending(exit_code=75, stderr_tail=b"no disk\n"))
    done = judged(settings, ending(exit_code=0, result=b'{"metrics": {"tokens": 5}}'))

    member.membership.note(failed, waits=False)
    assert (member.figures["results"], member.figures["without_metric"], member.figures["same_count"]) == (1, 1, 1)
    member.membership.note(transient, waits=True)
    assert member.figures["results"] == 1
    member.membership.note(transient, waits=False)
    assert (member.figures["results"], member.figures["same_count"]) == (2, 0), "an outage makes no row"
    member.membership.note(done, waits=False)
    assert (member.figures["successes"], member.figures["without_metric"], member.figures["spent"]) == (1, 0, {"tokens": 5.0})
    assert member.counts.group == GroupFigures.of(member.figures)

    no_outages = settings.retry.model_copy(update={"outage_after": 0})
    member = Member(monkeypatch, retry=no_outages)
    member.membership.note(transient, waits=False)
    assert member.figures["same_count"] == 1, "where nothing is taken for an outage, it is a failure as any other"


def test_a_drain_of_no_group_takes_no_unit_and_tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    member = Member(monkeypatch, group=None)
    member.membership.begin()
    member.membership.note(judged(settings_of(), ending(exit_code=1)), waits=False)
    member.membership.tell(Skip("stop.canary", "x"))
    assert (member.membership.unit_of(KEY), member.figures, member.stopped, member.counts.group) == (None, {}, [], None)
