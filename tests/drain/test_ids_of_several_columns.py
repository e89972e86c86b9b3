"""A run or a phase that several columns name together is drained, told of and recovered as any other."""

from __future__ import annotations

import json
import signal

import pytest

from tests.database.composite import RUN, STEPS, changes, dump, make_steps, uuid_of
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

ROWS = [
    (tenant, pipeline, day, uuid_of(step), step, ("FAILED", "DONE", "FAILED", "PENDING")[step % 4], "boom" if step % 2 == 0 else None)
    for tenant in ("acme", "b/c\\me")
    for pipeline in ("etl", "b i*")
    for day in ("2026-11-01", "2026-11-02")
    for step in range(6)
]  # fmt: skip
FAILED = [row for row in ROWS if row[5] == "FAILED"]


def key_of(*parts: str) -> str:
    return " ".join(parts)


def test_only_the_state_and_the_reason_of_the_drained_rows_change(project: Workplace) -> None:
    make_steps(project, ROWS)
    before = dump(project)
    assert project.inv("doctor").code == 0
    plan = project.inv("dry-run", "--format=json").json()
    assert dump(project) == before

    assert project.inv("drain", "--batch-size=7").code == 0

    drained = [(one["run_id"], one["phase_id"]) for one in project.session()["results"]]
    assert drained == [(one["run_id"], one["phase_id"]) for one in plan["phases"]][:7]
    assert drained[0] == ("acme/b i*/2026-11-01", uuid_of(0))
    now = changes(before, dump(project))
    assert len(now) == 7
    assert all(row == {"status": "'DONE'", "error": "None"} for row in now.values())


def test_a_run_is_named_by_its_joined_text_or_by_a_glob(project: Workplace) -> None:
    make_steps(project, ROWS)
    before = dump(project)

    assert project.inv("drain", r"--run-id=b\/c\\me/b i*/2026-11-02").code == 0
    taken = [key_of("b/c\\me", "b i*", "2026-11-02", uuid_of(step)) for step in (0, 2, 4)]
    assert list(changes(before, dump(project))) == taken

    assert project.inv("drain", "--run-id=acme/*/2026-11-01", "--batch-size=20").code == 0
    assert len(changes(before, dump(project))) == 3 + 6
    counts = project.inv("list-run-counts").out.splitlines()
    assert counts[-1].split("\t") == ["b\\/c\\\\me/b i*/2026-11-02", "1", "0", "5", "0"]


def test_a_phase_of_several_columns_is_drained_too(project: Workplace) -> None:
    columns = {**STEPS["columns"], "run_id": "tenant", "phase_id": ["pipeline", "run_date", "step"], "phase_index": "pos"}
    make_steps(project, ROWS, columns=columns)
    before = dump(project)

    assert project.inv("drain", "--run-id=b/c\\me", "--batch-size=4").code == 0
    assert project.taken()[0] == f"b/c\\me/b i*/2026-11-01/{uuid_of(0)}"
    assert len(changes(before, dump(project))) == 4


def test_a_killed_drain_is_recovered_and_resumed(project: Workplace) -> None:
    make_steps(project, ROWS)
    before = dump(project)
    go = project.root / "go"
    waits = "import os, time\nopen('begun', 'a').write(os.environ['BATCHDRAIN_RUN_ID'] + '\\n')\n"
    waits += "while not os.path.exists('go'): time.sleep(0.02)"
    project.configure(command={"argv": ["{python}", "-c", waits]})
    drain = project.start("drain", r"--run-id=b\/c\\me/etl/*")
    wait_for((project.root / "begun").exists, "the first command")
    drain.send_signal(signal.SIGKILL)
    drain.communicate(timeout=DEADLINE_S)
    key = key_of("b/c\\me", "etl", "2026-11-01", uuid_of(0))
    assert changes(before, dump(project)) == {key: {"status": "'RUNNING'"}}

    ran = project.inv("recover")
    assert ran.lines[-1] == "1 recovered, 0 still held.", ran
    assert changes(before, dump(project)) == {}

    go.touch()
    ran = project.inv("resume")
    assert ran.code == 0, ran
    assert len(project.session()["results"]) == 6
    assert {tuple(name.split(" ")[:2]) for name in changes(before, dump(project))} == {("b/c\\me", "etl")}


def test_a_run_that_failed_is_told_of_by_its_joined_text_everywhere(project: Workplace) -> None:
    make_steps(project, [("acme", "etl", "2026-11-01", uuid_of(1), 1, "FAILED", "boom")])
    project.configure(command={"argv": ["false"]})
    assert project.inv("drain").code == 1
    assert f"acme/etl/2026-11-01 / {uuid_of(1)}" in project.inv("summary").out
    assert {event["run_id"] for event in project.events() if "run_id" in event} == {"acme/etl/2026-11-01"}
    project.inv("accept", "--run-id=acme/etl/2026-11-01", "--reason=known")
    assert project.inv("dry-run", "--format=json").json()["skipped"][0]["rule"] == "accepted"


def test_what_is_null_in_one_of_the_columns_names_nothing_and_is_left_out(project: Workplace) -> None:
    project.sql("CREATE TABLE parts (a VARCHAR(9), b VARCHAR(9), n INTEGER, state VARCHAR(9), why TEXT)")
    project.sql(
        "INSERT INTO parts VALUES (:a, :b, :n, 'FAILED', NULL)",
        [
            {"a": a, "b": b, "n": n}
            for a, b, n in [("x", None, 1), (None, None, 2), ("", "", 3), ("x", "", 4), ("x", "y", None)]
        ],
    )
    columns = {"run_id": ["a", "b"], "phase_id": "n", "phase_index": "n", "state": "state", "last_failure_reason": "why"}
    project.source = {"table": "parts", "columns": columns}
    project.configure()
    plan = project.inv("dry-run", "--format=json").json()
    assert [(one["rule"], one["count"]) for one in plan["skipped"]] == [("bad id", 3)]
    assert "3 rows have an unusable run_id or phase_id" in project.inv("doctor").out

    assert project.inv("drain").code == 0
    assert project.taken() == ["//3", "x//4"]
    assert sorted(project.sql("SELECT n FROM parts WHERE state = 'COMPLETE'")) == [(3,), (4,)]


@pytest.mark.parametrize("run", [["tenant", "pipeline"], "pipeline"])
def test_columns_that_do_not_name_one_row_are_told_with_those_that_are_missing(project: Workplace, run: object) -> None:
    make_steps(project, ROWS, columns={**STEPS["columns"], "run_id": run})
    ran = project.inv("doctor")
    assert ran.code != 0
    assert "a key of the table has 'run_date'" in ran.out
    assert json.loads(project.inv("dry-run", "--format=json").out)["would_drain"] == 0
    assert RUN[2] in ran.out
