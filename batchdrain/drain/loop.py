"""The loop: choose, claim, execute, judge, finish, record. One controller, one session.

Whatever ends the loop (an empty backlog, a full batch, a stop condition, a signal, an error), every claim is finished or given
back. If the database can't be reached for that, the claim stays, and the recovery of the next command gives it back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from batchdrain.database.ledger.groups import GroupEnded
from batchdrain.drain.chooser import Chooser
from batchdrain.drain.claimer import Claimer
from batchdrain.drain.finish import Finisher
from batchdrain.drain.in_flight import Claimed, Ended
from batchdrain.drain.judgements import Judgements
from batchdrain.drain.membership import Membership
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.stops import Stops
from batchdrain.drain.table_watch import SchemaChanged, TableWatch
from batchdrain.drain.workers import Workers
from batchdrain.model.claim import NotYet, ScheduledAttempt
from batchdrain.model.errors import BatchDrainError, ConfigError, DatabaseUnavailable, EngineUnavailable
from batchdrain.model.phase import PhaseKey
from batchdrain.runtime.text import agree, count_of


@dataclass(slots=True, kw_only=True)
class Drain:
    """The loop, with one collaborator for each verb. Afterwards `stops` tells why it ended before the batch was full."""

    chooser: Chooser
    claimer: Claimer
    workers: Workers
    judgements: Judgements
    finisher: Finisher
    recorder: Recorder
    stops: Stops
    membership: Membership
    watch: TableWatch
    executed: int = 0  #: how many commands were started
    orphaned: set[PhaseKey] = field(default_factory=set)  #: given back, with no result since; their ends are unknown
    given_back: set[PhaseKey] = field(default_factory=set)  #: given back for any reason, without a result since

    def run(self, retries: Iterable[ScheduledAttempt] = ()) -> None:
        """Drain until nothing is left to take, or until an error ends it, which is reported to `stops`. The backlog must just have
        been read."""
        try:
            self.claimer.begin()
            self.membership.begin()
            self.chooser.begin(retries)
            while self._fill() or len(self.workers) or self.chooser.awaits_time():
                self.chooser.look_ahead()
                self.recorder.settle()
                for ended in self.workers.ended(self.chooser.wait_s(self.workers)):
                    self._conclude(ended)
                    if not self.workers.have_failed():  # else its result comes first, as it may stop the drain
                        self._fill()  # a free worker does not wait until the results of others are recorded
                self.membership.tell(self.stops.stopped)
            self.membership.tell(self.stops.stopped)
            self._require_complete()
            self.recorder.settle()
        except BatchDrainError as error:
            self._end(self.watch.explain(error))
        except BaseException:
            self._give_back()
            raise
        finally:
            if isinstance(self.stops.failure, SchemaChanged):
                self.finisher.tell_kept()
            self.chooser.end()

    def is_done(self, waiting: int) -> bool:
        """Whether nothing is left of what the drain was to take. `waiting`: how many phases may still be drained, read after its
        end."""
        is_all_taken = not self.chooser.has_retries and not self.claimer.locked_out and not self.orphaned
        return is_all_taken and (self.chooser.left == 0 or not waiting)

    def _fill(self) -> bool:
        """Start a phase for every free worker. Returns whether any was started."""
        started = False
        while self.workers.occupied < self.chooser.permits and (scheduled := self.chooser.next(self.workers)) is not None:
            if self.claimer.leaves_out(scheduled):
                self.chooser.take_back(scheduled)
                continue
            self.recorder.selected(scheduled)
            self.chooser.cancel_diagnosis(scheduled)
            claimed = self._claim(scheduled)
            if claimed is None:
                self.chooser.take_back(scheduled)
                continue
            self.workers.execute(claimed)
            started = True
            self.executed += self.stops.failure is None
        return started

    def _claim(self, scheduled: ScheduledAttempt) -> Claimed | None:
        """Claim a phase. None if that failed: then another phase is taken in its place, unless the group takes no more."""
        try:
            return self.claimer.claim(scheduled)
        except SchemaChanged as change:
            self.stops.fail(change)
            return None
        except NotYet as found:
            self.chooser.put_off(scheduled, found.wait_s)
            return None
        except GroupEnded as end:
            self.recorder.not_claimed(scheduled, str(end))
            if end.is_full:
                self.chooser.close()
            else:
                self.stops.stop(end.because)
                if scheduled.is_retry:
                    self.chooser.try_again(scheduled)  # so that it is left to a resume, as after any stop
            return None

    def _conclude(self, ended: Ended) -> None:
        scheduled = ended.running.scheduled
        judgement = self.judgements.of(ended, goes_on=not self.stops.is_ending())
        conclusion = self.finisher.finish(ended, judgement)
        if conclusion.postponed is not None:
            self.workers.postpone(conclusion.postponed)
            return
        if conclusion.is_kept:
            return
        if conclusion.is_orphaned:
            self.orphaned.add(scheduled.choice.phase.key)
        if conclusion.is_given_back:
            self.given_back.add(scheduled.choice.phase.key)
        if conclusion.recorded is not None:
            self.orphaned.discard(scheduled.choice.phase.key)
            self.given_back.discard(scheduled.choice.phase.key)
            self.membership.note(conclusion.recorded, waits=conclusion.retry is not None)
            self.chooser.learn(conclusion.recorded)
            self.claimer.look_again()
        elif conclusion.retry is None:
            self.chooser.take_back(scheduled)
        if conclusion.recorded is None:
            self.membership.give_back(ended.running.claim)
        if conclusion.waits_again:
            self.chooser.look_again()
        if conclusion.retry is not None:
            self.chooser.try_again(conclusion.retry)

    def _require_complete(self) -> None:
        """Report what keeps the session from being complete: phases that were passed over only for the moment, or given back."""
        may_go_on = self.chooser.left != 0 and not self.stops.is_ending()
        if may_go_on:
            self.claimer.forget_taken()
        if may_go_on and (locked_out := self.claimer.locked_out):
            self.stops.fail(
                DatabaseUnavailable(
                    f"{count_of(len(locked_out), 'phase')} {agree(len(locked_out), 'was', 'were')} skipped, because somebody has "
                    f"{agree(len(locked_out), 'its row locked, or it', 'their rows locked, or they')} took too long",
                    remedy=f"`inv resume` continues with {agree(len(locked_out), 'it', 'them')}",
                )
            )
        if (left := self.given_back - self.orphaned) and not self.stops.is_interrupted:
            self.stops.fail(
                EngineUnavailable(
                    f"{count_of(len(left), 'phase')} {agree(len(left), 'was', 'were')} released without a result",
                    remedy="`inv resume` continues",
                )
            )
        if not self.stops.is_interrupted:
            self.stops.fail(self.claimer.lost_rows.to_failure(executed=self.executed))

    def _end(self, error: BatchDrainError) -> None:
        """End the drain with an error. If only the table has changed, running commands may end by themselves."""
        if not isinstance(error, SchemaChanged):
            self._give_back()
            self.stops.fail(error)
            return
        self.stops.fail(error)
        try:
            while len(self.workers):
                with contextlib.suppress(ConfigError):  # the same change again, which was reported; that phase stays claimed
                    for ended in self.workers.ended(None):
                        self._conclude(ended)
            self.recorder.settle()
        except BatchDrainError:  # only the first error is reported
            self._give_back()

    def _give_back(self) -> None:
        """Finish or give back everything that is claimed, whatever failed."""
        for ended in self.workers.end_all():
            with contextlib.suppress(BatchDrainError):  # only the first error is reported
                self.finisher.finish(ended, self.judgements.of(ended, goes_on=False))
        with contextlib.suppress(BatchDrainError):
            self.recorder.settle()
