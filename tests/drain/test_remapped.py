"""The mapping of the ids changes while a phase is held: nothing is lost, it is told in one line, and the cure cures it."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from tests.chaos.test_other_hosts import ELSEWHERE
from tests.database.composite import RUN, dump, make_steps, uuid_of
from tests.support.workplace import DEADLINE_S, Workplace, ended, wait_for

ROWS = [
    (tenant, "etl", "2026-11-01", uuid_of(step), step, "FAILED", "boom") for tenant in ("acme", "zeta") for step in (1, 2)
]
WAITS = "import os, time\nopen('begun', 'a').write('.')\nwhile not os.path.exists('go'): time.sleep(0.02)"


def held(project: Workplace, **command: Any) -> int:
    """A controller that has the first phase under work."""
    make_steps(project, ROWS)
    project.sql("ALTER TABLE pipeline_steps ADD COLUMN message VARCHAR(40) DEFAULT 'mine'")
    project.configure(command={"argv": ["{python}", "-c", WAITS], **command})
    drain = project.start("drain", "--policy=run-order", "--batch-size=1")
    wait_for((project.root / "begun").exists, "the first command")
    project.drain = drain  # type: ignore[attr-defined]
    return drain.pid


def kill(project: Workplace) -> None:
    drain = project.drain  # type: ignore[attr-defined]
    os.kill(drain.pid, signal.SIGKILL)
    drain.communicate(timeout=DEADLINE_S)


def remap(project: Workplace, **columns: Any) -> None:
    project.source = {**project.source, "columns": {**project.source["columns"], **columns}}
    project.configure()


@pytest.mark.parametrize(
    ("now", "was"),
    [
        ({"run_id": ["tenant", "run_date"]}, 'run_id: ["tenant","pipeline","run_date"]'),
        ({"phase_id": "pos", "phase_index": None}, 'phase_id: "step"'),
        ({"last_failure_reason": "message"}, 'last_failure_reason: "error"'),
    ],
    ids=["fewer columns", "another column", "another reason"],
)
def test_a_phase_that_is_held_under_another_mapping_stays_held_until_that_is_back(
    project: Workplace, now: dict[str, Any], was: str
) -> None:
    held(project)
    kill(project)
    before, mapped = dump(project), project.source["columns"]

    remap(project, **now)
    ran, looked, planned = project.inv("recover"), project.inv("doctor"), project.inv("dry-run")
    told = [line for line in ran.lines if line.startswith("Can't be settled now: ")]
    assert len(told) == 1, ran
    assert f"it was claimed while batchdrain.source.columns had {was}; restore that mapping" in told[0], ran
    assert (ran.code, "1 still held" in ran.out, "No claim holds" in ran.out) == (78, True, False), ran
    assert (looked.code, f"columns had {was}" in looked.out) == (78, True), looked
    assert (planned.code, "Recovery first" in planned.out) == (0, False), planned
    assert dump(project) == before

    (project.root / "go").touch()
    drained = project.inv("drain")
    assert f"columns had {was}" in drained.out, drained
    assert sorted(row["status"] for row in dump(project).values()) == ["'DONE'"] * 3 + ["'RUNNING'"], drained

    remap(project, **mapped)
    back = project.inv("recover")
    assert (back.code, "0 still held." in back.lines[-1]) == (0, True), back
    assert project.inv("drain").code == 0
    assert {row["status"] for row in dump(project).values()} == {"'DONE'"}


def test_a_column_that_was_renamed_names_the_same_rows_and_its_phase_is_given_back(project: Workplace) -> None:
    held(project)
    kill(project)
    project.sql("ALTER TABLE pipeline_steps RENAME COLUMN tenant TO customer")
    remap(project, run_id=["customer", *RUN[1:]])

    ran = project.inv("recover")

    assert (ran.code, ran.lines[-1]) == (0, "1 recovered, 0 still held."), ran
    assert {row["status"] for row in dump(project).values()} == {"'FAILED'"}


def test_a_phase_of_a_table_that_is_mapped_no_more_is_told_and_given_back_once_it_is(project: Workplace) -> None:
    held(project)
    kill(project)
    before, mapped = dump(project), project.source
    project.source = {}
    project.configure()

    ran, looked = project.inv("recover"), project.inv("doctor")
    told = "1 phase of table 'pipeline_steps' is held by a drain that no longer runs, and batchdrain.source.table names another one now"
    assert (ran.code, told in ran.out, told in looked.out) == (0, True, True), (ran, looked)
    assert dump(project) == before

    project.source = mapped
    project.configure()
    assert project.inv("recover").lines[-1] == "1 recovered, 0 still held."
    assert {row["status"] for row in dump(project).values()} == {"'FAILED'"}


@pytest.mark.parametrize("is_here", [True, False], ids=["on one machine", "on two"])
def test_two_drains_that_call_one_row_by_two_names_do_not_both_execute_it(project: Workplace, *, is_here: bool) -> None:
    """Nothing in a row keeps them apart where the command sets the states itself. Nobody can tell from here whether the other
    machine's lives."""
    held(project, result_from="database", settle_s=0.2)
    remap(project, run_id="tenant")
    if not is_here:
        project.sql(ELSEWHERE)

    ran = project.inv("drain", "--phase-timeout=5")

    assert (ran.code, "is held, and it was claimed while batchdrain.source.columns had run_id" in ran.err) == (78, True), ran
    assert (project.root / "begun").read_text() == "."
    (project.root / "go").touch()
    ended(project.drain)  # type: ignore[attr-defined]
