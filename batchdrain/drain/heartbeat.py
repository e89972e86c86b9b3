"""The heartbeats of a controller: one thread, one connection, all its claims.

After each beat that the database took, the guardians get a new deadline: the time *before* the beat was sent, plus the
lease, minus grace and margin. So a command is dead before its lease can be over, whatever the latency; and if this
thread dies, hangs or is stopped with the whole process, nobody feeds the guardians, and they act.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from batchdrain.config.settings import Command, Lease
from batchdrain.database.ledger.claims import Claims
from batchdrain.drain.presence import Presence
from batchdrain.execution.guardian.wire import boottime_ms
from batchdrain.execution.guardian_pool import GuardianPool
from batchdrain.model.claim import Claim
from batchdrain.model.errors import BatchDrainError
from batchdrain.runtime.threads import begin

_SOON_S: Final = 1.0
FIRST_S: Final = 0.5
"""Whoever asks at once what runs sees the first phase."""
_ENDS_WITHIN_S: Final = 60.0


class Heartbeat:
    """Beats once it has begun. `pool`: where the guardians are; None for an engine without any on this machine."""

    def __init__(
        self, claims: Claims, lease: Lease, command: Command, pool: GuardianPool | None, presence: Presence | None = None
    ) -> None:
        """`presence`: of the session, which has its sign of life after those of the claims."""
        self._claims = claims
        self._lease = lease
        self.pool = pool
        self._presence = presence
        self._grace_s = command.grace_s
        self._settle_s = command.settle_s
        self._held: dict[str, Claim] = {}
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def lease_s(self, limit_s: float) -> float:
        """Of a new claim. Without guardians of ours nobody would end the command in time: it lasts as long as that may."""
        if self.pool is not None:
            return self._lease.ttl_s
        return limit_s + self._grace_s + self._settle_s + self._lease.margin_s + self._lease.ttl_s

    def deadline_ms(self, before_ms: int) -> int | None:
        """The boot time at which a command must be ending whose lease was written after `before_ms`."""
        if self.pool is None:
            return None
        return before_ms + round((self._lease.ttl_s - self._grace_s - self._lease.margin_s) * 1000)

    def begin(self) -> None:
        """Before the first claim: one that nothing renews must not be. Raises FilesUnavailable."""
        if self._thread is None and (self.pool is not None or self._presence is not None):
            self._thread = begin(self._beat_on, "heartbeat")

    @contextmanager
    def claiming(self, before_ms: int) -> Iterator[None]:  # noqa: ARG002 - each claim has a deadline of its own here
        """While a claim is made, and until it is held."""
        yield

    def hold(self, claim: Claim) -> None:
        """Its lease is renewed from the next beat on."""
        self._held[claim.token] = claim

    @property
    def held(self) -> list[Claim]:
        """What is held now."""
        return list(self._held.values())

    def drop(self, claim: Claim) -> None:
        """Its lease is not renewed any more. No error where it was not held."""
        self._held.pop(claim.token, None)

    def stop(self) -> None:
        """No beat begins any more; waits for one that is under way, but not for ever: it would change nothing any more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(_ENDS_WITHIN_S)

    def beat(self, pool: GuardianPool) -> bool:
        """One beat for all that is held. Returns whether the database took it."""
        before_ms, held = boottime_ms(), list(self._held.values())
        try:
            lost = {claim.token for claim in self._claims.beat(held, lease_s=self._lease.ttl_s)}
        except BatchDrainError:  # its reason is told by whoever needs the database next; the guardians count the time
            return False
        deadline_ms = self.deadline_ms(before_ms) or 0
        for claim in held:
            if claim.token in lost:
                pool.end(claim.token)
            else:
                pool.extend(claim.token, deadline_ms)
        return True

    def _beat_on(self) -> None:
        wait_s = min(FIRST_S, self._lease.beat_s)
        while not self._over.wait(wait_s):
            taken = self.pool is None or self.beat(self.pool)
            if taken and self._presence is not None:
                self._presence.beat([*self._held.values()])
            wait_s = self._lease.beat_s if taken else min(_SOON_S, self._lease.beat_s)
