"""A number, a token, a part of a log: each is looked at for whose it is before anything is done with it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from batchdrain.execution import orphans, spool_reader
from batchdrain.execution.guardian_pool import GuardianPool
from batchdrain.execution.left_files import read_tail
from batchdrain.execution.order import TAIL_BYTES
from batchdrain.execution.process_identity import ProcessIdentity, read_host_id, start_of
from tests.execution.orders import Make
from tests.execution.test_orphans import RECORD, SLEEP
from tests.support.workplace import wait_for


@pytest.fixture
def stranger() -> Iterator[ProcessIdentity]:
    """A process of somebody else's, in a session of its own, as each command is."""
    process = subprocess.Popen([sys.executable, "-c", SLEEP], start_new_session=True)
    yield ProcessIdentity(read_host_id(), process.pid, start_of(process.pid) or 0)
    process.kill()
    process.wait()


def test_a_process_that_has_the_number_of_a_command_by_now_is_not_touched(stranger: ProcessIdentity) -> None:
    """Numbers are given anew: the command of the claim began at another time."""
    former = replace(stranger, start=stranger.start - 1)
    assert orphans.end("t.3", former, within_s=1) == orphans.Orphans(met=0, alive=False)
    assert psutil.Process(stranger.pid).status() != psutil.STATUS_ZOMBIE


def test_the_process_that_is_the_command_is_ended(stranger: ProcessIdentity) -> None:
    assert orphans.end("t.3", stranger, within_s=10) == orphans.Orphans(met=1, alive=False)


def test_what_hides_its_environment_is_known_by_its_session(
    stranger: ProcessIdentity, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a program does that runs as another user."""
    hidden, read_bytes = Path(f"/proc/{stranger.pid}/environ"), Path.read_bytes

    def read(path: Path) -> bytes:
        if path == hidden:
            raise PermissionError
        return read_bytes(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    assert orphans.end("t.3", stranger, within_s=10) == orphans.Orphans(met=1, alive=False)


def test_a_sound_record_of_another_execution_is_not_this_ones(tmp_path: Path) -> None:
    """A command may have put it there: it would complete a phase that never ran."""
    for token, is_read in (("t.3", True), ("t.4", False)):
        (tmp_path / f"{token}.json").write_text(json.dumps({**RECORD, "command": [7, 70]}))
        assert (spool_reader.read(str(tmp_path), token) is not None) is is_read
        assert (spool_reader.command_of(str(tmp_path), token) is not None) is is_read


@pytest.mark.parametrize(
    ("content", "tail"),
    [
        (b"short\n", b"short\n"),
        (b"x" * TAIL_BYTES, b"x" * TAIL_BYTES),
        (b"hunter2" + b" " * (TAIL_BYTES - 5) + b"end", b"end"),
        (b"first\n" + b"y" * TAIL_BYTES + b"\nend", b"end"),
        (b"first\nsecond\n" + b"z" * (TAIL_BYTES - 7), b"z" * (TAIL_BYTES - 7)),
        (b"z" * (TAIL_BYTES + 1), b"one unbroken word of more than %d bytes" % TAIL_BYTES),
    ],
    ids=["short", "just whole", "a word that is cut", "a line that is cut", "cut at a line", "one word"],
)
def test_what_is_cut_at_the_beginning_of_a_tail_is_left_out(tmp_path: Path, content: bytes, tail: bytes) -> None:
    """The second half of a secret is not known as one."""
    log = tmp_path / "log"
    log.write_bytes(content)
    assert read_tail(str(log)).strip() == tail.strip()


@pytest.mark.parametrize(("program", "met"), [("pass", 0), ("import subprocess; subprocess.Popen(['sleep', '600'])", 1)])
def test_of_what_a_command_leaves_behind_the_command_itself_is_not_counted(
    order: Make, pool: GuardianPool, program: str, met: int
) -> None:
    ending = pool.execute(order(program))
    pool.close()
    assert (ending.left_over, ending.exit_code) == (met, 0)


def test_a_command_that_is_killed_with_its_child_counts_the_child_alone(
    order: Make, pool: GuardianPool, tmp_path: Path
) -> None:
    """It is ended once both are deaf, however long that took them."""
    deaf = "import signal, subprocess, time; signal.signal(15, 1); subprocess.Popen(['sleep', '600'], start_new_session=True)"

    def interrupt() -> None:
        wait_for((tmp_path / "up").exists, "the child to be there")
        pool.interrupt()

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    ending = pool.execute(order(f"{deaf}; open('up', 'w'); time.sleep(600)", timeout_s=600, grace_s=0.1))
    interrupting.join()
    pool.close()
    assert (ending.signal, ending.left_over) == (9, 1)
