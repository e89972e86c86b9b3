"""What a guardian says, and what an engine gives back, is checked word by word: neither can break a controller."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from batchdrain.execution.engine_result import to_ending
from batchdrain.execution.guardian_client import GuardianClient, GuardianOrder
from batchdrain.execution.guardian_report import UnsoundReportError
from batchdrain.execution.order import TAIL_BYTES, EndedBy, Ending
from batchdrain.execution.process_identity import start_of
from tests.chaos.faults import fault

ORDER: dict[str, Any] = {"timeout_s": 600, "grace_s": 1}


class Stranger:
    """A process that stands where a guardian should, and the socket by which we speak for it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        ours, self.words = socket.socketpair()
        self.client = GuardianClient(ours)
        self.greeting = b"G%d %d\n" % (self.process.pid, start_of(self.process.pid) or 0)


@pytest.fixture
def stranger() -> Iterator[Stranger]:
    it = Stranger()
    yield it
    it.process.kill()
    it.process.wait()
    it.client.close()
    it.words.close()


@fault(79)
@pytest.mark.parametrize("greeting", [b"\n", b"G\n", b"G1\n", b"Gx y\n", b"G-1 5\n", b"G1 2 3\n", b"G%d 1\n" % 10**40, b"X{}\n",
                                      b"G1 1\n"])  # fmt: skip
def test_a_greeting_that_is_none_is_no_guardian(stranger: Stranger, greeting: bytes) -> None:
    stranger.words.sendall(greeting)
    with pytest.raises(OSError, match=r"guardian did not start|another pid or time namespace"):
        stranger.client.greet()


@fault(79)
@pytest.mark.parametrize("word", [b"X\n", b"X{\n", b"X[]\n", b'X{"by": 1}\n', b'X{"by": "exit", "duration_s": NaN}\n', b"S\n", b"Sx y\n",
                                  b"X" + b"[" * 100_000 + b"\n", b'X{"by": "exit", "exit_code": 1e5, "duration_s": 1}\n',
                                  b"x" * 2_000_000])  # fmt: skip
def test_a_guardian_that_says_what_no_guardian_says_is_killed(stranger: Stranger, word: bytes) -> None:
    stranger.words.sendall(stranger.greeting)
    stranger.client.greet()
    stranger.words.setblocking(False)
    unsent = memoryview(word)

    def hear(within_s: float, real: Any = stranger.client.hear) -> Any:
        nonlocal unsent
        while unsent:
            try:
                unsent = unsent[stranger.words.send(unsent) :]
            except BlockingIOError:
                break
        return real(within_s)

    stranger.client.hear = hear  # type: ignore[method-assign]

    assert GuardianOrder(stranger.client).execute(ORDER, [0, 1]) is None
    assert stranger.process.wait(10) == -9


def ending(**fields: Any) -> Ending:
    return Ending(**{"by": EndedBy.EXIT, "exit_code": 0, "duration_s": 1.0, **fields})


NONE: list[dict[str, Any]] = [
    {"exit_code": "0"}, {"exit_code": 10**40}, {"exit_code": None}, {"duration_s": float("nan")}, {"duration_s": -1.0}, {"by": "whatever"},
    {"cpu_s": 1e300}, {"result": "{}"}, {"stderr_tail": None}, {"message": 7}, {"signal": 9}, {"left_over": -1},
]  # fmt: skip


@fault(79)
@pytest.mark.parametrize("found", [None, {"by": "exit"}, "exit", *(ending(**fields) for fields in NONE)])
def test_what_an_engine_gives_back_that_is_no_ending_is_refused(found: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        to_ending(found)


@pytest.mark.parametrize(
    ("found", "says"),
    [("exit", "an Ending was expected, str came"), (ending(stdout_tail="x"), "stdout_tail: is no bytes"),
     (ending(unspooled=5), "spool_error: is no text")],
)  # fmt: skip
def test_why_it_is_refused_is_told_by_its_name(found: object, says: str) -> None:
    with pytest.raises(UnsoundReportError) as raised:
        to_ending(found)
    assert str(raised.value) == says


def test_an_ending_of_an_engine_is_cut_to_what_is_read_here() -> None:
    found = to_ending(ending(stderr_tail=b"x" * 10_000_000, message="no \ud800", unspooled="u \ud800", log_sha256="x" * 64))
    assert (len(found.stderr_tail), found.message, found.log_sha256) == (TAIL_BYTES, "no \ufffd", None)
    assert found.unspooled == "u \ufffd"
