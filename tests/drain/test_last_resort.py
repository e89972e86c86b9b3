"""The last resort against a hang is no harm to what ended well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from batchdrain.drain import last_resort
from batchdrain.drain.services import OTHER_THREADS
from batchdrain.runtime.signals import SIGNALS
from tests.support.workplace import DEADLINE_S, TASKS, Workplace

ENDS_WELL = """
import os, signal, threading
from batchdrain.drain.shutdown import Shutdown
with Shutdown().watch():
    writer = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(writer)
    held = os.dup(writer)  # as a child would that no hook of ours reached
    [watcher] = [one for one in threading.enumerate() if one.name == "batchdrain-last-resort"]
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
watcher.join(20)
print("lives" if not watcher.is_alive() else "is watched still")
"""
STARTS = """
import threading
begin = threading.Thread.start
def start(self):
    with open("started", "a") as names:
        print(self.name, file=names)
    begin(self)
threading.Thread.start = start
"""


def test_a_session_that_ended_well_after_two_signals_is_watched_no_more() -> None:
    ran = subprocess.run([sys.executable, "-c", ENDS_WELL], capture_output=True, timeout=DEADLINE_S, check=False)
    assert (ran.returncode, ran.stdout) == (0, b"lives\n"), ran.stderr


def test_a_watcher_that_begins_late_has_its_pipe_and_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    late: list[Callable[[], None]] = []
    monkeypatch.setattr(last_resort, "begin", lambda work, _: late.append(work))
    before = os.listdir("/proc/self/fd")
    with last_resort.ended_by_the_second_signal():
        pass
    late[0]()
    assert os.listdir("/proc/self/fd") == before
    assert signal.set_wakeup_fd(-1) == -1


@pytest.mark.everyday("sqlite", "postgresql")
def test_room_is_asked_for_each_thread_that_a_drain_begins(project: Workplace) -> None:
    (project.root / "tasks.py").write_text(STARTS + TASKS)
    project.fail("r/p")
    assert project.inv("drain").code in {0, 1}
    began = {line.removeprefix("batchdrain-") for line in (project.root / "started").read_text().split()}
    assert {name for name in began if not name.startswith("batchdrain_")} <= {*OTHER_THREADS, "silence"}, (
        "that of the start asks for itself, and does without"
    )


@pytest.mark.parametrize("foreign", [False, True])
def test_a_child_reports_its_signals_to_nobody_but_whom_it_would_have_told_without_us(*, foreign: bool) -> None:
    reader, writer = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    own = signal.set_wakeup_fd(writer if foreign else -1)
    try:
        with last_resort.ended_by_the_second_signal(), last_resort.ended_by_the_second_signal():
            child = os.fork()
            if not child:
                told, blocked = signal.set_wakeup_fd(-1), signal.pthread_sigmask(signal.SIG_BLOCK, [])
                os._exit(0 if told == (writer if foreign else -1) and not blocked & set(SIGNALS) else 1)
            assert not signal.pthread_sigmask(signal.SIG_BLOCK, []) & set(SIGNALS)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    finally:
        signal.set_wakeup_fd(own)
        os.close(reader)
        os.close(writer)


def test_a_second_signal_bounds_the_time_and_a_first_one_does_not() -> None:
    """Counted as the watcher counts them: 1, or 2 for more."""
    (bound_of,) = last_resort.ended_by_the_second_signal.__wrapped__.__defaults__  # type: ignore[attr-defined]
    assert [bound_of(count) for count in (1, 2)] == [None, 30]


class Ended(BaseException):
    """In the place of the end of the process."""


def end(code: int) -> None:
    raise Ended(code)


@pytest.mark.parametrize(
    ("heard", "counts", "code"),
    [
        ((signal.SIGTERM, signal.SIGINT), [2], 143),
        ((signal.SIGINT,), [1], 130),
        ((signal.SIGCHLD, signal.SIGINT, signal.SIGUSR1), [1], 130),
        ((signal.SIGHUP, signal.SIGINT, signal.SIGTERM), [2], 129),
    ],
)
def test_a_process_that_does_not_end_in_time_ends_with_the_code_of_its_first_signal(
    monkeypatch: pytest.MonkeyPatch, heard: tuple[signal.Signals, ...], counts: list[int], code: int
) -> None:
    monkeypatch.setattr(last_resort, "_end", end)
    asked: list[int] = []

    def bound_of(count: int) -> float:
        asked.append(count)
        return 0.0

    reader, writer = os.pipe()
    with os.fdopen(writer, "wb", buffering=0) as pipe:
        pipe.write(bytes(heard))
        with pytest.raises(Ended) as ended:
            last_resort._watch(reader, threading.Event(), bound_of)
    assert (ended.value.args, asked) == ((code,), counts)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(reader)


def test_the_last_word_is_written_and_the_code_is_that_of_the_signal(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(os, "_exit", end)
    with pytest.raises(Ended) as ended:
        last_resort._end(143)
    assert ended.value.args == (143,)
    assert "batchdrain: ended by a signal, because something in it hangs" in capfd.readouterr().err
