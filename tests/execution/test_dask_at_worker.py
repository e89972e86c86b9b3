"""What a dask worker executes around an order, with a scheduler that is played here."""

from __future__ import annotations

import asyncio
import pickle
import subprocess
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.execution.engines.dask import at_worker


class Scheduler:
    """Answers what it is asked, and keeps that."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {"draw": True, "call": pickle.dumps(bytes.upper), "post": None}
        self.within: list[float] = []
        self.lost = False
        self.address = "tls://s:8786"

    def __getattr__(self, name: str) -> Callable[..., Any]:
        desk, _, what = name.partition("/")
        assert desk == "batchdrain-desk-2"

        def ask(**fields: Any) -> Any:
            self.asked.append((what, fields))
            return self.answers[what]

        return ask

    def sync(self, loop: str, call: Callable[..., Any], callback_timeout: float, **fields: Any) -> Any:
        assert loop == "loop"
        self.within.append(callback_timeout)
        if self.lost:
            raise RuntimeError("the connection is closed")
        return call(**fields)


@pytest.fixture
def scheduler(monkeypatch: pytest.MonkeyPatch) -> Scheduler:
    found = Scheduler()
    worker = SimpleNamespace(loop="loop", scheduler=found, connection_args={"ssl_context": "ours"})
    monkeypatch.setattr(at_worker, "get_worker", lambda: worker)
    monkeypatch.setattr(at_worker, "sync", found.sync)
    monkeypatch.setattr(at_worker, "_calls", {})
    return found


@pytest.mark.parametrize(("answer", "is_first"), [(True, True), (False, False), (None, False), ("yes", False)])
def test_a_ticket_is_drawn_by_whom_the_scheduler_says_so(scheduler: Scheduler, answer: object, is_first: bool) -> None:
    scheduler.answers["draw"] = answer
    assert at_worker.draw("s", "t") is is_first
    assert at_worker._delivery.drew is is_first
    assert (scheduler.asked, scheduler.within) == ([("draw", {"session": "s", "token": "t"})], [20.0])


@pytest.mark.parametrize(("draws", "returned", "posted"), [(True, b"", True), (False, b"SAID", False), (None, b"", True)])
def test_an_answer_is_posted_unless_another_delivery_drew_the_ticket(
    scheduler: Scheduler, draws: bool | None, returned: bytes, posted: bool
) -> None:
    def call(message: bytes) -> bytes:
        if draws is not None:
            scheduler.answers["draw"] = draws
            at_worker.draw("s", "t")
        return message.upper()

    at_worker._calls["name"] = call
    at_worker._delivery.drew = not draws  # as the order before left it
    assert at_worker.deliver("s", 5, "name", b"said") == returned
    post = ("post", {"session": "s", "number": 5, "answer": b"SAID"})
    assert (post in scheduler.asked, [what for what, _ in scheduler.asked].count("post")) == (posted, int(posted))


def test_the_function_is_fetched_once_and_the_last_eight_are_kept(scheduler: Scheduler) -> None:
    for name in ("a", "a", *"bcdefgh"):
        at_worker.deliver("s", 1, name, b"x")
    assert [fields["name"] for what, fields in scheduler.asked if what == "call"] == list("abcdefgh")
    assert list(at_worker._calls) == list("abcdefgh")
    at_worker.deliver("s", 1, "i", b"x")
    assert list(at_worker._calls) == list("bcdefghi")
    assert at_worker._fetch("s", "i") is at_worker._calls["i"], "another thread has fetched it meanwhile"
    assert ("call", {"session": "s", "name": "i"}) in scheduler.asked


def test_of_a_controller_that_is_gone_nothing_is_executed(scheduler: Scheduler) -> None:
    scheduler.answers["call"] = None
    with pytest.raises(ConnectionError, match=r"\Aits controller is gone\Z"):
        at_worker.deliver("s", 1, "name", b"x")
    assert at_worker._calls == {}


def test_where_the_worker_has_closed_its_connections_the_scheduler_is_asked_over_a_new_one(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = list[Any]()

    async def connect(*given: Any, **more: Any) -> Any:
        async def close() -> None:
            told.append("closed")

        told.append((given, more))
        return SimpleNamespace(close=close)

    async def send_recv(_: Any, **fields: Any) -> bool:
        told.append(fields)
        await asyncio.sleep(0)
        if fields["token"] == "odd":
            raise OSError("it does not answer")
        return True

    monkeypatch.setattr(at_worker, "connect", connect)
    monkeypatch.setattr(at_worker, "send_recv", send_recv)
    scheduler.lost = True
    assert at_worker.draw("s", "t")
    asked = {"op": "batchdrain-desk-2/draw", "reply": True, "session": "s", "token": "t"}
    assert told == [(("tls://s:8786",), {"timeout": 20.0, "ssl_context": "ours"}), asked, "closed"]
    with pytest.raises(OSError, match="it does not answer"):
        at_worker.draw("s", "odd")
    assert told[-1] == "closed"


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (None, b""),
        (FileNotFoundError(2, "No such file", "true"), b"[Errno 2] No such file: 'true'"),
        (subprocess.TimeoutExpired("true", 10), b"Command 'true' timed out after 10 seconds"),
        (subprocess.CalledProcessError(1, "true"), b"Command 'true' returned non-zero exit status 1."),
    ],
)
def test_why_a_worker_executes_nothing_is_its_answer(
    monkeypatch: pytest.MonkeyPatch, error: Exception | None, answer: bytes
) -> None:
    asked = list[Any]()

    def run(argv: list[str], **more: Any) -> None:
        asked.append((argv, more))
        if error is not None:
            raise error

    monkeypatch.setattr(subprocess, "run", run)
    assert at_worker.execute_true(b"") == answer
    assert asked == [(["true"], {"check": True, "timeout": 10})]
