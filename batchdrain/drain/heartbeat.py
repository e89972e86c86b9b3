"""The heartbeat of a controller: one thread and one connection for all its claims.

After each beat that the database took, the guardians get a new deadline: the time *before* the beat was sent, plus the lease, minus
grace and margin. So a command is dead before its lease can end, whatever the latency. If this thread dies or hangs, or the whole
process is stopped, the guardians get no new deadline, and they act.
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
"""The first beat comes this soon, so that whoever asks at once what runs sees the first phase."""
_ENDS_WITHIN_S: Final = 60.0


class Heartbeat:
    """Sends beats once it has begun. `pool`: the guardians; None for an engine that has none on this machine."""

    def __init__(
        self, claims: Claims, lease: Lease, command: Command, pool: GuardianPool | None, presence: Presence | None = None
    ) -> None:
        """`presence`: that of the session; its sign of life is sent after those of the claims."""
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
        """Seconds of lease for a new claim. Without guardians of ours nobody would end the command in time, so the lease lasts as
        long as the command may."""
        if self.pool is not None:
            return self._lease.ttl_s
        return limit_s + self._grace_s + self._settle_s + self._lease.margin_s + self._lease.ttl_s

    def deadline_ms(self, before_ms: int) -> int | None:
        """The boot time in ms at which a command must be ending if its lease was written after `before_ms`; None without guardians
        of ours."""
        if self.pool is None:
            return None
        return before_ms + round((self._lease.ttl_s - self._grace_s - self._lease.margin_s) * 1000)

    def begin(self) -> None:
        """Start the thread. This must happen before the first claim, as a claim that nothing renews must not exist. Raises
        FilesUnavailable."""
        if self._thread is None and (self.pool is not None or self._presence is not None):
            self._thread = begin(self._beat_on, "heartbeat")

    @contextmanager
    def claiming(self, before_ms: int) -> Iterator[None]:  # noqa: ARG002 - each claim has its own deadline here
        """Surrounds the making of a claim, until it is held."""
        yield

    def hold(self, claim: Claim) -> None:
        """Renew the lease of this claim from the next beat on."""
        self._held[claim.token] = claim

    @property
    def held(self) -> list[Claim]:
        """The claims that are held now."""
        return list(self._held.values())

    def drop(self, claim: Claim) -> None:
        """Stop renewing the lease of this claim. Not an error if it was not held."""
        self._held.pop(claim.token, None)

    def stop(self) -> None:
        """Begin no more beats, and wait up to a minute for one that is under way: it would not change anything any more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(_ENDS_WITHIN_S)

    def beat(self, pool: GuardianPool) -> bool:
        """Send one beat for all held claims. Returns whether the database took it."""
        before_ms, held = boottime_ms(), list(self._held.values())
        try:
            lost = {claim.token for claim in self._claims.beat(held, lease_s=self._lease.ttl_s)}
        except BatchDrainError:  # whoever needs the database next reports it; the guardians' deadlines run on
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
