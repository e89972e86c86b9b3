"""What is left when guardian, controller or both are gone: what is ours is ended, what is not is never touched."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from batchdrain.execution import orphans, process_identity, spool_reader
from batchdrain.execution.order import TOKEN
from batchdrain.execution.process_identity import ProcessIdentity
from tests.chaos.checker import violations
from tests.chaos.faults import repeated
from tests.chaos.watching import running, started, watched
from tests.execution.orders import ends
from tests.support.workplace import DEADLINE_S, TASKS, Workplace, wait_for

ROOT = Path(__file__).parents[2]
LATER = "UPDATE batchdrain_claim SET lease_until_ms = lease_until_ms - 86400000"


def written(path: Path) -> int:
    """The pid that a command writes there."""
    wait_for(lambda: path.exists() and path.read_text().endswith("\n"), "the command to run")
    return int(path.read_text())


@pytest.mark.parametrize("note", ["kept", "lost"])
def test_what_emptied_its_environment_ends_before_its_phase_is_given_back(sqlite_project: Workplace, note: str) -> None:
    """Its session is known by the guardian's note, else by the rest of the command."""
    sqlite_project.configure(command={"argv": ["/bin/sh", "-c", "sleep 600 & env -i sleep 600 & echo $! > hidden; wait"]})
    sqlite_project.fail("a/p")
    drain = sqlite_project.start("drain")
    hidden = written(sqlite_project.root / "hidden")
    wait_for(lambda: list(sqlite_project.sessions.rglob("spool/*.json")), "the guardian's note")
    [(controller, guardian)] = running(sqlite_project)
    os.kill(guardian, signal.SIGSTOP)  # else it leaves by itself, and takes along what this is about
    os.kill(controller, signal.SIGKILL)
    os.kill(guardian, signal.SIGKILL)
    drain.communicate(timeout=DEADLINE_S)
    [path] = sqlite_project.sessions.rglob("spool/*.json")
    assert psutil.pid_exists(hidden)
    if note == "lost":
        path.unlink()

    ran = sqlite_project.inv("recover")

    assert ran.lines == ["Released: a / p: it is FAILED, orphaned once; 2 processes of it were ended",
                         "1 recovered, 0 still held."]  # fmt: skip
    assert ends(hidden)
    assert not list(sqlite_project.sessions.rglob("spool/*"))


def test_a_session_that_a_stranger_leads_is_not_taken_for_the_command_s() -> None:
    """Somebody set the mark by hand, in a terminal of his."""
    program = "import os,subprocess,sys,time; s='import time; time.sleep(600)'; e={**os.environ, sys.argv[1]: 't.1'}\n"
    program += "c=subprocess.Popen([sys.executable,'-c',s],env=e); print(c.pid, flush=True); c.wait(); time.sleep(600)"
    terminal = subprocess.Popen([sys.executable, "-c", program, TOKEN], stdout=subprocess.PIPE, start_new_session=True)
    assert terminal.stdout is not None
    marked = int(terminal.stdout.readline())
    wait_for(lambda: f"{TOKEN}=t.1".encode() in Path(f"/proc/{marked}/environ").read_bytes(), "the mark")
    try:
        assert orphans.end("t.1", None, within_s=DEADLINE_S) == orphans.Orphans(1, alive=False)
        assert ends(marked)
        assert terminal.poll() is None
    finally:
        terminal.kill()
        terminal.communicate()


@repeated(15)
def test_a_command_s_number_that_is_another_process_s_by_now_is_left_alone() -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    start = process_identity.start_of(other.pid)
    assert start is not None
    try:
        noted = ProcessIdentity(process_identity.read_host_id(), other.pid, start - 1)
        assert orphans.end("t.2", noted, within_s=DEADLINE_S) == orphans.Orphans(0, alive=False)
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("content", [b"{}", b"[]", b'{"token": "t", "command": [1]}', b'{"token": "t", "command": [true, 2]}',
                                     b'{"token": "t", "command": [0, 0]}', b'{"token": "u", "command": [1, 2]}'])  # fmt: skip
def test_a_note_that_is_none_of_ours_names_nobody(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.json").write_bytes(content)
    assert spool_reader.command_of(str(tmp_path), "t") is None


def test_a_copy_of_the_database_ends_nothing_of_the_original(sqlite_project: Workplace, tmp_path: Path) -> None:
    witness = watched(sqlite_project, "a/p~hang")
    drain = sqlite_project.start("drain")
    started(witness, 1)
    [(_, guardian)] = running(sqlite_project)
    sqlite_project.sql(f"VACUUM INTO '{tmp_path / 'copy.db'}'")
    (tmp_path / "other").mkdir()
    copy = Workplace(root=tmp_path / "other", url=f"sqlite:///{tmp_path / 'copy.db'}")
    copy.sql(LATER)

    dry, ran = copy.inv("--dry", "recover"), copy.inv("recover")

    assert "Would stay held: a / p~hang" in dry.out
    assert "0 recovered, 1 still held." in ran.lines
    assert psutil.pid_exists(guardian)
    assert drain.poll() is None
    drain.terminate()
    drain.communicate(timeout=DEADLINE_S)
    assert drain.returncode == 143
    assert sqlite_project.sql("SELECT outcome FROM batchdrain_attempt") == [("released",)]
    assert violations(sqlite_project, witness, "") == []


@repeated(15)
def test_a_row_of_the_ledger_can_not_have_a_process_killed_that_is_no_guardian(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~hang")
    drain = sqlite_project.start("drain")
    started(witness, 1)
    drain.kill()
    drain.communicate(timeout=DEADLINE_S)
    innocent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    sqlite_project.sql(
        f"UPDATE batchdrain_claim SET guard_pid = {innocent.pid}, guard_start = {process_identity.start_of(innocent.pid)}"
    )
    try:
        ran = sqlite_project.inv("recover")
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()
    assert "1 recovered, 0 still held." in ran.lines
    assert violations(sqlite_project, witness, "") == []


@repeated(15)
def test_a_dead_controller_s_number_that_is_another_process_s_by_now_holds_nothing(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~hang")
    drain = sqlite_project.start("drain")
    started(witness, 1)
    [(controller, guardian)] = running(sqlite_project)
    os.kill(guardian, signal.SIGSTOP)  # else it leaves by itself, and takes along what this is about
    os.kill(controller, signal.SIGKILL)
    os.kill(guardian, signal.SIGKILL)
    drain.communicate(timeout=DEADLINE_S)
    innocent = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    [(start,)] = sqlite_project.sql("SELECT ctl_start FROM batchdrain_claim")
    assert start != process_identity.start_of(innocent.pid)
    sqlite_project.sql(f"UPDATE batchdrain_claim SET ctl_pid = {innocent.pid}")
    try:
        ran = sqlite_project.inv("recover")
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()
    assert "1 recovered, 0 still held." in ran.lines
    assert violations(sqlite_project, witness, "") == []


def test_a_claim_stays_held_while_its_guardian_lives_and_can_not_be_killed(sqlite_project: Workplace) -> None:
    """It is another user's, for instance."""
    witness = watched(sqlite_project, "a/p~hang")
    drain = sqlite_project.start("drain")
    started(witness, 1)
    [(_, guardian)] = running(sqlite_project)
    os.kill(guardian, signal.SIGSTOP)
    drain.kill()
    drain.communicate(timeout=DEADLINE_S)
    helpless = "from batchdrain.drain import recovery\nfrom batchdrain.execution import process_identity\nprocess_identity.kill = lambda _: None\n"
    (sqlite_project.root / "tasks.py").write_text(f"{helpless}recovery._SLACK_S = recovery._KILL_WITHIN_S = 0.1\n{TASKS}")

    ran = sqlite_project.inv("recover")
    before = sqlite_project.states()
    (sqlite_project.root / "tasks.py").write_text(f"from batchdrain.drain import recovery\nrecovery._SLACK_S = 0.1\n{TASKS}")
    again = sqlite_project.inv("recover")

    assert "0 recovered, 1 still held." in ran.lines
    assert before == {"a/p~hang": "EXECUTING"}
    assert "1 recovered, 0 still held." in again.lines
    assert violations(sqlite_project, witness, "") == []


@pytest.mark.parametrize("hidepid", [1, 2])
def test_a_process_that_is_hidden_from_us_is_not_taken_for_dead(hidepid: int) -> None:
    """/proc shows each user his own processes alone: of the others nothing but their numbers (1), or not even these (2)."""
    if os.geteuid() or not shutil.which("unshare") or not shutil.which("setpriv"):
        pytest.skip("only root can hide processes")
    hidden = f'mount -t proc -o hidepid={hidepid} proc /proc && exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"'
    apart = ["unshare", "--mount", "sh", "-c", hidden, "sh"]
    me = process_identity.identify_self()
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from batchdrain.execution import guardian_client, process_identity\n"
    )
    program += "it = process_identity.ProcessIdentity(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))\n"
    program += (
        "print(process_identity.is_alive(it), guardian_client.is_guardian_alive(it), process_identity.await_end(it, 0.1))"
    )
    if subprocess.run([*apart, sys.executable, "-c", "import psutil"], capture_output=True, check=False).returncode:
        pytest.skip("no process can be hidden here, or another user can't run our interpreter")
    argv = [*apart, sys.executable, "-c", program, str(ROOT), me.host_id, str(me.pid), str(me.start)]
    seen = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert seen.stdout == "None None False\n"


def test_an_id_reaches_the_command_as_utf_8_whatever_the_locale(sqlite_project: Workplace) -> None:
    command = ["/bin/sh", "-c", 'printf %s "$1" > got; printf %s "$BATCHDRAIN_PHASE_ID" >> got', "sh", "{phase_id}"]
    sqlite_project.configure(command={"argv": command})
    sqlite_project.fail("r/p✗")
    ran = sqlite_project.inv("drain", env={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert ran.code == 0, ran
    assert (sqlite_project.root / "got").read_bytes() == "p✗p✗".encode()
    assert sqlite_project.states() == {"r/p✗": "COMPLETE"}
