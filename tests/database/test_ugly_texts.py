"""Ids and failure texts that are ugly, or no ids at all: they are data, and harm nothing."""

from __future__ import annotations

import json
import re
import sys

from tests.support.workplace import WORKER, Workplace


def test_rows_whose_ids_are_not_unique_are_skipped_and_told(sqlite_project: Workplace) -> None:
    sqlite_project.sql("CREATE TABLE twins AS SELECT * FROM phases")
    sqlite_project.sql(
        "INSERT INTO twins VALUES ('r', 'p', 0, 'FAILED', NULL, ''), ('r', 'p', 1, 'FAILED', NULL, ''), ('s', 'q', 1, 'FAILED', NULL, '')"
    )
    sqlite_project.source = {"table": "twins"}
    sqlite_project.configure()

    ran = sqlite_project.inv("drain")

    assert (ran.code, "these ids name more than one row" in ran.out) == (65, True), ran
    assert sqlite_project.sql("SELECT run_id, state FROM twins ORDER BY run_id") == [
        ("r", "FAILED"),
        ("r", "FAILED"),
        ("s", "COMPLETE"),
    ]
    assert "names 2 rows" in sqlite_project.inv("doctor").out


UGLY = ["plain", "with space ", "-rf", "$(touch pwned)", "`touch pwned`", "; touch pwned", "quote'\"", "new\nline", "tab\there", "../../x",
        "/etc/passwd", "{0.__class__}", "{run_id}", "%s%d%%", "caf\u00e9", "cafe\u0301", "\u202eabc", "X", "x", "'; DROP TABLE phases; --",
        "\U0001f600", "a" * 3000]  # fmt: skip


def test_ugly_ids_reach_the_command_byte_for_byte_and_harm_nothing(project: Workplace) -> None:
    probe = project.root / "probe.py"
    probe.write_text(
        "import json, os, sys\n"
        "with open('seen.jsonl', 'a') as f: f.write(json.dumps([sys.argv[1:], os.environ['BATCHDRAIN_RUN_ID'], "
        "os.environ['BATCHDRAIN_PHASE_ID']]) + '\\n')\n"
    )
    project.configure(command={"argv": [sys.executable, str(probe), "--run-id={run_id}", "--phase-id={phase_id}"]})
    project.sql("DROP TABLE phases")
    exact = " COLLATE utf8mb4_bin" if project.url.startswith("mysql") else ""
    nopad = exact.replace("utf8mb4_bin", "utf8mb4_nopad_bin")
    kind = f"VARCHAR(700){nopad}" if exact else "TEXT"
    project.sql(f"CREATE TABLE phases (run_id {kind}, phase_id {kind}, phase_index INT, state VARCHAR(20), last_failure_reason TEXT, "
             + ("UNIQUE (run_id(300), phase_id(300)))" if exact else "PRIMARY KEY (run_id, phase_id))"))  # fmt: skip
    ugly = [name for name in UGLY if not exact or len(name) < 700]
    project.add(*((name, name, place, "FAILED", None) for place, name in enumerate(ugly)))

    ran = project.inv("drain", "--batch-size=100")

    assert ran.code == 0, ran.out[-2000:] + ran.err
    seen = [json.loads(line) for line in (project.root / "seen.jsonl").read_text().splitlines()]
    assert sorted(entry[2] for entry in seen) == sorted(ugly)
    assert all(entry[0] == [f"--run-id={entry[1]}", f"--phase-id={entry[2]}"] and entry[1] == entry[2] for entry in seen)
    assert not list(project.root.rglob("pwned"))
    assert {state for (state,) in project.sql("SELECT state FROM phases")} == {"COMPLETE"}
    assert not re.search("[\u202e\x1b]", ran.out)
    assert len(project.events()) == 2 + 4 * len(ugly)
    for shape in ("text", "markdown", "json"):
        assert project.inv("summary", f"--format={shape}").code == 0


REASON = "\x1b]0;title\x07<script>alert(1)</script> | [x](javascript:1) \u202e\nforged\r\n=HYPERLINK(1)"


def test_ugly_reasons_can_not_break_any_sink(project: Workplace) -> None:
    project.fail("r/a~reason=" + "x", "r/b~bytes", reason=REASON)
    (project.root / "w.py").write_text(
        WORKER.read_text().replace('argument or "No-op detected: no changes applied"', repr(REASON + "y" * 2_000_000))
    )
    project.configure(command={"argv": [sys.executable, "w.py"]})

    ran = project.inv("drain")

    assert ran.code == 1, ran.err
    assert not re.search("[\u202e\x1b\x07]", ran.out + project.inv("summary", "--format=markdown").out)
    assert "<script" not in project.inv("summary", "--format=markdown").out
    stored = project.phases()["r/a~reason=x"][1]
    assert stored is not None
    assert stored.startswith(REASON)
    assert len(stored) <= 16_000
    assert all(json.dumps(event) for event in project.events())
    assert project.inv("dry-run", "--explain").code == 0


def test_ids_that_can_not_be_named_are_skipped_with_a_reason(sqlite_project: Workplace) -> None:
    sqlite_project.sql(
        "INSERT INTO phases (run_id, phase_id, phase_index, state) VALUES ('', 'a', 1, 'FAILED'), ('r', '', 1, 'FAILED')"
    )
    sqlite_project.sql(
        "INSERT INTO phases (run_id, phase_id, phase_index, state) VALUES (CAST(x'ff41' AS TEXT), 'a', 1, 'FAILED')"
    )
    sqlite_project.sql(
        "INSERT INTO phases (run_id, phase_id, phase_index, state) VALUES ('n', 'a' || char(0) || 'b', 1, 'FAILED')"
    )
    sqlite_project.sql(
        "INSERT INTO phases (run_id, phase_id, phase_index, state) VALUES ('n', 'fine', 'no number', 'FAILED')"
    )

    assert sqlite_project.inv("drain").code == 0
    assert sqlite_project.taken() == ["n/fine"]
    assert "4 skipped by bad id" in sqlite_project.inv("dry-run").out or "4 by bad id" in sqlite_project.inv("dry-run").out
