"""A session's row in the ledger while it is drained: it shows that its controller lives and how far it is, and brings the requests
of others.

The row is written when the session begins and ends, and with each beat by the heartbeat's thread, after the claims. That thread
also hears the requests. The drain's own thread acts on them; only what can't wait is done at once.
"""

from __future__ import annotations

import contextlib
import socket
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import Any, Final

from batchdrain.database.driver_errors import RowLocked
from batchdrain.database.ledger.requests import FormerPart
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.remapped import mapping_of
from batchdrain.drain.shutdown import Shutdown
from batchdrain.drain.snapshot import Snapshot
from batchdrain.execution.process_identity import identify_self
from batchdrain.model.asked import Ask, Asked
from batchdrain.model.claim import Claim
from batchdrain.model.errors import BatchDrainError, DatabaseUnavailable
from batchdrain.runtime import clock
from batchdrain.runtime.text import cut_text
from batchdrain.sessions.session import Status

_ID_CHARS: Final = 200


class Presence:
    """The presence of one session, from its beginning or resumption to its end."""

    def __init__(self, it: OpenSession, shutdown: Shutdown) -> None:
        self._rows = it.project.session_rows
        self._it = it
        self.shutdown = shutdown
        self._epoch: int | None = None
        self._begun = monotonic()
        self._before = len(it.record.session.results)
        self._last = 0  # number of the last request heard
        self._heard = deque[Asked]()
        self.look: Callable[[], Snapshot] | None = None  #: how far the drain is; None until it has begun
        self.asked = it.asked  #: the request in force: a pause or a stop
        self._paused_s = 0.0  # of the pauses that are over
        self._paused_at = self._begun if self.is_paused else None  # monotonic, in seconds
        self.waits = ""  #: why nothing is claimed now, for people
        self.others_workers = 0  #: workers of the group's other drains, at the last beat

    def begin(self) -> None:
        """Announce this process as the session's controller. Raises DatabaseUnavailable."""
        session, me, settings = self._it.record.session, identify_self(), self._it.request.settings
        wanted = {
            "kind": session.kind.value,
            "batch_size": session.batch_size,
            "workers": settings.workers,
            "run_id": self._it.request.filters.run_id,
            "group": self._it.request.group,
            "folder": str(self._it.record.path.parent.absolute()),
            "beat_s": settings.lease.beat_s,
            "columns": mapping_of(settings.source.columns),
        }
        values = {
            "session_id": session.session_id, "chain_uid": session.chain_uid, "host_id": me.host_id,
            "host": cut_text(socket.gethostname(), _ID_CHARS), "ctl_pid": me.pid, "ctl_start": me.start,
            "ttl_ms": round(settings.lease.ttl_s * 1000),
        }  # fmt: skip
        self._epoch = self._rows.begin(session.session_uid or "", values, wanted, self._progress(()), self._it.former)
        if self._it.former is not None:
            self.beat(())  # what was asked between two parts is heard before the first claim

    @property
    def part(self) -> FormerPart | None:
        """This part's row, from which the next part of the chain takes over requests that were not yet heard; None if it never
        began."""
        if not self._epoch:
            return None
        return FormerPart(session_uid=self._it.record.session.session_uid or "", epoch=self._epoch, heard=self._last)

    def beat(self, held: Iterable[Claim]) -> None:
        """Write a sign of life, and hear what was asked meanwhile. Called by the heartbeat's thread; raises no error, as the next
        beat tries again."""
        asked = self._look(held)
        if asked is not None and asked.ask is Ask.STOP_NOW:
            self.shutdown.ask_now(f"`inv stop --now`, {asked}")
        self._count_others()

    def end(self) -> None:
        """Write how the session ended or was left, as its file says. The next part of its chain acts on what was asked since the
        last beat. Raises DatabaseUnavailable."""
        session = self._it.record.session
        status = (session.status or Status.INTERRUPTED).value
        self._look(())
        while (asked := self.take()) is not None:
            self.apply(asked)
        if self._epoch is not None:
            progress = {**self._progress(()), "may_go_on": self._may_go_on(session.status)}
            self._rows.end(session.session_uid or "", self._epoch, status, progress)

    def _may_go_on(self, status: Status | None) -> bool:
        """Whether the next part of the chain may follow. It may not after a signal, a request to end or a stop condition, or if
        this call takes nothing more. An error that ended only this part does not prevent it."""
        less = self._it.less.after(len(self._it.record.session.results) - self._before)
        is_asked_to_end = self.asked is not None and self.asked.ask.ends
        is_full = less.batch_size == 0 or less.find_end() is not None
        return self.shutdown.signal is None and not is_asked_to_end and not is_full and status is not Status.STOPPED

    def end_after(self, error: BaseException) -> None:
        """Like `end`, after an error ended the session. A database that is away is not awaited."""
        if not isinstance(error, DatabaseUnavailable):
            with contextlib.suppress(BatchDrainError):
                self.end()

    def _count_others(self) -> None:
        """For a session in a group: count the workers of the other drains, which take the same phases."""
        if (group := self._it.request.group) is None or self._epoch is None:
            return
        ours = self._it.record.session.session_uid
        with contextlib.suppress(BatchDrainError):  # the last count stays then
            self.others_workers = sum(
                row.workers for row in self._rows.read(running=True)
                if row.uid != ours and row.wanted.get("group") == group and row.is_at_work
            )  # fmt: skip

    def _look(self, held: Iterable[Claim]) -> Asked | None:
        """What was asked since the last look; also None if the database can't be asked."""
        if self._epoch is None:
            return None
        session_uid = self._it.record.session.session_uid or ""
        try:
            asked = self._rows.beat(session_uid, self._epoch, self._progress(held))
        except (BatchDrainError, RowLocked):  # whoever needs the database next reports the reason
            return None
        if asked is None or asked.number <= self._last:
            return None
        self._last = asked.number
        self._heard.append(asked)
        return asked

    @property
    def is_paused(self) -> bool:
        """Whether claiming is paused by a request."""
        return self.asked is not None and self.asked.ask is Ask.PAUSE

    @property
    def has_news(self) -> bool:
        """Whether there is a request that nobody has taken yet."""
        return bool(self._heard)

    def take(self) -> Asked | None:
        """Take the next request; None if there is no more."""
        return self._heard.popleft() if self._heard else None

    def apply(self, asked: Asked) -> None:
        """Put a request in force."""
        now = monotonic()
        if self._paused_at is not None:
            self._paused_s += now - self._paused_at
        self.asked = None if asked.ask is Ask.CONTINUE else asked
        self._paused_at = now if self.is_paused else None

    @property
    def _active_s(self) -> float:
        """The seconds of this go without its pauses, in which nothing begins: a rate counts only these."""
        now = monotonic()
        return now - self._begun - self._paused_s - (0.0 if self._paused_at is None else now - self._paused_at)

    def _progress(self, held: Iterable[Claim]) -> Mapping[str, Any]:
        """The present figures, in plain values. Results may come meanwhile."""
        it, session, now, held = self._it, self._it.record.session, clock.now(), list(held)
        shot = None if self.look is None else self.look()
        waiting = it.backlog.waiting if it.most is None else min(it.most, it.backlog.waiting)
        retries = session.retries_waiting if shot is None else shot.retries_waiting + shot.retries_running
        return {
            "processed": session.total_processed if shot is None else shot.processed,
            "succeeded": session.total_success if shot is None else shot.succeeded,
            "failed": max(
                0, (session.total_failed if shot is None else shot.failed) - retries
            ),  # the ledger keeps them apart
            "retries": retries,
            "before": self._before,
            "target": self._before + waiting if shot is None else shot.target,
            "elapsed_s": round(self._active_s, 3),
            "eta_s": None if shot is None or shot.eta.seconds is None else round(shot.eta.seconds, 1),
            "eta_is_least": shot is not None and shot.eta.is_least,
            "starting": shot is None,
            "paused": self.is_paused,
            "waits": self.waits if shot is None else shot.waits,
            "slots": [
                {
                    "run_id": cut_text(claim.phase.run_id, _ID_CHARS),
                    "phase_id": cut_text(claim.phase.phase_id, _ID_CHARS),
                    "attempt": claim.attempt,
                    "for_s": round(max(0.0, (now - claim.claimed_at).total_seconds()), 3),
                }
                for claim in held
            ],
        }
