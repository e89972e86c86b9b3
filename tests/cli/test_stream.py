"""A stream that waits for no reader: what is not taken is kept in order, offered again, and given up once it is too much."""

from __future__ import annotations

import io
import itertools
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.screens import stream as outlets
from batchdrain.cli.screens.stream import KEPT_BYTES, Outlet
from tests.chaos.test_terminals import full_pipe, full_socket
from tests.support.raw_terminal import raw_terminal

Make = Callable[[], tuple[int, int]]


class Held:
    """Both ends of a pipe or socket."""

    def __init__(self, ends: tuple[int, int], encoding: str = "utf-8") -> None:
        self.reader, self.fd = ends
        self.stream = os.fdopen(self.fd, "w", encoding=encoding)
        os.set_blocking(self.reader, False)

    def taken(self) -> bytes:
        """All that a reader gets now."""
        found = b""
        while True:
            try:
                piece = os.read(self.reader, 65_536)
            except BlockingIOError:
                return found
            if not piece:
                return found
            found += piece

    def is_given_up(self) -> bool:
        return os.fstat(self.fd).st_rdev == Path(os.devnull).stat().st_rdev

    def close(self) -> None:
        for close in (self.stream.close, lambda: os.close(self.reader)):
            try:
                close()
            except OSError:
                continue


@pytest.fixture
def held() -> Iterator[Callable[..., Held]]:
    with ExitStack() as stack:

        def make(ends: tuple[int, int], encoding: str = "utf-8") -> Held:
            found = Held(ends, encoding)
            stack.callback(found.close)
            return found

        yield make


def two_sockets() -> tuple[int, int]:
    reader, writer = socket.socketpair()
    return reader.detach(), writer.detach()


@pytest.mark.parametrize("make", [os.pipe, two_sockets])
def test_what_is_written_is_there_at_once_in_the_encoding_of_the_stream(held: Callable[..., Held], make: Make) -> None:
    one = held(make(), "latin-1")
    outlet = Outlet(one.stream)
    assert (outlet.write("é漢"), outlet.encoding) == (2, "latin-1"), "as each stream: the length of the text"
    outlet.write_raw(b"\xff\n")
    outlet.flush()
    assert (one.taken(), outlet.is_behind) == (b"\xe9\\u6f22\xff\n", False)
    outlet.finish()
    assert not one.is_given_up()
    assert os.get_blocking(one.fd), "others share the descriptor"


@pytest.mark.parametrize("make", [full_pipe, full_socket])
def test_what_the_reader_does_not_take_is_kept_in_order_until_he_does(held: Callable[..., Held], make: Make) -> None:
    one = held(make())
    outlet = Outlet(one.stream)
    outlet.write("first ")
    outlet.write_raw(b"second ")
    assert outlet.is_behind
    assert one.taken().strip(b"x") == b""
    assert not outlet.is_behind, "it is offered again by the look itself"
    outlet.write("third")
    assert one.taken() == b"first second third"


def test_a_text_longer_than_a_pipe_goes_through_it_piece_by_piece(held: Callable[..., Held]) -> None:
    one = held(os.pipe())
    outlet, text = Outlet(one.stream), "".join(f"{number:07}\n" for number in range(50_000))
    outlet.write(text)
    found = b""
    while outlet.is_behind:
        found += one.taken()
    assert (found + one.taken()).decode() == text


@pytest.fixture
def without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    opens = os.open

    def refuse(path: Any, *more: Any, **named: Any) -> int:
        if str(path).startswith("/proc/self/fd/"):
            raise PermissionError(13, "no")
        return opens(path, *more, **named)

    monkeypatch.setattr(os, "open", refuse)


def test_where_no_descriptor_of_our_own_can_be_opened_nothing_waits_either(
    held: Callable[..., Held], without_proc: None
) -> None:
    one, other = held(full_pipe()), held(os.pipe())
    outlet = Outlet(one.stream)
    outlet.write("y" * 3000)
    assert outlet.is_behind
    assert set(one.taken()) == {ord("x")}
    assert not outlet.is_behind
    assert one.taken() == b"y" * 3000
    free = Outlet(other.stream)
    free.write("z" * 600)
    assert (other.taken(), free.is_behind) == (b"z" * 600, False)


@pytest.mark.parametrize(("more", "is_given_up"), [(0, False), (1, True)])
def test_only_more_than_the_most_that_is_kept_is_given_up(held: Callable[..., Held], more: int, is_given_up: bool) -> None:
    one = held(full_pipe())
    outlet = Outlet(one.stream)
    outlet.write("y" * (KEPT_BYTES + more))
    assert (one.is_given_up(), outlet.is_behind) == (is_given_up, not is_given_up)
    if is_given_up:
        outlet.write("nor this")
        outlet.finish()
        assert set(one.taken()) == {ord("x")}


@pytest.mark.parametrize("make", [os.pipe, two_sockets])
def test_a_reader_who_leaves_costs_nothing_but_the_text(held: Callable[..., Held], make: Make) -> None:
    one = held(make())
    outlet = Outlet(one.stream)
    os.close(one.reader)
    assert outlet.write("lost") == 4
    assert (one.is_given_up(), outlet.is_behind) == (True, False)
    outlet.flush()
    outlet.finish()


def test_at_the_end_a_reader_is_awaited_as_long_as_he_takes_something_now_and_then(
    held: Callable[..., Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock of this test goes on by a second a look, and the reader takes a page every third second."""
    one, now, found = held(full_pipe()), itertools.count(), bytearray()

    def tick() -> float:
        if (moment := next(now)) % 3 == 0:
            found.extend(os.read(one.reader, 8192))
        return float(moment)

    outlet = Outlet(one.stream, patience_s=5.0)
    outlet.write("y" * 100_000)
    monkeypatch.setattr(outlets, "monotonic", tick)
    monkeypatch.setattr(outlets, "_POLL_MS", 0)
    outlet.finish()
    assert (found + one.taken()).lstrip(b"x") == b"y" * 100_000
    assert not one.is_given_up()


def test_a_reader_who_takes_nothing_is_awaited_no_longer_than_that(
    held: Callable[..., Held], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, now = held(full_pipe()), itertools.count()
    outlet = Outlet(one.stream, patience_s=5.0)
    outlet.write("never read")
    monkeypatch.setattr(outlets, "monotonic", lambda: float(next(now)))
    monkeypatch.setattr(outlets, "_POLL_MS", 0)
    outlet.finish()
    assert (one.is_given_up(), next(now)) == (True, 7), "it began at 0, and 6 is beyond"


@pytest.mark.parametrize(("patience_s", "is_asked", "left_s"), [(30.0, False, 30.0), (30.0, True, 2.0), (1.0, True, 1.0)])
def test_after_a_signal_nobody_is_awaited_for_long(
    monkeypatch: pytest.MonkeyPatch, patience_s: float, is_asked: bool, left_s: float
) -> None:
    monkeypatch.setattr("batchdrain.runtime.signals.is_stop_asked_for", lambda: is_asked)
    assert Outlet(io.StringIO(), patience_s)._patience_now_s() == left_s
    assert Outlet(io.StringIO())._patience_s == 30.0


def test_a_file_is_written_to_as_usual_and_a_terminal_as_a_pipe(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as file:
        outlet = Outlet(file)
        outlet.write("text ")
        outlet.write_raw(b"\xff")
        outlet.flush()
        assert (tmp_path / "out").read_bytes() == b"text \xff"
        outlet.finish()
        assert (outlet._pipe, outlet.is_behind) == (None, False)
        file.close()
        assert outlet.write("nobody reads it") == 15
        outlet.flush()
    with raw_terminal() as terminal:
        outlet = Outlet(terminal.file)
        outlet.write("text")
        assert (terminal.got(), outlet._pipe is None) == ("text", False)
    text = io.StringIO()
    outlet = Outlet(text)
    outlet.write("no file at all")
    outlet.flush()
    outlet.finish()
    assert text.getvalue() == "no file at all"


def test_a_pipe_is_written_to_by_a_descriptor_of_our_own_that_is_opened_once(held: Callable[..., Held]) -> None:
    one = held(os.pipe())
    outlet = Outlet(one.stream)
    assert outlet._pipe is not None
    assert outlet._pipe._own is None, "it may be the last that is left"
    outlet.write("one")
    own = outlet._pipe._own
    outlet.write("two")
    assert (own is not None, own != one.fd, outlet._pipe._own) == (True, True, own)
    assert os.get_blocking(one.fd)


@pytest.mark.parametrize("text", ["x", "x" * 100_000], ids=["at its flush", "at once"])
def test_a_full_disk_behind_a_redirection_is_given_up(text: str) -> None:
    with Path("/dev/full").open("w") as full:
        outlet = Outlet(full)
        outlet.write(text)
        outlet.flush()
        assert os.fstat(full.fileno()).st_rdev == Path(os.devnull).stat().st_rdev
        assert outlet._open is False
