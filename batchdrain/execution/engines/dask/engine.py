"""The engine `dask`: orders go to the workers of a cluster, and answers come through its scheduler.

submitted --the answer of the delivery that drew the ticket is posted--> answered
   |--the task fails, or the connection breaks--> its future fails, which proves nothing
   |--a delivery that was not the first ends--> waits for the answer of the first one, for a while
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import itertools
import uuid
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from time import monotonic
from typing import Any, Final

from batchdrain.config.settings import Settings
from batchdrain.execution.engines.dask.by_source import AT_SCHEDULER, AT_WORKER, DESK, BySource
from batchdrain.execution.engines.dask.connection import connect, quietly
from batchdrain.execution.engines.dask.options import DaskOptions, options_of
from batchdrain.execution.engines.dask.scheduler_tickets import SchedulerTickets
from batchdrain.execution.engines.dask.telling import Call, Telling
from batchdrain.execution.engines.examined import Examined
from batchdrain.model.errors import ConfigError

_LISTENS_S: Final = 5.0
_ASKS_WITHIN_S: Final = 5.0
_ENDS_WITHIN_S: Final = 2.0
_AGAIN_S: Final = 0.5
_LOOKS_S: Final = 0.2
_LOST: Final = "the connection to the scheduler was lost"


class DaskEngine(Executor):
    """Each order is a task that dask is told never to retry. Whatever dask does, each order is executed once."""

    def __init__(self, options: DaskOptions, *, workers: int, lingers_s: float) -> None:
        """`lingers_s`: how many seconds the first delivery of an order is awaited after another delivery has ended. Raises
        ConfigError; OSError if the scheduler does not answer."""
        if (shares_files := True if options.address is None else options.shares_files) is not None:
            self.shares_files = shares_files
        self._options = options
        self.session = uuid.uuid4().hex
        self._lingers_s = lingers_s
        self._numbers = itertools.count(1)
        self._pending: dict[int, Future[bytes]] = {}
        self._tasks: dict[int, Any] = {}
        self._over: list[Any] = []  #: tasks that have ended, of which dask has not been told yet
        self._lingering: dict[int, float] = {}  #: by number: until when (monotonic, seconds) the first delivery is awaited
        # The scheduler unpickles tasks, and pickles them again by name: a name that workers don't know would end every worker.
        self._deliver = f"{BySource(AT_WORKER, 'deliver').expression}(session, number, name, message)"
        self._brought: tuple[Call | None, str] = (None, "")  #: the function that the scheduler has, and its name
        self._is_over = False
        self.client, self._cluster = connect(options, workers)
        self._connection, self._telling = self.client.scheduler_comm, Telling(self.client)
        try:
            self._open_session()
        except BaseException:
            self._leave()
            raise
        self.first = SchedulerTickets(self.ask, self.session)
        self._at_work = [
            asyncio.run_coroutine_threadsafe(work, self.client.loop.asyncio_loop) for work in (self._listen(), self._watch())
        ]

    def submit(self, call: Call, message: bytes, /) -> Future[bytes]:  # type: ignore[override]
        """Submit an order. Raises OSError if the scheduler is away, or was: then it has forgotten our tickets."""
        if self.client.scheduler_comm is not self._connection:
            raise ConnectionError(_LOST)
        name, number, future = self._bring(call), next(self._numbers), Future[bytes]()
        future.set_running_or_notify_cancel()
        self._pending[number] = future
        try:
            self._tasks[number] = self.client.submit(
                eval, self._deliver,
                {"session": self.session, "number": number, "name": name, "message": message},
                key=f"batchdrain-{self.session}-{number}", pure=False, retries=0,
            )  # fmt: skip
        except BaseException:
            del self._pending[number]
            raise
        return future

    def tell(self, call: Call, message: bytes, /) -> list[bytes]:
        """Execute `call` on every worker now, besides its tasks. Workers that do not answer within 3 s are left out."""
        return [answer for answer in self.tell_each(call, message).values() if answer is not None]

    def tell_each(self, call: Call, message: bytes) -> dict[str, bytes | None]:
        """The same, by the address of the worker; None: it does not answer. Empty if the scheduler does not answer."""
        try:
            found: dict[str, bytes | None] = self._await(self._telling.tell, call, message)
        except OSError:
            return {}
        return found

    def capacity(self) -> int | None:
        """How many threads all workers have now; None if the scheduler does not answer."""
        try:
            return sum(int(worker["nthreads"]) for worker in self.workers().values() if worker["status"] == "running")
        except OSError:
            return None

    def workers(self) -> dict[str, Any]:
        """What the scheduler knows of each worker, by address. Raises OSError if it does not answer."""
        found: dict[str, Any] = self._await(self._telling.workers)
        return found

    def ask(self, what: str, **fields: Any) -> Any:
        """Ask the desk at the scheduler about our session. Raises OSError if it does not answer."""
        return self._await(getattr(self.client.scheduler, f"{DESK}/{what}", None), session=self.session, **fields)

    def examine(self) -> Iterator[Examined]:
        """Examine the cluster for `inv doctor`. Raises OSError."""
        from batchdrain.execution.engines.dask.cluster_report import report

        return report(self, self._options)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002 - like an Executor
        """Close the session. This waits for no order: the drain has seen the end of each, and lost ones may never end."""
        with contextlib.suppress(OSError):
            self.ask("close")
        self._leave()

    def _bring(self, call: Call) -> str:
        """Bring the function to the scheduler, where each worker asks for it once by the returned name: it is the same for all
        orders, and much larger than one. Raises OSError."""
        from distributed.protocol.pickle import dumps

        if self._brought[0] is not call:
            pickled: bytes = dumps(call)
            name = hashlib.sha256(pickled).hexdigest()[:24]
            if not self.ask("bring", name=name, pickled=pickled):
                raise ConnectionError(_LOST)
            self._brought = call, name
        return self._brought[1]

    def _open_session(self) -> None:
        try:
            self.client.run_on_scheduler(BySource(AT_SCHEDULER, "open_session"), self.session, self.client.id)
        except ValueError as error:
            raise ConfigError(
                f"batchdrain.engine: the scheduler accepts nothing from batchdrain: {error}",
                remedy="start it with distributed.scheduler.pickle: true, as dask does by default",
            ) from error

    def _leave(self) -> None:
        """Close client and cluster. Whatever does not answer any more is not awaited."""
        self._is_over = True
        self._tasks, self._over = {}, []
        with quietly(), contextlib.suppress(OSError):
            self.client.close(timeout=_ENDS_WITHIN_S)
        if self._cluster is not None:
            with quietly(), contextlib.suppress(OSError):
                self._cluster.close(timeout=_ENDS_WITHIN_S)

    async def _listen(self) -> None:
        """Receive answers as they are posted."""
        taken: list[int] = []
        while not self._is_over:
            try:
                take = getattr(self.client.scheduler, f"{DESK}/take")
                found = await take(session=self.session, taken=taken, wait_s=_LISTENS_S)
            except (OSError, AttributeError):
                found, taken = [], []
                await asyncio.sleep(_AGAIN_S)
            if found is None or self.client.status == "closed":
                self._lose_all()
                return
            for number, answer in found:
                self._answer(number, answer)
            taken = [number for number, _ in found]
            await self._hand_on()

    async def _hand_on(self) -> None:
        """Hand on the answers of later deliveries if nothing was heard of the first one in time."""
        for number in [number for number, until in self._lingering.items() if until < monotonic()]:
            await self._take_over(number, self._tasks[number])

    async def _take_over(self, number: int, task: Any) -> None:
        """End an order with what its task answered or raised."""
        try:
            self._answer(number, await self.client.gather(task, asynchronous=True))
        except Exception as error:  # noqa: BLE001 - a task may raise anything
            self._fail(number, error)
        except asyncio.CancelledError as error:  # also raised for a task whose worker closes; that must not end this loop
            if (own := asyncio.current_task()) is not None and own.cancelling():
                raise
            self._fail(number, ConnectionError(f"it was cancelled on its worker: {error}"))

    def _await(self, call: Any, *values: Any, **fields: Any) -> Any:
        """Run a coroutine for another thread. Raises OSError."""
        if self.client.scheduler is None:  # the client has closed itself
            raise ConnectionError(_LOST)
        try:
            return self.client.sync(call, *values, callback_timeout=_ASKS_WITHIN_S, **fields)
        except RuntimeError as error:
            raise ConnectionError(_LOST) from error

    async def _watch(self) -> None:
        """Watch how tasks end. Answers come another way: a message from dask for each task would cost as much as its order."""
        while not self._is_over:
            await asyncio.sleep(_LOOKS_S)
            await self._look()

    async def _look(self) -> None:
        """Release the tasks that have ended, and note which others have."""
        self._over = []
        for number, task in list(self._tasks.items()):
            if task.status != "pending" and number not in self._lingering:
                await self._note_end(number, task)

    async def _note_end(self, number: int, task: Any) -> None:
        if number not in self._pending:
            self._forget(number)
        elif task.status == "finished":
            self._lingering[number] = monotonic() + self._lingers_s
        elif task.status == "error":
            await self._take_over(number, task)
        else:
            self._fail(number, ConnectionError(_LOST))

    def _answer(self, number: int, answer: bytes) -> None:
        if (future := self._forget(number)) is not None:
            future.set_result(answer)

    def _fail(self, number: int, error: BaseException) -> None:
        if (future := self._forget(number)) is not None:
            future.set_exception(error)

    def _forget(self, number: int) -> Future[bytes] | None:
        """Forget an order; None if it has ended before. dask releases its task later, in one message with others."""
        self._lingering.pop(number, None)
        if (task := self._tasks.pop(number, None)) is not None:
            self._over.append(task)
        return self._pending.pop(number, None)

    def _lose_all(self) -> None:
        for number in list(self._pending):
            self._fail(number, ConnectionError(_LOST))


def dask_engine(*, workers: int, settings: Settings) -> DaskEngine:
    """The factory behind the name 'dask' (entry points `batchdrain.engines`)."""
    options = options_of(settings)
    with quietly():
        return DaskEngine(options, workers=workers, lingers_s=settings.lease.ttl_s)
