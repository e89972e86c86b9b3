"""The deadline that a beat gives to the guardians."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.config.settings import Command, Lease
from batchdrain.drain import heartbeat
from batchdrain.model.claim import Claim
from batchdrain.model.errors import DatabaseUnavailable
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState

LEASE = Lease(ttl_s=60, beat_s=5, margin_s=5)
GRACE_S = 2.0
SLOW_MS = 40_000


class SlowClaims:
    """The reply to a beat comes late, by the machine's clock, which is ours."""

    def __init__(self, *, lost: bool = False, away: bool = False) -> None:
        self.now_ms, self.lost, self.away = 1_000, lost, away

    def beat(self, claims: list[Claim], *, lease_s: float) -> list[Claim]:
        assert lease_s == LEASE.ttl_s
        self.now_ms += SLOW_MS
        if self.away:
            raise DatabaseUnavailable("away", remedy="wait")
        return claims if self.lost else []


class GuardianPool:
    def __init__(self) -> None:
        self.told: list[object] = []

    def extend(self, token: str, deadline_ms: int) -> None:
        self.told.append((token, deadline_ms))

    def end(self, token: str) -> None:
        self.told.append((token, "end"))


def claim_named(token: str) -> Claim:
    phase = Phase(run_id="r", phase_id="p", phase_index=0, state=PhaseState.FAILED)
    return Claim(phase=phase, epoch=1, attempt=1, prior_state="FAILED", prior_reason=None, held_state="EXECUTING",
                 claimed_at=datetime(2026, 1, 1, tzinfo=UTC), token=token)  # fmt: skip


def beaten(claims: SlowClaims, patch: pytest.MonkeyPatch) -> list[object]:
    """What the guardians are told by one beat."""
    patch.setattr(heartbeat, "boottime_ms", lambda: claims.now_ms)
    pool = GuardianPool()
    ours = heartbeat.Heartbeat(cast("Any", claims), LEASE, Command(grace_s=GRACE_S), pool=None)
    ours.hold(claim_named("t"))
    ours.pool = cast("Any", pool)  # only now: so no thread beats beside the test
    assert ours.beat(cast("Any", pool)) is not claims.away
    return pool.told


def test_a_deadline_counts_from_before_the_beat_was_sent_however_late_its_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    """The database wrote the lease somewhere between the two: a command must be dead before the earliest end of it."""
    claims = SlowClaims()
    before_ms = claims.now_ms
    lasts_ms = round((LEASE.ttl_s - GRACE_S - LEASE.margin_s) * 1000)
    assert beaten(claims, monkeypatch) == [("t", before_ms + lasts_ms)]


def test_a_beat_that_the_database_did_not_take_extends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert beaten(SlowClaims(away=True), monkeypatch) == []


def test_a_claim_that_is_ours_no_more_is_ended_at_the_beat(monkeypatch: pytest.MonkeyPatch) -> None:
    assert beaten(SlowClaims(lost=True), monkeypatch) == [("t", "end")]


def test_a_claim_that_no_guardian_of_ours_watches_lasts_as_long_as_its_command_may() -> None:
    """Nobody here would end it in time, so nobody may take it before: its limit, its grace, what settles, and a lease."""
    command = Command(grace_s=GRACE_S, settle_s=7)
    elsewhere = heartbeat.Heartbeat(cast("Any", SlowClaims()), LEASE, command, pool=None)
    assert elsewhere.lease_s(600) == 600 + GRACE_S + 7 + LEASE.margin_s + LEASE.ttl_s
    assert elsewhere.deadline_ms(1_000) is None
    here = heartbeat.Heartbeat(cast("Any", SlowClaims()), LEASE, command, pool=cast("Any", GuardianPool()))
    assert here.lease_s(600) == LEASE.ttl_s


def test_the_thread_beats_again_and_again_also_after_a_beat_that_was_not_taken() -> None:
    beaten, enough = list[float](), threading.Event()

    class Claims:
        def beat(self, claims: list[Claim], *, lease_s: float) -> list[Claim]:
            beaten.append(lease_s)
            if len(beaten) == 3:
                enough.set()
            if len(beaten) == 1:
                raise DatabaseUnavailable("away", remedy="wait")
            return []

    lease = Lease(ttl_s=60, beat_s=0.01, margin_s=5)
    ours = heartbeat.Heartbeat(cast("Any", Claims()), lease, Command(grace_s=GRACE_S), pool=cast("Any", GuardianPool()))
    ours.begin()
    ours.begin()
    try:
        assert enough.wait(60)
    finally:
        ours.stop()
    assert set(beaten) == {60.0}


def test_one_thread_beats_and_none_where_there_is_no_guardian_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, joined = list[str](), list[float]()

    def begin(_: object, name: str) -> Any:
        begun.append(name)
        return SimpleNamespace(join=joined.append)

    monkeypatch.setattr(heartbeat, "begin", begin)
    with_guardians, without = (
        heartbeat.Heartbeat(cast("Any", SlowClaims()), LEASE, Command(grace_s=GRACE_S), pool=cast("Any", pool))
        for pool in (GuardianPool(), None)
    )
    without.begin()
    without.stop()
    assert (begun, joined) == ([], [])
    for _ in range(2):
        with_guardians.begin()
    with_guardians.stop()
    assert (begun, joined, with_guardians._over.is_set()) == (["heartbeat"], [60.0], True)


@pytest.mark.parametrize(("beat_s", "soon_s"), [(5, 1.0), (0.5, 0.5)])
def test_a_beat_that_the_database_did_not_take_is_tried_again_soon(
    monkeypatch: pytest.MonkeyPatch, beat_s: float, soon_s: float
) -> None:
    ours = heartbeat.Heartbeat(
        cast("Any", None), Lease(ttl_s=60, beat_s=beat_s, margin_s=5), Command(), pool=cast("Any", GuardianPool())
    )
    taken, waits = iter([True, False, False, True]), list[float]()

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return len(waits) == 5

    monkeypatch.setattr(ours, "beat", lambda _: next(taken))
    ours._over = cast("Any", SimpleNamespace(wait=wait))
    ours._beat_on()
    assert waits == [heartbeat.FIRST_S, beat_s, soon_s, soon_s, beat_s], "who asks at once what runs sees the first phase"


def test_what_is_held_is_beaten_until_it_is_dropped_and_what_was_not_held_can_be_dropped_too() -> None:
    asked = list[list[str]]()

    def beat(held: list[Claim], *, lease_s: float) -> list[Claim]:
        asked.append([claim.token for claim in held])
        return []

    claims = SimpleNamespace(beat=beat)
    pool = cast("Any", GuardianPool())
    ours = heartbeat.Heartbeat(cast("Any", claims), LEASE, Command(), pool=pool)
    first, second = claim_named("1"), claim_named("2")
    for step, claim in ((ours.hold, first), (ours.hold, second), (ours.drop, first), (ours.drop, first)):
        step(claim)
        ours.beat(pool)
    assert asked == [["1"], ["1", "2"], ["2"], ["2"]]
    assert ours.held == [second]


@pytest.mark.parametrize(
    ("has_pool", "taken", "told"), [(True, True, [["t"]]), (True, False, []), (False, False, [["t"]])],
    ids=["after the claims", "not where the database is away", "without guardians of ours"],
)  # fmt: skip
def test_the_sign_of_life_of_a_session_follows_each_beat_that_was_taken(
    monkeypatch: pytest.MonkeyPatch, has_pool: bool, taken: bool, told: list[list[str]]
) -> None:
    beats, begun, turns = list[list[str]](), list[str](), iter([False, True])
    presence = SimpleNamespace(beat=lambda held: beats.append([claim.token for claim in held]))
    pool = cast("Any", GuardianPool() if has_pool else None)
    ours = heartbeat.Heartbeat(cast("Any", None), LEASE, Command(), pool=pool, presence=cast("Any", presence))
    ours.hold(claim_named("t"))
    monkeypatch.setattr(heartbeat, "begin", lambda _, name: begun.append(name))
    ours.begin()
    monkeypatch.setattr(ours, "beat", lambda _: taken)
    ours._over = cast("Any", SimpleNamespace(wait=lambda _: next(turns)))
    ours._beat_on()
    assert (beats, begun) == (told, ["heartbeat"])


def test_the_first_beat_waits_no_longer_than_any_other() -> None:
    waits = list[float]()

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        return True

    ours = heartbeat.Heartbeat(cast("Any", None), Lease(ttl_s=60, beat_s=0.1, margin_s=5), Command(), pool=None)
    ours._over = cast("Any", SimpleNamespace(wait=wait))
    ours._beat_on()
    assert waits == [0.1]


def test_a_claim_is_made_within_what_surrounds_it_here_too() -> None:
    done = list[str]()
    with heartbeat.Heartbeat(cast("Any", None), LEASE, Command(), pool=None).claiming(1_000):
        done.append("claimed")
    assert done == ["claimed"]
