"""Which parts of a chain are drained, what ends it between them, and what the ledger then has of it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from batchdrain.drain.narrowing import Narrowing
from batchdrain.drain.session_run import SessionOutcome
from batchdrain.model.errors import ConfigError, DatabaseUnavailable
from batchdrain.planning.filters import Filters
from batchdrain.runtime.signals import Signalled
from batchdrain.sessions.session import Kind, Session, Status
from tests.drain.parting import AWAY, Parts, outcome, part


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Parts:
    return Parts(monkeypatch)


def test_the_queued_part_goes_first_and_both_are_one(parts: Parts) -> None:
    parts.comes[Kind.FAILED] = outcome(part(Kind.FAILED, Status.COMPLETE, True, False, True))
    found = parts.run()
    assert parts.asked == ["begin queued", "begin failed"]
    assert parts.stands == (Status.COMPLETE, None)
    assert (found.took, found.phases, found.exit_code, found.empty, found.stopped) == (4, 4, 1, [], None)
    assert (parts.rows[-1].task, len(parts.rows[-1].uid)) == ("drain-all", 32)
    assert parts.rows[-1].sessions == {"queued": "queued", "failed": "failed"}


@pytest.mark.parametrize("kind", [Kind.QUEUED, Kind.FAILED])
def test_a_part_for_which_there_is_nothing_is_no_session_and_keeps_no_other_back(parts: Parts, kind: Kind) -> None:
    parts.comes[kind] = outcome(None)
    found = parts.run()
    assert parts.asked == ["begin queued", "begin failed"]
    assert [request.kind for request, _ in found.empty] == [kind]
    assert (parts.stands, list(parts.chain.sessions)) == ((Status.COMPLETE, None), [one for one in Kind if one is not kind])


def test_a_part_that_is_done_is_not_drained_again_and_one_that_was_left_is_gone_on_with(parts: Parts) -> None:
    parts.knows(part(Kind.QUEUED, Status.COMPLETE, True))
    parts.run()
    assert parts.asked == ["begin failed"]

    parts.asked.clear()
    parts.knows(part(Kind.FAILED, Status.INTERRUPTED, True))
    parts.run()
    assert parts.asked == ["resume failed"]

    parts.asked.clear()
    parts.chain.anew = True
    parts.knows(part(Kind.FAILED, Status.COMPLETE, True))
    parts.run()
    assert parts.asked == ["resume queued", "resume failed"]


def test_a_part_that_was_stopped_stops_the_chain(parts: Parts) -> None:
    parts.comes[Kind.QUEUED] = outcome(part(Kind.QUEUED, Status.STOPPED, False, stopped_because="why"))
    found = parts.run()
    assert (parts.asked, parts.stands) == (["begin queued"], (Status.STOPPED, "why"))
    assert (found.stopped, found.exit_code) == (None, 1)


def test_a_stop_condition_that_the_first_part_met_keeps_the_second_back_where_there_is_something_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for is_empty in (False, True):
        parts = Parts(monkeypatch, {"success_floor": 0.9, "success_floor_after": 2})
        parts.comes[Kind.QUEUED] = outcome(part(Kind.QUEUED, Status.COMPLETE, True, False))
        parts.empty = set(Kind) if is_empty else set()
        found = parts.run()
        if is_empty:
            assert (parts.asked, parts.stands[0], found.stopped) == (["begin queued", "begin failed"], Status.COMPLETE, None)
        else:
            assert parts.asked == ["begin queued"]
            floor = "stop.success_floor: 50.0% of 2 succeeded, below 90.0%; a new `inv drain` starts the count again"
            assert parts.stands == (Status.STOPPED, floor)
            assert str(found.stopped) == parts.stands[1]


@pytest.mark.parametrize(("size", "asked", "sizes"), [
    (1, ["begin queued"], [1]), (2, ["begin queued", "begin failed"], [2, 1]), (None, ["begin queued", "begin failed"], [None, None]),
])  # fmt: skip
def test_what_this_time_takes_is_of_both_parts_together_and_leaves_the_chain_open(
    parts: Parts, size: int | None, asked: list[str], sizes: list[int | None]
) -> None:
    found = parts.run(Narrowing(batch_size=size, is_of_chain=True))
    assert (parts.asked, parts.sizes) == (asked, sizes)
    if size == 1:
        assert parts.stands == (None, "--batch-size: 1 phase of this time is taken") == (None, str(found.stopped))
    else:
        assert (parts.stands, found.stopped) == ((Status.COMPLETE, None), None)


def test_a_part_that_was_empty_by_this_times_filters_leaves_the_chain_open(parts: Parts) -> None:
    parts.comes[Kind.QUEUED] = outcome(None)
    parts.run(Narrowing(filters=Filters(run_id="r")))
    assert (parts.asked, parts.stands) == (["begin queued", "begin failed"], (None, None))


def test_a_signal_in_a_part_ends_it_there_and_then(parts: Parts) -> None:
    left = part(Kind.QUEUED, Status.INTERRUPTED, True)
    parts.comes[Kind.QUEUED] = outcome(left, exit_code=130, was_signalled=True)
    found = parts.run()
    assert (parts.asked, parts.stands, found.exit_code) == (["begin queued"], (None, None), 130)


def test_a_signal_between_the_parts_leaves_it_open(parts: Parts) -> None:
    parts.comes[Kind.FAILED] = Signalled(15)
    found = parts.run()
    assert (found.exit_code, parts.chain.ended, parts.chain.because) == (143, None, "SIGTERM")


def test_a_signal_before_anything_of_it_began_is_raised(parts: Parts) -> None:
    parts.comes[Kind.QUEUED] = Signalled(15)
    with pytest.raises(Signalled):
        parts.run()


def test_an_error_of_a_part_is_told_once_and_the_next_part_is_tried(parts: Parts) -> None:
    """What one part needs, the other may not."""
    for kind in Kind:
        parts.comes[kind] = outcome(part(kind, Status.INTERRUPTED, True), failure=AWAY, exit_code=75)
    found = parts.run()
    assert (parts.asked, parts.told) == (["begin queued", "begin failed"], [AWAY])
    assert (len(found.failures), found.exit_code, parts.chain.ended) == (2, AWAY.exit_code, None)


def test_an_error_that_keeps_a_part_from_beginning_is_told_where_something_of_the_chain_began(parts: Parts) -> None:
    wrong = ConfigError("wrong", remedy="mend it")
    parts.comes[Kind.FAILED] = wrong
    found = parts.run()
    assert (parts.told, found.failures, found.exit_code) == ([wrong], [wrong], wrong.exit_code)
    assert parts.chain.ended is None


def test_an_error_before_anything_of_it_began_is_raised(parts: Parts) -> None:
    parts.comes[Kind.QUEUED] = AWAY
    with pytest.raises(DatabaseUnavailable):
        parts.run()
    assert parts.told == []


def test_an_orphaned_phase_of_either_part_makes_the_code_one(parts: Parts) -> None:
    parts.comes[Kind.QUEUED] = outcome(part(Kind.QUEUED, Status.COMPLETE, True), orphaned=True)
    assert parts.run().exit_code == 1


def transient(kind: Kind) -> Session:
    found = part(kind, Status.COMPLETE, False)
    found.results[0].category = "transient"
    return found


@pytest.mark.parametrize(
    ("came", "is_tried_again"),
    [
        (outcome(part(Kind.QUEUED, Status.COMPLETE, True, False)), False),
        (outcome(part(Kind.QUEUED, Status.COMPLETE, True), took=2), True),
        (outcome(transient(Kind.QUEUED)), True),
    ],
)
def test_that_a_part_tried_a_phase_again_is_known_to_the_next(
    parts: Parts, came: SessionOutcome, is_tried_again: bool
) -> None:
    parts.comes[Kind.QUEUED] = came
    parts.run()
    assert parts.chain.is_tried_again is is_tried_again
    assert parts.chain.counts_for(Kind.FAILED).is_tried_again is is_tried_again


def kinds(sessions: Iterable[Session]) -> list[Kind]:
    return [session.kind for session in sessions]


def test_the_minutes_of_a_chain_that_was_stopped_begin_anew_and_go_on_after_anything_else(parts: Parts) -> None:
    parts.knows(
        part(Kind.QUEUED, Status.COMPLETE, True, active_s=20.0), part(Kind.FAILED, Status.STOPPED, True, active_s=10.0)
    )
    project: Any = parts
    assert parts.chain.active_s == 30.0
    assert kinds(parts.chain.others(Kind.FAILED)) == [Kind.QUEUED]
    assert parts.chain.counts_for(Kind.FAILED).earlier_s == 20.0

    parts.chain.begin_anew(project)
    assert (parts.chain.free_s, parts.chain.anew) == (0.0, False)

    parts.chain.end(project, Status.STOPPED, "why")
    assert parts.rows[-1].asked["stopped_because"] == "why"
    assert parts.rows[-1].ended_at is not None
    parts.chain.begin_anew(project)
    assert (parts.chain.free_s, parts.chain.anew, parts.stands) == (30.0, False, (None, None))
    assert parts.chain.counts_for(Kind.FAILED).earlier_s == -10.0
    assert parts.rows[-1].asked["free_s"] == 30.0
    assert parts.rows[-1].ended_at is None

    parts.chain.end(project, Status.COMPLETE)
    parts.chain.begin_anew(project)
    assert parts.chain.anew


def test_an_end_that_the_ledger_does_not_take_is_none(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AWAY

    monkeypatch.setattr(Parts, "write", refuse)
    parts.knows(part(Kind.QUEUED))
    project: Any = parts
    with pytest.raises(DatabaseUnavailable):
        parts.chain.end(project, Status.STOPPED, "why")
    assert (parts.chain.ended, parts.chain.because) == (None, None)
