"""Tickets that the scheduler gives out: the `first` of the engine `dask`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from batchdrain.execution.engines.dask.by_source import AT_WORKER, BySource


class SchedulerTickets:
    """Draws tickets at the scheduler. In the controller it uses `ask`; on a worker, to which it travels, the worker asks."""

    def __init__(self, ask: Callable[..., Any], session: str) -> None:
        self._ask = ask
        self._session = session

    def __call__(self, token: str) -> bool:
        """Draw the ticket for the controller. Raises OSError if the scheduler does not answer."""
        return self._ask("draw", token=token, by_controller=True) is True

    def __reduce__(self) -> tuple[Any, ...]:
        return partial, (BySource(AT_WORKER, "draw"), self._session)
