"""The guardian of a command: leases, orders in the middle, its spool, and that it stands by itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from batchdrain.execution import spool_reader
from batchdrain.execution.guardian import hire, watched_order, wire
from batchdrain.execution.guardian.launch import Launch, NotBegunError
from batchdrain.execution.guardian.wire import boottime_ms
from batchdrain.execution.guardian_client import GuardianClient
from batchdrain.execution.guardian_pool import GuardianPool, _to_message
from batchdrain.execution.order import EndedBy, Ending, Order
from batchdrain.execution.order_files import open_files
from tests.execution.orders import DEADLINE_S, HANG, Make, ends, extend, guarded
from tests.execution.sleep import sleeps_once_there_is
from tests.support.workplace import wait_for


def test_a_lease_that_is_not_renewed_ends_the_command(order: Make, pool: GuardianPool, tmp_path: Path) -> None:
    ending = pool.execute(guarded(order(HANG, grace_s=0.2), tmp_path, lease_s=0.5))
    pool.close()
    assert (ending.by, ending.exit_code) == (EndedBy.LEASE, None)


def test_a_lease_that_is_renewed_lets_it_go_on_and_an_earlier_deadline_changes_nothing(
    order: Make, pool: GuardianPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeps_once_there_is(tmp_path / "slept", monkeypatch)
    program = "import os, time; open('up', 'w')\nwhile not os.path.exists('go'): time.sleep(0.01)"
    wanted = guarded(order(program, timeout_s=100_000), tmp_path, lease_s=600)

    def renew() -> None:
        wait_for((tmp_path / "up").exists, "the command to run")
        extend(pool, wanted, boottime_ms() + 7_200_000)
        (tmp_path / "slept").touch()
        for _ in range(2):  # between two of its words the guardian looks at the clock
            extend(pool, wanted, boottime_ms())
        (tmp_path / "go").touch()

    renewing = threading.Thread(target=renew)
    renewing.start()
    ending = pool.execute(wanted)
    renewing.join()
    pool.close()

    assert (ending.by, ending.exit_code) == (EndedBy.EXIT, 0)


def test_what_is_no_longer_ours_is_killed_at_once(order: Make, pool: GuardianPool, tmp_path: Path) -> None:
    wanted = guarded(order(HANG, grace_s=600), tmp_path, lease_s=600)

    def lose() -> None:
        wait_for((tmp_path / "up").exists, "the command to run")
        pool.end(wanted.token)

    losing = threading.Thread(target=lose)
    losing.start()
    ending = pool.execute(wanted)
    losing.join()
    pool.close()

    assert ending.signal == signal.SIGKILL


def test_a_dead_server_of_guardians_is_replaced_and_its_guardians_live_on(
    order: Make, pool: GuardianPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeps_once_there_is(tmp_path / "slept", monkeypatch)
    wanted = guarded(order(HANG, timeout_s=600, grace_s=0.2), tmp_path, lease_s=7_200)
    endings = []
    first = threading.Thread(target=lambda: endings.append(pool.execute(wanted)))
    first.start()
    wait_for((tmp_path / "up").exists, "the command to run")
    server = pool._server._server
    assert server is not None
    server.kill()
    server.wait()

    other = replace(order("pass"), token="other.1", stdout_path=str(tmp_path / "o"), stderr_path=str(tmp_path / "e"))
    ending = pool.execute(other)
    (tmp_path / "slept").touch()
    first.join(DEADLINE_S)
    pool.close()

    assert (ending.by, ending.exit_code) == (EndedBy.EXIT, 0)
    assert endings[0].by is EndedBy.TIMEOUT


def test_arguments_and_environment_arrive_byte_for_byte(order: Make, pool: GuardianPool, tmp_path: Path) -> None:
    odd = os.fsdecode(b"\xff\xfe \xe2\x9c\x93 \n'$(x)")
    program = "import os; open('got', 'wb').write(os.fsencode(os.sys.argv[1]) + b'|' + os.environb[b'ODD'])"
    wanted = order(program)
    pool.execute(replace(wanted, argv=(*wanted.argv, odd), env={"ODD": odd}))
    pool.close()
    assert (tmp_path / "got").read_bytes() == b"|".join([os.fsencode(odd)] * 2)


def test_an_order_whose_lease_is_over_is_not_started(order: Make, pool: GuardianPool, tmp_path: Path) -> None:
    ending = pool.execute(guarded(order("open('up', 'w')"), tmp_path, lease_s=-1))
    pool.close()
    assert ending.by is EndedBy.LEASE
    assert not (tmp_path / "up").exists()


def test_a_lease_that_ends_before_the_program_is_executed_is_heeded(order: Make, tmp_path: Path) -> None:
    wanted = guarded(order("open('up', 'w')"), tmp_path, lease_s=-1)
    with pytest.raises(NotBegunError):
        Launch().execute(_to_message(wanted), open_files(wanted), lambda: False)
    assert not (tmp_path / "up").exists()


def patched(monkeypatch: pytest.MonkeyPatch, patch: str) -> None:
    """The guardians' own process is another one: it is changed as it starts."""
    start, end = hire.SERVE.split("from ", 1)
    names = "import os, time; import batchdrain.execution.guardian.guardian as g; import batchdrain.execution.guardian.launch as l"
    monkeypatch.setattr(hire, "SERVE", f"{start}{names}; {patch}; from {end}")


@pytest.mark.parametrize("by", [EndedBy.TIMEOUT, EndedBy.INTERRUPT])
def test_a_program_that_can_not_be_executed_in_time_is_given_up(
    order: Make, pool: GuardianPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, by: EndedBy
) -> None:
    """It lies on a file system that hangs."""
    hangs = "l._become_the_command = lambda *_: (l.system.die_with_parent(9), time.sleep(600))"
    patched(monkeypatch, hangs)
    before = set(psutil.Process().children(recursive=True))
    wanted = guarded(order("pass", timeout_s=0.3 if by is EndedBy.TIMEOUT else 600, grace_s=600), tmp_path, lease_s=600)

    def interrupt() -> None:
        wait_for(lambda: wanted.token in pool._orders, "the order")
        pool.interrupt()

    interrupting = threading.Thread(target=interrupt)
    if by is EndedBy.INTERRUPT:
        interrupting.start()
    ending = pool.execute(wanted)
    started = set(psutil.Process().children(recursive=True)) - before
    pool.close()
    assert (ending.by, ending.exit_code) == (by, None)
    assert [
        process.pid for process in started if not ends(process.pid)
    ] == []  # the one that stands ready for another order too


def test_a_log_that_can_not_be_capped_is_no_reason_to_end_the_command(
    order: Make, pool: GuardianPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    patched(monkeypatch, "g.cap = lambda *_: os.open('/nothing/here', 0)")
    ending = pool.execute(order("pass"))
    pool.close()
    assert (ending.by, ending.exit_code) == (EndedBy.EXIT, 0)


def begun(pool: GuardianPool, wanted: Order, up: Path) -> tuple[int, list[Ending], threading.Thread]:
    """Executes it in a thread, until it is `up`. Returns its guardian's pid, and where its ending will be."""
    endings: list[Ending] = []
    waiting = threading.Thread(target=lambda: endings.append(pool.execute(wanted)), daemon=True)
    waiting.start()
    wait_for(lambda: up.exists() and up.read_text().endswith("\n"), "the command to run")
    guard = pool._orders[wanted.token]._guard
    assert isinstance(guard, GuardianClient)
    assert guard.identity is not None
    return guard.identity.pid, endings, waiting


UP = "import os, time; open('up', 'w').write(f'{os.getpid()}\\n'); time.sleep(600)"


@pytest.mark.parametrize("interrupts", [0, 1, 2])
def test_a_guardian_that_does_not_answer_is_killed_and_so_is_its_command(
    order: Make, pool: GuardianPool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, interrupts: int
) -> None:
    """It heeds neither the time limit nor a signal."""
    monkeypatch.setattr(GuardianClient, "is_stopped", lambda _: False)
    monkeypatch.setattr(watched_order, "SLACK_S", 600 if interrupts == 2 else 0.1)
    monkeypatch.setattr(watched_order, "KILLS_WITHIN_S", 0.5)
    wanted = guarded(order(UP, timeout_s=600, grace_s=0.1), tmp_path, lease_s=600)
    guardian, endings, waiting = begun(pool, wanted, tmp_path / "up")
    os.kill(guardian, signal.SIGSTOP)
    if not interrupts:
        monkeypatch.setattr(wire, "boottime_ms", lambda: boottime_ms() + 600_000)
    for number in range(interrupts):
        pool.interrupt(kill=number > 0)
    waiting.join(DEADLINE_S)
    pool.close()

    [ending] = endings
    assert ending.by is (EndedBy.INTERRUPT if interrupts else EndedBy.LOST)
    assert ending.message == "the guardian of the command did not answer and was killed"
    assert ends(guardian)
    assert ends(int((tmp_path / "up").read_text()))


HIDDEN = ("/bin/sh", "-c", "env -i sleep 600 & echo $! > up; wait")


def test_what_emptied_its_environment_ends_with_a_guardian_that_is_killed(
    order: Make, pool: GuardianPool, tmp_path: Path
) -> None:
    """It is still in the session of the command."""
    wanted = replace(order(""), argv=HIDDEN)
    guardian, endings, waiting = begun(pool, wanted, tmp_path / "up")
    wait_for(lambda: pool._orders[wanted.token].command is not None, "the guardian to say which process it is")
    os.kill(guardian, signal.SIGKILL)
    waiting.join(DEADLINE_S)
    pool.close()

    assert [ending.by for ending in endings] == [EndedBy.LOST]
    assert ends(int((tmp_path / "up").read_text()))


def test_the_note_of_a_command_is_there_while_it_runs_and_no_longer(order: Make, pool: GuardianPool, tmp_path: Path) -> None:
    wanted = guarded(order(UP), tmp_path, lease_s=600)
    _, endings, waiting = begun(pool, wanted, tmp_path / "up")
    command = spool_reader.command_of(wanted.spool_dir, wanted.token)
    pool.interrupt()
    waiting.join(DEADLINE_S)
    pool.close()

    assert command is not None
    assert command.pid == int((tmp_path / "up").read_text())
    assert spool_reader.command_of(wanted.spool_dir, wanted.token) is None
    assert [ending.by for ending in endings] == [EndedBy.INTERRUPT]


def test_where_orphans_are_not_adopted_the_group_of_a_command_ends_with_it(tmp_path: Path) -> None:
    """As on macOS: what the command left in its group is nobody's child any more."""
    code = (
        "import os, subprocess, sys; from batchdrain.execution.guardian.descent import Descent; "
        "child = subprocess.Popen(['sh', '-c', 'sleep 600 & echo $! > left'], start_new_session=True); "
        "descent = Descent(child.pid, adopts=False)\n"
        "while descent.status is None: descent.reap()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, timeout=60)
    left = int((tmp_path / "left").read_text())
    wait_for(lambda: not psutil.pid_exists(left) or psutil.Process(left).status() == "zombie", "what was left to end")
