"""End to end from `inv init` to the drain, with forms that the configuration takes since it knows several columns and words.

What `init` chooses is tested in test_init_mapping.py and test_init_tables.py; here the section that it wrote is used with one edit,
the command.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from invoke.vendor import yaml

from batchdrain.config.load import problems_of
from tests.docs.pages import DOCS, blocks
from tests.support import foreign_tables as tables
from tests.support.table_dumps import changes, everything
from tests.support.workplace import Workplace

safe_load: Any = yaml.safe_load
FORMS = {
    "columns": {"run_id": ["a", "b"], "last_failure_reason": {"column": "c", "path": "d"}},
    "states": {"failed": ["x", None]},
}
pytestmark = pytest.mark.skipif(
    bool(problems_of({"source": FORMS}, {}) or problems_of({"source": {"columns": {"run_id": {"value": "all"}}}}, {})),
    reason="the configuration does not take lists of columns and words yet",
)
on = pytest.mark.parametrize


def prepare(root: Path, url: str, script: str, command: str = "pass") -> Workplace:
    """A table of somebody, the section that `init` writes, and in it a command of one's own."""
    root.mkdir()
    place = Workplace(root=root, url=url)
    (root / "invoke.yaml").unlink()
    for statement in script.split(";\n"):
        place.sql(statement.replace(":", r"\:"))
    ran = place.inv("init", f"--database-url={url}")
    assert ran.code == 0, ran.err
    path = root / "invoke.yaml"
    argv = '-m, myproject.work, "--run-id={run_id}", "--phase-id={phase_id}"'
    assert argv in path.read_text()
    path.write_text(path.read_text().replace(f'"{{python}}", {argv}', f'"{sys.executable}", -c, "{command}"'))
    return place


@on(
    ("database_url", "script", "failed"),
    [
        ("sqlite", tables.COMPOSITE_SQLITE, 2),
        ("postgresql", tables.COMPOSITE_POSTGRESQL, 6),
        ("mariadb", tables.COMPOSITE_MARIADB, 3),
    ],
    indirect=["database_url"],
)
def test_a_composite_key_is_drained_as_init_wrote_it(database_url: str, tmp_path: Path, script: str, failed: int) -> None:
    place = prepare(tmp_path / "project", database_url, script)
    before = everything(place)
    assert place.inv("doctor").code == 0
    assert everything(place) == before
    drained = place.inv("drain")
    assert (drained.code, f"Succeeded: {failed}" in drained.out) == (0, True), drained.out
    assert place.sql("SELECT count(*) FROM pipeline_steps WHERE status = 'FAILED'") == [(0,)]
    now = changes(before, everything(place))
    assert len(now) == failed
    assert {(one["status"], one["error"], *sorted(one)) for one in now.values()} == {
        ("'DONE'", "None", "changed", "error", "status")
    }


@on(("database_url", "script"), [("sqlite", tables.CSV)], indirect=["database_url"])
def test_a_csv_with_four_spellings_is_drained_in_the_order_of_numbers(database_url: str, tmp_path: Path, script: str) -> None:
    place = prepare(tmp_path / "project", database_url, script)
    assert place.inv("doctor").code == 0
    shown = place.inv("dry-run").out
    assert [shown.index(f"w2 / {step}") for step in (1, 3, 10)] == sorted(shown.index(f"w2 / {step}") for step in (1, 3, 10))
    assert place.inv("drain").code == 0
    assert place.sql('SELECT "Status", count(*) FROM runs GROUP BY 1') == [("done", 8)]


@on("database_url", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_a_table_without_runs_is_one_run(database_url: str, tmp_path: Path) -> None:
    script = ("CREATE TABLE jobs (id INTEGER PRIMARY KEY, payload VARCHAR(9), status VARCHAR(9), last_error VARCHAR(99));\n"
              "INSERT INTO jobs VALUES (1, 'x', 'failed', 'e'), (2, 'y', NULL, NULL), (3, 'z', 'done', NULL), (10, 'z', 'error', NULL)")  # fmt: skip
    place = prepare(tmp_path / "project", database_url, script)
    assert place.inv("doctor").code == 0
    assert place.inv("drain").code == 0
    assert place.inv("drain-queued", "--run-id=all").code == 0
    assert place.sql("SELECT status, count(*) FROM jobs GROUP BY status") == [("done", 4)]


@on("database_url", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_codes_of_a_table_of_words_are_drained_as_they_are(database_url: str, tmp_path: Path) -> None:
    place = prepare(tmp_path / "project", database_url, tables.LOOKUP)
    assert place.inv("doctor").code == 0
    assert place.inv("drain").code == 0
    assert place.sql("SELECT id, status_id FROM work_items ORDER BY id") == [(1, 3), (2, 3), (3, 1)]


@on("database_url", ["postgresql"], indirect=True)
def test_a_reason_within_json_is_read_and_its_column_is_not_written(database_url: str, tmp_path: Path) -> None:
    place = prepare(tmp_path / "project", database_url, tables.WORDS_JSON, "raise SystemExit(4)")
    before = everything(place)
    assert "Failed with: disk * full" in place.inv("dry-run").out
    assert place.inv("drain").code == 1
    assert changes(before, everything(place)) == {"words r1 p2": {"state": "'FAILED'"}}  # of two words the first is written


@on(
    "body",
    [body for body in blocks(DOCS / "tables.md", "yaml") if body.startswith("source:")],
    ids=lambda body: body.splitlines()[1].strip(),
)
def test_the_settings_of_each_recipe_are_sound(body: str) -> None:
    assert problems_of(safe_load(body), {}) == []
