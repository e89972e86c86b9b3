"""How often and after which wait a database operation is tried again. Imported only when needed, since tenacity is heavy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_random_exponential
from tenacity.stop import stop_base

from batchdrain.config.settings import Patience
from batchdrain.database.driver_errors import (
    first_line_of,
    is_large,
    is_lost_race,
    is_lost_statement,
    is_row_lock,
    is_transient,
)

TRIES: Final = 8
"""How often an operation is tried that did not only meet another transaction."""
_TRIES_OF_LARGE: Final = 3
"""How often a large statement that breaks its connection each time is tried."""


class StopAtLarge(stop_base):
    """Stops after `_TRIES_OF_LARGE` tries of a large statement that breaks its connection each time. The very first try is
    not counted by tenacity, so it is added here. Belongs to one operation, whose tries it counts."""

    def __init__(self) -> None:
        self._tries = 1

    def __call__(self, retry_state: RetryCallState) -> bool:
        error = _error_of(retry_state)
        if error is None or not (is_lost_statement(error) and is_large(error)):
            return False
        self._tries += 1
        return self._tries >= _TRIES_OF_LARGE


class StopAtTries(stop_base):
    """Stops after `TRIES` tries, counted as above. A transaction that only met another one is none of them and goes on for
    `race_s` seconds: with many controllers it may lose often, and the server is well."""

    def __init__(self, race_s: float) -> None:
        self._race_s = race_s
        self._tries = 1

    def __call__(self, retry_state: RetryCallState) -> bool:
        error = _error_of(retry_state)
        if error is not None and is_lost_race(error):
            return (retry_state.seconds_since_start or 0.0) >= self._race_s
        self._tries += 1
        return self._tries >= TRIES


def _error_of(retry_state: RetryCallState) -> BaseException | None:
    return None if retry_state.outcome is None else retry_state.outcome.exception()


def make_retrying(patience: Patience, on_retry: Callable[[str, int], None] | None, *, may_wait: bool) -> Retrying:
    """Retry one operation for at most `patience.operation_s`. `on_retry` gets the reason and the number of the next try. Without
    `may_wait` a locked row is not tried again, and a conflict only as long as a locked row would be waited for."""

    def say(state: RetryCallState) -> None:
        if on_retry is not None and state.outcome is not None:
            on_retry(first_line_of(state.outcome.exception()), state.attempt_number + 1)

    stops = StopAtTries(patience.operation_s if may_wait else patience.lock_s)
    return Retrying(
        retry=retry_if_exception(lambda error: is_transient(error) and (may_wait or not is_row_lock(error))),
        stop=stops | stop_after_delay(patience.operation_s) | StopAtLarge(),
        wait=wait_random_exponential(multiplier=0.05, max=2),
        before_sleep=say,
        reraise=True,
    )
