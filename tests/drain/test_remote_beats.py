"""When a controller asks the workers of other machines, and when it beats, on one clock that nobody waits for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.config.settings import Command, Settings
from batchdrain.drain.engine import remote_heartbeat
from batchdrain.drain.engine.remote_heartbeat import RemoteHeartbeat, make_remote
from batchdrain.model.claim import Claim
from batchdrain.model.errors import FilesUnavailable
from tests.drain.test_remote_heartbeat import GRACE_S, LEASE, Fleet, claim

LOOK_MS = 200
DELIVERY = SimpleNamespace(call=None, terms=SimpleNamespace(session="s"), is_told=True)


class Beating(Fleet):
    """A fleet whose thread is this one: it looks every 200 ms, and the words and the database take no time."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        super().__init__(patch)
        self.log: list[tuple[int, str]] = []  #: what was done, at which ms since the beginning
        self.steps: dict[int, Callable[[], object]] = {}  #: what happens at which ms
        self.until_ms = 0
        self.begun_ms = self.now_ms
        self.heart._over = cast("Any", SimpleNamespace(wait=self.look))
        self.heart._presence = cast("Any", SimpleNamespace(beat=lambda held: self.note(f"presence of {len(held)}")))

    def note(self, what: str) -> None:
        self.log.append((self.now_ms - self.begun_ms, what))

    def tell(self, _: object, message: bytes) -> list[bytes]:
        self.note("ask")
        now_ms = self.now_ms
        found = super().tell(_, message)
        self.now_ms = now_ms
        return found

    def beat(self, claims: Iterable[Claim], *, lease_s: float) -> list[Claim]:
        self.note("beat")
        now_ms = self.now_ms
        try:
            return super().beat(claims, lease_s=lease_s)
        finally:
            self.now_ms = now_ms

    def look(self, seconds: float) -> bool:
        assert seconds == LOOK_MS / 1000
        self.now_ms += LOOK_MS
        at_ms = self.now_ms - self.begun_ms
        for step in [step for ms, step in self.steps.items() if at_ms - LOOK_MS < ms <= at_ms]:
            step()
        return at_ms >= self.until_ms

    def run(self, until_ms: int) -> list[tuple[int, str]]:
        self.until_ms = until_ms
        self.heart._beat_on()
        return self.log

    def when(self, what: str) -> list[int]:
        return [ms for ms, one in self.log if one == what]


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> Beating:
    found = Beating(monkeypatch)
    found.heart.hold(claim("a"))
    return found


def test_the_first_beat_is_sent_at_once_the_next_one_soon_and_the_others_as_they_are_set(fleet: Beating) -> None:
    log = fleet.run(16_000)
    assert log[:4] == [(0, "ask"), (0, "beat"), (0, "presence of 1"), (0, "ask")], "a beat is between two words"
    assert fleet.when("beat") == fleet.when("presence of 1") == [0, 600, 5_600, 10_600, 15_600]
    assert fleet.when("ask") == [
        0, 0, 600, 600, 2_600, 4_600, 5_600, 5_600, 7_600, 9_600, 10_600, 10_600, 12_600, 14_600, 15_600, 15_600,
    ]  # fmt: skip


def test_a_beat_that_was_not_taken_is_repeated_after_a_second_and_nobody_is_told_of_life(fleet: Beating) -> None:
    fleet.away = True
    fleet.steps = {2_500: lambda: vars(fleet).update(away=False)}
    fleet.run(4_600)
    assert (fleet.when("beat"), fleet.when("presence of 1")) == ([0, 1_000, 2_000, 3_000], [3_000])


def test_a_signal_is_told_within_a_look_and_as_long_as_it_holds(fleet: Beating) -> None:
    fleet.steps = {1_100: fleet.heart.interrupt}
    fleet.run(2_200)
    assert fleet.when("ask") == [0, 0, 600, 600, 1_200, 1_400, 1_600, 1_800, 2_000]
    assert [one["say"] for one in fleet.told] == [""] * 4 + ["T"] * 5


def test_a_process_that_is_heard_of_for_the_first_time_gets_its_deadline_at_once(fleet: Beating) -> None:
    fleet.is_cut_off = True
    fleet.steps = {1_000: lambda: vars(fleet).update(is_cut_off=False)}
    fleet.run(4_800)
    assert fleet.when("ask") == [0, 0, 600, 600, 2_600, 2_600, 4_600]
    assert [sorted(one["grants"]) for one in fleet.told] == [[], [], [], [], [], ["w"], ["w"]]


def test_only_an_engine_whose_workers_hear_is_beaten_for_by_word() -> None:
    settings = Settings.model_validate({"command": {"argv": ["true"], "grace_s": GRACE_S}})
    claims, presence = cast("Any", "claims"), cast("Any", "presence")
    told, deaf = cast("Any", DELIVERY), cast("Any", SimpleNamespace(**{**vars(DELIVERY), "is_told": False}))
    tell = cast("Any", lambda *_: [])
    assert [make_remote(claims, settings, one, of, presence) for one, of in ((None, told), (tell, None), (tell, deaf))] == [
        None
    ] * 3
    found = make_remote(claims, settings, tell, told, presence)
    assert found is not None
    assert (found._claims, found._tell, found._presence) == (claims, tell, presence)
    for limit_s in (1.0, 9_000.0):
        assert found.lease_s(limit_s) == settings.lease.ttl_s


def test_its_thread_is_begun_once_and_left_soon_whatever_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[object] = []
    thread = SimpleNamespace(join=waited.append)
    begun: list[tuple[Any, str]] = []

    def begin(work: Any, name: str) -> Any:
        begun.append((work, name))
        return thread

    monkeypatch.setattr(remote_heartbeat, "begin", begin)
    heart = RemoteHeartbeat(cast("Any", None), LEASE, Command(grace_s=GRACE_S), cast("Any", None), cast("Any", DELIVERY))
    heart.stop()
    assert waited == []
    for _ in range(2):
        heart.begin()
    assert begun == [(heart._beat_on, "heartbeat")]
    heart.stop()
    assert (waited, heart._over.is_set()) == ([1.0], True)


def test_an_engine_that_raises_is_heard_as_if_nobody_answered(fleet: Beating) -> None:
    def fail(*_: object) -> list[bytes]:
        raise FilesUnavailable("x", remedy="y")

    fleet.heart._tell = cast("Any", fail)
    fleet.heart.ask()
    assert fleet.heart.answer_of("a") is None
