"""An engine that executes nothing: what comes of a phase stands in its id, `…~fail`, and happens at once, in this process."""

from __future__ import annotations

import json
import os
import signal
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any

from batchdrain.execution.order import EndedBy, Ending

Step = Callable[[str, str], None]
_before_end: list[Step] = []
ENGINE = f"{__name__}:engine"


class ScriptedEngine(Executor):
    """Each command ends while it is submitted. Nobody delivers twice here, but a ticket is to be drawn."""

    def __init__(self) -> None:
        self._drawn: set[str] = set()

    def first(self, token: str) -> bool:
        """True for the first who asks."""
        is_first = token not in self._drawn
        self._drawn.add(token)
        return is_first

    def submit(self, call: Any, message: bytes, /) -> Future[bytes]:  # type: ignore[override]
        order = json.loads(message)
        self.first(order["token"])
        env = order["env"]
        run_id, phase_id = env["BATCHDRAIN_RUN_ID"], env["BATCHDRAIN_PHASE_ID"]
        attempt, act = int(env["BATCHDRAIN_ATTEMPT"]), phase_id.rpartition("~")[2]
        for step in _before_end if run_id != "batchdrain" else ():  # nor what an engine is tried with
            step(run_id, phase_id)
        future: Future[bytes] = Future()
        future.set_result(answer_of(order["token"], ending_of(act, phase_id, attempt)))
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


def answer_of(token: str, ending: Ending) -> bytes:
    """As a worker's runner says it."""
    fields = {"by": ending.by, "exit_code": ending.exit_code, "signal": ending.signal, "duration_s": ending.duration_s}
    stdout, stderr = ({"head": b64encode(text).decode(), "left_out": 0} for text in (b"", ending.stderr_tail))
    found = {"v": 1, "kind": "ended", "token": token, "where": {"host": "", "pid": 1, "worker": "scripted"}}
    return json.dumps({**found, "ending": fields, "logs": {"stdout": stdout, "stderr": stderr}}).encode()


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
