"""What an ending means: an attempt with its outcome, its reason and its category. Pure."""

from __future__ import annotations

import errno
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from batchdrain.config.redaction import Redact
from batchdrain.config.settings import Settings
from batchdrain.execution.order import RESULT_BYTES, EndedBy, Ending
from batchdrain.failures.excerpt import add_suffix
from batchdrain.failures.meaningful_line import explain
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Claim, TimeLimit
from batchdrain.model.failure import Failure
from batchdrain.model.phase import GONE, RowState
from batchdrain.model.states import Outcome
from batchdrain.runtime.text import cut_text, to_storable

_LINE_CHARS: Final = 500
_METRICS: Final = 50


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the command wrote to its result file."""

    fields: dict[str, Any]
    problem: str  #: what is wrong with the file; '' where nothing is

    @classmethod
    def of(cls, raw: bytes) -> _Answer:
        fields = _fields_of(raw)
        return cls({}, "its result file is no JSON object") if fields is None else cls(fields, "")


class Judge:
    """For the drain and for recovery alike."""

    def __init__(self, settings: Settings, redact: Redact, categorise: Callable[[str | None], str]) -> None:
        """`redact` comes before every cut: half a secret is not found any more."""
        self._command = settings.command
        self._complete_state = settings.source.states.complete
        self._gone_is_complete = settings.source.gone_is == "complete"
        self._redact = redact
        self._categorise = categorise

    def judge(
        self,
        claim: Claim,
        ending: Ending,
        *,
        limit: TimeLimit,
        row_state: RowState | None,
        paths: tuple[str, str],
        ended_at: datetime,
    ) -> Attempt:
        """The attempt that `ending` makes of `claim`.

        `row_state`: what the command left in the table, in `result_from: database` (None with exit codes). `paths`: of the
        files of stdout and stderr, as they are shown.
        """
        answer, outcome, reason = _Answer.of(ending.result), self._outcome(ending, row_state), None
        if outcome is not Outcome.COMPLETE:
            reason = self._redact(self._reason(claim, ending, answer, row_state, limit, paths[1]))
        return Attempt(
            phase=claim.phase,
            epoch=claim.epoch,
            attempt=claim.attempt,
            outcome=outcome,
            final_state=row_state.state if row_state is not None else "",
            reason=reason,
            failure=self._failure(claim, ending, outcome, reason),
            exit_code=ending.exit_code,
            signal=ending.signal,
            started_at=ended_at - timedelta(seconds=ending.duration_s),
            ended_at=ended_at,
            duration_s=ending.duration_s,
            limit=limit,
            stdout_path=paths[0],
            stderr_path=paths[1],
            log_sha256=ending.log_sha256,
            cpu_s=ending.cpu_s,
            max_rss_kb=ending.max_rss_kb,
            wants_more_time=answer.fields.get("needs") == "time" and self._is_transient(ending),
            metrics=_metrics(answer.fields.get("metrics"), self._redact),
        )

    def _is_transient(self, ending: Ending) -> bool:
        return ending.exit_code in self._command.transient_exit_codes

    def _failure(self, claim: Claim, ending: Ending, outcome: Outcome, reason: str | None) -> Failure:
        if reason is None:
            return Failure(None, claim.phase.category)
        failure = Failure.of(reason, self._categorise)
        if outcome is Outcome.TIMEOUT:
            return failure.as_category("timeout")
        if ending.by is EndedBy.EXIT and self._is_transient(ending):
            return failure.as_category("transient")
        return failure

    def _outcome(self, ending: Ending, row_state: RowState | None) -> Outcome:
        by_database = self._command.result_from == "database"
        if ending.by is EndedBy.NOT_TAKEN:
            return Outcome.NOT_STARTED
        if ending.by is EndedBy.NOT_STARTED:  # ids too long for an argument fail their phase alone
            return Outcome.FAILED if ending.errno == errno.E2BIG else Outcome.NOT_STARTED
        if by_database and row_state is not None and self._is_complete(row_state):
            return Outcome.COMPLETE  # whatever the exit code: the command's own state counts, the code is recorded beside it
        if ending.by in {EndedBy.INTERRUPT, EndedBy.LEASE}:
            return Outcome.RELEASED
        if ending.by is EndedBy.LOST:
            return Outcome.ORPHANED
        if ending.by is EndedBy.TIMEOUT:
            return Outcome.TIMEOUT
        if ending.by is EndedBy.UNGUARDED:
            return Outcome.FAILED
        is_success = ending.exit_code in self._command.success_exit_codes
        if by_database:
            deleted = row_state is not None and row_state.is_deleted
            return Outcome.COMPLETE if is_success and deleted and self._gone_is_complete else Outcome.FAILED
        return Outcome.COMPLETE if is_success else Outcome.FAILED

    def _is_complete(self, row_state: RowState) -> bool:
        return row_state.state == self._complete_state and not row_state.is_deleted

    def _reason(
        self, claim: Claim, ending: Ending, answer: _Answer, row_state: RowState | None, limit: TimeLimit, log: str
    ) -> str:
        """Why it failed: the command's own words, else its last meaningful line; never without exit code and log file."""
        if (untold := _reason_of_no_end(ending)) is not None:
            return untold
        own = answer.fields.get("reason")
        own = to_storable(self._redact(own)).strip() if isinstance(own, str) else ""
        if ending.by is EndedBy.TIMEOUT:
            text, more = f"Timed out after {limit.seconds:g} s (limit: {limit.rule})", own or answer.problem
            return add_suffix(f"{text}: {more}" if more else text, _how_it_ended(ending), log)
        if own:
            return own
        if row_state is not None and row_state.reason and row_state.reason != claim.prior_reason:
            return to_storable(self._redact(row_state.reason))  # the command did say why, in its own way
        line, _ = self._words_of(ending)
        if row_state is not None and ending.exit_code == 0:
            left = (
                "its row is gone"
                if row_state.state == GONE
                else f"the phase is {cut_text(row_state.state, _LINE_CHARS)}, not {self._complete_state}"
            )
            line = f"the command ended, but {left}" + (f": {line}" if line else "")
        line = line or "the command failed and printed nothing"
        return add_suffix(f"{line}; {answer.problem}" if answer.problem else line, _how_it_ended(ending), log)

    def _words_of(self, ending: Ending) -> tuple[str, str]:
        """What its output and its exit code say, '' for nothing; and of which stream that is."""
        code = ending.exit_code if ending.by is EndedBy.EXIT else None
        found = explain(ending.stderr_tail, ending.stdout_tail, code, self._redact)
        return to_storable(found.text), found.stream


def _reason_of_no_end(ending: Ending) -> str | None:
    """Where no command came to its end: told by us, not by its log. None where one did."""
    if ending.by is EndedBy.NOT_TAKEN:
        return f"the engine did not take it: {ending.message}"
    if ending.by is EndedBy.NOT_STARTED:
        what = "its ids cannot be passed as arguments" if ending.errno == errno.E2BIG else "it could not be started"
        return f"{what}: {ending.message}"
    if ending.by is EndedBy.LOST:
        return f"what became of it is not known: {ending.message}"
    if ending.by is EndedBy.UNGUARDED:
        return ending.message
    return ending.message if ending.by is EndedBy.INTERRUPT and ending.message else None


def _how_it_ended(ending: Ending) -> str:
    """With what it used where a signal ended it: that tells a want of memory from a want of time."""
    if ending.signal is None:
        return f"exit code {ending.exit_code}"
    if ending.cpu_s is None or ending.max_rss_kb is None:
        return f"killed by signal {ending.signal}"
    return f"killed by signal {ending.signal} with {ending.max_rss_kb / 1024:.0f} MiB and {ending.cpu_s:.1f} s of CPU"


def _fields_of(raw: bytes) -> dict[str, Any] | None:
    """What the result file says; {} where nothing was written; None for anything that is no JSON object."""
    if not raw.strip():
        return {}
    try:
        found = json.loads(raw) if len(raw) <= RESULT_BYTES else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _metrics(found: object, redact: Redact) -> dict[str, float]:
    if not isinstance(found, dict):
        return {}
    numbers = {
        to_storable(redact(str(name)))[:100]: float(value)
        for name, value in list(found.items())[:_METRICS]
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
    }
    return {name: value for name, value in numbers.items() if math.isfinite(value)}
