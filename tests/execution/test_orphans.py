"""What becomes of an execution for which nobody answers: its guardian ends, then the rest, and only then the spool is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchdrain.execution import orphans, spool_reader
from batchdrain.execution.guardian_report import SpoolRecord
from batchdrain.execution.order import TOKEN
from batchdrain.execution.orphans import Abandoned, Settled, settle
from batchdrain.execution.process_identity import ProcessIdentity, read_host_id, start_of
from tests.support.workplace import wait_for

SLEEP = "import time; time.sleep(600)"
RECORD = {"token": "t.3", "by": "exit", "exit_code": 0, "duration_s": 1, "limit_s": 60, "limit_rule": "test", "ended_ms": 1}


@pytest.fixture
def guardian() -> Iterator[subprocess.Popen[bytes]]:
    """Known for one by its command line; it neither ends by itself nor watches anything."""
    process = subprocess.Popen([sys.executable, "-c", SLEEP, "guardian.server"])
    yield process
    process.kill()
    process.wait()


def identity_of(process: subprocess.Popen[bytes]) -> ProcessIdentity:
    return ProcessIdentity(read_host_id(), process.pid, start_of(process.pid) or 0)


def abandoned(spool: Path, guardian: subprocess.Popen[bytes] | None) -> Abandoned:
    identity = None if guardian is None else identity_of(guardian)
    return Abandoned(token="t.3", spool_dir=str(spool), guardian=identity)


def keep(spool: Path) -> SpoolRecord:
    (spool / "t.3.json").write_text(json.dumps(RECORD))
    record = spool_reader.read(str(spool), "t.3")
    assert record is not None
    return record


def test_a_guardian_that_kept_the_ending_is_left_alone_where_it_may_serve_the_next_order(
    tmp_path: Path, guardian: subprocess.Popen[bytes]
) -> None:
    record = keep(tmp_path)

    assert settle(abandoned(tmp_path, guardian), guardian_ends_in_s=None, within_s=5) == Settled(met=0, record=record)
    assert guardian.poll() is None


@pytest.mark.parametrize("has_kept", [True, False])
def test_recovery_waits_for_the_guardian_and_then_kills_it_whatever_it_kept(
    tmp_path: Path, guardian: subprocess.Popen[bytes], has_kept: bool
) -> None:
    record = keep(tmp_path) if has_kept else None

    assert settle(abandoned(tmp_path, guardian), guardian_ends_in_s=0.1, within_s=5) == Settled(met=0, record=record)
    assert guardian.wait(5) == -9


def test_a_guardian_that_kept_nothing_is_killed_before_the_rest_is_looked_for(
    tmp_path: Path, guardian: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    lived: list[bool] = []

    def end(*_: object, **__: object) -> orphans.Orphans:
        lived.append(guardian.poll() is None)
        return orphans.Orphans(0, alive=False)

    monkeypatch.setattr(orphans, "end", end)

    assert settle(abandoned(tmp_path, guardian), guardian_ends_in_s=None, within_s=5) == Settled(met=0, record=None)
    assert lived == [False]


def test_what_a_guardian_keeps_of_our_own_kill_is_no_ending_of_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An engine's guardian, which nobody can name, sees its command die and keeps that."""

    def end(*_: object, **__: object) -> orphans.Orphans:
        keep(tmp_path)
        return orphans.Orphans(1, alive=False)

    monkeypatch.setattr(orphans, "end", end)

    assert settle(abandoned(tmp_path, None), guardian_ends_in_s=10, within_s=5) == Settled(met=1, record=None)


def test_what_lives_on_settles_nothing_even_where_the_ending_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(tmp_path)
    monkeypatch.setattr(orphans, "end", lambda *_, **__: orphans.Orphans(1, alive=True))

    assert settle(abandoned(tmp_path, None), guardian_ends_in_s=None, within_s=0.1) is None


def test_the_rest_of_a_command_ends_though_its_ending_was_kept(tmp_path: Path) -> None:
    record = keep(tmp_path)
    rest = subprocess.Popen([sys.executable, "-c", SLEEP], env={**os.environ, TOKEN: "t.3"}, start_new_session=True)
    wait_for(lambda: f"{TOKEN}=t.3".encode() in Path(f"/proc/{rest.pid}/environ").read_bytes(), "the rest to run")
    try:
        assert settle(abandoned(tmp_path, None), guardian_ends_in_s=None, within_s=5) == Settled(met=1, record=record)
        assert rest.wait(5) == -9
    finally:
        rest.kill()
        rest.wait()


def test_what_has_no_token_any_more_is_known_by_a_session_whose_leader_is_gone(tmp_path: Path) -> None:
    """As a shell leaves it that started a server with an environment of its own, and ended."""
    python = f"{sys.executable} -S -c '{SLEEP}'"
    shell = subprocess.Popen(
        ["/bin/sh", "-c", f"env -i {python} & echo $!; {python} & echo $!"], start_new_session=True, stdout=subprocess.PIPE,
        env={**os.environ, TOKEN: "t.3"}, text=True,
    )  # fmt: skip
    assert shell.stdout is not None
    pids = [int(shell.stdout.readline()) for _ in range(2)]
    shell.wait()
    wait_for(lambda: all(b"time.sleep" in Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids), "both to run")
    assert settle(abandoned(tmp_path, None), guardian_ends_in_s=None, within_s=30) == Settled(met=2, record=None)
    assert [start_of(pid) for pid in pids] == [None, None]
    shell.stdout.close()
