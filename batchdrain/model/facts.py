"""What is known of a phase, a lane, a claim and an attempt. Frozen; no behaviour beyond what can be derived."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final

from batchdrain.failures.fingerprints import fingerprint
from batchdrain.model.retry_stats import NOTHING, Tally
from batchdrain.model.states import Outcome, PhaseState


@lru_cache(maxsize=1024)
def _digest(run_id: str, phase_id: str) -> str:
    return hashlib.sha256(json.dumps([run_id, phase_id]).encode()).hexdigest()


@dataclass(frozen=True, slots=True, order=True)
class PhaseKey:
    """The name of a phase. `phase_id` alone is not unique across runs."""

    run_id: str
    phase_id: str

    @property
    def digest(self) -> str:
        """64 hex digits: the ledger's key, safe under every collation and in every file name."""
        return _digest(self.run_id, self.phase_id)

    def __str__(self) -> str:
        return f"{self.run_id} / {self.phase_id}"


GONE: Final = "gone"
"""Stands for the state's word where a row was deleted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands in the user's table for one phase now."""

    word: str  #: of the state, in the user's words
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One row of the backlog, as it stood when the backlog was read."""

    run_id: str
    phase_id: str
    phase_index: int | None  #: orders the phases of a run; None goes last
    state: PhaseState  #: FAILED or QUEUED: the state it is drained from
    reason: str | None  #: the failure text, cut to what categories and fingerprints look at
    category: str  #: one of failures.categories.CATEGORIES
    attempts: int = 0  #: executions that the ledger counts, over all sessions

    @property
    def key(self) -> PhaseKey:
        return PhaseKey(self.run_id, self.phase_id)

    @property
    def order(self) -> tuple[bool, int, str]:
        """Phase order inside a run: by index, no index last, ties by id."""
        return (self.phase_index is None, self.phase_index or 0, self.phase_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The waiting phases of one run in one category with equally many attempts. All that a policy sees."""

    run_id: str
    run_type: str  #: from `run_types`; 'default' where nothing matches
    category: str
    attempts: int  #: counted executions of each of its phases so far
    phase_index: int | None  #: of the next phase
    phase_id: str  #: of the next phase
    waiting: int  #: phases in this lane
    failed: int  #: failed phases of the run when the session began to look, this session's successes included
    queued: int  #: queued phases of the run
    successes: int = 0  #: completed attempts of the run in the ledger
    timeouts: int = 0  #: timed-out attempts of the run in the ledger
    mean_duration_s: float | None = None  #: of the run's completed attempts; None without any
    hint: int = 0  #: manual priority; higher is sooner
    promising: bool = False  #: a diagnosis says that trying its phases again is worth it
    reason: str | None = None  #: failure text of the next phase
    repeats: Mapping[str, int] = field(default_factory=dict, repr=False)  #: failures of this session by fingerprint
    taken: int = 0  #: phases of the run that were chosen since this session began, or went on
    failed_alike: bool = False  #: the run's latest failed attempt failed like one of another run
    limit_s: float = 600.0  #: time limit of the next phase, before anything is learnt of durations
    of_all: Tally = NOTHING  #: all attempts on failures so far, in the ledger and in this session; so those that follow
    of_category: Tally = NOTHING  #: attempts that set out from this category
    of_fingerprint: Tally = NOTHING  #: attempts that set out from the next phase's fingerprint; none where it is ''
    of_run: Tally = NOTHING  #: attempts of the run
    of_run_type: Tally = NOTHING  #: attempts of runs of this type

    @property
    def fingerprint(self) -> str:
        """Of the next phase's failure text; '' where it has none."""
        return fingerprint(self.reason)

    @property
    def fingerprint_count(self) -> int:
        """Failures with that fingerprint in this session."""
        return self.repeats.get(self.fingerprint, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A phase that is to be drained next, and why."""

    phase: Phase
    fingerprint: str
    reason: str  #: one line for people


@dataclass(frozen=True, slots=True, order=True)
class Try:
    """A phase that is to be executed, from `due` on (monotonic seconds)."""

    due: float
    number: int  #: its place in the session, for people
    choice: Choice = field(compare=False)
    executions: int = field(default=0, compare=False)  #: in this session, so far
    longer: int = field(default=0, compare=False)  #: how often it asked for more time

    @property
    def run_id(self) -> str:
        return self.choice.phase.run_id

    @property
    def is_retry(self) -> bool:
        return self.executions > 0


@dataclass(frozen=True, slots=True, order=True)
class Skip:
    """Why a phase is not drained: the rule, and the value that it met."""

    rule: str
    value: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.value}" if self.value else self.rule


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeLimit:
    """How long a phase may take, and which rule says so."""

    seconds: float
    rule: str  #: e.g. 'timeout.default_s', or '3 x p95 of 12 durations of maintenance'


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Our exclusive right to try one phase. Void once a higher epoch is written."""

    phase: Phase
    epoch: int  #: grows with every claim and takeover; guards every later write
    attempt: int  #: 1 for the first try ever; not advanced by an interruption
    prior_word: str  #: the state's own word in the table when we took it
    prior_reason: str | None  #: the whole text, to be given back byte for byte
    held_word: str | None  #: the state's word that we wrote; None where the command sets states itself
    claimed_at: datetime  #: aware, UTC
    token: str  #: names this execution among all processes of a machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One execution of one phase and what came of it; a row of the ledger."""

    phase: Phase
    epoch: int
    attempt: int
    outcome: Outcome
    final_word: str  #: the state's word that stands in the table after it
    reason: str | None  #: the new failure text; None when it completed
    category: str
    fingerprint: str  #: of the new failure text
    exit_code: int | None  #: None when it was killed by a signal or never started
    signal: int | None
    started_at: datetime
    ended_at: datetime
    duration_s: float  #: by the monotonic clock
    limit: TimeLimit
    stdout_path: str
    stderr_path: str
    log_sha256: str | None = None  #: of stderr
    wants_more_time: bool = False
    metrics: Mapping[str, float] = field(default_factory=dict)

    @property
    def success(self) -> bool:
        return self.outcome is Outcome.COMPLETE

    @property
    def timed_out(self) -> bool:
        return self.outcome is Outcome.TIMEOUT
