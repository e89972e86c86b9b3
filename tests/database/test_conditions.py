"""source.where is SQL of the user's: what the database does not take of it, and what it leaves over, is told by its name."""

from __future__ import annotations

import pytest

from tests.support.workplace import Workplace


@pytest.mark.parametrize("condition", ["absent = 1", "phase_index = = 1"])
def test_a_condition_that_the_database_does_not_take_is_named(project: Workplace, condition: str) -> None:
    project.fail("r/p")
    project.source = {"where": condition}
    project.configure()

    looked, ran = project.inv("doctor"), project.inv("dry-run")

    assert (looked.code, ran.code) == (78, 78), (looked, ran)
    assert [line[:39] for line in looked.lines if line.startswith("FAIL")] == ["FAIL database: batchdrain.source.where:"], (
        looked
    )
    assert ran.err.startswith("batchdrain: batchdrain.source.where: "), ran
    assert "correct the condition" in ran.err


def test_a_condition_that_no_row_meets_is_not_taken_for_an_empty_database(project: Workplace) -> None:
    project.fail("r/p")
    project.source = {"where": "phase_index = 99"}
    project.configure()

    said = [project.inv(task).out for task in ("dry-run", "drain", "clusters")]

    assert all("No row of the table matches batchdrain.source.where." in out for out in said), said
    assert not any("holds no phases at all" in out for out in said)
