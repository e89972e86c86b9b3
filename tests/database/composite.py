"""Tables whose phases are named by several columns, on each database, and all that stands in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from tests.support.workplace import Workplace

Row = tuple[str, str, str, str, int, str, str | None]
"""tenant, pipeline, run_date, step, pos, status, error"""
RUN = ["tenant", "pipeline", "run_date"]
STEPS: dict[str, Any] = {
    "table": "pipeline_steps",
    "columns": {"run_id": RUN, "phase_id": "step", "phase_index": "pos", "state": "status", "last_failure_reason": "error"},
    "states": {"failed": "FAILED", "queued": "PENDING", "executing": "RUNNING", "complete": "DONE"},
}
_TYPES = {
    "sqlite": ("TEXT", "TEXT", "TEXT", "TEXT"),
    "postgresql": ("text", "uuid", "text CHECK (status IN ('PENDING','RUNNING','DONE','FAILED'))", "jsonb"),
    "mysql": ("varchar(40)", "uuid", "enum('PENDING','RUNNING','DONE','FAILED')", "json"),
}


def uuid_of(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def make_steps(project: Workplace, rows: Sequence[Row] = (), **source: Any) -> None:
    """A table with a natural key of four columns, mapped as `source` says beside STEPS."""
    text, uuid, status, json = _TYPES[project.engine.dialect.name]
    project.sql(
        f"CREATE TABLE pipeline_steps (tenant {text} NOT NULL, pipeline {text} NOT NULL, run_date DATE NOT NULL, "
        f"step {uuid} NOT NULL, pos INTEGER NOT NULL, status {status} NOT NULL, error TEXT, note {json}, "
        "PRIMARY KEY (tenant, pipeline, run_date, step))"
    )
    add_steps(project, *rows)
    project.source = {**STEPS, **source}
    project.configure()


def add_steps(project: Workplace, *rows: Row) -> None:
    if rows:
        names = ("tenant", "pipeline", "run_date", "step", "pos", "status", "error")
        project.sql(
            f"INSERT INTO pipeline_steps ({', '.join(names)}, note) VALUES (:{', :'.join(names)}, '{{\"k\": [1, 2]}}')",
            [dict(zip(names, row, strict=True)) for row in rows],
        )


def dump(project: Workplace, table: str = "pipeline_steps") -> dict[tuple[str, ...], dict[str, str]]:
    """Every row with every column, by the first four."""
    with project.engine.connect() as connection:
        rows = connection.execute(sa.text(f"SELECT * FROM {table}")).mappings().all()
    found = {tuple(str(value) for value in list(row.values())[:4]): {k: repr(v) for k, v in row.items()} for row in rows}
    assert len(found) == len(rows)
    return found


def changes(
    before: dict[tuple[str, ...], dict[str, str]], after: dict[tuple[str, ...], dict[str, str]]
) -> dict[str, dict[str, str]]:
    """For each row that differs, by its key with blanks, the columns that do and what stands in them now."""
    assert before.keys() == after.keys()
    return {
        " ".join(key): found
        for key, row in after.items()
        if (found := {name: value for name, value in row.items() if before[key][name] != value})
    }
