"""How often a database operation is tried again, and after which wait. Loaded by the first that needs it: tenacity is heavy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_after_delay,
    wait_random_exponential,
)
from tenacity.stop import stop_base

from batchdrain.database.driver_errors import first_line_of, is_large, is_lost_statement, is_row_lock, is_transient

TRIES: Final = 8
_TRIES_OF_LARGE: Final = 3
"""Of a statement that carries much, and breaks its connection each time."""


class StopAtLarge(stop_base):
    """No more tries of a large statement that breaks its connection each time. The first one came before those that are
    counted here."""

    def __call__(self, retry_state: RetryCallState) -> bool:
        error = None if retry_state.outcome is None else retry_state.outcome.exception()
        lost = error is not None and is_lost_statement(error) and is_large(error)
        return lost and retry_state.attempt_number >= _TRIES_OF_LARGE - 1


def make_retrying(operation_s: float, on_retry: Callable[[str, int], None] | None, *, may_wait: bool) -> Retrying:
    """For `operation_s` at most. `on_retry` gets the reason and the number of the try that follows; without `may_wait` a row
    that is locked is an end."""

    def say(state: RetryCallState) -> None:
        if on_retry is not None and state.outcome is not None:
            on_retry(first_line_of(state.outcome.exception()), state.attempt_number + 1)

    return Retrying(
        retry=retry_if_exception(lambda error: is_transient(error) and (may_wait or not is_row_lock(error))),
        stop=stop_after_attempt(TRIES - 1) | stop_after_delay(operation_s) | StopAtLarge(),
        wait=wait_random_exponential(multiplier=0.05, max=2),
        before_sleep=say,
        reraise=True,
    )
