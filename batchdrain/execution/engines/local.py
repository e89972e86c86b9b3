"""The engine of this machine: threads that each wait for one guardian."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from batchdrain.execution.guardian_pool import POOL, GuardianPool
from batchdrain.runtime.signals import leave_to_the_main_thread
from batchdrain.runtime.threads import begin_all


class LocalEngine(ThreadPoolExecutor):
    """A `concurrent.futures.Executor` whose commands run under guardians of this machine (`pool`)."""

    shares_files: Final = True

    def __init__(self, workers: int) -> None:
        """Raises FilesUnavailable if the machine can't start so many threads."""
        self.pool = GuardianPool()
        self._workers = workers
        super().__init__(max_workers=workers, thread_name_prefix="batchdrain", initializer=self._begin_thread)
        begin_all(self, workers)

    def _begin_thread(self) -> None:
        leave_to_the_main_thread()
        POOL.set(self.pool)

    def capacity(self) -> int:
        """How many threads there are, and so how many commands run side by side."""
        return self._workers

    def interrupt(self, *, kill: bool = False) -> None:
        """End every running command: TERM, grace, KILL; `kill`: KILL at once. Safe in a signal handler."""
        self.pool.interrupt(kill=kill)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """With `wait` the guardians are sent away too, once the last command has ended."""
        super().shutdown(wait=wait, cancel_futures=cancel_futures)
        if wait:
            self.pool.close()


def local_engine(*, workers: int, **_: Any) -> LocalEngine:
    """The factory behind the name 'local' (entry points `batchdrain.engines`)."""
    return LocalEngine(workers)
