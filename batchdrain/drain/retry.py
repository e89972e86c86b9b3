"""Whether a phase is tried again within its session, and after how long. Pure, except for the jitter that is passed in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from tenacity import RetryCallState, wait_random_exponential

from batchdrain.config.settings import Retry
from batchdrain.model.attempt import Attempt
from batchdrain.model.states import Outcome

Wait = Callable[[int, Retry], float]
RETRIED: Final = "transient"


def full_jitter(executions: int, retry: Retry) -> float:
    """Seconds to wait after this many executions: tenacity's exponential backoff with full jitter. The wait is uniform between 0
    and min(max_s, initial_s * 2**(executions - 1))."""
    state: Any = RetryCallState(None, None, (), {})  # type: ignore[arg-type]
    state.attempt_number = executions
    return float(wait_random_exponential(multiplier=retry.initial_s, max=retry.max_s)(state))


def retry_after(attempt: Attempt, executions: int, retry: Retry, wait: Wait = full_jitter) -> float | None:
    """Seconds until the phase is tried again; None if it is not.

    Only transient failures are tried again, and only while the session has executed the phase fewer than `max_attempts` times.
    """
    if attempt.outcome is not Outcome.FAILED or attempt.category != RETRIED or executions >= retry.max_attempts:
        return None
    return 0.0 if attempt.wants_more_time else wait(executions, retry)
