"""A word of a state is one word: what a collation takes for it is selected, counted, written and waited for by nobody."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.chaos.faults import fault
from tests.support.workplace import Workplace

COLUMNS = "run_id VARCHAR(20), phase_id VARCHAR(20), phase_index INTEGER, state {state}, last_failure_reason TEXT"
LOOSE = {
    "sqlite": ["TEXT COLLATE NOCASE", "TEXT COLLATE RTRIM", "VARCHAR(20)"],
    "postgresql": ["citext", 'TEXT COLLATE "loose"', "loose_text"],
    "mariadb": ["VARCHAR(20)", "VARCHAR(20) COLLATE utf8mb4_bin", "VARCHAR(20) CHARACTER SET latin1"],
}
STATEMENTS = (
    "CREATE EXTENSION IF NOT EXISTS citext",
    "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
    'CREATE DOMAIN loose_text AS VARCHAR(20) COLLATE "loose"',
)
WORDS = ("FAILED", "Failed", "failed", "FAILED ", "Complete", "complete", "queued", "QUEUED ")


@pytest.fixture(params=[pytest.param((name, kind), id=f"{name}-{kind}") for name, kinds in LOOSE.items() for kind in kinds])
def loose(request: pytest.FixtureRequest, tmp_path: Path) -> Workplace:
    """A table whose states are compared by a collation: a row for each word, in a run of its own."""
    name, kind = request.param
    place = Workplace(root=tmp_path, url=request.getfixturevalue(f"{name}_url"))
    try:
        for statement in STATEMENTS if name == "postgresql" else ():
            place.sql(statement)
        place.sql(f"CREATE TABLE loose_states ({COLUMNS.format(state=kind)})")
    except sa.exc.DBAPIError as error:
        pytest.skip(f"this server can't: {error.orig}")
    for number, word in enumerate(WORDS):
        place.sql("INSERT INTO loose_states VALUES (:r, 'p', 1, :s, 'before')", [{"r": f"r{number}", "s": word}])
    place.source = {"table": "loose_states"}
    place.configure(depends_on=[{"run": "r0", "after": ["r4"]}])
    return place


def words_of(place: Workplace) -> list[str]:
    return [state for (state,) in place.sql("SELECT state FROM loose_states ORDER BY run_id")]


@fault(49)
@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_words_that_a_collation_takes_for_one_are_counted_selected_and_written_apart(loose: Workplace) -> None:
    looked = loose.inv("doctor")
    assert (looked.code, "1 failed, 0 queued, 0 complete, 7 other in 8 runs" in looked.out) == (0, True), looked
    assert loose.inv("pick-next-run").out == ""
    assert "depends_on: waits for run r4" in loose.inv("dry-run").out

    loose.configure(depends_on=[])
    assert loose.inv("pick-next-run").lines == ["r0\tdefault"]
    assert "Would drain 1 of 1" in loose.inv("dry-run").out
    assert loose.inv("drain-queued", "--run-id=r6").code == 0
    ran = loose.inv("drain")

    assert ran.code == 0, ran
    assert "Balance: 1 failed before + 0 new = 1 fixed + 0 still failing + 0 accepted + 0 not reached" in ran.out
    assert words_of(loose) == ["COMPLETE", *WORDS[1:]]


@fault(49)
@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_a_command_that_leaves_nearly_the_word_has_not_completed_its_phase(loose: Workplace) -> None:
    command = ["-c", "import sys; sys.exit(0)"]
    loose.configure(command={"argv": ["{python}", *command], "result_from": "database", "settle_s": 0}, depends_on=[])
    loose.sql("UPDATE loose_states SET state = 'FAILED' WHERE run_id = 'r0'")

    ran = loose.inv("drain")

    assert (ran.code, words_of(loose)) == (1, list(WORDS)), ran
    assert "the phase is FAILED, not COMPLETE" in ran.out


@fault(50)
@pytest.mark.parametrize("kind", ["", "BLOB", "INTEGER", "NUMERIC", "BOOLEAN", "ANY"])
def test_a_state_that_sqlite_holds_as_a_number_stays_one(sqlite_project: Workplace, kind: str) -> None:
    sqlite_project.sql(f"CREATE TABLE coded ({COLUMNS.format(state=kind)})")
    sqlite_project.sql(
        "INSERT INTO coded VALUES ('r', 'p', 1, 3, NULL), ('r', 'q~fail', 2, 3, NULL), ('r', 'x', 3, 3.5, NULL)"
    )
    sqlite_project.source = {"table": "coded", "states": {"failed": 3, "queued": 0, "executing": 1, "complete": 2}}
    sqlite_project.configure()

    looked, ran = sqlite_project.inv("doctor"), sqlite_project.inv("drain")

    assert (looked.code, ran.code) == (0, 1), (looked, ran)
    found = sqlite_project.sql("SELECT state, typeof(state) FROM coded ORDER BY phase_id")
    assert found == [(2, "integer"), (3, "integer"), (3.5, "real")]


@fault(50)
@pytest.mark.parametrize("kind", ["UUID", "STRING", "INTEGER", "DATETIME", "BLOB", "", "BOOLEAN", "DECIMAL(10,2)"])
def test_one_value_that_is_not_of_the_declared_type_stops_no_task(sqlite_project: Workplace, kind: str) -> None:
    sqlite_project.sql(
        f"CREATE TABLE mixed (run_id {kind}, phase_id {kind}, phase_index {kind}, state TEXT, last_failure_reason {kind})"
    )
    for row in ("7, 1.5, 'second', 'FAILED', 3", "'legacy-1', 'a', NULL, 'FAILED', x'6162ff'", "x'00', 'a', 1, 'FAILED', 1.5",
                "NULL, 'b', 2, 'FAILED', NULL"):  # fmt: skip
        sqlite_project.sql(f"INSERT INTO mixed VALUES ({row})")
    sqlite_project.source = {"table": "mixed"}
    sqlite_project.configure()

    for task in ("doctor", "dry-run", "list-run-counts", "clusters", "pick-next-run"):
        ran = sqlite_project.inv(task)
        assert (ran.code, "Traceback" in ran.err) == (0, False), (task, ran)
    ran = sqlite_project.inv("drain")

    assert ran.code == 0, ran
    assert sorted(sqlite_project.taken()) == ["7/1.5", "legacy-1/a"]
    assert sqlite_project.sql("SELECT count(*) FROM mixed WHERE state = 'FAILED'") == [(2,)]


@fault(50)
def test_a_number_and_the_text_of_a_number_stay_what_they_are(sqlite_project: Workplace) -> None:
    sqlite_project.sql("CREATE TABLE bare (run_id, phase_id, phase_index, state, last_failure_reason)")
    sqlite_project.sql(
        "INSERT INTO bare VALUES ('007', 7, 1, 'FAILED', NULL), (7, '7', 1, 'FAILED', NULL), (7.0, 7, 1, 'FAILED', NULL)"
    )
    sqlite_project.source = {"table": "bare"}
    sqlite_project.configure()

    assert sqlite_project.inv("drain").code == 0

    assert sorted(sqlite_project.taken()) == ["007/7", "7.0/7", "7/7"]
    found = sqlite_project.sql("SELECT typeof(run_id), typeof(phase_id), state FROM bare")
    assert found == [("text", "integer", "COMPLETE"), ("integer", "text", "COMPLETE"), ("real", "integer", "COMPLETE")]


def test_the_doctor_warns_of_rows_that_no_id_names(tmp_path: Path, sqlite_url: str) -> None:
    project = Workplace(root=tmp_path, url=sqlite_url)
    project.sql("CREATE TABLE phases (run_id, phase_id, phase_index INT, state, last_failure_reason)")
    for run_id in ("NULL", "''", "x'37'", "'sound'"):
        project.sql(f"INSERT INTO phases VALUES ({run_id}, '1', 1, 'FAILED', '')")

    looked = project.inv("doctor")

    assert looked.code == 0, looked
    assert "warn ids: 3 rows have an unusable run_id or phase_id" in looked.out
