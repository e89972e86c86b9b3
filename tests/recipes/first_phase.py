"""What a stranger's first phase takes, from `pip install` on: `python -m tests.recipes.first_phase` prints the table of docs/tables.md.

Each table is drained in an environment of its own, with the libraries as the registry has them today. Needs a PostgreSQL as the
tests do; one edit at most is made in what `inv init` wrote: the command.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from tests.docs.pages import ROOT
from tests.recipes.support import block
from tests.recipes.test_procrastinate import BEGIN, JOBS
from tests.recipes.test_sqlite_utils import CSV
from tests.support import servers
from tests.support.databases import own_database
from tests.support.foreign_tables import COMPOSITE_POSTGRESQL

EXAMPLE = '-m, myproject.work, "--run-id={run_id}", "--phase-id={phase_id}"'
STEPS = (
    "`pip install`",
    "the file becomes a table",
    "`inv init`",
    "one edit: the command (made by the script)",
    "`inv doctor`",
    "the drain of one phase",
)


@dataclass
class Stranger:
    """Somebody with a table, and an empty folder."""

    root: Path
    url: str
    took_s: dict[str, float] = field(default_factory=dict)  #: by step

    @property
    def bin(self) -> Path:
        return self.root / ".venv" / "bin"

    @property
    def environ(self) -> Mapping[str, str]:
        url = make_url(self.url)
        server = {"PGHOST": url.host, "PGPORT": url.port, "PGUSER": url.username, "PGDATABASE": url.database}
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("INVOKE_", "DATABASE_URL", "PYTHON"))
        }
        return {
            **own,
            "DATABASE_URL": self.url,
            "PYTHONPATH": str(self.root),
            **{name: str(value) for name, value in server.items() if value is not None},
        }

    def run(self, *argv: str, step: str | None = None) -> str:
        """A program of the environment, and what it printed."""
        began = time.monotonic()
        done = subprocess.run(
            [str(self.bin / argv[0]), *argv[1:]],
            cwd=self.root, env=self.environ, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        if step is not None:
            self.took_s[step] = time.monotonic() - began
        if done.returncode:
            raise SystemExit(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def install(self, *packages: str) -> None:
        began = time.monotonic()
        venv.create(self.root / ".venv", with_pip=True)
        self.run("python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages)
        self.took_s[STEPS[0]] = time.monotonic() - began

    def drain_one(self, edit: tuple[str, str] | None) -> None:
        """From `inv init` to a phase that succeeded. `edit`: what is replaced in what it wrote."""
        (self.root / "tasks.py").write_text("from batchdrain.collection import ns\n")
        self.run("inv", "init", step=STEPS[2])
        began, path = time.monotonic(), self.root / "invoke.yaml"
        if edit is not None:
            written = path.read_text()
            assert written.count(edit[0]) == 1, written
            path.write_text(written.replace(*edit))
            self.took_s[STEPS[3]] = time.monotonic() - began
        self.run("inv", "doctor", step=STEPS[4])
        said = self.run("inv", "drain", "--batch-size=1", step=STEPS[5])
        assert "Succeeded: 1" in said, said


def drain_procrastinate(one: Stranger) -> None:
    """Jobs that failed in its own worker. Nothing is edited: the script is copied from the page."""
    one.install(f"{ROOT}[postgres]", "procrastinate")
    files = {"jobs.py": JOBS, "begin.py": BEGIN, "rerun_procrastinate.py": block("python", "rerun_procrastinate.py")}
    for name, text in files.items():
        (one.root / name).write_text(text)
    one.run("python", "begin.py")
    (one.root / "mended").touch()
    one.drain_one(None)


def drain_composite(one: Stranger) -> None:
    one.install(f"{ROOT}[postgres]")
    engine = sa.create_engine(one.url)
    with engine.begin() as connection:
        for statement in COMPOSITE_POSTGRESQL.split(";\n"):
            connection.execute(sa.text(statement.replace(":", r"\:")))
    engine.dispose()
    (one.root / "step.py").write_text("import sys\nprint(sys.argv)\n")
    one.drain_one((EXAMPLE, 'step.py, "{column:tenant}", "{column:run_date}", "{phase_id}"'))


def drain_csv(one: Stranger) -> None:
    one.install(str(ROOT), "sqlite-utils")
    (one.root / "runs.csv").write_text(CSV)
    (one.root / "step.py").write_text("import sys\nprint(sys.argv)\n")
    one.run("sqlite-utils", "insert", "runs.db", "runs", "runs.csv", "--csv", step=STEPS[1])
    one.drain_one((EXAMPLE, 'step.py, "{run_id}", "{phase_id}"'))


TABLES: Mapping[str, Callable[[Stranger], None]] = {
    "procrastinate": drain_procrastinate,
    "a key of several columns": drain_composite,
    "a CSV file": drain_csv,
}


@contextlib.contextmanager
def stranger(name: str) -> Iterator[Stranger]:
    with tempfile.TemporaryDirectory() as folder:
        if name == "a CSV file":
            yield Stranger(root=Path(folder), url="sqlite:///runs.db")
            return
        with servers.postgresql() as server, own_database(server) as url:
            yield Stranger(root=Path(folder), url=url)


def main() -> None:
    took_s = {}
    for name, drain in TABLES.items():
        with stranger(name) as one:
            drain(one)
        took_s[name] = one.took_s
        print(f"{name}: {sum(one.took_s.values()):.0f} s", file=sys.stderr)
    print(f"Load at the end: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, Python {sys.version.split()[0]}\n")
    print(f"| step | {' | '.join(took_s)} |")
    print(f"|---|{'---|' * len(took_s)}")
    for step in STEPS:
        cells = [f"{found[step]:.1f}" if step in found else "–" for found in took_s.values()]
        print(f"| {step} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
