"""The soak: ten minutes on each database where the whole fault matrix is tried; also a command by itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.chaos.cutting import cut
from tests.chaos.faults import EACH, fault
from tests.support import servers
from tests.support.soaking import PART, soak
from tests.support.workplace import Workplace, wait_for

ROOT = Path(__file__).parents[2]
MINUTES = float(10 * PART)


@soak
@fault(18)
@pytest.mark.timeout(60 * MINUTES + 600)
@pytest.mark.parametrize("database", EACH)
def test_the_soak_harms_controllers_and_finds_no_broken_promise(database: str) -> None:
    if database == "mariadb" and servers.mariadb() is None:
        pytest.skip("no MariaDB: BATCHDRAIN_TEST_MYSQL_URL is not set and none answers on 127.0.0.1:3306")
    argv = [sys.executable, "-m", "tests.chaos", f"--minutes={MINUTES}", f"--database={database}"]
    argv += ["--seed=1"] * (PART < 1)  # the gate judges a change, and not its luck
    ran = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    print(ran.stdout)  # its figures, for `pytest -rP`
    assert (ran.returncode, ran.stdout.splitlines()[-1].split(maxsplit=1)) == (0, ["0", "broken promises"]), (
        ran.stdout,
        ran.stderr,
    )
    assert "faults: " in ran.stdout
    assert database != "sqlite" or "faults: cut" not in ran.stdout  # it has no line to cut


def test_what_the_soak_calls_cut_ends_every_connection_but_its_own(server_project: Workplace) -> None:
    other = sa.create_engine(server_project.url, poolclass=sa.pool.NullPool)
    connection = other.connect()
    assert connection.execute(sa.text("SELECT 1")).scalar_one() == 1

    assert cut(server_project) >= 1

    def is_cut() -> bool:  # the server ends a connection when it comes to it
        try:
            connection.execute(sa.text("SELECT 1"))
        except sa.exc.OperationalError:
            return True
        return False

    wait_for(is_cut, "the connection to be cut")
    connection.close()
