"""What a process of a worker does with what its controllers tell: each command is ended in time, and each end is told until it was heard."""

from __future__ import annotations

import threading
import time
from typing import Any, cast

import pytest

from batchdrain.execution.guardian import wire
from batchdrain.execution.worker import duties
from batchdrain.execution.worker.duties import Duties
from tests.support.workplace import DEADLINE_S, wait_for

LATER_MS = 60_000


class Line:
    """A guardian, as far as it is told something."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def extend(self, deadline_ms: int) -> None:
        self.told.append(deadline_ms)

    def end(self, *, kill: bool) -> None:
        self.told.append("K" if kill else "T")


def beat(**given: Any) -> dict[str, Any]:
    return {"session": "s", "heard": [], "wants": [], "starve": [], "kill": [], "say": "", "grants": {}, **given}


def begun(own: Duties, token: str, *, session: str = "s", leased: bool = True) -> tuple[Line, int | None]:
    line = Line()
    return line, own.begin(session, token, cast("Any", line), leased=leased)


@pytest.fixture
def own() -> Duties:
    return Duties()


def test_a_command_begins_with_the_deadline_of_its_session_and_gets_later_ones_alone(own: Duties) -> None:
    own.heed(beat(grants={"me": 5_000, "another": 9_000}), "me")
    line, deadline_ms = begun(own, "a")
    for granted in (5_000, 4_000, 7_000, 6_000):
        own.heed(beat(grants={"me": granted}), "me")
    assert (deadline_ms, line.told) == (5_000, [7_000])


def test_what_is_under_no_lease_has_no_deadline(own: Duties) -> None:
    assert begun(own, "a", leased=False)[1] is None


def test_what_is_starved_begins_with_a_lease_that_is_over_and_is_fed_no_more(own: Duties) -> None:
    fed, _ = begun(own, "fed")
    own.heed(beat(starve=["hungry"], grants={"me": 5_000}), "me")
    hungry, deadline_ms = begun(own, "hungry")
    own.heed(beat(starve=["hungry"], grants={"me": 6_000}), "me")
    assert (deadline_ms, hungry.told, fed.told) == (0, [], [5_000, 6_000])


def test_the_second_word_kills_what_the_first_one_was_to_end(own: Duties) -> None:
    line, _ = begun(own, "a")
    other, _ = begun(own, "b", session="another")
    for say in ("", "T", "T", "K", "K", "T", ""):
        own.heed(beat(say=say), "me")
    assert (line.told, other.told) == (["T", "K"], [])
    assert begun(own, "late")[0].told == ["K"], "a T that was under way for long takes nothing back"


@pytest.mark.parametrize(("say", "told"), [("T", ["T"]), ("K", ["K"])])
def test_what_begins_after_such_a_word_is_ended_at_once(own: Duties, say: str, told: list[str]) -> None:
    own.heed(beat(say=say), "me")
    assert begun(own, "late")[0].told == told


@pytest.mark.parametrize(("signals", "last"), [([False], "T"), ([False, True], "K"), ([True, False], "K")])
def test_a_signal_to_the_process_ends_every_session_and_what_begins_later(
    own: Duties, signals: list[bool], last: str
) -> None:
    lines = [begun(own, name, session=name)[0] for name in ("s", "another")]
    for kill in signals:
        own.interrupt(kill=kill)
    late, _ = begun(own, "late", session="third")
    assert [line.told[-1] for line in (*lines, late)] == [last] * 3


def test_only_what_is_ours_no_more_is_killed(own: Duties) -> None:
    kept, lost = begun(own, "kept")[0], begun(own, "lost")[0]
    own.heed(beat(kill=["lost", "unknown"]), "me")
    assert (kept.told, lost.told) == ([], ["K"])


def test_an_end_is_told_again_and_again_until_it_was_heard(own: Duties) -> None:
    begun(own, "a")
    assert own.heed(beat(), "me")["runs"] == ["a"]
    own.end("s", "a", {"kind": "ended"})
    asked = own.heed(beat(wants=["a"]), "me")
    again = own.heed(beat(wants=["a", "b"]), "me")
    heard = own.heed(beat(heard=["a"], wants=["a"]), "me")
    assert [(one["runs"], one["over"], one["ended"]) for one in (asked, again, heard)] == [
        ([], ["a"], {"a": {"kind": "ended"}}),
        ([], ["a"], {"a": {"kind": "ended"}}),
        ([], [], {}),
    ]


def test_nothing_begins_before_its_controller_was_heard_of_nor_after_it_withdrew(own: Duties) -> None:
    assert "was not heard of for 0.01 s" in own.await_grant("s", "a", 0.01)
    own.heed(beat(grants={"me": wire.boottime_ms() - 1}), "me")
    assert "was not heard of for 0.01 s" in own.await_grant("s", "a", 0.01), "that deadline is over"
    own.heed(beat(grants={"me": wire.boottime_ms() + LATER_MS}, starve=["hungry"]), "me")
    assert own.await_grant("s", "a", 0.01) == ""
    assert own.await_grant("s", "hungry", 0.01) == "the drain has withdrawn it"
    own.heed(beat(say="T"), "me")
    assert own.await_grant("s", "a", 0.01) == "the drain has withdrawn it"


def test_a_session_is_forgotten_once_nothing_of_it_is_here_and_its_controller_is_long_gone(own: Duties) -> None:
    line, _ = begun(own, "runs", session="busy")
    own.end("idle", "ended", {"kind": "ended"})
    own.await_grant("waited", "in vain", 0.0)
    for session in own._sessions.values():
        session.heard_at -= duties._FORGOTTEN_AFTER_S + 1
    own.heed(beat(), "me")
    assert sorted(own._sessions) == ["busy", "s"]
    running = own._sessions["busy"].running
    assert running == {"runs": cast("Any", line)}, "its controller may come back, and it is to be ended with the process"
    assert own.heed(beat(session="idle"), "me")["over"] == []
    assert own.heed(beat(session="busy"), "me")["runs"] == ["runs"]


def test_a_session_that_nothing_was_told_of_has_no_deadline(own: Duties) -> None:
    assert begun(own, "a")[1] == 0
    assert own.heed(beat(), "me")["ended"] == {}


def await_grant(own: Duties, token: str, found: list[str]) -> None:
    found.append(own.await_grant(token, token, DEADLINE_S))


@pytest.mark.parametrize(
    ("token", "told", "why"),
    [
        ("granted", {"grants": {"me": 1 << 52}}, ""),
        ("starved", {"starve": ["starved"]}, "the drain has withdrawn it"),
        ("ended", {"say": "T"}, "the drain has withdrawn it"),
    ],
)
def test_who_waits_hears_of_a_grant_and_of_a_word_at_once(own: Duties, token: str, told: dict[str, Any], why: str) -> None:
    found = list[str]()
    waiting = threading.Thread(target=await_grant, args=(own, token, found))
    waiting.start()
    wait_for(lambda: token in own._sessions and token in own._sessions[token].waiting, "it to wait")
    own.heed(beat(session=token, **told), "me")
    waiting.join(DEADLINE_S / 2)
    assert (found, own._sessions[token].waiting) == ([why], set())


@pytest.mark.parametrize(("boot_ms", "why"), [(4_999, ""), (5_000, "its controller was not heard of for 0 s")])
def test_nothing_begins_at_the_end_of_its_lease(own: Duties, monkeypatch: pytest.MonkeyPatch, boot_ms: int, why: str) -> None:
    monkeypatch.setattr(wire, "boottime_ms", lambda: boot_ms)
    assert own.heed(beat(grants={"me": 5_000}), "me")["boot_ms"] == boot_ms
    assert own.await_grant("s", "a", 0.0) == why


@pytest.mark.parametrize(
    ("age_s", "runs", "waits", "is_forgotten"),
    [
        (3_601.0, False, False, True),
        (3_600.0, False, False, False),
        (3_601.0, True, False, False),
        (3_601.0, False, True, False),
    ],
)
def test_a_session_is_forgotten_after_an_hour_of_nothing(
    monkeypatch: pytest.MonkeyPatch, age_s: float, runs: bool, waits: bool, is_forgotten: bool
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 10_000.0 + age_s)
    session = duties.Session()
    session.heard_at = 10_000.0
    session.running = {"t": cast("Any", Line())} if runs else {}
    session.waiting = {"t"} if waits else set()
    assert session.is_forgotten() is is_forgotten


def test_of_what_only_its_future_tells_nothing_is_kept(own: Duties) -> None:
    begun(own, "a")
    own.end("s", "a", None)
    assert own.heed(beat(wants=["a"]), "me")["ended"] == {}
    assert own.heed(beat(), "me")["over"] == []


def test_a_signal_asks_first_and_a_kill_stays_one(own: Duties) -> None:
    line, _ = begun(own, "a")
    for kill in (False, False, True, False):
        own.interrupt(kill=kill)
    assert line.told == ["T", "T", "K", "K"]
    assert own._all_end == "K"
