"""A second user of the machine, without a name and a home."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.workplace import INV, Ran, Workplace

STRANGER = 12345
"""A uid that no system has a name for."""
_NAMES = frozenset({"HOME", "USER", "LOGNAME", "LNAME", "USERNAME", "PGUSER"})


def _become(uid: int) -> list[str]:
    """It may read what root may: the interpreter and the tests' folders may stand anywhere."""
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("only root can become somebody else, with setpriv")
    become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "--inh-caps=-all,+dac_read_search",
              "--ambient-caps=-all,+dac_read_search", "--"]  # fmt: skip
    if subprocess.run([*become, "true"], capture_output=True, check=False).returncode:
        pytest.skip("setpriv may not do that here")
    return become


def inv_as(place: Workplace, *argv: str, uid: int = STRANGER) -> Ran:
    """`inv` as somebody else."""
    # Coverage would keep its files where only we may write.
    measured = ("COV_", "COVERAGE_")
    environ = {name: value for name, value in place.environ().items() if name not in _NAMES and not name.startswith(measured)}
    command = [*_become(uid), *INV, *argv]
    done = subprocess.run(command, cwd=place.root, env=environ, capture_output=True, timeout=100, check=False)
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())


def do_as(argv: Sequence[str | Path], uid: int = STRANGER) -> None:
    """A program as somebody else; it must succeed."""
    subprocess.run([*_become(uid), *map(str, argv)], check=True, capture_output=True, timeout=60)


def give(folder: Path, uid: int = STRANGER) -> None:
    """A folder, and all that is in it, belongs to somebody else from now on."""
    for path in (folder, *folder.rglob("*")):
        os.lchown(path, uid, uid)


def let_a_group_write(path: Path, mode: int, gid: int = STRANGER) -> None:
    """A group of others, or root's own where `gid` is 0."""
    if os.geteuid():
        pytest.skip("only root can give a file to any group")
    os.chown(path, 0, gid)
    path.chmod(mode)
