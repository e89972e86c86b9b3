"""Ctrl-C while the program is still loading: nobody sees a traceback from the first moment of our code on, and nothing was begun."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.workplace import DEADLINE_S, Workplace

pytestmark = pytest.mark.everyday("sqlite")
AT = """
import os, signal, sys

class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGINT)

from invoke.main import program
sys.meta_path.insert(0, Interrupts())
program.run(["inv", *sys.argv[2:]])
"""


@pytest.mark.parametrize(
    ("module", "code"),
    [
        ("batchdrain.collection", 1),
        ("batchdrain.cli.tasks.flags", 1),
        ("batchdrain.cli.tasks.flag_values", 130),
        ("batchdrain.cli.commands.drain", 130),
        ("pydantic", 130),
        ("sqlalchemy", 130),
        ("batchdrain.drain.start", 130),
        ("batchdrain.drain.loop", 130),
        ("batchdrain.execution.guardian_pool", 130),
    ],
)
def test_ctrl_c_while_a_module_is_loaded_ends_quietly(sqlite_project: Workplace, module: str, code: int) -> None:
    sqlite_project.fail("r/p")
    ended = subprocess.run(
        [sys.executable, "-c", AT, module, "drain"],
        cwd=sqlite_project.root, env=sqlite_project.environ(), capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert (ended.returncode, "Traceback" in ended.stderr + ended.stdout) == (code, False), ended
    assert sqlite_project.states() == {"r/p": "FAILED"}
    assert sqlite_project.inv("resume").code == 0 or sqlite_project.session_files() == []
