"""`inv` within the test's own process, for what is told before anything is opened."""

from __future__ import annotations

from pathlib import Path

import pytest
from invoke.program import Program

from batchdrain.collection import ns
from tests.support.workplace import Ran


def inv(argv: list[str], root: Path, capsys: pytest.CaptureFixture[str], patched: pytest.MonkeyPatch) -> Ran:
    """Run a task in the folder `root`. `patched` stays in that folder."""
    patched.chdir(root)
    code: object = 0
    try:
        Program(namespace=ns, name="inv", binary="inv").run(["inv", *argv])
    except SystemExit as ended:
        code = ended.code
    said = capsys.readouterr()
    return Ran(int(str(code or 0)), said.out, said.err)
