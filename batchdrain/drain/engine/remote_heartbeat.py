"""The heartbeat of a controller whose commands run elsewhere: one thread beats for all of them, as workers have no database.

For each beat, every worker is asked by `tell` for its own clock, for what runs there and for what has ended. Then the database
takes the beat. Then each worker is told a deadline in its own clock: its answer's time, plus the time from that answer to the beat,
plus the lease, minus grace and margin. So no two clocks are compared, only durations. If no word comes, whether the controller or
the worker was killed, stopped or cut off, the guardian there ends the command before its lease can end.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from batchdrain.config.settings import Command, Lease, Settings
from batchdrain.database.ledger.claims import Claims
from batchdrain.drain.heartbeat import FIRST_S, Heartbeat
from batchdrain.drain.presence import Presence
from batchdrain.execution.delivery import Delivery
from batchdrain.execution.engines.protocol import Capabilities, Tell
from batchdrain.execution.guardian.wire import boottime_ms
from batchdrain.execution.guardian_report import UnsoundReportError
from batchdrain.execution.messages import Beat, Here
from batchdrain.model.claim import Claim
from batchdrain.model.errors import BatchDrainError
from batchdrain.runtime.threads import begin

_LOOK_S: Final = 0.2
_ASKS_EVERY_MS: Final = 2_000
_SOON_MS: Final = 1_000
_ENDS_WITHIN_S: Final = 1.0


class RemoteHeartbeat(Heartbeat):
    """Sends beats once it has begun. A lease is renewed while a worker says that its command runs, or while nobody has begun it."""

    def __init__(
        self, claims: Claims, lease: Lease, command: Command, tell: Tell, delivery: Delivery, presence: Presence | None = None
    ) -> None:
        super().__init__(claims, lease, command, None, presence)
        self._tell = tell
        self._call = delivery.call
        self._session = delivery.terms.session
        self._ttl_ms = round(lease.ttl_s * 1000)
        self._rest_ms = round((lease.ttl_s - command.grace_s - lease.margin_s) * 1000)
        self._every_ms = min(round(lease.beat_s * 1000), _ASKS_EVERY_MS)
        self._guard = threading.Lock()
        self._claiming_ms: int | None = None  # a claim is being made whose lease may have begun at this boot time
        self._until_ms: dict[str, int] = {}  # by token: our boot time at which its lease ends
        self._begun: set[str] = set()  # tokens that some worker has drawn
        self._runs: set[str] = set()  # tokens that workers named since the last beat
        self._ended: dict[str, bytes] = {}  # answers, by token
        self._told_over: frozenset[str] = frozenset()  # tokens whose end a worker reported last
        self._beating: frozenset[str] = frozenset()  # tokens that the database is renewing now
        self._silent: frozenset[str] = frozenset()  # tokens that the last beat did not renew
        self._given_up: set[str] = set()  # tokens that are never again renewed or fed
        self._lost: set[str] = set()  # tokens that are no longer ours
        self._clocks: dict[str, tuple[int, int]] = {}  # by process of a worker: its boot time, and ours when that arrived
        self._granted: set[str] = set()  # processes that were told a deadline
        self._beat_ms: int | None = None  # our boot time before the last beat that the database took
        self._say = ""

    def lease_s(self, limit_s: float) -> float:  # noqa: ARG002 - the same for every limit
        """Seconds of lease for a new claim. It is short because it is renewed; the command always ends before it does."""
        return self._lease.ttl_s

    def begin(self) -> None:
        if self._thread is None:
            self._thread = begin(self._beat_on, "heartbeat")

    @contextmanager
    def claiming(self, before_ms: int) -> Iterator[None]:
        """While a claim is made, workers are told no later deadline: the beat that is under way does not contain the claim."""
        with self._guard:
            self._claiming_ms = before_ms
        try:
            yield
        finally:
            with self._guard:
                self._claiming_ms = None

    def hold(self, claim: Claim) -> None:
        with self._guard:
            super().hold(claim)
            self._until_ms[claim.token] = (self._claiming_ms or boottime_ms()) + self._ttl_ms

    def drop(self, claim: Claim) -> None:
        with self._guard:
            super().drop(claim)
            for of in (self._until_ms, self._ended):
                of.pop(claim.token, None)
            self._begun.discard(claim.token)

    def stop(self) -> None:
        """Stop beating. Does not wait for an engine that hangs."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(_ENDS_WITHIN_S)

    def interrupt(self, *, kill: bool = False) -> None:
        """Tell all workers to end everything. Safe in a signal handler: the thread notices it soon."""
        self._say = "K" if kill else self._say or "T"

    def interruptible(self, has: Capabilities) -> Capabilities:
        """The engine's capabilities, with an `interrupt` that all workers hear too."""

        def interrupt(*, kill: bool = False) -> None:
            has.interrupt(kill=kill)
            self.interrupt(kill=kill)

        return replace(has, interrupt=interrupt)

    def until_ms(self, token: str) -> int:
        """Our boot time in ms at which the lease ends, by its last renewal; 0 if the token is not held."""
        with self._guard:
            return self._until_ms.get(token, 0)

    def answer_of(self, token: str) -> bytes | None:
        """The answer about its end that a worker sent, whatever became of its future; None if there is none."""
        with self._guard:
            return self._ended.get(token)

    def note_begun(self, token: str) -> None:
        """Note that a worker has drawn the ticket. From now on the lease is renewed only while a worker says that the command
        runs."""
        with self._guard:
            self._begun.add(token)

    def give_up(self, token: str) -> None:
        """Never renew this lease again, nor feed its guardian."""
        with self._guard:
            self._given_up.add(token)

    def is_starved(self, token: str) -> bool:
        """Whether the lease has ended. Then its guardian has ended the command, wherever it ran, and the lease is given up."""
        with self._guard:
            if token in self._beating or boottime_ms() < self._until_ms.get(token, 0):
                return False
            self._given_up.add(token)
            return True

    def ask(self) -> None:
        """Ask all workers once, and tell them what is new."""
        with self._guard:
            grants = self._grants()
            message = Beat(
                session=self._session,
                heard={token for token in self._told_over if token not in self._held or token in self._ended},
                wants={token for token in self._told_over if token in self._held and token not in self._ended},
                starve=self._silent | self._given_up | self._lost,
                kill=frozenset(self._lost),
                say=self._say,
                grants=grants,
            ).to_message()
        try:
            answers = list(self._tell(self._call, message))
        except Exception:  # noqa: BLE001 - an engine may raise anything; workers that hear nothing are not fed
            answers = []
        heard_ms, here = boottime_ms(), [one for raw in answers if (one := _read(raw, self._session)) is not None]
        with self._guard:
            self._granted |= grants.keys()
            self._clocks |= {one.instance: (one.boot_ms, heard_ms) for one in here}
            self._clocks = {name: read for name, read in self._clocks.items() if heard_ms - read[1] < self._ttl_ms}
            runs = frozenset[str]().union(*(one.runs for one in here))
            self._runs |= runs
            self._told_over = frozenset[str]().union(*(one.over for one in here))
            self._begun |= (runs | self._told_over) & self._held.keys()
            for one in here:
                self._ended |= {token: raw for token, raw in one.ended.items() if token in self._held}

    def renew(self) -> bool:
        """Send one beat for all claims whose commands run or have not begun. Returns whether the database took it."""
        with self._guard:
            before_ms = boottime_ms() if self._claiming_ms is None else min(boottime_ms(), self._claiming_ms)
            held, known = dict(self._held), self._runs | self._told_over | self._ended.keys()
            renewed = {
                token: claim
                for token, claim in held.items()
                if token not in self._given_up and (token in known or token not in self._begun)
            }
            self._beating = frozenset(renewed)
        lost: set[str] | None = None
        try:
            lost = (
                {claim.token for claim in self._claims.beat(renewed.values(), lease_s=self._lease.ttl_s)}
                if renewed
                else set()
            )
        except BatchDrainError:  # whoever needs the database next reports it; the guardians' deadlines run on
            return False
        finally:
            with self._guard:
                self._beating = frozenset()
                if lost is not None:
                    self._lost |= lost
                    self._silent = frozenset(held.keys() - renewed.keys())
                    self._until_ms |= {
                        token: before_ms + self._ttl_ms for token in renewed.keys() - lost if token in self._held
                    }
                    self._beat_ms = before_ms
                    self._runs.clear()
        return True

    def _grants(self) -> dict[str, int]:
        if self._beat_ms is None:
            return {}
        return {
            instance: boot_ms + self._beat_ms - heard_ms + self._rest_ms
            for instance, (boot_ms, heard_ms) in self._clocks.items()
        }

    def _beat_on(self) -> None:
        ask_at_ms, beat_at_ms, beat_ms = boottime_ms(), 0, round(self._lease.beat_s * 1000)
        next_ms, last_say = min(round(FIRST_S * 1000), beat_ms), ""  # the first beat is sent before anything is claimed
        while True:
            now_ms = boottime_ms()
            if now_ms >= ask_at_ms or last_say != self._say or last_say:
                last_say = self._say
                self.ask()
                if now_ms >= beat_at_ms:
                    taken = self.renew()
                    if taken and self._presence is not None:
                        self._presence.beat(self.held)
                    wait_ms = next_ms if taken else min(_SOON_MS, self._every_ms)
                    beat_at_ms, next_ms = now_ms + wait_ms, beat_ms
                    self.ask()
                elif self._clocks.keys() - self._granted:  # a new process waits for its first deadline
                    self.ask()
                ask_at_ms = min(now_ms + self._every_ms, beat_at_ms)
            if self._over.wait(_LOOK_S):
                return


def make_remote(
    claims: Claims, settings: Settings, tell: Tell | None, delivery: Delivery | None, presence: Presence
) -> RemoteHeartbeat | None:
    """None for an engine whose workers can't hear from this controller while they execute."""
    if tell is None or delivery is None or not delivery.is_told:
        return None
    return RemoteHeartbeat(claims, settings.lease, settings.command, tell, delivery, presence)


def _read(raw: object, session: str) -> Here | None:
    """Parse an answer; None if it is none of ours: an engine may return anything."""
    try:
        return Here.of(raw, session)
    except UnsoundReportError:
        return None
