"""One command, really executed: how it ends, and that nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution.engines.local import local_engine
from batchdrain.execution.guardian_pool import GuardianPool, execute
from batchdrain.execution.order import TOKEN, EndedBy, Ending, Order, token_of
from tests.chaos.faults import repeated
from tests.execution.orders import DEADLINE_S, Make, ends
from tests.execution.sleep import sleeps_once_there_is
from tests.support.workplace import wait_for

SPAWN = "import os,subprocess,sys,time; c=subprocess.Popen([sys.executable,'-c','import time; time.sleep(600)']{more}); "
SPAWN += "open('new','w').write(str(c.pid)); os.rename('new','child'); "


@pytest.mark.parametrize(
    ("program", "code", "signal_"),
    [("pass", 0, None), ("raise SystemExit(7)", 7, None), ("import os; os.kill(os.getpid(), 9)", None, 9)],
)
def test_an_ending_has_the_exit_code_or_the_signal(order: Make, program: str, code: int | None, signal_: int | None) -> None:
    ending = execute(order(program))
    assert (ending.by, ending.exit_code, ending.signal) == (EndedBy.EXIT, code, signal_)


def test_output_stays_bytes_in_files_of_our_own(order: Make, tmp_path: Path) -> None:
    execute(order(r"import sys; sys.stdout.buffer.write(b'\xff\x00\n'); sys.stderr.buffer.write(b'\xfe')"))
    assert ((tmp_path / "out").read_bytes(), (tmp_path / "err").read_bytes()) == (b"\xff\x00\n", b"\xfe")
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "out", tmp_path / "err")} == {0o600}


def test_stdin_is_empty_and_the_session_is_its_own(order: Make) -> None:
    ending = execute(order("import os,sys; print(repr(sys.stdin.read()), os.getsid(0) == os.getpid())"))
    assert ending.stdout_tail == b"'' True\n"


def test_denied_variables_are_not_inherited(order: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIDDEN", "secret")
    ending = execute(order("import os; print(os.environ.get('HIDDEN'), os.environ['BATCHDRAIN_RUN_ID'])"))
    assert ending.stdout_tail == b"None r\n"


def test_the_result_file_comes_back_with_the_ending(order: Make) -> None:
    assert execute(order("open('result.json','w').write('{}')")).result == b"{}"


def test_a_result_file_that_is_a_link_is_not_followed(order: Make) -> None:
    assert execute(order("import os; os.symlink('/etc/passwd', 'result.json')")).result == b"\x00"  # which is no JSON


def test_output_that_became_something_else_is_not_read(order: Make) -> None:
    """Opened by its name, a FIFO would never be."""
    ending = execute(order("import os; os.unlink('out'); os.mkfifo('out'); os.unlink('err'); os.mkdir('err')"))
    assert (ending.exit_code, ending.stdout_tail, ending.stderr_tail) == (0, b"", b"")


def test_a_command_has_the_three_standard_descriptors_alone(order: Make) -> None:
    ending = execute(order("import os; print(sorted(map(int, os.listdir('/proc/self/fd'))))"))
    assert ending.stdout_tail == b"[0, 1, 2, 3]\n"  # the last one is the folder itself


def test_a_command_ignores_no_signal_for_our_sake(order: Make) -> None:
    ending = execute(replace(order(""), argv=("/bin/cat", "/proc/self/status")))
    [ignored] = [line for line in ending.stdout_tail.splitlines() if line.startswith(b"SigIgn")]
    ours = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD)
    assert [number for number in ours if int(ignored.split()[1], 16) >> (number - 1) & 1] == []


@pytest.mark.parametrize("more", ["", ", start_new_session=True"], ids=["in its group", "in a session of its own"])
def test_a_timeout_ends_the_whole_tree(order: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str) -> None:
    sleeps_once_there_is(tmp_path / "child", monkeypatch)
    ending = executed_alone(order(SPAWN.format(more=more) + "time.sleep(600)", timeout_s=600))

    assert (ending.by, ending.signal) == (EndedBy.TIMEOUT, signal.SIGTERM)
    assert ends(int((tmp_path / "child").read_text()))


@repeated(12)
def test_a_daemon_that_left_its_parent_ends_with_a_timeout(
    order: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeps_once_there_is(tmp_path / "child", monkeypatch)
    fork = "import os,time\nif os.fork()==0:\n os.setsid()\n if os.fork()==0:\n"
    fork += "  open('new','w').write(str(os.getpid())); os.rename('new','child')\n"
    ending = executed_alone(order(fork + "  time.sleep(600)\n os._exit(0)\ntime.sleep(600)", timeout_s=600))

    assert ending.by is EndedBy.TIMEOUT
    assert ends(int((tmp_path / "child").read_text()))


@repeated(11)
def test_a_command_that_ignores_term_is_killed_after_the_grace(
    order: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeps_once_there_is(tmp_path / "deaf", monkeypatch)
    ignore = "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open('deaf','w'); time.sleep(600)"
    ending = executed_alone(order(ignore, timeout_s=600, grace_s=0.3))
    assert (ending.by, ending.signal) == (EndedBy.TIMEOUT, signal.SIGKILL)


@repeated(13)
def test_a_background_process_is_ended_and_not_waited_for(order: Make, tmp_path: Path) -> None:
    ending = execute(order(SPAWN.format(more="")))

    assert (ending.by, ending.exit_code, ending.left_over, ending.duration_s < 60) == (EndedBy.EXIT, 0, 1, True)
    assert ends(int((tmp_path / "child").read_text()))


def test_a_program_that_is_not_there_is_an_ending_of_its_own(order: Make) -> None:
    ending = execute(replace(order(""), argv=("/nothing/here",)))
    assert ending.by is EndedBy.NOT_STARTED
    assert "/nothing/here" in ending.message


def test_an_argument_that_is_too_long_is_not_started(order: Make) -> None:
    assert execute(replace(order(""), argv=("/bin/true", "x" * 300_000))).by is EndedBy.NOT_STARTED


@pytest.mark.parametrize(("kill", "number"), [(False, signal.SIGTERM), (True, signal.SIGKILL)])
def test_an_interrupt_ends_every_running_command(order: Make, tmp_path: Path, kill: bool, number: int) -> None:
    with local_engine(workers=2) as engine:
        futures = [
            engine.submit(
                execute,
                replace(order(f"import time; open('up{place}','w'); time.sleep(600)"), **_files(tmp_path, place)),
            )
            for place in range(2)
        ]
        deadline = time.monotonic() + DEADLINE_S
        while len(list(tmp_path.glob("up*"))) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        engine.interrupt(kill=kill)
        endings = [future.result(timeout=DEADLINE_S) for future in futures]
    assert [(ending.by, ending.signal) for ending in endings] == [(EndedBy.INTERRUPT, number)] * 2


def test_a_second_interrupt_cuts_the_grace_short(order: Make, tmp_path: Path) -> None:
    pool = GuardianPool()
    try:
        program = "import signal,time; signal.signal(signal.SIGTERM, lambda *a: open('heard','w')); open('up','w')\n"
        program += "while True: time.sleep(600)"
        threading.Thread(target=_interrupt_twice, args=(pool, tmp_path), daemon=True).start()
        ending = pool.execute(order(program, grace_s=600))
    finally:
        pool.close()
    assert (ending.by, ending.signal) == (EndedBy.INTERRUPT, signal.SIGKILL)


def test_an_execution_with_the_same_ids_in_another_session_is_not_touched(order: Make, tmp_path: Path) -> None:
    other = subprocess.Popen(
        [sys.executable, "-c", "import time; print(1, flush=True); time.sleep(600)"],
        env={**os.environ, TOKEN: token_of("a" * 32, "k" * 64, 1)},
        stdout=subprocess.PIPE,
    )
    assert other.stdout is not None
    other.stdout.readline()
    ours = token_of("b" * 32, "k" * 64, 1)
    hang = replace(order("import time; time.sleep(600)", timeout_s=0.5), token=ours, env={TOKEN: ours})
    try:
        assert execute(hang).by is EndedBy.TIMEOUT
        assert other.poll() is None
    finally:
        other.kill()
        other.communicate()


def test_no_descriptor_is_left_open(order: Make, tmp_path: Path) -> None:
    execute(order("pass"))
    before = len(os.listdir("/proc/self/fd"))
    for place in range(5):
        odd = "import os; os.path.isdir('result.json') or os.mkdir('result.json')"
        execute(replace(order(odd), **_files(tmp_path, place)))
    assert len(os.listdir("/proc/self/fd")) == before


def executed_alone(order: Order) -> Ending:
    """By a guardian of a new server."""
    pool = GuardianPool()
    try:
        return pool.execute(order)
    finally:
        pool.close()


def _files(folder: Path, place: int) -> dict[str, Any]:
    """What two orders must not share."""
    return {"token": f"t.{place}", "stdout_path": str(folder / f"out{place}"), "stderr_path": str(folder / f"err{place}")}


def _interrupt_twice(pool: GuardianPool, folder: Path) -> None:
    for sign in ("up", "heard"):
        deadline = time.monotonic() + DEADLINE_S
        while not (folder / sign).exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        pool.interrupt(kill=sign == "heard")


def test_what_left_the_group_of_its_command_is_asked_to_end_too(order: Make, tmp_path: Path) -> None:
    """A server in a session of its own cleans up at TERM, as its command does; a KILL would leave its lock behind."""
    child = "import signal,sys,time; signal.signal(signal.SIGTERM, lambda *a: (open('heard', 'w'), sys.exit()))\n"
    child += "open('up', 'w')\nwhile True: time.sleep(600)"
    program = "import signal,subprocess,sys; signal.signal(signal.SIGTERM, lambda *a: None)\n"
    program += f"subprocess.Popen([sys.executable, '-c', {child!r}], start_new_session=True).wait()"
    pool = GuardianPool()
    try:
        threading.Thread(target=_interrupt_once_up, args=(pool, tmp_path), daemon=True).start()
        ending = pool.execute(order(program, grace_s=DEADLINE_S))
    finally:
        pool.close()
    assert (ending.by, ending.exit_code, (tmp_path / "heard").exists()) == (EndedBy.INTERRUPT, 0, True)


def _interrupt_once_up(pool: GuardianPool, folder: Path) -> None:
    wait_for((folder / "up").exists, "the child's handler")
    pool.interrupt()
