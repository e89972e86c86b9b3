"""Terminals that are closed or stopped, pipes whose reader leaves, output that nobody can take: the drain stays in order."""

from __future__ import annotations

import contextlib
import itertools
import os
import shlex
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import psutil
import pytest

from batchdrain.cli.screens import stream as outlets
from batchdrain.cli.screens.stream import KEPT_BYTES, Outlet
from tests.chaos.checker import REASON
from tests.chaos.faults import repeated
from tests.chaos.test_interrupts import RELEASED, begun, interrupted, said, settled, with_long_lease
from tests.chaos.watching import running
from tests.support.soaking import soak
from tests.support.workplace import DEADLINE_S, INV, Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")


@contextmanager
def terminal(place: Workplace, *argv: str, term: str = "xterm") -> Iterator[pexpect.spawn]:
    env = {**place.environ(), "TERM": term, "PS1": "ready> "}
    child = pexpect.spawn(argv[0], list(argv[1:]), cwd=str(place.root), env=env, timeout=DEADLINE_S, dimensions=(40, 160))
    try:
        yield child
    finally:
        child.close(force=True)


@repeated(7, cases=2)
@pytest.mark.parametrize("term", ["xterm", pytest.param("dumb", marks=soak)])
def test_a_terminal_that_is_closed_gives_the_phase_back(sqlite_project: Workplace, term: str) -> None:
    sqlite_project.fail("r/p~hang", reason=REASON)
    command = f"exec {shlex.join([*INV, 'drain'])} 2>err"
    with terminal(sqlite_project, "sh", "-c", command, term=term) as child:
        begun(sqlite_project)
        child.ptyproc.fileobj.close()
        child.wait()
        assert (child.exitstatus, (sqlite_project.root / "err").read_text()) == (129, "")
    settled(sqlite_project, RELEASED)
    interrupted(sqlite_project, "SIGHUP")


@repeated(8)
def test_ctrl_c_to_a_pipeline_settles_though_the_reader_dies_first(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/p~hang", "r/q", reason=REASON)
    code, drain = sqlite_project.root / "code", shlex.join([*INV, "drain"])
    pipeline = f"{{ trap : INT; {drain} 2>err; echo $? >code; }} | tee log"
    with terminal(sqlite_project, "sh", "-c", pipeline) as child:
        said(sqlite_project, "hanging")
        child.sendintr()
        wait_for(lambda: code.exists() and code.read_text(), "the drain to end")
    assert (code.read_text(), (sqlite_project.root / "err").read_text()) == ("130\n", "")
    settled(sqlite_project, RELEASED)
    interrupted(sqlite_project, "SIGINT")


@repeated(8, cases=3)
def test_a_reader_that_leaves_does_not_stop_the_drain(project: Workplace) -> None:
    project.fail("a/p", "b/p", "c/p", reason=REASON)
    pipeline = f"{{ {shlex.join([*INV, 'drain'])}; echo $? >code; }} | head -1"
    shell = subprocess.run(["sh", "-c", pipeline], cwd=project.root, env=project.environ(), capture_output=True, check=False)
    assert (shell.stdout, shell.stderr) == (b"Batch Drain Controller\n", b"")
    assert (project.root / "code").read_text() == "0\n"
    settled(project, ["complete"] * 3)
    assert project.session()["status"] == "complete"


def test_an_output_that_can_not_be_written_does_not_stop_the_drain(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/p", "b/p", reason=REASON)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*INV, "drain"],
            cwd=sqlite_project.root,
            env=sqlite_project.environ(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (set(sqlite_project.states().values()), done.stderr.decode()) == ({"COMPLETE"}, "")


@repeated(10)
def test_ctrl_z_and_fg_are_as_a_stop(sqlite_project: Workplace) -> None:
    slept = with_long_lease(sqlite_project)
    sqlite_project.fail("r/p~while=flag", reason=REASON)
    (sqlite_project.root / "flag").touch()
    with terminal(sqlite_project, "sh", "-i") as child:
        child.expect_exact("ready> ")
        child.sendline(shlex.join([*INV, "drain"]))
        begun(sqlite_project)
        [(_, guardian)] = running(sqlite_project)
        child.send("\x1a")
        child.expect("Stopped")
        slept.touch()
        wait_for(lambda: not psutil.pid_exists(guardian), "the guardian to end the command")
        slept.unlink()
        (sqlite_project.root / "flag").unlink()
        child.sendline("fg")
        child.expect("Released: FAILED")
        child.expect_exact("ready> ")
    assert sqlite_project.inv("drain").code == 0
    settled(sqlite_project, ["released", "complete"])


def full_pipe() -> tuple[int, int]:
    """A pipe that takes nothing more, until somebody reads."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    return reader, writer


def full_socket() -> tuple[int, int]:
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            writer.send(b"x" * 4096)
    writer.setblocking(True)
    return reader.detach(), writer.detach()


@pytest.mark.parametrize("make", [full_pipe, pytest.param(full_socket, marks=soak)])
def test_a_reader_that_does_not_read_holds_up_no_phase_and_no_signal(
    project: Workplace, make: Callable[[], tuple[int, int]]
) -> None:
    project.fail("a/p", "a/q", "b/p~hang", reason=REASON)
    project.configure(policy=["run-order"])
    reader, writer = make()
    try:
        drain = subprocess.Popen(
            [*INV, "drain"],
            cwd=project.root,
            env=project.environ(),
            stdout=writer,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        os.close(writer)
        said(project, "hanging")
        assert project.states()["a/p"] == "COMPLETE"
        drain.send_signal(signal.SIGINT)
        _, err = drain.communicate(timeout=DEADLINE_S)
    finally:
        os.close(reader)
    assert (drain.returncode, err) == (130, b"")
    assert project.states() == {"a/p": "COMPLETE", "a/q": "COMPLETE", "b/p~hang": "FAILED"}
    assert (project.session()["status"], project.session()["stopped_because"]) == ("interrupted", "SIGINT")


def test_a_reader_that_begins_late_misses_nothing(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/p", "b/p~until=flag", reason=REASON)
    reader, writer = full_pipe()
    drain = subprocess.Popen([*INV, "drain"], cwd=sqlite_project.root, env=sqlite_project.environ(), stdout=writer)
    os.close(writer)
    said(sqlite_project, "waiting")
    (sqlite_project.root / "flag").touch()
    with os.fdopen(reader) as file:
        wait_for(lambda: sqlite_project.states()["b/p~until=flag"] == "COMPLETE", "the second phase")
        text = file.read().lstrip("x")
    assert drain.wait(DEADLINE_S) == 0
    assert text.startswith("Batch Drain Controller\n")
    assert text.count("Success: COMPLETE") == 2
    assert "BATCH DRAIN SUMMARY" in text


def test_a_stopped_terminal_holds_up_nobody(sqlite_project: Workplace) -> None:
    """Ctrl-S, and a display that is drawn again and again."""
    sqlite_project.fail("a/p", "b/p", "c/p~hang", reason=REASON)
    command = f"exec {shlex.join([*INV, 'drain', '--policy=run-order'])} 2>err"
    with terminal(sqlite_project, "sh", "-c", command) as child:
        child.expect("Batch Drain Controller")
        child.sendcontrol("s")
        said(sqlite_project, "hanging")
        child.kill(signal.SIGTERM)
        child.wait()
        assert child.exitstatus == 143
    assert (sqlite_project.session()["status"], sqlite_project.session()["stopped_because"]) == ("interrupted", "SIGTERM")


def test_a_reader_that_never_reads_is_given_up_after_a_while() -> None:
    reader, writer = full_pipe()
    stream = os.fdopen(writer, "w")
    outlet = Outlet(stream, patience_s=0.2)
    outlet.write("never read")
    outlet.finish()
    outlet.write("nor this")
    assert os.fstat(writer).st_rdev == Path(os.devnull).stat().st_rdev
    stream.close()
    os.close(reader)


@pytest.mark.parametrize(("is_stop_asked_for", "seconds"), [(False, 30), (True, 2)])
def test_after_a_signal_a_reader_that_never_reads_has_less_time(
    monkeypatch: pytest.MonkeyPatch, *, is_stop_asked_for: bool, seconds: int
) -> None:
    now = itertools.count()
    monkeypatch.setattr(outlets, "monotonic", lambda: float(next(now)))
    monkeypatch.setattr("batchdrain.runtime.signals.is_stop_asked_for", lambda: is_stop_asked_for)
    monkeypatch.setattr(outlets, "_POLL_MS", 0)
    reader, writer = full_pipe()
    stream = os.fdopen(writer, "w")
    outlet = Outlet(stream)
    outlet.write("never read")
    outlet.finish()
    assert next(now) == seconds + 2, "the time of its beginning, and the first look beyond"
    stream.close()
    os.close(reader)


def test_what_a_reader_leaves_unread_is_kept_in_bounded_memory() -> None:
    reader, writer = full_pipe()
    stream = os.fdopen(writer, "w")
    outlet = Outlet(stream)
    for _ in range(KEPT_BYTES // 1000 + 2):
        outlet.write("x" * 1000)
    assert os.fstat(writer).st_rdev == Path(os.devnull).stat().st_rdev
    stream.close()
    os.close(reader)
