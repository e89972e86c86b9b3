"""An engine that executes nothing: what comes of a phase stands in its id, `…~fail`, and happens at once, in this process."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from batchdrain.execution.order import EndedBy, Ending, Order

Step = Callable[[str, str], None]
_before_end: list[Step] = []
ENGINE = f"{__name__}:engine"


class ScriptedEngine(Executor):
    """Each command ends while it is submitted."""

    def submit(self, call: Any, order: Order, /) -> Future[Ending]:  # type: ignore[override]
        run_id, phase_id = order.env["BATCHDRAIN_RUN_ID"], order.env["BATCHDRAIN_PHASE_ID"]
        attempt, act = int(order.env["BATCHDRAIN_ATTEMPT"]), phase_id.rpartition("~")[2]
        for step in _before_end:
            step(run_id, phase_id)
        future: Future[Ending] = Future()
        future.set_result(ending_of(act, phase_id, attempt))
        return future


def engine(*, workers: int, settings: Any) -> ScriptedEngine:
    """The factory."""
    return ScriptedEngine()


def before_each_end(*steps: Step) -> None:
    """What happens before a command ends, from now on; each is called with the ids of its phase."""
    _before_end[:] = steps


def interrupt() -> None:
    """As Ctrl-C does."""
    os.kill(os.getpid(), signal.SIGINT)


def ending_of(act: str, phase_id: str, attempt: int) -> Ending:
    """ok, alike (fails as others do), fail (as nobody else), slow (times out), flaky (fails once)."""
    if act == "slow":
        return Ending(by=EndedBy.TIMEOUT, signal=15, duration_s=0.1)
    if act == "alike":
        return Ending(by=EndedBy.EXIT, exit_code=1, stderr_tail=b"RuntimeError: the shared service is broken\n")
    if act == "fail":
        return Ending(by=EndedBy.EXIT, exit_code=1, stderr_tail=f"ValueError: no luck with {phase_id[0] * 5}\n".encode())
    if act == "flaky" and attempt < 2:
        return Ending(by=EndedBy.EXIT, exit_code=75, stderr_tail=b"connection reset by peer\n")
    return Ending(by=EndedBy.EXIT, exit_code=0)
