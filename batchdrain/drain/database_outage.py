"""Outlasts a database that is away: operations are repeated until it is back or patience has run out."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final, TypeVar

from batchdrain.drain.shutdown import Shutdown
from batchdrain.model.errors import DatabaseUnavailable

T = TypeVar("T")
_FIRST_S: Final = 0.2
_MOST_S: Final = 5.0
_TOLD_EVERY_S: Final = 30.0


class DatabaseOutage:
    """Repeats operations. The operations given to `retry` must be safe to repeat."""

    def __init__(self, patience_s: float, shutdown: Shutdown, notice: Callable[[str], None]) -> None:
        """`patience_s`: how long one operation is repeated, in seconds; `notice`: tells people."""
        self.patience_s = patience_s
        self._shutdown = shutdown
        self._notice = notice
        self._given_up = False
        self._told = ""  # the error of the present outage

    def retry(self, work: Callable[[], T], *, meanwhile: str) -> T:
        """Return the result of `work`. `meanwhile`: what people are told while it can't be had. Raises DatabaseUnavailable once
        patience has run out or a signal came."""
        began = told = monotonic()
        wait_s = _FIRST_S
        while True:
            try:
                done = work()
            except DatabaseUnavailable as error:
                now = monotonic()
                left_s = 0.0 if self._given_up or self._shutdown.wake.is_set() else max(0.0, began + self.patience_s - now)
                if wait_s == _FIRST_S:
                    self._tell(error.message, meanwhile, left_s)
                elif now - told >= _TOLD_EVERY_S and left_s:
                    told = now
                    self._notice(f"Still unreachable after {now - began:.0f} s; trying again for {left_s:.0f} s")
                if not left_s:
                    self._given_up = True  # the cleanup after this does not wait that long once more
                    raise
                self._shutdown.wake.wait(min(wait_s, left_s))
                wait_s = min(_MOST_S, wait_s * 2)
            else:
                self._told = ""
                return done

    def _tell(self, what: str, meanwhile: str, left_s: float) -> None:
        """Tell what is wrong. The full message is told once in an outage, however many operations wait."""
        again = f"{meanwhile}; trying again for {left_s:.0f} s" if left_s else meanwhile
        self._notice(f"The same: {again}" if what == self._told else f"{what}: {again}")
        self._told = what
