"""All that stands in the user's tables, before and after: whatever a drain is not told to write has to be the same."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from tests.support.workplace import Workplace

Dump = dict[str, dict[tuple[str, ...], dict[str, str]]]


def everything(project: Workplace) -> Dump:
    """Each row of each table but batchdrain's own, by its key: without one, by SQLite's number of the row, or by all of it."""
    found: Dump = {}
    inspector = sa.inspect(project.engine)
    for name in [one for one in inspector.get_table_names() if not one.startswith("batchdrain_")]:
        key = inspector.get_pk_constraint(name)["constrained_columns"]
        is_numbered = not key and project.engine.dialect.name == "sqlite"
        columns = "rowid AS rowid, *" if is_numbered else "*"
        with project.engine.connect() as connection:
            rows = [dict(row) for row in connection.execute(sa.text(f'SELECT {columns} FROM "{name}"')).mappings()]
        by = key or (["rowid"] if is_numbered else list(rows[0]) if rows else [])
        found[name] = {tuple(str(row[one]) for one in by): {column: repr(v) for column, v in row.items()} for row in rows}
        assert len(found[name]) == len(rows)
    return found


def changes(before: Dump, after: Dump, but: Sequence[str] = ()) -> dict[str, dict[str, str]]:
    """By table and key: what stands in each column that is another now. `but`: columns that the database computes."""
    found = {}
    assert before.keys() == after.keys()
    for table, rows in before.items():
        assert rows.keys() == after[table].keys()
        for key, row in rows.items():
            now = {name: value for name, value in after[table][key].items() if value != row[name] and name not in but}
            found.update({f"{table} {' '.join(key)}": now} if now else {})
    return found
