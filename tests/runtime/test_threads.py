"""Our threads hear no signal, begin all at once, and if there is no room for them that is told."""

from __future__ import annotations

import mmap
import resource
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn

import pytest

from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime import threads
from batchdrain.runtime.resources import REMEDY, raise_shortage
from batchdrain.runtime.signals import SIGNALS

MB = 1 << 20


def test_a_thread_of_ours_has_a_name_keeps_no_process_from_ending_and_hears_no_signal() -> None:
    seen: list[Any] = []

    def work() -> None:
        seen.append(set(SIGNALS) <= signal.pthread_sigmask(signal.SIG_BLOCK, ()))

    thread = threads.begin(work, "sample")
    thread.join()
    assert (thread.name, thread.daemon, seen) == ("batchdrain-sample", True, [True])


def test_a_thread_that_can_not_begin_is_a_shortage_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> NoReturn:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(FilesUnavailable, match="can't start new thread") as caught:
        threads.begin(lambda: None, "sample")
    assert caught.value.remedy == REMEDY


def test_what_is_no_shortage_is_raised_as_it_is() -> None:
    with pytest.raises(RuntimeError, match="a fault of ours"), raise_shortage():
        raise RuntimeError("a fault of ours")
    with pytest.raises(FilesUnavailable), raise_shortage():
        raise MemoryError


@pytest.mark.parametrize(
    ("of_thread", "limit", "stack"),
    [(0, 2 * MB, 2 * MB), (0, -1, 8 * MB), (0, 0, 8 * MB), (64 * 1024, 2 * MB, 64 * 1024)],
    ids=["the limit", "no limit", "none at all", "its own size"],
)
def test_room_is_looked_for_before_threads_begin(
    monkeypatch: pytest.MonkeyPatch, of_thread: int, limit: int, stack: int
) -> None:
    asked: list[int] = []

    class Memory:
        def __init__(self, fd: int, size: int) -> None:
            assert fd == -1
            asked.append(size)

        def close(self) -> None:
            asked.append(0)

    monkeypatch.setattr(threading, "stack_size", lambda: of_thread)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (limit if which == resource.RLIMIT_STACK else 1, 16 * MB))
    monkeypatch.setattr(mmap, "mmap", Memory)
    threads.require_room(3)
    assert asked == [3 * stack + 4 * MB, 0], "and given back"


@pytest.mark.parametrize("error", [OSError(12, "no"), OverflowError(), MemoryError()])
def test_that_there_is_no_room_is_told_with_its_cure(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(threading, "stack_size", lambda: 2 * MB)
    monkeypatch.setattr(mmap, "mmap", refuse)
    with pytest.raises(FilesUnavailable, match=r"\Athere is no room for 3 threads of 2048 kB and 4096 kB more;") as caught:
        threads.require_room(3)
    assert caught.value.remedy == REMEDY


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    found = ThreadPoolExecutor(max_workers=3)
    yield found
    found.shutdown(cancel_futures=True)


def test_all_threads_of_a_pool_are_there_before_its_first_order(pool: ThreadPoolExecutor) -> None:
    threads.begin_all(pool, 3)
    assert len(pool._threads) == 3


def test_where_one_thread_of_a_pool_can_not_begin_none_is_left(
    pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that wait for the others would keep the process from ending."""
    submit, asked = pool.submit, []

    def refuse_the_last(work: Any) -> Any:
        asked.append(work)
        if len(asked) == 3:
            raise RuntimeError("can't start new thread")
        return submit(work)

    ended, shutdown = list[dict[str, bool]](), pool.shutdown

    def note(**how: bool) -> None:
        ended.append(how)
        shutdown(**how)

    monkeypatch.setattr(pool, "submit", refuse_the_last)
    monkeypatch.setattr(pool, "shutdown", note)
    with pytest.raises(FilesUnavailable, match="can't start new thread"):
        threads.begin_all(pool, 3)
    assert ended == [{"wait": False, "cancel_futures": True}]
    for thread in pool._threads:
        thread.join(60)
        assert not thread.is_alive()
    with pytest.raises(RuntimeError, match="after shutdown"):
        submit(print)


def test_a_pool_whose_threads_do_not_come_is_given_up(pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    submit, shutdown, asked = pool.submit, pool.shutdown, list[dict[str, bool]]()

    def note(**how: bool) -> None:
        asked.append(how)
        shutdown(**how)

    monkeypatch.setattr(threads, "_BEGINS_WITHIN_S", 0.01)
    monkeypatch.setattr(pool, "submit", lambda _: None)
    monkeypatch.setattr(pool, "shutdown", note)
    with pytest.raises(FilesUnavailable, match=r"\Athe threads of the workers did not begin;") as caught:
        threads.begin_all(pool, 3)
    assert caught.value.remedy == REMEDY
    assert asked == [{"wait": False, "cancel_futures": True}], "nobody waits for threads that may never come"
    monkeypatch.undo()
    with pytest.raises(RuntimeError, match="after shutdown"):
        submit(print)
