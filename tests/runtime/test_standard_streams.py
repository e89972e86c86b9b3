"""Code that is not ours may close 0, 1 and 2: no file of ours gets their number."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CLOSING = """
import os, sys
from batchdrain.runtime.standard_streams import is_lost, keep_standard_streams

number = int(sys.argv[1])
with keep_standard_streams():
    os.close(number)
told = open("told", "w")
null = os.stat(os.devnull)
child = os.spawnv(os.P_WAIT, "/bin/sh", ["sh", "-c", f"true {number}>&{number}"])
print(
    told.fileno() > 2,
    os.path.samestat(os.fstat(number), null),
    [is_lost(stream) for stream in (sys.stdin, sys.stdout, sys.stderr)].index(True) == number,
    child,
    file=told,
)
"""


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_stream_that_foreign_code_closes_leads_nowhere_and_no_file_of_ours_gets_its_number(
    number: int, tmp_path: Path
) -> None:
    """A command inherits it as it would have inherited the former one."""
    subprocess.run([sys.executable, "-c", CLOSING, str(number)], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "told").read_text().split() == ["True", "True", "True", "0"]
