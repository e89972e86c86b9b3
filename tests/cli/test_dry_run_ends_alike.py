"""A dry run ends with the exit code that the drain has, wherever a look at the settings and the table tells it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.support.workplace import Workplace

STEPS = "CREATE TABLE steps (run_id TEXT, phase_id TEXT, state TEXT)"
TWINS = ["INSERT INTO steps VALUES ('r', 'a', 'FAILED'), ('r', 'a', 'FAILED')"]
OF_STEPS = {"table": "steps", "columns": {"phase_index": None, "last_failure_reason": None}}
VIEW = "CREATE VIEW steps AS SELECT run_id, phase_id || abs(random()) AS phase_id, state FROM phases"
TWIN = "r / a: these ids name more than one row"


def both(place: Workplace, *argv: str) -> tuple[int, int, str]:
    """The exit codes of the dry run and of what it looks ahead to; and what the dry run said."""
    looked = place.inv("--dry", *argv)
    ran = place.inv(*argv)
    return looked.code, ran.code, looked.out + looked.err


@pytest.mark.parametrize("argv", [["drain"], ["drain-all"]], ids=" ".join)
@pytest.mark.parametrize("others", [[], ["INSERT INTO steps VALUES ('r', 'b', 'FAILED')"]], ids=["alone", "beside another"])
def test_rows_that_one_id_names_together_end_it_with_65(
    sqlite_project: Workplace, argv: list[str], others: list[str]
) -> None:
    for statement in (STEPS, *TWINS, *others):
        sqlite_project.sql(statement)
    sqlite_project.source = OF_STEPS
    sqlite_project.configure()
    looked, ran, said = both(sqlite_project, *argv)
    assert (looked, ran, TWIN in said) == (65, 65, True), said
    left = sqlite_project.sql("SELECT phase_id, state FROM steps ORDER BY 1")
    assert left == [("a", "FAILED"), ("a", "FAILED"), *([("b", "COMPLETE")] if others else [])]


def test_rows_that_are_not_found_again_by_their_ids_end_it_with_65(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a", "r/b")
    sqlite_project.sql(VIEW)
    sqlite_project.source = OF_STEPS
    sqlite_project.configure(command={"result_from": "database"})
    looked, ran, said = both(sqlite_project, "drain")
    assert (looked, ran, "is not found again by its ids" in said) == (65, 65, True), said


@pytest.mark.parametrize("argv", [["drain"], ["drain-all"], ["drain-queued", "--run-id=r"]], ids=" ".join)
@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"command": {"argv": ["no-such-program"]}}, "batchdrain.command.argv.0"),
        ({"notify": {"argv": ["x", "{nobody}"]}}, "batchdrain.notify.argv.1"),
        ({"engine": "no_such_module:engine"}, "batchdrain.engine"),
    ],
    ids=["no program", "notify", "engine"],
)
def test_what_keeps_a_drain_from_beginning_ends_it_with_78(
    sqlite_project: Workplace, settings: dict[str, Any], told: str, argv: list[str]
) -> None:
    sqlite_project.add(("r", "a", 0, "FAILED", None), ("r", "b", 1, "QUEUED", None))
    sqlite_project.configure(**settings)
    looked, ran, said = both(sqlite_project, *argv)
    assert (looked, ran, f"A drain would not start: {told}" in said) == (78, 78, True), said
    shown = sqlite_project.inv("--dry", *argv, "--format=json")
    assert (shown.code, told in json.loads(shown.out)["problems"][0]) == (78, True)


def test_a_group_that_was_begun_with_something_else_is_refused_alike(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a", "r/b")
    assert sqlite_project.inv("drain", "--group=g", "--batch-size=1").code == 0
    looked, ran, said = both(sqlite_project, "drain", "--group=g", "--batch-size=5")
    assert (looked, ran) == (2, 2), said
    assert "g was begun with --batch-size 1" in said


def test_where_all_is_well_it_ends_with_0(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    assert both(sqlite_project, "drain")[:2] == (0, 0)
    assert both(sqlite_project, "drain")[:2] == (0, 0)
