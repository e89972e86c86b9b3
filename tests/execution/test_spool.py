"""What a guardian keeps on the disk for whoever comes later, and what it does not follow."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from batchdrain.execution import spool_reader
from batchdrain.execution.guardian_pool import GuardianPool
from batchdrain.execution.order import EndedBy
from tests.chaos.faults import fault
from tests.execution.orders import HANG, Make, guarded


@pytest.mark.parametrize(("program", "by"), [("raise SystemExit(3)", "exit"), (HANG, "timeout")])
def test_a_result_is_in_the_spool_until_it_is_discarded(
    order: Make, pool: GuardianPool, tmp_path: Path, program: str, by: str
) -> None:
    wanted = guarded(order(program, timeout_s=60 if by == "exit" else 0.5, grace_s=0.2), tmp_path, lease_s=60)
    ending = pool.execute(wanted)
    pool.close()

    record = spool_reader.read(wanted.spool_dir, wanted.token)
    assert record is not None
    assert (record.report.by, record.report.exit_code, record.limit_rule) == (by, ending.exit_code, "test")
    spool_reader.discard(wanted.spool_dir, wanted.token)
    assert spool_reader.read(wanted.spool_dir, wanted.token) is None


def test_a_token_that_leads_out_of_the_spool_names_nothing(tmp_path: Path) -> None:
    """It is made of what stands in the ledger."""
    (tmp_path / "spool").mkdir()
    (tmp_path / "x.json").write_text('{"token": "../x"}')
    assert spool_reader.read(str(tmp_path / "spool"), "../x") is None
    spool_reader.discard(str(tmp_path / "spool"), "../x")
    assert (tmp_path / "x.json").exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"token": "another"}', b"[" * 100_000], ids=str)
def test_a_spool_that_holds_something_else_holds_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.json").write_bytes(content)
    assert spool_reader.read(str(tmp_path), "t") is None


def test_a_spool_that_is_a_folder_holds_nothing_and_stays_closed(tmp_path: Path) -> None:
    (tmp_path / "t.json").mkdir()
    assert spool_reader.read(str(tmp_path), "t") is None  # from now on the folder may be held open
    before = len(os.listdir("/proc/self/fd"))
    assert spool_reader.read(str(tmp_path), "t") is None
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_spool_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real.json").write_text(json.dumps({"token": "t"}))
    (tmp_path / "t.json").symlink_to("real.json")
    assert spool_reader.read(str(tmp_path), "t") is None


@fault(79)
@pytest.mark.parametrize(
    "plants",
    ["os.mkfifo(path)", "os.mkdir(path)", "os.symlink('precious', path)", "os.link('precious', path)",
     "socket.socket(socket.AF_UNIX).bind(path)", "open(path, 'w').truncate(1 << 42)"],
    ids=["a fifo", "a folder", "a link", "another name of a file", "a socket", "four terabytes"],
)  # fmt: skip
def test_a_result_is_kept_whatever_the_command_put_in_its_place(
    order: Make, pool: GuardianPool, tmp_path: Path, plants: str
) -> None:
    """A guardian that waits for the reader of a FIFO would lose the success."""
    (tmp_path / "precious").write_text("mine\n")
    program = f"import os, socket; path = 'spool/{{}}.json'.format(os.environ['BATCHDRAIN_TOKEN']); os.unlink(path); {plants}"
    wanted = guarded(order(program), tmp_path, lease_s=600)

    ending = pool.execute(wanted)
    pool.close()

    record = spool_reader.read(wanted.spool_dir, wanted.token)
    assert (ending.by, ending.exit_code, ending.unspooled) == (EndedBy.EXIT, 0, "")
    assert record is not None
    assert record.report.exit_code == 0
    assert (tmp_path / "precious").read_text() == "mine\n"


def test_a_result_whose_spool_is_gone_is_told_of(order: Make, pool: GuardianPool, tmp_path: Path) -> None:
    ending = pool.execute(guarded(order("import shutil; shutil.rmtree('spool')"), tmp_path, lease_s=600))
    pool.close()
    assert (ending.by, ending.exit_code, ending.unspooled.startswith(str(tmp_path / "spool"))) == (EndedBy.EXIT, 0, True)


@pytest.mark.parametrize(
    ("names", "session_uid"),
    [([], ""), (["aaa.k.1.json", "bbb.k.2.json", "ccc.l.1.json"], "aaa"), (["aaa.k.1.json", "bbb.k.1.json"], ""), (["a-b.k.1.json"], ""), ([".k.1.json"], "")],
)  # fmt: skip
def test_the_session_of_a_claim_without_its_attempt_is_that_of_the_one_record_of_its_name(
    tmp_path: Path, names: list[str], session_uid: str
) -> None:
    for name in names:
        (tmp_path / name).touch()
    assert spool_reader.find_session(str(tmp_path), ".k.1.json") == session_uid
    assert (
        spool_reader.find_session(str(tmp_path / "absent"), ".k.1.json") == spool_reader.find_session("", ".k.1.json") == ""
    )


def test_what_a_command_left_behind_is_gone_before_its_end_is_kept(order: Make, pool: GuardianPool, tmp_path: Path) -> None:
    """Else its record would name the command, and nobody could begin the phase."""
    program = "import subprocess; [subprocess.Popen(['sleep', '600'], start_new_session=True) for _ in range(3)]"
    wanted = guarded(order(program), tmp_path, lease_s=600)
    ending = pool.execute(wanted)
    pool.close()
    assert (ending.by, ending.left_over) == (EndedBy.EXIT, 3)
    assert spool_reader.read(wanted.spool_dir, wanted.token) is not None
    assert spool_reader.command_of(wanted.spool_dir, wanted.token) is None
