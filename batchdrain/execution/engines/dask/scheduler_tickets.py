"""Tickets that the scheduler gives: the `first` of the engine `dask`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from batchdrain.execution.engines.dask.by_source import AT_WORKER, BySource


class SchedulerTickets:
    """Here the controller asks the scheduler, by `ask`; where it travels to, a worker does."""

    def __init__(self, ask: Callable[..., Any], session: str) -> None:
        self._ask = ask
        self._session = session

    def __call__(self, token: str) -> bool:
        """Raises OSError where it does not answer."""
        return self._ask("draw", token=token, by_controller=True) is True

    def __reduce__(self) -> tuple[Any, ...]:
        return partial, (BySource(AT_WORKER, "draw"), self._session)
