"""Where and of what something was measured."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from tests.support import servers

ROOT: Final = Path(__file__).parents[2]


def describe_machine() -> dict[str, str]:
    """Cores, model, memory, and the versions of what is measured with. No name of a host: figures are public."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    found = {
        "cpu": f"{len(os.sched_getaffinity(0))} cores of {_model()}",
        "memory": f"{pages * size / 1e9:.0f} GB",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "postgresql": _postgresql_version(),
    }
    parallel = parallel_version()
    return found | ({"parallel": parallel} if parallel else {})


def describe_commit() -> str:
    """The short hash; `+` where what is measured differs from it."""
    commit = _git("rev-parse", "--short=7", "HEAD")
    return commit + ("+" if _git("status", "--porcelain", "--", "batchdrain", "tests/benchmarks/*.py") else "")


def describe_moment() -> dict[str, str]:
    """The day, and how busy the machine was before we came."""
    return {"day": datetime.now(UTC).date().isoformat(), "load": f"{os.getloadavg()[0]:.1f}"}


def parallel_version() -> str | None:
    """None where GNU parallel is not installed; another program of that name does not count."""
    if shutil.which("parallel") is None:
        return None
    done = subprocess.run(["parallel", "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"GNU parallel (\S+)", done.stdout)
    return found and found[1]


def _model() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()


def _postgresql_version() -> str:
    with servers.postgresql() as server:
        engine = sa.create_engine(server, poolclass=sa.pool.NullPool)
        with engine.connect() as connection:
            return str(connection.exec_driver_sql("SHOW server_version").scalar_one()).partition(" ")[0]


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
