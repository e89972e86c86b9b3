"""The backlogs that several rows are measured on: each is made once in a run of the benchmarks."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path

import sqlalchemy as sa

from tests.benchmarks.backlog_texts import BacklogTexts
from tests.benchmarks.sample import make_database, make_folder
from tests.support import servers


class Backlogs:
    """Databases of SQLite in one folder, and of PostgreSQL for as long as each is measured on."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count()

    def sqlite(self, failed: int, texts: BacklogTexts) -> Path:
        """A database with so many failed phases; shared, so what is drained in it stays drained."""
        return self._made("shared", failed, texts)

    def project(self, failed: int, texts: BacklogTexts, **settings: object) -> Path:
        """The folder of a project on that database."""
        return self.folder(f"sqlite:///{self.sqlite(failed, texts)}", **settings)

    def fresh(self, failed: int, texts: BacklogTexts, **settings: object) -> Path:
        """The same on a copy of its own. It stays until the end: what is deleted now, the disk is told of at somebody's
        next commit."""
        copy = self._folder / f"copy-{next(self._numbers)}.db"
        shutil.copyfile(self._made("base", failed, texts), copy)
        return self.folder(f"sqlite:///{copy}", **settings)

    def forget(self, project: Path) -> Path:
        """Drop the ledger of a project on SQLite, so that its next drain knows nothing and makes no forecast. Returns the folder."""
        url = json.loads((project / "invoke.yaml").read_text())["batchdrain"]["database_url"]
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
            found = database.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'batchdrain!_%' ESCAPE '!'"
            )
            for (name,) in found.fetchall():
                database.execute(f'DROP TABLE "{name}"')
            database.commit()
        return project

    def folder(self, url: str, **settings: object) -> Path:
        """Of a project on any database."""
        return make_folder(self._folder / f"project-{next(self._numbers)}", database_url=url, **settings)

    def _made(self, name: str, failed: int, texts: BacklogTexts) -> Path:
        path = self._folder / f"{name}-{texts.name}-{failed}.db"
        if not path.exists():
            make_database(path, failed, texts=texts)
            os.sync()  # else the first that syncs a line of its own waits for all of it
        return path


@contextmanager
def postgresql(failed: int, texts: BacklogTexts) -> Iterator[str]:
    """The URL of a database with so many failed phases, the same rows as in SQLite; dropped after."""
    with servers.postgresql() as server:
        name = f"bd_bench_{uuid.uuid4().hex[:12]}"
        admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            url = server.set(database=name)
            _fill(sa.create_engine(url, poolclass=sa.pool.NullPool), texts, failed)
            yield url.render_as_string(hide_password=False)
        finally:
            with admin.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def _fill(engine: sa.Engine, texts: BacklogTexts, failed: int) -> None:
    """Made by the server."""
    runs = texts.runs_of(failed)
    kind = "n" if texts.rows_of_run is None else "n / :runs"
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE phases (run_id TEXT, phase_id TEXT, phase_index INTEGER, state TEXT, last_failure_reason TEXT, "
            "PRIMARY KEY (run_id, phase_id))"
        )
        rows = sa.text(
            f"INSERT INTO phases SELECT 'run-' || lpad((n % :runs)::text, greatest(3, length((n % :runs)::text)), '0'), 'phase-' || n / :runs || '-' || n, n / :runs, "
            f"'FAILED', replace(replace(replace((:shapes)[({kind}) % :kinds + 1], '{{n}}', n::text), '{{m}}', (n % 97)::text), "
            f"'{{h}}', left(md5(n::text), 12)) FROM generate_series(0, :last) n"
        ).bindparams(sa.bindparam("shapes", type_=sa.ARRAY(sa.Text)))
        connection.execute(rows, {"runs": runs, "shapes": list(texts.shapes), "kinds": len(texts.shapes), "last": failed - 1})
