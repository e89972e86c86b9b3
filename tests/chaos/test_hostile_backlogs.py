"""A backlog of random attacks: no task breaks, nothing gets through to whoever reads, and no value is changed."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import hypothesis
import pytest
from hypothesis import strategies as st

from tests.chaos.faults import fault
from tests.support.hostile import PIECES, obeyed
from tests.support.soaking import soak
from tests.support.workplace import Ran, Workplace

WORK = """
import json, os, sys
run, phase = os.environ["BATCHDRAIN_RUN_ID"], os.environ["BATCHDRAIN_PHASE_ID"]
open("seen.jsonl", "a").write(json.dumps([sys.argv[1:], run, phase]) + chr(10))
reason, weight = os.environ["BATCHDRAIN_FAILURE_REASON"], sum(map(ord, phase)) % 4
if weight == 1:
    json.dump({"reason": reason, "metrics": {phase: 2, run: 1}}, open(os.environ["BATCHDRAIN_RESULT_FILE"], "w"))
sys.stderr.buffer.write(reason.encode("utf-8", "surrogateescape") + b"\\n")
sys.exit(weight % 2)
"""
AT_ONCE = 200


class Attack(NamedTuple):
    run_id: str
    phase_id: str
    state: str
    reason: str | None


def texts(*, forbidden: str) -> st.SearchStrategy[str]:
    pieces = st.sampled_from([piece for piece in PIECES if not set(piece) & set(forbidden)])
    others = st.text(st.characters(exclude_characters=forbidden, exclude_categories=["Cs"]), max_size=6)
    return st.lists(st.one_of(pieces, pieces, others), max_size=4).map("".join)


def attacks(*, forbidden: str = "") -> st.SearchStrategy[list[Attack]]:
    found = texts(forbidden=forbidden)
    state = st.one_of(st.just("FAILED"), st.just("FAILED"), st.just("QUEUED"), found)
    rows = st.builds(Attack, found, found, state, st.one_of(st.none(), found))
    return st.lists(rows, min_size=1, max_size=8, unique_by=lambda row: (row.run_id, row.phase_id))


def prepare(place: Workplace) -> None:
    exact = " COLLATE utf8mb4_nopad_bin" if place.url.startswith("mysql") else ""
    kind = f"LONGTEXT{exact}" if exact else "TEXT"
    place.sql("DROP TABLE phases")
    place.sql(
        f"CREATE TABLE phases (run_id {kind}, phase_id {kind}, phase_index INT, state {kind}, last_failure_reason {kind})"
    )
    (place.root / "work.py").write_text(WORK)
    argv = [sys.executable, "-S", "work.py", "{run_id}", "--phase={phase_id}", "{run_id}{phase_id}"]
    place.configure(command={"argv": argv}, stop={"max_repeats": 0}, retry={"max_attempts": 1}, batch_size=AT_ONCE)


def lay(place: Workplace, rows: list[Attack]) -> None:
    place.sql("DELETE FROM phases")
    shutil.rmtree(place.sessions, ignore_errors=True)
    (place.root / "seen.jsonl").unlink(missing_ok=True)
    place.add(*((row.run_id, row.phase_id, number, row.state, row.reason) for number, row in enumerate(rows)))


def harmless(place: Workplace, *argv: str, codes: tuple[int, ...] = (0,)) -> Ran:
    ran = place.inv(*argv)
    assert ran.code in codes, (argv, ran)
    assert "Traceback" not in ran.out + ran.err, (argv, ran)
    assert obeyed(ran.out + "\n" + ran.err) == [], (argv, ran)
    return ran


def look(place: Workplace) -> Iterator[tuple[str, Any]]:
    """Every task that looks, in every format; what those say that speak JSON."""
    for task, *shapes in (
        ("dry-run", "text", "json"),
        ("list-run-counts", "tsv", "text", "json"),
        ("pick-next-run", "tsv", "json"),
        ("clusters", "text", "json"),
        ("summary", "text", "markdown", "json"),
        ("sessions", "text", "json"),
    ):
        for shape in shapes:
            ran = harmless(place, task, f"--format={shape}", codes=(0, 2) if task == "summary" else (0,))
            if shape == "json" and ran.code == 0:
                yield task, ran.json()
            elif shape == "markdown":
                assert {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in ran.lines} <= {0, 3, 4, 5, 6, 7}, ran


def withstand(place: Workplace, rows: list[Attack]) -> None:
    lay(place, rows)
    outside = sorted(place.root.parent.iterdir())
    usable = [row for row in rows if row.run_id and row.phase_id and "\x00" not in row.run_id + row.phase_id]
    failed = {(row.run_id, row.phase_id) for row in usable if row.state == "FAILED"}

    before = dict(look(place))
    assert {(one["run_id"], one["phase_id"]) for one in before["dry-run"]["phases"]} == failed
    assert {row["run_id"] for row in before["list-run-counts"]} >= {row.run_id for row in usable}
    assert before["pick-next-run"] is None or before["pick-next-run"]["run_id"] in {row.run_id for row in rows}
    harmless(place, "dry-run", "--explain")
    harmless(place, "drain", codes=(0, 1))

    seen = [json.loads(line) for line in (place.root / "seen.jsonl").read_text().splitlines()] if failed else []
    assert sorted(map(tuple, (one[1:] for one in seen))) == sorted(failed)
    assert all(argv == [run, f"--phase={phase}", run + phase] for argv, run, phase in seen)
    if failed:
        after = dict(look(place))
        assert {(one["run_id"], one["phase_id"]) for one in after["summary"]["results"]} == failed
        assert {(one["run_id"], one["phase_id"]) for one in place.session()["results"]} == failed
        assert {(e["run_id"], e["phase_id"]) for e in place.events() if e["event"] == "phase.finished"} == failed
    stand = {(run, phase): (state, reason) for run, phase, state, reason in
             place.sql("SELECT run_id, phase_id, state, last_failure_reason FROM phases")}  # fmt: skip
    for row in rows:
        key = (row.run_id, row.phase_id)
        assert stand[key][0] in {"COMPLETE", "FAILED"} if key in failed else stand[key] == (row.state, row.reason)
    assert not [path for path in place.root.rglob("pwned") if path.is_file()], "a folder of logs may be named so"
    assert sorted(place.root.parent.iterdir()) == outside


def survive(place: Workplace, examples: int, *, forbidden: str = "") -> None:
    prepare(place)
    quick = hypothesis.settings(
        max_examples=examples,
        deadline=None,
        phases=[hypothesis.Phase.generate],  # each example is many processes: none is made smaller
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    quick(hypothesis.given(attacks(forbidden=forbidden))(lambda rows: withstand(place, rows)))()


@fault(87)
@pytest.mark.everyday("sqlite")
def test_no_task_is_harmed_by_a_backlog_of_random_attacks(project: Workplace) -> None:
    survive(project, 6, forbidden="" if project.url.startswith("sqlite") else "\x00")


@soak
@fault(87, 60)
@pytest.mark.timeout(3_000)
def test_no_task_is_harmed_by_many_backlogs_of_random_attacks(sqlite_project: Workplace) -> None:
    survive(sqlite_project, 60)


NO_TEXT = (
    "(CAST(x'ff41' AS TEXT), 'a', 1, 'FAILED', CAST(x'ff3a3a' AS TEXT))",
    "('r', CAST(x'edb280' AS TEXT), 1, 'FAILED', NULL)",
    "(CAST(x'ff42' AS TEXT), 'a', 1, 'QUEUED', NULL)",
    "('z', 'a', 1, CAST(x'ff43' AS TEXT), NULL)",
    "(x'ff00', 'b', 2, 'FAILED', x'ff00')",
    "('n', 'q', 3, 'FAILED', CAST(x'ff3a3a0a3a3a78' AS TEXT))",
    "(NULL, 'n', 1, 'FAILED', NULL)",
    "('m', 'a' || char(0), 1e300, 'FAILED', 'a' || char(0) || 'b')",
    "('m', 'b', 'no number', 'QUEUED', 7)",
)
"""Rows that SQLite stores in columns of text."""


@fault(87)
def test_rows_that_hold_no_text_harm_no_task(sqlite_project: Workplace) -> None:
    place = sqlite_project
    prepare(place)
    place.fail("r/a", reason="why")
    for row in NO_TEXT:
        place.sql(f"INSERT INTO phases VALUES {row.replace(':', chr(92) + ':')}")
    for shape in ("text", "json"):
        harmless(place, "doctor", f"--format={shape}")
    list(look(place))
    harmless(place, "dry-run", "--explain", "--output=plan.json")
    harmless(place, "drain", "--plan=plan.json", codes=(0, 1))
    assert sorted(place.taken()) == ["n/q", "r/a"]
    harmless(place, "drain", codes=(0, 1))
    harmless(place, "drain-all", codes=(0, 1))
    list(look(place))
    assert dict(place.sql("SELECT run_id, state FROM phases WHERE run_id = 'm'")) == {"m": "COMPLETE"}
