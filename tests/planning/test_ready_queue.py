"""What waits comes in its order, and what is held back comes one by one once that which holds it is free."""

from __future__ import annotations

from batchdrain.planning.ready_queue import ReadyQueue


def test_the_first_in_order_leaves_first_whenever_it_came() -> None:
    queue = ReadyQueue[tuple[int]]()
    assert queue.pop() is None
    for number in (3, 1, 2):
        queue.put((number,))
    assert [queue.pop(), queue.pop()] == [(1,), (2,)]
    queue.put((0,))
    assert [queue.pop(), queue.pop(), queue.pop()] == [(0,), (3,), None]


def test_of_what_one_key_holds_back_the_first_may_begin_once_it_is_free_and_no_other() -> None:
    queue = ReadyQueue[tuple[int, str]]()
    for number, key in ((3, "a"), (1, "a"), (2, "b")):
        queue.put_aside((number, key), key)
    assert queue.pop() is None
    queue.free("x")
    queue.free("a")
    assert [queue.pop(), queue.pop()] == [(1, "a"), None]
    queue.free("b")
    queue.free("a")
    queue.free("a")
    assert [queue.pop(), queue.pop(), queue.pop()] == [(2, "b"), (3, "a"), None]
