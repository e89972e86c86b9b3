"""One execution of one phase, and what came of it."""

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
    """One execution of one phase and what came of it; a row of the ledger."""

    phase: Phase
    epoch: int
    attempt: int
    outcome: Outcome
    final_state: str  #: the state's word that stands in the table after it
    reason: str | None  #: the new failure text, whole; None when it completed
    failure: Failure  #: what that text says; without a text, of the phase's category, when it completed
    exit_code: int | None  #: None when it was killed by a signal or never started
    signal: int | None
    started_at: datetime
    ended_at: datetime
    duration_s: float  #: by the monotonic clock
    limit: TimeLimit
    stdout_path: str
    stderr_path: str
    log_path: str = ""  #: of these two the one to look at: the reason's words stand in it; '' where both are empty
    log_sha256: str | None = None  #: of stderr
    cpu_s: float | None = None  #: of the command and what it waited for; None where nobody measured it
    max_rss_kb: int | None = None  #: the most memory that one of these held at a time
    wants_more_time: bool = False
    is_of_gone_row: bool = False  #: it was judged by a row that was not there
    unwritten: str = ""  #: why its row was left as it stands, where it was to be given back
    metrics: Mapping[str, float] = field(default_factory=dict)
    host: str = ""  #: where it was executed, by its own word; '' where the controller was
    answer_problem: str = ""  #: what of its result file was not used, and why; '' where nothing is wrong with it

    @property
    def category(self) -> str:
        """Of the new failure text; the phase's own when it completed."""
        return self.failure.category

    @property
    def fingerprint(self) -> str:
        """Of the new failure text; '' when it completed."""
        return self.failure.fingerprint

    @property
    def success(self) -> bool:
        """Whether the phase completed, whatever its command's exit code."""
        return self.outcome is Outcome.COMPLETE

    @property
    def timed_out(self) -> bool:
        """Whether its time limit ended it."""
        return self.outcome is Outcome.TIMEOUT


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """An attempt as it was recorded, and what is known of it beside its row. What is told of its end is made of this."""

    attempt: Attempt
    initial_state: str = ""  #: of the phase in the table, before it was claimed
    retry_at: datetime | None = None  #: when it is tried again in this session; None: it is not
    left_over: int = 0  #: processes that the command left behind, and that were ended

    @property
    def reason(self) -> str | None:
        """Why it failed, for people."""
        if self.attempt.outcome is Outcome.MOVED:
            return f"its command, or somebody else, made the phase {self.attempt.final_state} meanwhile; left alone"
        return self.attempt.reason
