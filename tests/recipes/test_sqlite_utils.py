"""sqlite-utils itself: a CSV file becomes a table, is drained, and becomes a file again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recipes.support import Recipe

pytest.importorskip("sqlite_utils", reason="sqlite-utils is not installed: pip install 'batchdrain[test]'")

CSV = """Run,Step No,Status,Error Text
w1,1,failed,no module
w1,2,done,
w1,10,failed,disk full
0042,1,failed,leading zeros
"""


def test_the_failed_lines_of_a_csv_are_drained_and_it_is_written_anew(tmp_path: Path) -> None:
    recipe = Recipe.begin(tmp_path / "project", f"sqlite:///{tmp_path / 'runs.db'}")
    recipe.write("runs.csv", CSV)
    recipe.write("step.py", "import sys\nsys.exit(sys.argv[2] == '10')\n")
    database = str(tmp_path / "runs.db")
    recipe.run("-m", "sqlite_utils", "insert", database, "runs", "runs.csv", "--csv")

    assert recipe.inv("init").code == 0
    section = recipe.section()
    assert section["source"]["columns"] == {
        "run_id": "Run", "phase_id": "Step No", "phase_index": None, "state": "Status", "last_failure_reason": "Error Text",
    }  # fmt: skip
    path = recipe.place.root / "invoke.yaml"
    path.write_text(
        path.read_text().replace(
            '-m, myproject.work, "--run-id={run_id}", "--phase-id={phase_id}"', 'step.py, "{run_id}", "{phase_id}"'
        )
    )
    assert recipe.inv("doctor").code == 0
    assert recipe.inv("drain").code == 1

    made = recipe.run("-m", "sqlite_utils", "rows", database, "runs", "--csv").splitlines()
    assert made[:3] == ["Run,Step No,Status,Error Text", "w1,1,done,", "w1,2,done,"]
    assert made[3].startswith("w1,10,failed,")
    assert made[4] == "0042,1,done,"
