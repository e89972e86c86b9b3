"""What a dask worker executes. This file travels as text: it imports only distributed and the standard library, and runs on Python
3.9 or later.

An answer goes to the scheduler before its task is done. So it is not lost if its worker dies. Nor is it lost if dask believes the
worker dead and delivers the order again: the second delivery draws no ticket, and leaves the answer to the first.
"""

from __future__ import annotations

import asyncio
import subprocess
import threading
from typing import Any

from distributed import get_worker
from distributed.comm import connect
from distributed.core import send_recv
from distributed.protocol.pickle import loads
from distributed.utils import sync

_DESK = "batchdrain-desk-2"
_ANSWERS_WITHIN_S = 20.0
_TRUE_WITHIN_S = 10
_MOST_CALLS = 8
_delivery = threading.local()
_guard = threading.Lock()
_calls: dict[str, Any] = {}


def draw(session: str, token: str) -> bool:
    """Whether this process is the first to ask the scheduler for this token. Raises OSError if the scheduler does not answer."""
    is_first: bool = _ask("draw", session=session, token=token) is True
    _delivery.drew = is_first
    return is_first


def deliver(session: str, number: int, name: str, message: bytes) -> bytes:
    """Execute an order. Returns the answer of a delivery that was not the first; b'' if the answer was posted to the scheduler.
    `name`: of the function that executes it. Raises OSError if the scheduler does not answer, or no longer knows the function: then
    the controller is gone."""
    call = _calls.get(name) or _fetch(session, name)
    _delivery.drew = None
    answer: bytes = call(message)
    if _delivery.drew is False:
        return answer
    _ask("post", session=session, number=number, answer=answer)
    return b""


def _fetch(session: str, name: str) -> Any:
    """Fetch the function, which is much larger than an order, once for each process. Only the last few are kept."""
    with _guard:
        found = _calls.get(name)
        if found is None:
            raw = _ask("call", session=session, name=name)
            if raw is None:
                raise ConnectionError("its controller is gone")
            found = _calls[name] = loads(raw)
            while len(_calls) > _MOST_CALLS:
                del _calls[next(iter(_calls))]
    return found


def execute_true(message: bytes) -> bytes:  # noqa: ARG001 - the argument of everything that workers are told
    """Executed besides the worker's tasks. Returns b'', or why `true` can't be executed here."""
    try:
        subprocess.run(["true"], check=True, timeout=_TRUE_WITHIN_S)  # noqa: S607 - found as commands are
    except (OSError, subprocess.SubprocessError) as error:
        return str(error).encode()
    return b""


def _ask(what: str, **fields: Any) -> Any:
    """Ask the desk at the scheduler. Raises OSError if it does not answer."""
    worker, what = get_worker(), f"{_DESK}/{what}"
    try:
        return sync(worker.loop, getattr(worker.scheduler, what), callback_timeout=_ANSWERS_WITHIN_S, **fields)
    except Exception:  # noqa: BLE001 - a worker that retires has closed its connections, and waits for us for a while
        return asyncio.run(_ask_directly(worker.scheduler.address, worker.connection_args, what, fields))


async def _ask_directly(address: str, credentials: dict[str, Any], what: str, fields: dict[str, Any]) -> Any:
    comm = await connect(address, timeout=_ANSWERS_WITHIN_S, **credentials)
    try:
        return await send_recv(comm, op=what, reply=True, **fields)
    finally:
        await comm.close()
