"""Terminals that are closed or stopped, pipes whose reader leaves, output that nobody can take: the drain stays in order."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pexpect
import psutil
import pytest

from tests.chaos.checker import REASON
from tests.chaos.test_interrupts import RELEASED, SHORT, begun, interrupted, said, settled
from tests.chaos.test_kills import running
from tests.workplace import DEADLINE_S, INV, Workplace, wait_for


@contextmanager
def terminal(place: Workplace, *argv: str, term: str = "xterm") -> Iterator[pexpect.spawn]:
    env = {**place.environ(), "TERM": term, "PS1": "ready> "}
    child = pexpect.spawn(argv[0], list(argv[1:]), cwd=str(place.root), env=env, timeout=DEADLINE_S, dimensions=(40, 160))
    try:
        yield child
    finally:
        child.close(force=True)


@pytest.mark.parametrize("term", ["xterm", "dumb"])
def test_a_terminal_that_is_closed_gives_the_phase_back(lite: Workplace, term: str) -> None:
    lite.fail("r/p~hang", reason=REASON)
    command = f"exec {shlex.join([*INV, 'drain'])} 2>err"
    with terminal(lite, "sh", "-c", command, term=term) as child:
        begun(lite)
        child.ptyproc.fileobj.close()
        child.wait()
        assert (child.exitstatus, (lite.root / "err").read_text()) == (129, "")
    settled(lite, RELEASED)
    interrupted(lite, "SIGHUP")


def test_ctrl_c_to_a_pipeline_settles_though_the_reader_dies_first(lite: Workplace) -> None:
    lite.fail("r/p~hang", "r/q", reason=REASON)
    code, drain = lite.root / "code", shlex.join([*INV, "drain"])
    pipeline = f"{{ trap : INT; {drain} 2>err; echo $? >code; }} | tee log"
    with terminal(lite, "sh", "-c", pipeline) as child:
        said(lite, "hanging")
        child.sendintr()
        wait_for(lambda: code.exists() and code.read_text(), "the drain to end")
    assert (code.read_text(), (lite.root / "err").read_text()) == ("130\n", "")
    settled(lite, RELEASED)
    interrupted(lite, "SIGINT")


def test_a_reader_that_leaves_does_not_stop_the_drain(work: Workplace) -> None:
    work.fail("a/p", "b/p", "c/p", reason=REASON)
    pipeline = f"{{ {shlex.join([*INV, 'drain'])}; echo $? >code; }} | head -1"
    shell = subprocess.run(["sh", "-c", pipeline], cwd=work.root, env=work.environ(), capture_output=True, check=False)
    assert (shell.stdout, shell.stderr) == (b"Batch Drain Controller\n", b"")
    assert (work.root / "code").read_text() == "0\n"
    settled(work, ["complete"] * 3)
    assert work.session()["status"] == "complete"


def test_an_output_that_can_not_be_written_does_not_stop_the_drain(lite: Workplace) -> None:
    lite.fail("a/p", "b/p", reason=REASON)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*INV, "drain"], cwd=lite.root, env=lite.environ(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (set(lite.states().values()), done.stderr.decode()) == ({"COMPLETE"}, "")


def test_ctrl_z_and_fg_are_as_a_stop(lite: Workplace) -> None:
    lite.configure(**SHORT)
    lite.fail("r/p~while=flag", reason=REASON)
    (lite.root / "flag").touch()
    with terminal(lite, "sh", "-i") as child:
        child.expect_exact("ready> ")
        child.sendline(shlex.join([*INV, "drain"]))
        begun(lite)
        [(_, guardian)] = running(lite)
        child.send("\x1a")
        child.expect("Stopped")
        wait_for(lambda: not psutil.pid_exists(guardian), "the guardian to end the command")
        (lite.root / "flag").unlink()
        child.sendline("fg")
        child.expect("Given back: FAILED")
        child.expect_exact("ready> ")
    assert lite.inv("drain").code == 0
    settled(lite, ["released", "complete"])
