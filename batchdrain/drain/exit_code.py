"""The exit code of a drain: by a signal, an error, or its results."""

from __future__ import annotations

from typing import Final

from batchdrain.drain.ambiguous_rows import ambiguity_of
from batchdrain.drain.loop import Drain
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.shutdown import Shutdown
from batchdrain.model.errors import BatchDrainError
from batchdrain.runtime.signals import Signalled
from batchdrain.sessions.exit_code import exit_code_of

_FAULT_OF_OURS: Final = 1
_BY_CTRL_C: Final = 130


def find_failure(it: OpenSession, drain: Drain) -> BatchDrainError | None:
    """The error that the drain reports; None if there is none."""
    failure = drain.stops.failure or drain.finisher.refused or drain.claimer.refused
    if failure is None and not it.backlog.waiting:
        return ambiguity_of(it.backlog.skipped)
    return failure


def find_exit_code(it: OpenSession, drain: Drain, shutdown: Shutdown) -> int:
    """The exit code: that of a signal, else that of an error, else the one by results."""
    if shutdown.exit_code is not None:
        return shutdown.exit_code
    if (failure := find_failure(it, drain)) is not None:
        return failure.exit_code
    wanted = it.request.settings.min_success_rate
    return exit_code_of(it.record.session, wanted, orphaned=bool(drain.orphaned)) or int(fails_by_nothing(it, drain))


def fails_by_nothing(it: OpenSession, drain: Drain) -> bool:
    """Whether nothing was executed, and this call asked to fail then (`--fail-if-nothing`)."""
    return it.request.fail_if_nothing and not drain.executed


def find_rate_of_this_time(it: OpenSession) -> float | None:
    """The success rate of this call, if it differs from the session's own; otherwise None."""
    wanted = it.request.settings.min_success_rate
    own = None if it.whole is None else it.whole.settings.min_success_rate
    return None if wanted == own else wanted


def exit_code_after(error: BaseException) -> int:
    """The exit code of the task once the error was raised."""
    if isinstance(error, BatchDrainError | Signalled):
        return error.exit_code
    return _BY_CTRL_C if isinstance(error, KeyboardInterrupt) else _FAULT_OF_OURS
