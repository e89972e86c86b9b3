"""One execution of one phase, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from batchdrain.model.claim import TimeLimit
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase
from batchdrain.model.states import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One execution of one phase, and how it ended; a row of the ledger."""

    phase: Phase
    epoch: int
    attempt: int
    outcome: Outcome
    final_state: str  #: the word that the table holds as its state afterwards
    reason: str | None  #: the whole new failure text; None if it completed
    failure: Failure  #: made of that text; if it completed: no text, the phase's own category
    exit_code: int | None  #: None if it was killed by a signal or never started
    signal: int | None
    started_at: datetime
    ended_at: datetime
    duration_s: float  #: by the monotonic clock
    limit: TimeLimit
    stdout_path: str
    stderr_path: str
    log_path: str = ""  #: the one of these two that the failure text comes from; '' if both are empty
    log_sha256: str | None = None  #: the hash of stderr
    cpu_s: float | None = None  #: CPU time of the command and the children it waited for; None if not measured
    max_rss_kb: int | None = None  #: the largest memory of any one of these processes
    wants_more_time: bool = False
    is_of_gone_row: bool = False  #: it was judged while its row was missing
    unwritten: str = ""  #: why its row was left unchanged although the phase was to be given back
    metrics: Mapping[str, float] = field(default_factory=dict)
    host: str = ""  #: the host that reports to have executed it; '' for the controller's own
    answer_problem: str = ""  #: what in its result file was not used, and why; '' if nothing was wrong

    @property
    def category(self) -> str:
        """The category of the new failure text; the phase's own category if it completed."""
        return self.failure.category

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the new failure text; '' if it completed."""
        return self.failure.fingerprint

    @property
    def success(self) -> bool:
        """Whether the phase completed, whatever its command's exit code."""
        return self.outcome is Outcome.COMPLETE

    @property
    def timed_out(self) -> bool:
        """Whether it was ended by its time limit."""
        return self.outcome is Outcome.TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """An attempt as it was recorded, with what is known about it beyond its row. Reports about its end are made from this."""

    attempt: Attempt
    initial_state: str = ""  #: the word of the phase's state in the table before it was claimed
    retry_at: datetime | None = None  #: when the phase is tried again in this session; None: it is not
    left_over: int = 0  #: how many processes the command left behind, which were ended

    @property
    def reason(self) -> str | None:
        """Why it failed, for people."""
        if self.attempt.outcome is Outcome.MOVED:
            return f"its command, or somebody else, made the phase {self.attempt.final_state} meanwhile; it was not changed"
        return self.attempt.reason
