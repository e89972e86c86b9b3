"""What a controller tells workers of other machines: no deadline lies beyond the lease, and nothing that was given up comes back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.config.settings import Command, Lease
from batchdrain.drain.engine import remote_heartbeat
from batchdrain.drain.engine.remote_heartbeat import RemoteHeartbeat
from batchdrain.execution.engines.protocol import Capabilities
from batchdrain.model.claim import Claim
from batchdrain.model.errors import DatabaseUnavailable
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState

LEASE = Lease(ttl_s=60, beat_s=5, margin_s=5)
GRACE_S = 2.0
RESTS_MS = round((LEASE.ttl_s - GRACE_S - LEASE.margin_s) * 1000)
TTL_MS = round(LEASE.ttl_s * 1000)
BOOT_MS = 7_000_000
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def claim(token: str) -> Claim:
    phase = Phase(run_id="r", phase_id=token, phase_index=0, state=PhaseState.FAILED)
    return Claim(
        phase=phase, epoch=1, attempt=1, prior_state="FAILED", prior_reason=None, held_state="EXECUTING", claimed_at=NOW,
        token=token,
    )  # fmt: skip


class Fleet:
    """One controller, one worker and a database, on one clock."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now_ms, self.away, self.is_cut_off = 1_000, False, False
        self.lost: set[str] = set()
        self.renewed: list[list[str]] = []  #: tokens, a beat each
        self.told: list[dict[str, Any]] = []
        self.runs: list[str] = []
        self.over: list[str] = []
        self.during_beat: list[Any] = []  #: called while the database is asked
        patch.setattr(remote_heartbeat, "boottime_ms", lambda: self.now_ms)
        delivery = SimpleNamespace(call=lambda message: message, terms=SimpleNamespace(session="s"))
        self.heart = RemoteHeartbeat(
            cast("Any", self), LEASE, Command(grace_s=GRACE_S), cast("Any", self.tell), cast("Any", delivery)
        )

    def beat(self, claims: Iterable[Claim], *, lease_s: float) -> list[Claim]:
        assert lease_s == LEASE.ttl_s
        held = list(claims)
        self.renewed.append(sorted(one.token for one in held))
        for call in self.during_beat:
            call()
        self.now_ms += 300
        if self.away:
            raise DatabaseUnavailable("away", remedy="wait")
        return [one for one in held if one.token in self.lost]

    def tell(self, _: object, message: bytes) -> list[bytes]:
        self.told.append(json.loads(message))
        self.now_ms += 40
        if self.is_cut_off:
            return []
        ended = {token: {"v": 1, "kind": "ended", "token": token} for token in self.told[-1]["wants"] if token in self.over}
        here = {"v": 1, "kind": "here", "session": "s", "where": {"worker": "w", "host": "h"}, "boot_ms": BOOT_MS,
                "runs": self.runs, "over": self.over, "ended": ended}  # fmt: skip
        return [json.dumps(here).encode(), b"no answer of ours"]


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> Fleet:
    return Fleet(monkeypatch)


def test_a_worker_is_granted_no_more_than_the_lease_that_the_database_took_by_its_own_clock(fleet: Fleet) -> None:
    fleet.heart.hold(claim("a"))
    fleet.heart.ask()
    heard_ms = fleet.now_ms
    fleet.now_ms += 700
    before_ms = fleet.now_ms
    assert fleet.heart.renew()
    fleet.heart.ask()

    assert fleet.told[0]["grants"] == {}, "no beat was taken yet"
    assert fleet.told[1]["grants"] == {"w": BOOT_MS + (before_ms - heard_ms) + RESTS_MS}
    assert fleet.heart.until_ms("a") == before_ms + TTL_MS


def test_a_beat_that_the_database_did_not_take_moves_no_deadline(fleet: Fleet) -> None:
    fleet.heart.hold(claim("a"))
    until_ms, fleet.away = fleet.heart.until_ms("a"), True
    fleet.heart.ask()
    fleet.now_ms += 9_000
    assert not fleet.heart.renew()
    fleet.heart.ask()
    assert (fleet.told[1]["grants"], fleet.heart.until_ms("a")) == ({}, until_ms)


def test_the_lease_of_a_claim_that_takes_long_counts_from_before_it_was_sent(fleet: Fleet) -> None:
    """The database wrote it somewhere between the two."""
    before_ms = fleet.now_ms
    with fleet.heart.claiming(before_ms):
        fleet.now_ms += 20_000
        fleet.heart.hold(claim("slow"))
    assert fleet.heart.until_ms("slow") == before_ms + TTL_MS
    fleet.heart.hold(claim("next"))
    assert fleet.heart.until_ms("next") == fleet.now_ms + TTL_MS


def test_a_beat_beside_a_claim_grants_no_more_than_that_claim_has(fleet: Fleet) -> None:
    fleet.heart.ask()
    heard_ms = before_ms = fleet.now_ms
    with fleet.heart.claiming(before_ms):
        fleet.now_ms += 20_000
        fleet.heart.renew()
    fleet.heart.ask()
    assert fleet.told[1]["grants"] == {"w": BOOT_MS + (before_ms - heard_ms) + RESTS_MS}


def test_what_was_given_up_is_never_renewed_again_nor_fed(fleet: Fleet) -> None:
    for token in ("a", "b"):
        fleet.heart.hold(claim(token))
    fleet.runs = ["a", "b"]
    fleet.heart.give_up("a")
    for _ in range(2):
        fleet.heart.ask()
        fleet.heart.renew()
    fleet.heart.ask()
    assert fleet.renewed == [["b"], ["b"]]
    assert fleet.told[-1]["starve"] == ["a"]


def test_what_has_begun_is_renewed_only_while_a_worker_says_that_it_runs(fleet: Fleet) -> None:
    for token in ("waits", "runs"):
        fleet.heart.hold(claim(token))
    fleet.runs = ["runs"]
    fleet.heart.ask()
    fleet.heart.renew()
    fleet.is_cut_off = True
    fleet.heart.ask()
    fleet.heart.renew()
    fleet.heart.ask()

    assert fleet.renewed == [["runs", "waits"], ["waits"]]
    assert fleet.told[-1]["starve"] == ["runs"], "no later deadline reaches it by another word either"
    fleet.heart.note_begun("waits")
    fleet.heart.renew()
    assert fleet.renewed[2:] == [], "there is nothing left to renew"


def test_a_claim_that_is_ours_no_more_is_killed_and_starved(fleet: Fleet) -> None:
    fleet.heart.hold(claim("a"))
    until_ms, fleet.lost = fleet.heart.until_ms("a"), {"a"}
    fleet.now_ms += 100
    fleet.heart.renew()
    fleet.heart.ask()
    assert (fleet.told[-1]["kill"], fleet.told[-1]["starve"], fleet.heart.until_ms("a")) == (["a"], ["a"], until_ms)


def test_an_ending_is_asked_for_until_it_came_and_told_to_be_heard_then(fleet: Fleet) -> None:
    fleet.heart.hold(claim("a"))
    fleet.over = ["a", "of a former session"]
    for _ in range(3):
        fleet.heart.ask()
    assert [one["wants"] for one in fleet.told] == [[], ["a"], []]
    assert [one["heard"] for one in fleet.told] == [[], ["of a former session"], ["a", "of a former session"]]
    assert json.loads(fleet.heart.answer_of("a") or b"{}")["token"] == "a"
    fleet.heart.drop(claim("a"))
    assert (fleet.heart.answer_of("a"), fleet.heart.until_ms("a")) == (None, 0)


def test_a_lease_is_not_over_while_the_database_is_asked_to_renew_it(fleet: Fleet) -> None:
    fleet.heart.hold(claim("a"))
    fleet.now_ms += TTL_MS
    meanwhile = list[bool]()
    fleet.during_beat.append(lambda: meanwhile.append(fleet.heart.is_starved("a")))
    fleet.heart.renew()
    fleet.during_beat.clear()

    assert (meanwhile, fleet.heart.is_starved("a")) == ([False], False)
    fleet.now_ms = fleet.heart.until_ms("a") - 1
    assert not fleet.heart.is_starved("a")
    fleet.now_ms += 1
    assert fleet.heart.is_starved("a")
    fleet.heart.renew()
    assert len(fleet.renewed) == 1, "who was told that it is over is not told otherwise later"


def test_a_worker_that_was_not_heard_of_for_a_lease_is_granted_nothing_more(fleet: Fleet) -> None:
    fleet.heart.ask()
    fleet.is_cut_off = True
    fleet.heart.renew()
    fleet.now_ms += TTL_MS - 1_000
    fleet.heart.ask()
    fleet.now_ms += 1_000
    fleet.heart.ask()
    fleet.heart.ask()
    assert [sorted(one["grants"]) for one in fleet.told] == [[], ["w"], ["w"], []]


@pytest.mark.parametrize(
    ("signals", "says"), [([False], "T"), ([False, True], "K"), ([True, False], "K"), ([False, False], "T")]
)
def test_the_first_signal_ends_and_the_second_one_kills_on_all_workers(fleet: Fleet, signals: list[bool], says: str) -> None:
    ours = list[bool]()
    has = Capabilities(
        interrupt=lambda *, kill=False: ours.append(kill), first=None, tell=None, capacity=None, shares_files=None, pool=None
    )
    for kill in signals:
        fleet.heart.interruptible(has).interrupt(kill=kill)
    fleet.heart.ask()
    assert (fleet.told[-1]["say"], ours) == (says, signals)
