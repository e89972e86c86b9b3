"""Judges an ending: makes an attempt with an outcome, a reason and a category of it. Pure."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from batchdrain.config.redaction import Redact
from batchdrain.config.settings import Settings
from batchdrain.drain.answer import Answer
from batchdrain.drain.words import log_of, words_of
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.failures.exit_codes import words_of_silence
from batchdrain.failures.suffix import add_suffix, describe_end
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Claim, TimeLimit
from batchdrain.model.failure import Failure
from batchdrain.model.phase import RowState
from batchdrain.model.states import Outcome
from batchdrain.runtime.text import STORED_CHARS, cut_text, to_storable

_STATE_CHARS: Final = 500


class Judge:
    """Judges endings, both for the drain and for recovery."""

    def __init__(self, settings: Settings, redact: Redact, categorise: Callable[[str | None], str]) -> None:
        """`redact` is applied before every cut, as half a secret would not be recognised."""
        self._command = settings.command
        self._complete_words = settings.source.states.complete
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
        """The attempt that `ending` makes of `claim`. `row_state`: None if exit codes tell; `paths`: both logs, as shown."""
        answer, outcome = self._read_answer(ending), self._outcome(ending, row_state)
        line, spoke = words_of(ending, self._redact)
        reason = None if outcome is Outcome.COMPLETE else self._reason(claim, ending, answer, row_state, limit, line)
        return Attempt(
            phase=claim.phase,
            epoch=claim.epoch,
            attempt=claim.attempt,
            outcome=outcome,
            final_state=row_state.state if row_state is not None else "",
            is_of_gone_row=row_state is not None and not row_state.is_there,
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
            log_path=log_of(ending, spoke, paths),
            answer_problem=answer.problem,
            log_sha256=ending.log_sha256,
            cpu_s=ending.cpu_s,
            max_rss_kb=ending.max_rss_kb,
            wants_more_time=answer.needs_time and self._is_transient(ending),
            metrics=answer.metrics,
            host=ending.host,
        )

    def _read_answer(self, ending: Ending) -> Answer:
        answer = Answer.of(ending.result, self._redact)
        if answer.needs_time and ending.by is EndedBy.EXIT and not self._is_transient(ending):
            codes = " or ".join(map(str, self._command.transient_exit_codes)) or "of transient_exit_codes"
            return answer.with_problem(f"needs: 'time' counts only with exit code {codes}")
        return answer

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
        if ending.by is EndedBy.NOT_STARTED:  # ids that are too long for an argument fail only their own phase
            return Outcome.FAILED if ending.errno == errno.E2BIG else Outcome.NOT_STARTED
        if by_database and row_state is not None and self._is_complete(row_state):
            return Outcome.COMPLETE  # whatever the exit code: the state that the command set counts; the code is recorded too
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
        return row_state.is_there and row_state.state in self._complete_words

    def _reason(
        self, claim: Claim, ending: Ending, answer: Answer, row_state: RowState | None, limit: TimeLimit, line: str
    ) -> str:
        """Why it failed, without secrets: the command's own words, or else the `line` that it printed. Always says how the command
        ended."""
        return self._redact(self._words(claim, ending, answer, row_state, limit, line))

    def _words(
        self, claim: Claim, ending: Ending, answer: Answer, row_state: RowState | None, limit: TimeLimit, line: str
    ) -> str:
        if (untold := _reason_of_no_end(ending)) is not None:
            return untold
        if ending.by is EndedBy.TIMEOUT:
            return _end_reason(f"{limit.reason}: {answer.reason}" if answer.reason else limit.reason, ending, answer)
        if answer.reason:
            return _end_reason(answer.reason, ending, answer)
        if row_state is not None and row_state.reason and row_state.reason != claim.prior_reason:
            return to_storable(self._redact(row_state.reason))  # the command told its reason through the table
        if row_state is not None and ending.exit_code == 0:
            left = (
                "its row is gone"
                if not row_state.is_there
                else f"the phase is {cut_text(row_state.state, _STATE_CHARS)}, not {self._complete_words}"
            )
            line = f"the command ended, but {left}" + (f": {line}" if line else "")
        return _end_reason(line or words_of_silence(ending.signal), ending, answer)


def _end_reason(words: str, ending: Ending, answer: Answer) -> str:
    """Append how the command ended. Only the words before are cut if the text is too long."""
    end = describe_end(ending.exit_code, ending.signal, ending.cpu_s, ending.max_rss_kb)
    return add_suffix(words, end, answer.problem, most=STORED_CHARS)


def _reason_of_no_end(ending: Ending) -> str | None:
    """The reason if no command came to its end: then batchdrain tells it, not the command's log. None if one did."""
    if ending.by is EndedBy.NOT_TAKEN:
        return f"the engine did not accept it: {ending.message}"
    if ending.by is EndedBy.NOT_STARTED:
        what = "its ids cannot be passed as arguments" if ending.errno == errno.E2BIG else "it could not be started"
        return f"{what}: {ending.message}"
    if ending.by is EndedBy.LOST:
        return f"its result is not known: {ending.message}"
    if ending.by is EndedBy.UNGUARDED:
        return ending.message
    return ending.message if ending.by is EndedBy.INTERRUPT and ending.message else None
