"""What a chain does around its parts: it is locked as long as it is drained, each part knows whether it is all of it, and what comes
of each part decides what follows."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.narrowing import Narrowing
from batchdrain.drain.session_run import SessionOutcome
from batchdrain.model.asked import Ask, Asked
from batchdrain.model.errors import BatchDrainError, ConfigError
from batchdrain.planning.filters import Filters
from batchdrain.runtime.signals import Signalled
from batchdrain.sessions.session import Kind, Session, Status
from tests.drain.parting import AWAY, Parts, outcome, part

FLOOR = {"success_floor": 0.9, "success_floor_after": 2}
HALF = (True, False)  # results that end a chain by its floor


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch) -> Parts:
    return Parts(monkeypatch)


@pytest.fixture
def bounded(monkeypatch: pytest.MonkeyPatch) -> Parts:
    """Its first part meets a stop condition with its results."""
    made = Parts(monkeypatch, FLOOR)
    made.comes[Kind.QUEUED] = outcome(part(Kind.QUEUED, Status.COMPLETE, *HALF))
    return made


@pytest.fixture
def calm() -> Iterator[None]:
    """A signal that nobody hears ends no test."""
    former = signal.signal(signal.SIGTERM, lambda *_: None)
    yield
    signal.signal(signal.SIGTERM, former)


@pytest.mark.parametrize("failed", [outcome(None), AWAY, Signalled(15)], ids=["nothing", "error", "signal"])
def test_a_chain_is_held_before_its_first_part_and_let_go_after_all(
    parts: Parts, failed: SessionOutcome | BaseException
) -> None:
    parts.comes[Kind.FAILED] = failed
    parts.run()
    again = ["read again"] if isinstance(failed, Signalled) else []
    assert parts.steps == ["hold", "queued", "failed", *again, "let go"]


@pytest.mark.parametrize("queued", [AWAY, Signalled(15)], ids=["error", "signal"])
def test_a_chain_that_could_not_begin_is_let_go_too(parts: Parts, queued: BaseException) -> None:
    parts.comes[Kind.QUEUED] = queued
    with pytest.raises(type(queued)):
        parts.run()
    assert parts.steps[-1] == "let go"


def test_a_signal_of_the_system_between_the_parts_is_heard(parts: Parts, calm: None, monkeypatch: pytest.MonkeyPatch) -> None:
    first = parts._come

    def come(how: str, kind: Kind, less: Narrowing) -> SessionOutcome:
        if kind is Kind.FAILED:
            os.kill(os.getpid(), signal.SIGTERM)
        return first(how, kind, less)

    monkeypatch.setattr(parts, "_come", come)
    found = parts.run()
    assert (parts.asked, found.exit_code, parts.chain.because) == (["begin queued"], 143, "SIGTERM")


def test_a_signal_after_the_chain_s_end_says_nothing_of_why_it_ended(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    end = Chain.end

    def end_and_signal(chain: Chain, *given: Any) -> None:
        end(chain, *given)
        raise Signalled(15)

    monkeypatch.setattr(Chain, "end", end_and_signal)
    parts.comes[Kind.QUEUED] = outcome(part(Kind.QUEUED, Status.STOPPED, stopped_because="why"))
    found = parts.run()
    assert (parts.stands, found.exit_code) == ((Status.STOPPED, "why"), 143)


class LooksTwice(Session):
    """A session that a second signal reaches, once its drain is over."""

    @property
    def current_status(self) -> Status:
        raise Signalled(15)


def test_the_signal_that_ended_a_part_is_the_one_that_is_told(parts: Parts) -> None:
    left = LooksTwice(**dict(part(Kind.QUEUED, Status.INTERRUPTED, True)))
    parts.comes[Kind.QUEUED] = outcome(left, exit_code=130, was_signalled=True, gone_by=7.0)
    found = parts.run()
    assert (found.exit_code, found.gone_by, parts.stands) == (130, 7.0, (None, None))


def test_what_this_call_wants_of_the_whole_is_kept_with_its_end(parts: Parts) -> None:
    found = parts.run(Narrowing(limits={"--min-success-rate": 0.5}))
    assert (found.wanted_rate, parts.run().wanted_rate) == (0.5, None)


def test_a_chain_that_was_stopped_as_it_was_drained_anew_is_stopped_although_its_parts_are_complete(bounded: Parts) -> None:
    bounded.chain.anew = True
    bounded.knows(part(Kind.QUEUED, Status.COMPLETE, True), part(Kind.FAILED, Status.COMPLETE, True))
    found = bounded.run()
    assert (bounded.asked, bounded.stands[0]) == (["resume queued"], Status.STOPPED)
    assert found.stopped is not None


def test_minutes_of_this_time_that_are_over_leave_the_chain_open(parts: Parts) -> None:
    found = parts.run(Narrowing(limits={"--max-total-minutes": 1}, begun=-1e9))
    told = "--max-total-minutes: 1 minute of this time is over"
    assert (parts.asked, parts.stands, str(found.stopped)) == ([], (None, told), told)


def test_what_this_time_may_take_leaves_a_chain_open_that_a_stop_condition_would_end(bounded: Parts) -> None:
    """Whoever goes on with it learns of the stop condition."""
    found = bounded.run(Narrowing(batch_size=2, is_of_chain=True))
    told = "--batch-size: 2 phases of this time are taken"
    assert (bounded.stands, str(found.stopped)) == ((None, told), told)


def test_that_a_part_is_empty_counts_only_if_this_call_leaves_nothing_out(bounded: Parts) -> None:
    bounded.empty = {Kind.FAILED}
    found = bounded.run(Narrowing(filters=Filters(run_id="r")))
    assert (bounded.asked, bounded.stands[0], found.stopped is None) == (["begin queued"], Status.STOPPED, False)


ALL: list[tuple[bool, tuple[bool, ...], set[Kind], bool, list[bool]]] = [
    # asked for, results of the queued part, what is empty, whether the failed part is done, whether each part fails if it is empty
    (True, (), {Kind.FAILED}, False, [True, True]),
    (True, (), set(), False, [False, True]),
    (True, (True,), set(), False, [False, False]),
    (True, (True,), {Kind.QUEUED}, False, [False, False]),
    (True, (), set(), True, [True]),
    (False, (), {Kind.FAILED}, False, [False, False]),
]


@pytest.mark.parametrize(("asks", "results", "empty", "is_done", "fails"), ALL)
def test_only_a_part_that_is_all_there_is_fails_if_it_has_nothing(
    parts: Parts, asks: bool, results: tuple[bool, ...], empty: set[Kind], is_done: bool, fails: list[bool]
) -> None:
    parts.empty = empty
    if is_done:
        parts.knows(part(Kind.FAILED, Status.COMPLETE, True))
    parts.comes[Kind.QUEUED] = outcome(part(Kind.QUEUED, Status.COMPLETE, *results) if results else None)
    parts.run(Narrowing(fail_if_nothing=asks))
    assert [less.fail_if_nothing for less in parts.given] == fails


def test_an_error_of_a_part_that_wrote_no_session_is_told_and_the_next_one_follows(parts: Parts) -> None:
    parts.comes[Kind.QUEUED] = outcome(None, failure=AWAY)
    found = parts.run()
    assert (parts.asked, parts.told, found.failures) == (["begin queued", "begin failed"], [AWAY], [AWAY])


def test_each_error_is_told_by_itself(parts: Parts) -> None:
    wrong = ConfigError("wrong", remedy="mend it")
    errors: list[BatchDrainError] = [AWAY, wrong]
    for kind, error in zip((Kind.QUEUED, Kind.FAILED), errors, strict=True):
        parts.comes[kind] = outcome(part(kind, Status.INTERRUPTED, True), failure=error)
    found = parts.run()
    assert (parts.told, found.failures) == (errors, errors)


def test_a_part_that_started_no_command_is_told_as_empty_with_its_session(parts: Parts) -> None:
    parts.comes[Kind.QUEUED] = outcome(part(Kind.QUEUED))
    found = parts.run()
    assert [(request.kind, came.session is not None) for request, came in found.empty] == [(Kind.QUEUED, True)]
    assert parts.asked == ["begin queued", "begin failed"]


ASKED: list[tuple[Ask, str | None, str | None]] = [
    (Ask.STOP, None, "inv stop: asked by me@here: enough"),
    (Ask.STOP, "by a rule", "by a rule"),
    (Ask.PAUSE, None, None),
]


@pytest.mark.parametrize(("ask", "stopped_because", "because"), ASKED)
def test_a_request_that_ends_the_part_ends_the_chain_for_now_and_a_pause_is_handed_on(
    parts: Parts, ask: Ask, stopped_because: str | None, because: str | None
) -> None:
    asked = Asked(number=1, ask=ask, by="me@here", reason="enough", at_ms=0)
    left = part(Kind.QUEUED, Status.COMPLETE, True, stopped_because=stopped_because)
    parts.comes[Kind.QUEUED] = outcome(left, asked=asked)
    parts.comes[Kind.FAILED] = AWAY
    parts.run()
    follows = [] if ask.ends else ["begin failed"]
    assert (parts.asked, parts.stands) == (["begin queued", *follows], (None, because))
    assert parts.chain.asked == asked
