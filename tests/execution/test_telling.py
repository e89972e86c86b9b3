"""Workers that did not answer hold up nobody when they are told the next time."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.execution.engines.dask.telling import Telling


class Client:
    """Answers as each worker is said to."""

    def __init__(self, **workers: Any) -> None:
        self.workers = workers
        self.asked: list[tuple[str, bytes]] = []
        self.scheduler = SimpleNamespace(identity=self.identity)

    async def identity(self, n_workers: int) -> dict[str, Any]:
        assert n_workers == -1
        return {"workers": {name: {"nthreads": 1} for name in self.workers}}

    async def run(
        self, call: Any, message: bytes, *, workers: list[str], on_error: str, asynchronous: bool
    ) -> dict[str, Any]:
        assert (on_error, asynchronous) == ("ignore", True)
        [name] = workers
        self.asked.append((name, message))
        answer = self.workers[name]
        if isinstance(answer, Exception):
            raise answer
        if answer is Ellipsis:
            await asyncio.Event().wait()
        return {} if answer is None else {name: answer}


def test_who_does_not_answer_is_left_out_and_hardly_awaited_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    within: list[float] = []
    wait_for = asyncio.wait_for

    async def waited(what: Any, seconds: float) -> Any:
        within.append(seconds)
        return await wait_for(what, min(seconds, 0.05))

    monkeypatch.setattr(asyncio, "wait_for", waited)
    client = Client(a=b"yes", b=..., c=ConnectionError("gone"), d="no bytes", e=None)
    told = Telling(client)

    async def tell() -> list[dict[str, bytes | None]]:
        return [await told.tell(bytes, b"beat") for _ in range(2)]

    first, second = asyncio.run(tell())
    assert first == second == {"a": b"yes", "b": None, "c": None, "d": None, "e": None}
    assert within == [3.0, *[3.0] * 5, 3.0, 3.0, *[0.3] * 4], (
        "of the second message alone the first worker is awaited as long"
    )
    assert client.asked == [(name, b"beat") for name in "abcde"] * 2


def test_a_worker_that_answers_again_is_awaited_like_the_others() -> None:
    client = Client(a=OSError("gone"))
    told = Telling(client)
    assert asyncio.run(told.tell(bytes, b"beat")) == {"a": None}
    assert told._silent == {"a"}
    client.workers["a"] = b"yes"
    assert asyncio.run(told.tell(bytes, b"beat")) == {"a": b"yes"}
    assert told._silent == set()
