"""A project in this process, on a database of its own: tasks are called, commands are scripted, and others meddle."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from batchdrain.cli.invocation import Invocation
from batchdrain.model.errors import BadData
from tests.conftest import MEMORY, in_memory
from tests.support import scripted_engine

OF_RUN = "x\\/y\\\\/"
"""What stands before a run's plain id where ids are of several columns: it holds a slash and a backslash of its own."""
SEVERAL = {"run_id": ["of_run", "run_id"], "phase_id": ["of_phase", "phase_id"]}
COLUMNS = "run_id, phase_id, phase_index, state, last_failure_reason"
Row = tuple[str, str, int | None, str | None, str | None]


@dataclass
class ScriptedProject:
    """A project in this process: its tasks are called, its commands are scripted."""

    root: Path
    section: dict[str, Any]
    happens: dict[int, str] = field(default_factory=dict)  #: before the end of which command
    ended: int = 0
    several: bool = False  #: both ids are of two columns, of which the second is the plain one
    failed_words: tuple[str | None, ...] = ("FAILED",)  #: what stands in the table for failed; the first is written
    code: object = None  #: of the last call
    engine: sa.Engine | None = None  #: of a server; None: a file of SQLite

    def sql(self, text: str, *rows: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        if self.engine is not None:
            names = iter(range(text.count("?")))
            statement = sa.text(re.sub(r"\?", lambda _: f":p{next(names)}", text))
            with self.engine.begin() as server:
                result = server.execute(statement, [{f"p{at}": one for at, one in enumerate(row)} for row in rows] or None)
                return [tuple(row) for row in result] if result.returns_rows else []
        with contextlib.closing(sqlite3.connect(self.root / "b.db", timeout=5)) as connection, connection:
            return connection.executemany(text, rows).fetchall() if rows else connection.execute(text).fetchall()

    def call(self, task: Callable[..., object], *arguments: Any, **named: Any) -> str:
        """What it prints."""
        invocation = Invocation(section=self.section, environ={}, root=self.root, dry=False)
        with (self.root / "out").open("w+") as out:
            before, sys.stdout = sys.stdout, out
            try:
                self.code = task(invocation, *arguments, **named)
            except BadData as error:
                self.code = error.exit_code
            finally:
                sys.stdout = before
            out.seek(0)
            return out.read()

    def meddle(self, run_id: str, phase_id: str) -> None:
        """Called before a command ends."""
        if self.several:
            run_id, phase_id = run_id.rpartition("/")[2], phase_id.rpartition("/")[2]
        what = self.happens.get(self.ended)
        self.ended += 1
        if phase_id.endswith("~moves"):
            self.sql("UPDATE phases SET state = 'CANCELLED' WHERE run_id = ? AND phase_id = ?", (run_id, phase_id))
        if phase_id.endswith("~deletes"):
            self.sql("DELETE FROM phases WHERE run_id = ? AND phase_id = ?", (run_id, phase_id))
        texts = ", ".join(f"'{word}'" for word in self.failed_words if word is not None)
        of_null = " OR state IS NULL" if None in self.failed_words else ""
        failed = f"state IN ({texts}){of_null}"
        some = self._the_first(failed)
        if what == "interrupt":
            scripted_engine.interrupt()
        elif what == "insert":
            self.sql(f"INSERT INTO phases ({COLUMNS}) VALUES ('new', 'q~ok', 0, 'FAILED', 'boom')")
        elif what == "delete":
            self.sql(f"DELETE FROM phases {some}")
        elif what in {"complete", "cancel"}:
            self.sql(f"UPDATE phases SET state = '{'COMPLETE' if what == 'complete' else 'CANCELLED'}' {some}")
        elif what == "fail again":
            self.sql("UPDATE phases SET state = 'FAILED' WHERE state = 'COMPLETE'")

    def _the_first(self, condition: str) -> str:
        """What names one row, of several that are alike too."""
        dialect = "sqlite" if self.engine is None else self.engine.dialect.name
        if dialect == "mysql":
            return f"WHERE {condition} ORDER BY phase_id LIMIT 1"
        place = "rowid" if dialect == "sqlite" else "ctid"
        return f"WHERE {place} IN (SELECT {place} FROM phases WHERE {condition} ORDER BY phase_id LIMIT 1)"

    def dump(self) -> object:
        """All that stands in the database."""
        if self.engine is None:
            return (self.root / "b.db").read_bytes()
        names = sa.inspect(self.engine).get_table_names()
        return {name: sorted(map(repr, self.sql(f"SELECT * FROM {name}"))) for name in names}

    def results(self) -> int:
        """Of the last session."""
        return 0 if (session := self.session()) is None else len(session["results"])

    def failed(self) -> list[tuple[str, str]]:
        rows = self.sql("SELECT run_id, phase_id, state FROM phases")
        return [
            (OF_RUN + run, f"{phase[:1]}/{phase}") if self.several else (run, phase)
            for run, phase, state in rows
            if state in self.failed_words
        ]

    def session(self) -> dict[str, Any] | None:
        files = sorted((self.root / "sessions").glob("*.json"), key=lambda path: path.stem)  # '…-2' behind the first
        return json.loads(files[-1].read_text()) if files else None


@contextlib.contextmanager
def scripted_project(
    rows: Sequence[Row],
    section: Mapping[str, Any],
    happens: Mapping[int, str] | None = None,
    failed_words: tuple[str | None, ...] = ("FAILED",),
    *,
    several: bool = False,
    url: str | None = None,
) -> Iterator[ScriptedProject]:
    """`url`: of a database on a server, which is emptied first; None: a file of SQLite."""
    with tempfile.TemporaryDirectory(dir=MEMORY if in_memory() else None) as folder:
        source: dict[str, Any] = {
            "database_url": url or f"sqlite:///{folder}/b.db",
            "session_dir": "sessions",
            "engine": scripted_engine.ENGINE,
        }
        source["command"] = {"argv": [sys.executable]}
        if several:
            source["source"] = {"columns": SEVERAL}
        if len(failed_words) > 1:
            source.setdefault("source", {})["states"] = {"failed": list(failed_words)}
        found = ScriptedProject(
            root=Path(folder),
            section={**source, **section},
            happens=dict(happens or {}),
            several=several,
            failed_words=failed_words,
            engine=None if url is None else _emptied(url),
        )
        found.sql(
            "CREATE TABLE phases (run_id VARCHAR(99), phase_id VARCHAR(99), phase_index INTEGER, state VARCHAR(99), "
            "last_failure_reason TEXT)"
        )
        if several:
            kind = "" if found.engine is None else "STORED"
            begins = "CHAR(120, 47, 121, 92)" if url is not None and url.startswith("mysql") else "'x/y\\'"
            found.sql(f"ALTER TABLE phases ADD COLUMN of_run VARCHAR(9) GENERATED ALWAYS AS ({begins}) {kind}")
            found.sql(
                f"ALTER TABLE phases ADD COLUMN of_phase VARCHAR(9) GENERATED ALWAYS AS (substr(phase_id, 1, 1)) {kind}"
            )
        if rows:
            found.sql(f"INSERT INTO phases ({COLUMNS}) VALUES (?, ?, ?, ?, ?)", *rows)
        scripted_engine.before_each_end(found.meddle)
        try:
            yield found
        finally:
            scripted_engine.before_each_end()
            if found.engine is not None:
                found.engine.dispose()


def _emptied(url: str) -> sa.Engine:
    """Without a table."""
    engine = sa.create_engine(url)
    tables = sa.MetaData()
    tables.reflect(engine)
    tables.drop_all(engine)
    return engine
