"""The loop: choose, claim, execute, judge, finish, record. One controller, one session.

Whatever ends it (an empty backlog, a full batch, a stop condition, a signal, an error), every claim is finished or given
back. Where the database is out of reach for that, the claim stays, and the next command's recovery gives it back.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from batchdrain.drain.chooser import Chooser
from batchdrain.drain.claimer import Claimer
from batchdrain.drain.finish import Finisher
from batchdrain.drain.in_flight import Ended
from batchdrain.drain.judgements import Judgements
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.stops import Stops
from batchdrain.drain.workers import Workers
from batchdrain.model.claim import ScheduledAttempt
from batchdrain.model.errors import BatchDrainError, DatabaseUnavailable
from batchdrain.model.phase import PhaseKey


@dataclass(slots=True, kw_only=True)
class Drain:
    """A collaborator for each verb. `stops` tells afterwards why it ended before the batch was full."""

    chooser: Chooser
    claimer: Claimer
    workers: Workers
    judgements: Judgements
    finisher: Finisher
    recorder: Recorder
    stops: Stops
    executed: int = 0  #: commands that were started
    orphaned: set[PhaseKey] = field(default_factory=set)  #: given back, nobody knows what became of them, no result since

    def run(self, retries: Iterable[ScheduledAttempt] = ()) -> None:
        """Until there is nothing left to take, or an error ends it, which `stops` tells of; the backlog was read just now."""
        try:
            self.chooser.begin(retries)
            while self._fill() or len(self.workers) or self.chooser.awaits_time():
                self.chooser.look_ahead()
                self.recorder.settle()
                for ended in self.workers.ended(self.chooser.until_next(self.workers)):
                    self._conclude(ended)
            self._require_complete()
            self.recorder.settle()
        except BatchDrainError as error:
            self._give_back()
            self.stops.fail(error)
        except BaseException:
            self._give_back()
            raise

    def _fill(self) -> bool:
        """A phase for every worker that is free. Returns whether any was started."""
        started = False
        while len(self.workers) < self.chooser.permits and (scheduled := self.chooser.next(self.workers)) is not None:
            if self.claimer.leaves_out(scheduled):
                self.chooser.take_back(scheduled)
                continue
            self.recorder.selected(scheduled)
            self.chooser.cancel_diagnosis(scheduled)
            claimed = self.claimer.claim(scheduled)
            if claimed is None:
                self.chooser.take_back(scheduled)
                continue
            self.workers.execute(claimed)
            started = True
            self.executed += self.stops.failure is None
        return started

    def _conclude(self, ended: Ended) -> None:
        scheduled = ended.running.scheduled
        judgement = self.judgements.of(ended, may_retry=not self.stops.is_ending())
        conclusion = self.finisher.finish(ended, judgement)
        if conclusion.postponed is not None:
            self.workers.postpone(conclusion.postponed)
            return
        if conclusion.is_orphaned:
            self.orphaned.add(scheduled.choice.phase.key)
        if conclusion.recorded is not None:
            self.orphaned.discard(scheduled.choice.phase.key)
            self.chooser.learn(conclusion.recorded)
            self.claimer.look_again()
        elif conclusion.retry is None:
            self.chooser.take_back(scheduled)
        if conclusion.waits_again:
            self.chooser.look_again()
        if conclusion.retry is not None:
            self.chooser.try_again(conclusion.retry)

    def _require_complete(self) -> None:
        """A session is not complete while it passed phases over for the moment alone."""
        locked_out = self.claimer.locked_out
        if locked_out and self.chooser.left != 0 and not self.stops.is_ending():
            self.stops.fail(
                DatabaseUnavailable(
                    f"{len(locked_out)} phases were passed over, as somebody has their rows locked, or they took too long",
                    remedy="`inv resume` goes on with them",
                )
            )
        if not self.stops.is_interrupted:
            self.stops.fail(self.claimer.lost_rows.to_failure(executed=self.executed))

    def _give_back(self) -> None:
        """What was claimed is finished or given back, whatever failed."""
        for ended in self.workers.end_all():
            with contextlib.suppress(BatchDrainError):  # the first error is the one that is told
                self.finisher.finish(ended, self.judgements.of(ended, may_retry=False))
        with contextlib.suppress(BatchDrainError):
            self.recorder.settle()
