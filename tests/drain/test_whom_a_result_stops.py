"""What ends a drain before its batch is full, and what a result stops: its run, its cluster, the session."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain import known_failures as known_room
from batchdrain.drain.known_failures import KnownFailures
from batchdrain.drain.narrowing import Narrowing
from batchdrain.drain.preview.end import name_early_ends
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.resumption import Resumption
from batchdrain.drain.shutdown import Shutdown
from batchdrain.drain.stops import FULL, Stops, is_idle_stop
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice
from batchdrain.model.errors import ConfigError, DatabaseUnavailable
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import Acceptance, Acceptances, Subject
from batchdrain.planning.filters import Filters
from batchdrain.planning.plan import Plan, Planned
from batchdrain.planning.remainder import Remainder
from batchdrain.planning.stop import Progress
from batchdrain.sessions.progress import ResultCounts
from batchdrain.sessions.result import Result, Spent
from batchdrain.sessions.session import Kind, Session
from tests.drain.judging import LIMIT, NOW, ending, judged, settings_of

BOOM, BANG = "boom", "bang"
KNOWN = Skip("accepted", "known (ann)")


class Drained:
    """Stops, and all that they look at and tell."""

    def __init__(self, *, is_first: bool = False, size: int = 0, outage_after: int = 0, **stop: Any) -> None:
        self.told: list[str] = []
        self.progress = Progress()
        self.counts = ResultCounts()
        self.end_of_this_time: Skip | None = None
        settings = Settings.model_validate({"stop": {"canary_size": 5, **stop}, "retry": {"outage_after": outage_after}})
        self.record = SimpleNamespace(
            progress=lambda: self.progress, counts=self.counts, session=SimpleNamespace(results=[1, 2]), is_full=False
        )
        recorder: Any = SimpleNamespace(
            notice=self.told.append,
            run_stopped=lambda run_id, skip: self.told.append(f"run {run_id}: {skip.rule}"),
            skipped=lambda skip, text, *, count, keep: self.told.append(
                f"{text.partition(':')[0]}: {skip.rule} {count} {keep}"
            ),
        )
        it: Any = SimpleNamespace(
            request=SimpleNamespace(settings=settings, stop_on_first_failure=is_first),
            less=SimpleNamespace(find_end=lambda: self.end_of_this_time),
            record=self.record,
            backlog=SimpleNamespace(size_of=lambda fingerprint: size if fingerprint == BOOM else 0),
            project=SimpleNamespace(store=None),
        )
        self.shutdown = Shutdown()
        self.stops = Stops(it, recorder, self.shutdown)
        self.stops._known = known = SimpleNamespace(skip_of=lambda _: None)  # type: ignore[assignment]
        self.known = known

    def note(self, *, ok: bool = False, waits: bool = False, **facts: Any) -> list[str]:
        self.told.clear()
        self.stops.note(attempt(ok=ok, **facts), waits=waits)
        return self.told


def attempt(*, ok: bool = False, code: int = 1, before: str = BOOM, after: str = BANG, phase_id: str = "p") -> Attempt:
    found = judged(settings_of(), ending(exit_code=0 if ok else code, stderr_tail=b"" if ok else after.encode()))
    failure = Failure.uncategorised(before)
    found = replace(found, phase=replace(found.phase, phase_id=phase_id, failure=failure))
    return found if ok else replace(found, failure=Failure.uncategorised(after).as_category(found.category))


def test_nothing_more_is_begun_once_one_of_its_ends_has_come_and_the_first_of_each_kind_counts() -> None:
    drained = Drained(max_consecutive_failures=2)
    stops = drained.stops
    assert (stops.is_ending(), stops.results, stops.is_interrupted) == (False, 2, False)
    drained.progress = Progress(consecutive_failures=2)
    assert stops.is_ending()
    assert stops.stopped is not None
    stops.stop(KNOWN)
    assert stops.stopped.rule == "stop.max_consecutive_failures"
    drained.progress = Progress()
    assert stops.is_ending(), "once it has ended it stays so"


def test_each_thing_that_ends_a_drain_ends_it_alone() -> None:
    full, this_time, signalled, failed, stopped = (Drained() for _ in range(5))
    full.record.is_full = True
    this_time.end_of_this_time = KNOWN
    signalled.shutdown.signal = 2
    signalled.shutdown.wake.set()
    first = DatabaseUnavailable("away", remedy="wait")
    failed.stops.fail(None)
    assert not failed.stops.is_ending()
    failed.stops.fail(first)
    failed.stops.fail(ConfigError("later", remedy="mend it"))
    stopped.stops.stop(None)
    assert not stopped.stops.is_ending()
    stopped.stops.stop(KNOWN)
    assert [one.stops.is_ending() for one in (full, this_time, signalled, failed, stopped)] == [True] * 5
    assert (full.stops.stopped, this_time.stops.left, this_time.stops.stopped) == (FULL, KNOWN, None)
    assert (failed.stops.failure, signalled.stops.is_interrupted) == (first, True)


def test_a_run_and_both_clusters_of_a_failure_are_told_of_once_they_are_stopped() -> None:
    drained = Drained(max_timeouts_per_run=2, max_repeats=3)
    drained.progress = Progress(timeouts={"r": 2, "s": 9}, repeats={BOOM: 3, BANG: 3})
    parked = "Parking every phase that failed the same way: stop.max_repeats None False"
    assert drained.note() == ["run r: stop.max_timeouts_per_run", parked, parked]
    assert drained.note(after=BOOM) == ["run r: stop.max_timeouts_per_run", parked]
    assert drained.note(ok=True) == ["run r: stop.max_timeouts_per_run"]
    drained.progress = Progress(timeouts={"r": 1}, repeats={BOOM: 2, BANG: 3})
    assert drained.note() == [parked]


def test_a_failure_that_people_know_is_told_to_be_known_unless_it_is_tried_again() -> None:
    drained = Drained()
    drained.known.skip_of = lambda _: KNOWN
    assert drained.note() == ["r / p failed in a known way, accepted: known (ann)"]
    assert drained.note(waits=True) == drained.note(ok=True) == []


@pytest.mark.parametrize(("is_first", "facts", "is_stopped"), [
    (True, {}, True), (True, {"waits": True}, False), (True, {"ok": True}, False), (False, {}, False),
])  # fmt: skip
def test_the_first_failure_that_is_final_stops_a_session_that_asks_for_it(
    is_first: bool, facts: dict[str, Any], is_stopped: bool
) -> None:
    drained = Drained(is_first=is_first)
    drained.note(**facts)
    assert drained.stops.stopped == (Skip("--stop-on-first-failure", "r / p") if is_stopped else None)


@pytest.mark.parametrize(
    ("size", "canary", "facts", "alive", "is_dead"),
    [
        (5, True, {"ok": True}, {BOOM: 1}, False),
        (5, True, {}, {}, True),
        (5, True, {"waits": True}, {}, False),
        (4, True, {}, {}, False),
        (5, True, {"before": BANG}, {}, False),
        (5, True, {"before": ""}, {}, False),
        (5, False, {}, {}, False),
    ],
)
def test_a_phase_of_a_big_cluster_is_its_canary(
    size: int, canary: bool, facts: dict[str, Any], alive: dict[str, int], is_dead: bool
) -> None:
    drained = Drained(size=size, canary=canary)
    drained.note(**facts)
    found = drained.counts.progress()
    assert (dict(found.canaries), BOOM in found.dead_canaries) == (alive, is_dead)


@pytest.mark.parametrize(
    ("running", "successes", "is_full"), [(0, 0, False), (1, 0, True), (1, 1, False), (2, 2, True), (3, 3, False)]
)
def test_a_big_cluster_is_full_once_as_many_run_as_its_canaries_bear(running: int, successes: int, is_full: bool) -> None:
    drained = Drained(size=5, canary=True)
    drained.progress = Progress(canaries={BOOM: successes})
    side_by_side = Counter({BOOM: running, BANG: 9})
    assert drained.stops.full_clusters(lambda: side_by_side) == ({BOOM} if is_full else set())
    assert not Drained(size=5).stops.full_clusters(lambda: side_by_side)


def rows(outage_after: int, *codes: int, waits: bool = False) -> tuple[str, int]:
    drained = Drained(outage_after=outage_after)
    for number, code in enumerate(codes):
        drained.note(ok=code == 0, code=code, waits=waits, before=f"reason {'abcdef'[number]}")
    return drained.counts.row.fingerprint, drained.counts.row.length


def test_equal_failures_of_unlike_phases_make_a_row_and_what_speaks_of_an_outage_does_not() -> None:
    assert rows(0, 1, 1, 1) == (BANG, 3)
    assert rows(0, 1, 1, 1, waits=True) == ("", 0)
    assert rows(0, 1, 1, 0) == ("", 0)
    assert rows(0, 75, 75) == (BANG, 2)
    assert rows(3, 75, 75) == ("", 0)
    assert rows(3, 1, 1, 75) == ("", 0)


@pytest.mark.parametrize(("rule", "chain", "is_idle"), [
    ("stop.max_total_minutes", None, True), ("stop.max_total_minutes", "c", True), ("stop.same_new_failure", None, False),
    ("stop.same_new_failure", "c", False), ("--stop-on-first-failure", None, True), ("--stop-on-first-failure", "c", False),
])  # fmt: skip
def test_a_stop_where_nothing_is_left_keeps_nothing_back_but_for_what_a_chain_has_yet(
    rule: str, chain: str | None, is_idle: bool
) -> None:
    assert is_idle_stop(Skip(rule, ""), Session(session_id="s", started_at=NOW, chain_uid=chain)) is is_idle


def test_what_is_known_is_read_at_the_first_failure_and_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [1_000.0, 1_059.9, 1_060.0, 1_120.0, 1_200.0]
    clock, reads = iter(moments), list[float]()
    now = 0.0

    def monotonic() -> float:
        nonlocal now
        now = next(clock)
        return now

    monkeypatch.setattr(known_room, "monotonic", monotonic)
    accepted = Acceptances([Acceptance(subject=Subject(run_id="r"), reason="known", by="ann")])

    def read() -> Acceptances | None:
        reads.append(now)
        if now == 1_120.0:
            raise DatabaseUnavailable("away", remedy="wait")
        return accepted if now < 1_200.0 else None

    known = KnownFailures(read, 60.0)
    found = [known.skip_of(attempt()) for _ in moments]
    assert reads == [1_000.0, 1_060.0, 1_120.0, 1_200.0]
    assert found == [KNOWN] * 4 + [None]


def planned(*names: str, **facts: Any) -> Plan:
    phases = [Phase(run_id=name, phase_id="p", phase_index=0, state=PhaseState.FAILED) for name in names]
    chosen = tuple(Planned(choice=Choice(phase=phase, reason=""), limit=LIMIT) for phase in phases)
    return Plan(phases=chosen, remainder=Remainder(), **{"room": 9, **facts})


@pytest.mark.parametrize(
    ("made", "before", "asked", "rules", "room"),
    [
        ("ab", None, {}, [], 9),
        ("ab", None, {"first": True}, ["--stop-on-first-failure"], 9),
        ("a", None, {"first": True}, [], 9),
        ("a", "b", {"first": True}, ["--stop-on-first-failure"], 9),
        ("", "ab", {"first": True}, [], 9),
        ("", None, {}, [], 0),
        ("", "", {}, [], 0),
        ("a", "b", {"queued": True}, ["stop.x"], 9),
        ("", "b", {"queued": True}, [], 9),
        ("a", "b", {}, [], 9),
        ("ab", None, {"first": True, "failures": 1}, ["--stop-on-first-failure", "stop.max_consecutive_failures"], 9),
    ],
)
def test_a_dry_run_names_what_may_end_the_drain_before_the_plan_is_done(
    made: str, before: str | None, asked: dict[str, Any], rules: list[str], room: int
) -> None:
    off = {"max_timeouts_per_run": 0, "max_repeats": 0, "same_new_failure": 0}
    stop = {**off, "skip_runs_with_queued": asked.get("queued", False), "max_consecutive_failures": asked.get("failures", 0)}
    request = DrainRequest(
        kind=Kind.FAILED, filters=Filters(), settings=Settings.model_validate({"stop": stop}),
        stop_on_first_failure=asked.get("first", False),
    )  # fmt: skip
    backlog: Any = SimpleNamespace(size_of=lambda _: 0)
    first = None if before is None else planned(*before, may_end_by=("stop.x",))
    found = name_early_ends(planned(*made), request, Progress(), backlog, first)
    assert (list(found.may_end_by), found.room) == (rules, room)


def test_the_minutes_of_one_go_are_counted_from_its_begin() -> None:
    less = Narrowing(limits={"--max-total-minutes": 1.5}, begun=1_000.0)
    assert (less.minutes, less.deadline) == (1.5, 1_090.0)
    assert (Narrowing().minutes, Narrowing().deadline, Narrowing().find_end()) == (0.0, None, None)
    assert str(Narrowing(limits={"--max-total-minutes": 1}, begun=-1e9).find_end()) == (
        "--max-total-minutes: 1 minute of this time is over"
    )
    assert Narrowing(limits={"--max-total-minutes": 1}, begun=1e18).find_end() is None


@pytest.mark.parametrize(("less", "leaves_out"), [
    (Narrowing(), False), (Narrowing(filters=Filters(run_id="r")), True), (Narrowing(batch_size=1), False),
    (Narrowing(limits={"--max-repeats": 1}), True), (Narrowing(limits={"--max-timeouts-per-run": 1}), True),
    (Narrowing(limits={"--workers": 1, "--max-attempts": 1, "--max-total-minutes": 1}), False),
])  # fmt: skip
def test_only_what_selects_may_leave_phases_out(less: Narrowing, leaves_out: bool) -> None:
    assert less.may_leave_out is leaves_out


def test_the_size_of_one_go_shrinks_by_what_was_taken_and_never_below_nothing() -> None:
    assert [Narrowing(batch_size=size).after(3).batch_size for size in (None, 5, 3, 2)] == [None, 2, 0, 0]


def test_a_session_that_goes_on_counts_what_its_earlier_tries_spent_and_that_there_were_some() -> None:
    session = Session(session_id="s", started_at=NOW)
    tried = Result(run_id="r", phase_id="p", earlier=Spent(attempts=2, duration_s=4.0, metrics={"t": 5.0, "u": 1.0}))
    base: dict[str, Any] = {"session": session, "request": None, "most": None, "retries": (), "put_off": 0,
                            "skipped": Counter(), "torn": False}  # fmt: skip
    found = Resumption(**{**base, "session": session.model_copy(update={"results": [tried]})}).count()
    assert (found.is_tried_again, dict(found.progress().spent)) == (True, {"t": 5.0, "u": 1.0})
    assert (found.attempts, found.attempts_s) == (2, 4.0)
    assert Resumption(**base, is_tried_again=True).count().is_tried_again
    (before := ResultCounts()).is_tried_again = True
    assert Resumption(**base).count(before).is_tried_again
    assert not Resumption(**base).count().is_tried_again
