"""A policy drains a world: through the planner, the stop conditions, the time limits and the retries that users have.

What is not real: the commands (the world knows what comes of them), the clock, the database. One worker. A session takes
what it may, at most a batch; then the next one begins, on the same ledger.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache

from batchdrain.config.settings import Retry, Settings
from batchdrain.database.phases.pages import Page
from batchdrain.drain.circuit_breaker import is_transient
from batchdrain.drain.retry import retry_after
from batchdrain.failures import categorise
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice, TimeLimit
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, PhaseKey
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.planning.failure_row import FailureRow, describe_before
from batchdrain.planning.filters import Filters
from batchdrain.planning.lane_backlog import LaneBacklog
from batchdrain.planning.limits import TimeLimits
from batchdrain.planning.reading import Reading
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.planning.stop import Progress, session_stop
from batchdrain.planning.transient_outage import TransientOutage
from batchdrain.policies.ranking import Ranking
from tests.benchmarks.simulator.memory import Memory
from tests.benchmarks.simulator.world import Truth, World

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """One execution of a replay."""

    ended_s: float  #: on the replay's clock
    took_s: float
    fixed: bool
    hopeless: bool  #: of a phase that no retry mends


@dataclass(frozen=True, slots=True, order=True)
class Again:
    """A phase that is to be executed, from `due_s` on."""

    due_s: float
    key: PhaseKey
    phase: Phase = field(compare=False)
    executions: int = field(default=0, compare=False)  #: in this session, so far


@dataclass(slots=True, kw_only=True)
class Session:
    """What one session has done, as the planner and the stop conditions look at it."""

    began_s: float
    left: int  #: phases that it may still take
    read_s: float  #: when its backlog was read
    retries: list[Again] = field(default_factory=list)
    attempted: set[PhaseKey] = field(default_factory=set)
    timeouts: Counter[str] = field(default_factory=Counter)
    repeats: Counter[str] = field(default_factory=Counter)
    fixed: Counter[str] = field(default_factory=Counter)
    failures: int = 0
    row: FailureRow = field(default_factory=FailureRow)
    outage: TransientOutage
    is_over: bool = False  #: an outage lasted too long


class Replay:
    def __init__(self, world: World, ranking: Ranking, memory: Memory, settings: Settings) -> None:
        self.world = world
        self.memory = memory
        self.settings = settings
        self.ranking = ranking
        self.now_s = 0.0
        self.executed: list[Executed] = []
        self.failing = world.first_reasons()
        self.run_type = cache(self._run_type)
        self._fixable = sum(truth.fixable for truth in world.truths.values())
        self._session = Session(began_s=0.0, left=0, read_s=0.0, outage=TransientOutage(settings.retry))
        self._tries: Counter[PhaseKey] = Counter()

    def run(self, budget_s: float) -> list[Executed]:
        """Every execution that ended within the budget. It ends before where nothing is left that a retry may mend."""
        while self.now_s < budget_s and self._fixable:
            self._drain(budget_s)
        return [found for found in self.executed if found.ended_s <= budget_s]

    def drain_session(self, look: Callable[[LaneBacklog, TimeLimits], None]) -> list[Executed]:
        """One session to its end, whatever it can mend. `look`: told of its backlog before its first choice."""
        before = len(self.executed)
        self._drain(math.inf, look=look)
        return self.executed[before:]

    def _drain(self, budget_s: float, look: Callable[[LaneBacklog, TimeLimits], None] | None = None) -> None:
        """`look`: of a session that goes on where nothing is left that a retry may mend."""
        session = self._session = Session(
            began_s=self.now_s,
            left=self.settings.batch_size,
            read_s=-self.settings.refresh_s,
            outage=TransientOutage(self.settings.retry),
        )
        backlog = LaneBacklog(
            self._read, self.ranking, state=PhaseState.FAILED, categorise=categorise, run_type=self.run_type,
            fixed=lambda: session.fixed,
        )  # fmt: skip
        limits = TimeLimits(self.memory.durations_s, self.settings.timeout, self.run_type)
        if look is not None:
            backlog.refresh(self.moment())
            look(backlog, limits)
        while (
            self.now_s < budget_s
            and (self._fixable or look)
            and not session.is_over
            and session_stop(self._progress(), self.settings.stop) is None
        ):
            tried = self._pick(backlog, limits)
            if tried is None:
                return
            attempt = self._executed(tried.phase, limits.of(tried.phase))
            executions = tried.executions + 1
            is_spared, is_over = self._note_outage(attempt)
            if is_spared:  # given back, uncounted
                session.is_over = is_over
                heapq.heappush(session.retries, replace(tried, due_s=session.outage.due_s))
                continue
            wait_s = retry_after(attempt, executions, self.settings.retry, _mean_wait)
            session.is_over = is_over and wait_s is None
            self._record(attempt, again=wait_s is not None)
            backlog.touch(tried.phase.run_id, self.moment(), attempt)
            if wait_s is not None:
                phase = replace(tried.phase, failure=attempt.failure, attempts=tried.phase.attempts + 1)
                heapq.heappush(session.retries, Again(self.now_s + wait_s, phase.key, phase, executions))

    def _note_outage(self, attempt: Attempt) -> tuple[bool, bool]:
        """Whether it goes back uncounted, and whether that ends the session."""
        outage, transient = self._session.outage, is_transient(attempt)
        was_open = outage.is_open
        pauses = outage.note(attempt.phase.key, self.now_s, is_transient=transient) is not None
        return was_open and transient, pauses and outage.lasts_s(self.now_s) > self.settings.patience.outage_s

    def _pick(self, backlog: LaneBacklog, limits: TimeLimits) -> Again | None:
        """A retry that is due, else the planner's next phase, else the retry that is due next; the clock goes on to it."""
        session = self._session
        if session.outage.is_open:
            self.now_s = max(self.now_s, session.outage.due_s)
        is_due = session.retries and session.retries[0].due_s <= self.now_s
        if session.left and (session.outage.is_suspect or not is_due):
            if self.now_s - session.read_s >= self.settings.refresh_s:
                backlog.refresh(self.moment())
                limits.forget()
                session.read_s = self.now_s
            choice = self._next(backlog)
            if choice is not None:
                session.left -= 1
                return Again(self.now_s, choice.phase.key, choice.phase)
        if not session.retries:
            return None
        tried = heapq.heappop(session.retries)
        self.now_s = max(self.now_s, tried.due_s)
        return tried

    def _next(self, backlog: LaneBacklog) -> Choice | None:
        choice = backlog.next(self.moment())
        if choice is None and (backlog.stale or backlog.waiting):
            backlog.refresh(self.moment())
            choice = backlog.next(self.moment())
        return choice

    def _executed(self, phase: Phase, limit: TimeLimit) -> Attempt:
        key, truth = phase.key, self.world.truths[phase.key]
        self._tries[key] += 1
        mends = self.world.mends(key, self._tries[key])
        wants_s = truth.mends_s if mends else truth.fails_s
        took_s, timed_out = min(wants_s, limit.seconds), wants_s > limit.seconds
        self.now_s += took_s
        outcome = Outcome.TIMEOUT if timed_out else Outcome.COMPLETE if mends else Outcome.FAILED
        reason = None
        if timed_out:
            reason = f"Timed out after {limit.seconds:g} s (limit: {limit.rule})"
        elif not mends:
            reason = self.world.reason(key, self._tries[key]) or ""
        self._note(truth, took_s, fixed=outcome is Outcome.COMPLETE)
        return Attempt(
            phase=phase, epoch=self._tries[key], attempt=self._tries[key], outcome=outcome, final_state="", reason=reason,
            failure=Failure.of(reason, lambda text: "timeout" if timed_out else categorise(text)), exit_code=0, signal=None,
            started_at=MOMENT, ended_at=self.moment(), duration_s=took_s, limit=limit, stdout_path="", stderr_path="",
        )  # fmt: skip

    def _note(self, truth: Truth, took_s: float, *, fixed: bool) -> None:
        self.executed.append(Executed(ended_s=self.now_s, took_s=took_s, fixed=fixed, hopeless=not truth.fixable))
        self._fixable -= fixed

    def _record(self, attempt: Attempt, *, again: bool) -> None:
        """As SessionRecord counts: a failure that is to be tried again is no failure yet."""
        session, key = self._session, attempt.phase.key
        self.memory.add(attempt, self.run_type(key.run_id))
        session.attempted.add(key)
        session.timeouts[key.run_id] += attempt.timed_out
        self._note_row(attempt, again=again)
        if attempt.success:
            del self.failing[key]
            session.fixed[key.run_id] += 1
            session.failures = 0
            return
        self.failing[key] = attempt.reason
        if not again:
            session.failures += 1
            session.repeats[attempt.fingerprint] += bool(attempt.fingerprint)

    def _note_row(self, attempt: Attempt, *, again: bool) -> None:
        row = self._session.row
        if not again and self.settings.retry.outage_after and is_transient(attempt):
            row.clear()
        elif not again:
            row.add(attempt.fingerprint, describe_before(attempt.phase))

    def _read(self) -> Reading:
        rules = SkipRules(
            filters=Filters(),
            settings=self.settings,
            past=self.memory.past(),
            attempted=self._session.attempted,
            progress=self._progress,
        )
        return Reading(pages=[Page.of(self.world.rows(self.failing))], rules=rules)

    def _progress(self) -> Progress:
        session = self._session
        return Progress(
            elapsed_s=self.now_s - session.began_s,
            consecutive_failures=session.failures,
            timeouts=session.timeouts,
            repeats=session.repeats,
            same_failures=session.row.length,
        )

    def _run_type(self, run_id: str) -> str:
        for rule in self.settings.run_types:
            if run_id.startswith(rule.match.removesuffix("*")):
                return rule.type
        return "default"

    def moment(self) -> datetime:
        return MOMENT + timedelta(seconds=self.now_s)


def _mean_wait(executions: int, retry: Retry) -> float:
    """The mean of the full jitter."""
    return min(retry.max_s, retry.initial_s * 2.0 ** (executions - 1)) / 2
