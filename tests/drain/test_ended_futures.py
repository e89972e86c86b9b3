"""Whoever waits for one of many futures gets each of them once, in the order in which they ended, and none is lost on the way."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from queue import Empty
from typing import Any

from batchdrain.drain.engine.ended_futures import EndedFutures


def followed(count: int) -> tuple[EndedFutures, list[Future[Any]]]:
    ended, futures = EndedFutures(), [Future[Any]() for _ in range(count)]
    for future in futures:
        ended.follow(future)
    return ended, futures


def collect(ended: EndedFutures) -> list[Future[Any]]:
    return list(iter(ended.take, None))


def test_futures_come_in_the_order_in_which_they_ended_be_it_by_an_error_or_cancelled() -> None:
    ended, (first, second, third, fourth) = followed(4)
    assert (bool(ended), ended.wait(0), collect(ended)) == (False, False, [])
    third.set_result(None)
    first.cancel()
    second.set_exception(OSError())
    assert (bool(ended), ended.wait(None)) == (True, True)
    assert collect(ended) == [third, first, second]
    assert (bool(ended), ended.wait(0)) == (False, False)
    fourth.set_result(None)
    assert collect(ended) == [fourth]


def test_one_that_ended_before_it_is_followed_comes_too() -> None:
    ended, done = EndedFutures(), Future[Any]()
    done.set_result(None)
    ended.follow(done)
    assert collect(ended) == [done]


def test_what_was_waited_for_and_not_collected_is_not_waited_for_again() -> None:
    """An error may come in between."""
    ended, (first, second) = followed(2)
    first.set_result(None)
    assert ended.wait(None)
    assert ended.wait(None)
    second.set_result(None)
    assert collect(ended) == [first, second]


def test_a_future_that_ends_in_another_thread_ends_the_wait() -> None:
    ended, [future] = followed(1)
    thread = threading.Thread(target=future.set_result, args=(None,))
    thread.start()
    assert ended.wait(60)
    thread.join()
    assert collect(ended) == [future]


def test_what_was_waited_for_and_not_collected_is_still_there() -> None:
    ended, (first, second) = followed(2)
    first.set_result(None)
    second.set_result(None)
    assert ended.wait(None)
    assert [bool(ended), ended.take() is first, bool(ended), ended.take() is second, bool(ended)] == [True] * 4 + [False]


class NeverEnded:
    """A queue that stays empty, and notes for how long somebody would have waited."""

    def __init__(self) -> None:
        self.waits: list[float | None] = []

    def get(self, timeout: float | None) -> Future[Any]:
        self.waits.append(timeout)
        raise Empty


def test_whoever_waits_waits_as_long_as_asked_and_whoever_takes_does_not_wait() -> None:
    ended, [future] = followed(1)
    future.set_result(None)
    assert ended.wait(None)
    queue: Any = NeverEnded()
    ended._new = queue
    assert ended.wait(7.0), "one is there"
    assert ended.take() is future
    assert ended.take() is None
    assert not ended.wait(7.0)
    assert queue.waits == [0, 0, 0, 7.0]
