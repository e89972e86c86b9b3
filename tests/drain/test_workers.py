"""How long workers wait, in which order they tell what begins, and what becomes of an order whatever its engine does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain import workers as room
from batchdrain.drain.engine.orders import Left
from batchdrain.drain.in_flight import Ended
from batchdrain.drain.workers import Workers
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.model.errors import FilesUnavailable
from batchdrain.model.phase import Skip
from tests.drain.judging import ending
from tests.drain.working import Working, runs_of

OK = ending(exit_code=0)
HELD = Left(why="its processes can't be ended", until="12:00")
ANEW = "what was not executed was released; `inv resume` continues with a new engine"


@pytest.fixture
def it(monkeypatch: pytest.MonkeyPatch) -> Working:
    return Working(monkeypatch)


@pytest.mark.parametrize(
    ("has_pool", "guardian", "first", "last"),
    [
        (True, "watcher", ["watcher watches t.1"], ["another guardian"]), (True, None, [], ["another guardian"]),
        (False, "watcher", [], []), (False, None, [], []),
    ],
)  # fmt: skip
def test_a_guardian_watches_a_command_from_before_it_begins_and_what_is_told_is_told_while_it_runs(
    it: Working, has_pool: bool, guardian: str | None, first: list[str], last: list[str]
) -> None:
    if has_pool:
        it.capabilities.pool = SimpleNamespace(
            assign=lambda who, token: it.asked.append(f"{who} watches {token}"),
            prepare=lambda: it.asked.append("another guardian"),
        )
    it.workers.execute(it.claimed(guardian=guardian))
    assert it.asked == [*first, "submitted", "claimed r / p", "started r t.1 timeout.default_s", "settled", *last]


@pytest.mark.parametrize(
    ("second", "has_failed"),
    [(OK, False), (ending(exit_code=3), True), (ending(EndedBy.TIMEOUT, exit_code=None), True)],
)
def test_an_end_that_is_not_yielded_yet_is_known_to_have_failed_and_its_cluster_stays_held(
    it: Working, second: Ending, has_failed: bool
) -> None:
    it.orders.answers = {"a": OK, "b": second}
    for future in it.begin("a", "b"):
        future.set_result(None)
    seen = [(it.workers.have_failed(), it.workers.side_by_side().total()) for _ in it.workers.ended(0.0)]
    assert seen == [(has_failed, 1), (False, 0)]


def test_while_another_result_waits_to_be_recorded_nothing_is_brought_to_disk_for_a_start(it: Working) -> None:
    [future] = it.begin("a")
    future.set_result(None)
    it.workers.execute(it.claimed("b"))
    assert it.asked == ["submitted", "claimed b / p", "started b t.1 timeout.default_s"]


def test_that_a_command_has_ended_is_known_before_anybody_waits(it: Working) -> None:
    [future] = it.begin("r")
    assert not it.workers.have_ended()
    future.set_result(None)
    assert it.workers.have_ended()


def test_of_two_ends_the_second_is_known_while_the_first_is_recorded_and_none_after_it(it: Working) -> None:
    it.orders.answers = {"a": OK, "b": OK}
    for future in it.begin("a", "b"):
        future.set_result(None)
    assert [it.workers.have_ended() for _ in it.workers.ended(0.0)] == [True, False]


def test_what_is_lost_is_held_and_keeps_its_run_busy_but_no_worker(it: Working) -> None:
    it.begin("a", "b")
    it.lose("c")
    it.workers.postpone(Ended(running=it._prepare(it.claimed("d")), ending=OK, row_state=None))
    assert (len(it.workers), it.workers.occupied, it.workers.busy_runs) == (4, 3, set("abcd"))
    assert it.workers.side_by_side() == {"": 4}
    assert [one.scheduled.run_id for one in it.workers.running] == ["a", "b"]


@pytest.mark.parametrize(
    ("held", "timeout_s", "waits"),
    [
        ("", None, []), ("", 9.0, [9.0]), ("settling", None, [0.1]), ("settling", 9.0, [0.1]), ("settling", 0.05, [0.05]),
        ("locked", None, [0.5]), ("locked", 9.0, [0.5]), ("locked", 0.05, [0.05]), ("locked settling", 9.0, [0.1]),
        ("lost", None, [0.3]), ("lost", 9.0, [0.3]), ("lost", 0.05, [0.05]), ("found", None, [0.0]), ("found", 9.0, [0.0]),
    ],
)  # fmt: skip
def test_without_a_command_that_runs_it_waits_for_what_may_end_by_itself(
    it: Working, held: str, timeout_s: float | None, waits: list[float]
) -> None:
    one = it._prepare(it.claimed("r"))
    it.orders.poll_s = 0.3
    if "settling" in held:
        it.settles = True
        it.workers._found.append((one, OK))
        it.ended(0.0)
    if "locked" in held:
        it.workers.postpone(Ended(running=one, ending=OK, row_state=None))
    if "lost" in held:
        it.lose("r")
    if "found" in held:
        it.workers._found.append((one, OK))
    it.ended(timeout_s)
    assert (it.pauses, it.waits) == (waits, [])


@pytest.mark.parametrize(("poll_s", "timeout_s", "waits"), [(0.3, None, [0.3]), (0.3, 0.2, [0.2]), (None, 0.2, [0.2])])
def test_an_engine_that_tells_nothing_by_itself_is_looked_at_as_often_as_it_wants(
    it: Working, poll_s: float | None, timeout_s: float | None, waits: list[float]
) -> None:
    it.begin("r")
    it.orders.poll_s = poll_s
    assert (it.ended(timeout_s), it.waits, it.pauses) == ([], waits, [])


def test_after_a_signal_another_one_ends_no_wait_which_is_short_then(it: Working) -> None:
    it.stops.is_interrupted = True
    it.ended(9.0)
    it.workers._pause(0.2)
    assert it.pauses == [-0.5, -0.2]


def test_a_long_wait_is_made_of_short_ones_between_which_a_signal_and_a_stop_are_told(it: Working) -> None:
    it.begin("r")
    it.stops.stopped = Skip("stop.max_failures", "3")
    assert it.ended(1.2) == []
    assert it.waits == [0.5, 0.5, pytest.approx(0.2)]
    told = ["tells 0 1", "tells of a stop to 1"]
    assert it.asked[:5] == [*told, *told, "tells 0 1"]


@pytest.mark.parametrize("what", ["an end", "news"])
def test_a_wait_for_ever_ends_with_the_first_end_or_request(it: Working, what: str) -> None:
    [future] = it.begin("r")
    it.orders.answers = {"r": OK}

    def happens(number: int) -> None:
        if number == 3 and what == "news":
            it.stops.has_news = True
        elif number == 3:
            future.set_result(None)

    it.at_wait = happens  # type: ignore[method-assign]
    found = it.ended(None)
    assert (runs_of(found), it.waits) == (["r"] if what == "an end" else [], [0.5] * 3)


def test_a_wait_of_no_time_is_one_look(it: Working) -> None:
    it.begin("r")
    it.ended(0.0)
    it.ended(-1.0)
    assert it.waits == [0.0]


def test_orders_are_looked_at_while_nothing_ends_and_else_now_and_then(it: Working) -> None:
    """An engine that ends many commands a second would else be asked of all the others each time."""
    futures = it.begin(*"abcd")
    it.orders.answers = dict.fromkeys("abcd", OK)
    looks = []
    for step_s, ends in ((0.0, 0), (0.0, None), (0.1, 1), (0.05, 2), (0.1, 3)):
        it.now += step_s
        if ends is not None:
            futures[ends].set_result(None)
        it.asked.clear()
        it.ended(0.0)
        looks.append("looks" in it.asked)
    assert looks == [True, True, False, False, True]


def test_what_a_look_finds_has_ended_or_is_left_and_the_others_run_on(it: Working) -> None:
    it.begin(*"abc")
    it.lose("d")
    it.orders.looked = {"a": OK, "b": HELD}
    found = it.ended(0.0)
    assert runs_of(found) == ["a"]
    assert [one.scheduled.run_id for one in it.workers.running] == ["c"]
    assert it.asked[-2:] == [
        "held",
        "notice: b / p stays held until 12:00, or until its end is found: its processes can't be ended; `inv recover` settles it",
    ]
    assert [error.message for error in it.failures] == ["batchdrain.engine: its processes can't be ended"]
    assert it.failures[0].remedy == ANEW


def test_a_future_that_tells_nothing_leaves_its_order_to_a_later_look_and_a_stranger_is_nothing(it: Working) -> None:
    futures = it.begin("a", "b")
    it.orders.answers = {"a": None, "b": OK}
    for future in futures:
        future.set_result(None)
    it.done.ended.insert(0, it.orders.submit(it._prepare(it.claimed())))
    assert runs_of(it.ended(0.0)) == ["b"]
    assert (it.failures, [one for one in it.asked if "held" in one]) == ([], [])


def test_a_phase_that_stays_held_after_a_signal_is_told_and_is_no_fault_of_the_engine(it: Working) -> None:
    it.stops.is_interrupted = True
    it.workers._leave(it._prepare(it.claimed()), Left(why="it may run on"))
    assert (it.failures, it.asked) == (
        [], ["held", "notice: r / p stays held: it may run on; `inv recover` settles it"],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("refusal", "ended", "held"),
    [
        (Ending(by=EndedBy.NOT_TAKEN, message="full"), ["r"], False),
        (Left(why="it may start later"), [], True),
        (None, [], False),
    ],
    ids=["withdrawn", "not withdrawn", "nobody knows"],
)
def test_an_engine_that_takes_no_order_ends_the_drain_and_gives_back_what_surely_does_not_begin(
    it: Working, refusal: Any, ended: list[str], held: bool
) -> None:
    it.orders.refusal, it.settles = (RuntimeError("no room"), refusal), True
    it.workers.execute(it.claimed())
    assert "refused: RuntimeError: no room" in it.asked
    assert it.failures[0].message == "batchdrain.engine: it takes no commands: RuntimeError: no room"
    assert it.failures[0].remedy == ANEW
    assert ("held" in it.asked, it.workers.running) == (held, [])
    assert runs_of(it.ended(None)) == ended, "there is nothing to settle"


def test_at_the_end_all_is_ended_told_and_awaited_as_often_as_the_engine_wants_whatever_the_screen_says(it: Working) -> None:
    [future] = it.begin("a")
    it.lose("b")
    it.orders.answers, it.orders.poll_s = {"a": OK}, 0.3
    it.notice_fails = FilesUnavailable("full", remedy="free some")

    def happens(number: int) -> None:
        if number == 2:
            future.set_result(None)
        if number == 4:
            it.orders.lost.clear()

    it.at_wait = happens  # type: ignore[method-assign]
    found = list(it.workers.end_all())
    assert it.asked[:3] == ["interrupts", "tells of an error to 1", "leaves"]
    assert (runs_of(found), it.waits, len(it.workers)) == (["a"], [0.3] * 4, 0)


def test_what_settles_is_given_once_its_time_is_over_counted_from_its_first_look(it: Working) -> None:
    [future] = it.begin("r")
    it.orders.answers, it.settles = {"r": OK}, True
    future.set_result(None)
    assert it.ended(0.0) == []
    it.now += 4.75
    assert it.ended(0.0) == []
    it.now += 0.25
    [found] = it.ended(0.0)
    assert found.row_state is not None
    assert (found.row_state.state, found.ending) == ("EXECUTING", OK)


def test_the_workers_of_a_session_read_rows_as_its_own_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    made = list[Any]()
    monkeypatch.setattr(room, "RowStates", lambda *given: made.append(given))
    monkeypatch.setattr(Workers, "__init__", lambda self, *given: made.append(given))
    store = SimpleNamespace(read_row_state="reads")
    it: Any = SimpleNamespace(
        request=SimpleNamespace(settings=SimpleNamespace(command="its command")), project=SimpleNamespace(store=store)
    )
    services: Any = SimpleNamespace(claims=SimpleNamespace(tables=SimpleNamespace(intermediate="words")), outage="outage")
    recorder: Any = "recorder"
    stops: Any = "stops"
    Workers.of_session(it, services, recorder, stops)
    assert made == [("its command", "reads", "words", "outage"), (it, services, None, "recorder", "stops")]


@pytest.mark.parametrize("is_foreign", [True, False])
def test_a_foreign_engine_that_closes_a_standard_stream_takes_it_from_no_file(
    it: Working, monkeypatch: pytest.MonkeyPatch, is_foreign: bool
) -> None:
    kept = list[str]()

    @contextlib.contextmanager
    def keep() -> Iterator[None]:
        kept.append("begun")
        yield
        kept.append("ended")

    monkeypatch.setattr(room, "keep_standard_streams", keep)
    monkeypatch.setattr(it.orders, "is_foreign", is_foreign)
    it.begin("r")
    assert kept == (["begun", "ended"] if is_foreign else [])
