"""The soak is a command that people run by hand: these tests keep it running."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa

from tests.chaos.__main__ import Soak
from tests.workplace import Workplace, wait_for

ROOT = Path(__file__).parents[2]


def test_the_soak_harms_controllers_and_finds_no_broken_promise() -> None:
    argv = [sys.executable, "-m", "tests.chaos", "--minutes=0.03", "--database=sqlite"]
    ran = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout.splitlines()[-1].split(maxsplit=1)) == (0, ["0", "broken promises"]), (
        ran.stdout,
        ran.stderr,
    )
    assert "faults: " in ran.stdout
    assert "faults: cut" not in ran.stdout  # SQLite has no line to cut


def test_what_the_soak_calls_cut_ends_every_connection_but_its_own(on_server: Workplace) -> None:
    other = sa.create_engine(on_server.url, poolclass=sa.pool.NullPool)
    connection = other.connect()
    assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1

    assert Soak(on_server, on_server.root, seed=1).cut() >= 1

    def is_cut() -> bool:  # the server ends a connection when it comes to it
        try:
            connection.execute(sa.text("SELECT 1"))
        except sa.exc.OperationalError:
            return True
        return False

    wait_for(is_cut, "the connection to be cut")
    connection.close()
