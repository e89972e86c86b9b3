"""What is done with any stream: written through, given up, or watched for its reader."""

from __future__ import annotations

import io
import os
import select
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pytest

from batchdrain.cli.screens.stream import Outlet, require_ours, silence, wait_while_read, write_through
from batchdrain.runtime import standard_streams
from tests.cli.test_stream import Held, held, two_sockets

__all__ = ["held"]


def test_what_other_code_closed_is_not_written_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as file:
        require_ours(file)
        monkeypatch.setattr(standard_streams, "_lost", {file.fileno()})
        with pytest.raises(OSError, match="closed by somebody else"):
            require_ours(file)
        writes: list[Callable[[Outlet], object]] = [lambda one: one.write("x"), lambda one: one.flush()]
        for write in writes:
            outlet = Outlet(file)
            write(outlet)
            assert outlet._open is False
        silence(file)
        assert os.fstat(file.fileno()).st_size == 0
        assert os.fstat(file.fileno()).st_rdev != Path(os.devnull).stat().st_rdev, "its number is somebody else's now"
    assert (tmp_path / "out").read_bytes() == b""


def test_bytes_stand_behind_the_text_that_was_written_before() -> None:
    below = io.BytesIO()
    stream = io.TextIOWrapper(below, encoding="utf-8")
    write_through(stream, "text ")
    write_through(stream, b"\xff")
    assert below.getvalue() == b"text \xff"


class Poll:
    """Keeps what is waited for, and waits for nothing."""

    def __init__(self) -> None:
        self.poll_of = select.poll
        self.waited: list[float] = []

    def __call__(self) -> Any:
        real, waited = self.poll_of(), self.waited

        class Kept:
            register = staticmethod(real.register)

            @staticmethod
            def poll(timeout_ms: float) -> Any:
                waited.append(timeout_ms)
                return real.poll(0)

        return Kept()


def test_whoever_reads_is_waited_with_in_seconds_and_one_who_left_is_seen_at_once(
    held: Callable[..., Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, poll = held(os.pipe()), Poll()
    monkeypatch.setattr(select, "poll", poll)
    streams: list[IO[str] | None] = [one.stream, io.StringIO(), None]
    assert [wait_while_read(stream, 2.5) for stream in streams] == [True] * 3
    other = held(two_sockets())
    os.write(other.reader, b"typed meanwhile")
    assert wait_while_read(other.stream, 2.5) is True
    os.close(one.reader)
    assert wait_while_read(one.stream, 2.5) is False
    assert poll.waited == [2500.0] * 5


def open_on_null() -> list[str]:
    return sorted(path.name for path in Path("/proc/self/fd").iterdir() if os.path.realpath(path) == os.devnull)


def test_a_silenced_stream_takes_what_comes_and_shows_nobody(held: Callable[..., Held]) -> None:
    one = held(os.pipe())
    silence(one.stream)
    before = open_on_null()
    silence(one.stream)
    assert open_on_null() == before, "no descriptor is left open"
    one.stream.write("x")
    one.stream.flush()
    assert (one.taken(), one.is_given_up()) == (b"", True)
    silence(io.StringIO())
