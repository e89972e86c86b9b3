"""The slots: a try is claimed and submitted, and comes back ended. Phases of one run never stand side by side."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass
from time import monotonic
from typing import Final

from batchdrain.database.driver_errors import RowLocked, RowRefused
from batchdrain.drain.in_flight import Ended, Parts, Running
from batchdrain.execution.command import SessionPlace, make_order
from batchdrain.execution.guardian.wire import boottime_ms
from batchdrain.execution.guardian_client import GuardianClient
from batchdrain.execution.guardian_pool import execute, withdraw
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.execution.orphans import found_out
from batchdrain.model.claim import Claim, ScheduledAttempt
from batchdrain.model.errors import BadData, BatchDrainError, EngineUnavailable, FilesUnavailable
from batchdrain.model.phase import PhaseKey, RowState, Skip
from batchdrain.runtime import clock
from batchdrain.sessions.events import Event

_SETTLE_POLL_S: Final = 0.1
_LOCK_POLL_S: Final = 0.5
_FASTER: Final = "another controller was faster"
_ANEW: Final = "what was not executed was given back; `inv resume` goes on with an engine that is made anew"


@dataclass(frozen=True, slots=True)
class _Settling:
    ended: Ended
    until: float  #: monotonic


class Workers:
    """What is claimed by this controller now: running, settling, or waiting for a lock on its row."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._pool = parts.capabilities.pool
        self._running: dict[Future[Ending], Running] = {}
        self._settling: deque[_Settling] = deque()
        self._locked: deque[Ended] = deque()
        self.lost_because = ""  #: why the last claim came to nothing
        self.locked_out: set[PhaseKey] = set()  #: phases that could not be claimed, as somebody had their rows locked
        self.failure: BatchDrainError | None = None  #: nothing more is to be claimed: the engine is broken
        self.refused: BatchDrainError | None = None  #: the first claim that the table did not take, whoever else is there

    def __len__(self) -> int:
        return len(self._running) + len(self._settling) + len(self._locked)

    @property
    def busy_runs(self) -> set[str]:
        ended = (*(entry.ended for entry in self._settling), *self._locked)
        return {running.scheduled.run_id for running in (*self._running.values(), *(one.running for one in ended))}

    def side_by_side(self) -> Counter[str]:
        """How many phases of each fingerprint run now."""
        return Counter(running.scheduled.choice.failure.fingerprint for running in self._running.values())

    def start(self, scheduled: ScheduledAttempt) -> bool:
        """Claim the phase and submit its command. False when somebody else was faster, which is normal, and when the table
        does not take the claim, which is told."""
        parts, phase, command = self._parts, scheduled.choice.phase, self._parts.settings.command
        ids = {"run_id": phase.run_id, "phase_id": phase.phase_id}
        limit = parts.outage.retry(lambda: parts.limits.of(phase, longer=scheduled.longer), meanwhile="nothing is claimed")
        parts.heartbeat.begin()
        guard = self._hired()
        before_ms, claim, self.lost_because = boottime_ms(), None, _FASTER
        try:
            claim = self._claim(scheduled, parts.heartbeat.lease_s(limit.seconds, command.settle_s), guard)
        finally:
            if claim is None and self._pool is not None and guard is not None:
                self._pool.keep(guard)
        if claim is None:
            parts.record.events.write(Event.CLAIM_LOST, **ids)
            return False
        parts.heartbeat.hold(claim)
        place = SessionPlace(
            session_id=parts.record.session.session_id,
            root=parts.root,
            logs=parts.record.logs.absolute(),
            spool=parts.record.spool.absolute(),
        )
        order = make_order(claim, command, place, limit=limit, deadline_ms=parts.heartbeat.deadline_ms(before_ms))
        if self._pool is not None and guard is not None:
            self._pool.assign(guard, order.token)
        paths = (parts.record.kept(order.stdout_path), parts.record.kept(order.stderr_path))
        identity = None if guard is None else guard.identity
        running = Running(scheduled=scheduled, claim=claim, limit=limit, paths=paths, order=order, guardian=identity)
        self._submit(running)
        # Written while the command runs: the ledger has the claim already.
        parts.record.events.write(Event.PHASE_CLAIMED, **ids, epoch=claim.epoch, attempt=claim.attempt)
        parts.record.events.write(Event.PHASE_STARTED, **ids, epoch=claim.epoch, timeout_s=limit.seconds, limit=limit.rule)
        parts.recorder.started(scheduled, limit)
        if self._pool is not None:
            self._pool.prepare()
        return True

    def ended(self, timeout_s: float | None) -> Iterator[Ended]:
        """Wait for the next command to end, at most so long; then everything that has ended and settled."""
        if self._settling:
            timeout_s = _SETTLE_POLL_S if timeout_s is None else min(timeout_s, _SETTLE_POLL_S)
        if self._locked:
            timeout_s = _LOCK_POLL_S if timeout_s is None else min(timeout_s, _LOCK_POLL_S)
        if self._running:
            done, _ = wait(self._running, timeout=timeout_s, return_when=FIRST_COMPLETED)
        else:
            done = set()
            if timeout_s is not None:  # else nothing would ever end the wait
                self._parts.shutdown.wake.wait(timeout_s)
        locked, self._locked = self._locked, deque()
        yield from locked
        settling, self._settling = self._settling, deque()
        for entry in settling:
            yield from self._settled(entry.ended.running, entry.ended.ending, entry.until)
        for future in done:
            running = self._running.pop(future)
            ending = self._ending_of(future, running)
            if ending is not None:
                yield from self._settled(running, ending, None)

    def postpone(self, ended: Ended) -> None:
        """Its row is locked: it comes again with what `ended` gives later."""
        self._locked.append(ended)

    def end_all(self) -> Iterator[Ended]:
        """End every command, and give what came of each."""
        self._parts.capabilities.interrupt()
        wait(self._running)
        endings = [(running, self._ending_of(future, running)) for future, running in self._running.items()]
        endings += [(entry.ended.running, entry.ended.ending) for entry in self._settling]
        yield from self._locked
        self._running, self._settling, self._locked = {}, deque(), deque()
        for running, ending in endings:
            if ending is not None:
                yield Ended(running=running, ending=ending, row_state=self._row_state(running))

    def _submit(self, running: Running) -> None:
        """To the engine. One that does not take it may come to it later all the same: then it finds that it was withdrawn."""
        try:
            self._running[self._parts.engine.submit(execute, running.order)] = running
        except Exception as error:  # noqa: BLE001 - whatever an engine raises
            said = f"{type(error).__name__}: {error}"
            self.failure = self.failure or EngineUnavailable(f"batchdrain.engine: it takes no commands: {said}", remedy=_ANEW)
            if withdraw(running.order):
                refused: Future[Ending] = Future()
                refused.set_result(Ending(by=EndedBy.NOT_TAKEN, message=said))
                self._running[refused] = running
            else:
                self._leave(running, "it may have begun, or begin yet")

    def _leave(self, running: Running, why: str) -> None:
        """Nobody must execute the phase now: its claim stays, and recovery gives it back once nothing of it is left."""
        self.failure = self.failure or EngineUnavailable(f"batchdrain.engine: {why}", remedy=_ANEW)
        self._parts.recorder.notice(f"{running.claim.phase.key} stays held: {why}; `inv recover` settles it")

    def _hired(self) -> GuardianClient | None:
        """Before the claim, so that the claim's row can name its guardian."""
        try:
            return None if self._pool is None else self._pool.hire()
        except OSError as error:
            raise FilesUnavailable(
                f"no guardian could be started: {error.strerror or error}",
                remedy="free what it lacks; what was claimed is given back",
            ) from error

    def _claim(self, scheduled: ScheduledAttempt, lease_s: float, guard: GuardianClient | None) -> Claim | None:
        parts, run_type = self._parts, self._parts.run_type(scheduled.run_id)
        identity, now = None if guard is None else guard.identity, clock.now()
        try:
            claim = parts.outage.retry(
                lambda: parts.claims.claim(scheduled.choice, lease_s=lease_s, run_type=run_type, now=now, guard=identity),
                meanwhile="nothing is claimed",
            )
        except RowLocked:
            self.locked_out.add(scheduled.choice.phase.key)
            self.lost_because = "somebody has its row locked"
            return None
        except (BadData, RowRefused) as error:
            self.refused, self.lost_because = self.refused or error, "see above"
            rule = "bad data" if isinstance(error, BadData) else "refused by the table"
            if self._parts.record.tell(Event.PHASE_SKIPPED, Skip(rule, error.message), count=1):
                self._parts.recorder.notice(str(error))
            return None
        self.locked_out.discard(scheduled.choice.phase.key)
        return claim

    def _settled(self, running: Running, ending: Ending, until: float | None) -> Iterator[Ended]:
        """The end, once the table says something new: a command's own commit may come after its exit."""
        row_state = self._row_state(running)
        if until is None:
            until = monotonic() + self._parts.settings.command.settle_s
        entry = Ended(running=running, ending=ending, row_state=row_state)
        if ending.by is EndedBy.EXIT and row_state is not None and monotonic() < until:
            prior, intermediate = running.claim.prior_state, self._parts.claims.tables.intermediate
            reworded = row_state.state == prior and row_state.reason != running.claim.prior_reason
            if (row_state.state == prior or row_state.state in intermediate) and not reworded:
                self._settling.append(_Settling(entry, until))
                return
        yield entry

    def _row_state(self, running: Running) -> RowState | None:
        if self._parts.settings.command.result_from == "exit_code":
            return None
        phase = running.claim.phase
        return self._parts.outage.retry(lambda: self._parts.row_state(phase), meanwhile="the result is not yet known")

    def _ending_of(self, future: Future[Ending], running: Running) -> Ending | None:
        """What a broken engine did with a command is not known: what there is of it on this machine is ended, and the phase
        goes back, as if its controller had died. None where it can't be ended: its claim stays."""
        try:
            return future.result()
        except CancelledError:
            return Ending(by=EndedBy.INTERRUPT, message="the engine cancelled it")
        except Exception as error:  # noqa: BLE001 - whatever an engine raises
            ending = found_out(running.order, running.guardian, error)
            if ending is None:
                self._leave(running, f"processes of it can't be ended ({type(error).__name__}: {error})")
            return ending
