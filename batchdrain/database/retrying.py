"""How often and after which wait a database operation is tried again. Imported only when needed, since tenacity is heavy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from tenacity import RetryCallState, Retrying, nap, retry_if_exception, stop_after_delay, wait_random_exponential
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
HURRIED_S: Final = 2.0
"""For how many seconds an operation is still tried once somebody wants its process to end."""
_HURRIED_WAIT_S: Final = 0.25


class Hurry(Protocol):
    """Set once somebody wants the process to end; then nothing waits long any more."""

    def is_set(self) -> bool:
        """Whether it is set."""

    def wait(self, seconds: float, /) -> bool:
        """Wait at most this many seconds for it. Returns whether it is set."""


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


class StopInHurry(stop_base):
    """Stops `HURRIED_S` seconds after it first met a hurry: what is not written by then is left to recovery."""

    def __init__(self, hurry: Hurry | None) -> None:
        self._hurry = hurry
        self._since: float | None = None

    def __call__(self, retry_state: RetryCallState) -> bool:
        if self._hurry is None or not self._hurry.is_set():
            return False
        now = retry_state.seconds_since_start or 0.0
        self._since = now if self._since is None else self._since
        return now - self._since >= HURRIED_S


def _error_of(retry_state: RetryCallState) -> BaseException | None:
    return None if retry_state.outcome is None else retry_state.outcome.exception()


def make_retrying(
    patience: Patience, on_retry: Callable[[str, int], None] | None, hurry: Hurry | None = None, *, may_wait: bool
) -> Retrying:
    """Retry one operation for at most `patience.operation_s`. `on_retry` gets the reason and the number of the next try. Without
    `may_wait` a locked row is not tried again, and a conflict only as long as a locked row would be waited for. `hurry` ends the
    wait between two tries, and soon the tries."""

    def say(state: RetryCallState) -> None:
        if on_retry is not None and state.outcome is not None:
            on_retry(first_line_of(state.outcome.exception()), state.attempt_number + 1)

    def sleep(seconds: float) -> None:
        if hurry is not None and not hurry.is_set():
            hurry.wait(seconds)
        else:
            nap.sleep(seconds if hurry is None else min(seconds, _HURRIED_WAIT_S))

    stops = StopAtTries(patience.operation_s if may_wait else patience.lock_s)
    return Retrying(
        retry=retry_if_exception(lambda error: is_transient(error) and (may_wait or not is_row_lock(error))),
        stop=stops | stop_after_delay(patience.operation_s) | StopAtLarge() | StopInHurry(hurry),
        wait=wait_random_exponential(multiplier=0.05, max=2),
        before_sleep=say,
        sleep=sleep,
        reraise=True,
    )
