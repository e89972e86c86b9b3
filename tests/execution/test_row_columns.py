"""The columns of a row reach its command as single arguments and as variables of their own, whatever stands in them."""

from __future__ import annotations

import json

import pytest

from tests.database.composite import dump, make_steps, uuid_of
from tests.support.workplace import Workplace

HOSTILE = "a b'\"$(touch pwned); {run_id} {{x}}\n--flag é"
WRITES = "import json, os, sys; json.dump([sys.argv[1:], dict(os.environ)], open('seen.json', 'w'))"


def seen(project: Workplace) -> tuple[list[str], dict[str, str]]:
    arguments, environ = json.loads((project.root / "seen.json").read_text())
    return arguments, {name: value for name, value in environ.items() if name.startswith("BATCHDRAIN_COLUMN_")}


def test_each_column_of_an_id_is_a_placeholder_and_a_variable(project: Workplace) -> None:
    make_steps(project, [(HOSTILE[:39], "e/t\\l", "2026-11-01", uuid_of(7), 3, "FAILED", None)])
    argv = ["{python}", "-c", WRITES, "{column:tenant}", "--at={column:run_date}", "{column:pos}", "[{column:error}]"]
    project.configure(command={"argv": argv, "columns": ["pos", "error", "note"]})
    stale = {"BATCHDRAIN_COLUMN_ERROR": "of somebody else"}

    assert project.inv("drain", env=stale).code == 0

    arguments, environ = seen(project)
    assert arguments == [HOSTILE[:39], "--at=2026-11-01", "3", "[]"]
    note = environ.pop("BATCHDRAIN_COLUMN_NOTE")
    assert json.loads(note) == {"k": [1, 2]}
    assert environ == {
        "BATCHDRAIN_COLUMN_TENANT": HOSTILE[:39],
        "BATCHDRAIN_COLUMN_PIPELINE": "e/t\\l",
        "BATCHDRAIN_COLUMN_RUN_DATE": "2026-11-01",
        "BATCHDRAIN_COLUMN_POS": "3",
    }
    assert not (project.root / "pwned").exists()


def test_a_diagnosis_gets_them_as_the_command_does(project: Workplace) -> None:
    make_steps(project, [("acme", "etl", "2026-11-01", uuid_of(7), 3, "FAILED", None)])
    project.configure(
        triage={"argv": ["{python}", "-c", WRITES, "{column:tenant}", "{column:pos}"]}, command={"columns": ["pos"]}
    )
    before = dump(project)
    assert project.inv("triage").code == 0
    assert (seen(project)[0], dump(project)) == (["acme", "3"], before)


def test_they_are_read_when_the_phase_is_taken(project: Workplace) -> None:
    make_steps(project, [("acme", "etl", "2026-11-01", uuid_of(step), step, "FAILED", None) for step in (1, 2)])
    code = "import os, sqlalchemy as sa\nopen('told', 'a').write(os.environ['BATCHDRAIN_COLUMN_POS'] + ' ')\n"
    code += (
        f"with sa.create_engine({project.url!r}).begin() as c: c.execute(sa.text('UPDATE pipeline_steps SET pos = pos + 10'))"
    )
    project.configure(command={"argv": ["{python}", "-c", code], "columns": ["pos"]})
    assert project.inv("drain").code == 0
    assert (project.root / "told").read_text() == "1 12 "


@pytest.mark.parametrize(
    ("value", "told"),
    [("x'610062'", "holds bytes"), ("CAST(x'610062' AS TEXT)", "holds a NUL"), ("CAST(x'ff' AS TEXT)", "no UTF-8"),
     ("printf('%.*c', 100001, 'x')", "too long")],
)  # fmt: skip
def test_a_value_that_no_command_can_be_given_leaves_its_phase_out_and_the_drain_goes_on(
    sqlite_project: Workplace, value: str, told: str
) -> None:
    sqlite_project.fail("r/a", "r/b", "r/c")
    sqlite_project.sql(f"UPDATE phases SET note = {value} WHERE phase_id = 'b'")
    sqlite_project.configure(command={"columns": ["note"]})
    planned = {task: sqlite_project.inv("--dry", task) for task in ("drain", "drain-all")}
    foreseen = sqlite_project.inv("dry-run", "--format=json", "--explain").json()
    ran = sqlite_project.inv("drain")
    assert sqlite_project.taken() == ["r/a", "r/c"]
    assert "Would drain 2 of 3: 1 is skipped, 0 do not fit into the batch" in planned["drain"].out, planned
    assert all("r / b: column 'note'" in one.out for one in planned.values()), planned
    assert foreseen["skipped"] == [{**one, "by_filter": False} for one in sqlite_project.session()["skipped"]]
    assert [one["phase_id"] for one in foreseen["explanation"] if not one["chosen"]] == ["b"]
    assert "r / b: column 'note'" in ran.out
    assert told in ran.out
    assert sqlite_project.states() == {"r/a": "COMPLETE", "r/b": "FAILED", "r/c": "COMPLETE"}
    assert sqlite_project.session()["skipped"][0]["rule"] == "bad data"


def test_a_dry_run_takes_others_in_the_place_of_those_that_a_drain_would_leave_out(project: Workplace) -> None:
    """On a server a view may fail for one row alone, and the reading of the backlog does not meet it."""
    project.fail(*(f"r/{number:03}" for number in range(450)), reason="boom")
    if is_postgresql(project):
        project.sql("CREATE VIEW shown AS SELECT *, 1 / (phase_index - 1) AS quotient FROM phases")
        project.source, given = {"table": "shown"}, ["quotient"]
    else:
        project.sql("ALTER TABLE phases ADD COLUMN odd BLOB")
        project.sql("UPDATE phases SET odd = x'00' WHERE phase_id = '001'")
        given = ["odd"]
    project.configure(command={"argv": ["true"], "columns": given}, batch_size=4)
    planned = project.inv("dry-run", "--policy=run-order", "--format=json").json()
    ran = project.inv("drain", "--policy=run-order")
    all_of_it = project.inv("dry-run", "--batch-size=1000", "--format=json").json()

    assert [one["phase_id"] for one in planned["phases"]] == ["000", "002", "003", "004"]
    assert [one["phase_id"] for one in project.session()["results"]] == ["000", "002", "003", "004"], ran
    assert [(one["rule"], one["count"]) for one in planned["skipped"]] == [("bad data", 1)]
    assert planned["skipped"] == [{**one, "by_filter": False} for one in project.session()["skipped"]]
    assert all_of_it["would_drain"] == 450 - 4 - 1


def is_postgresql(project: Workplace) -> bool:
    return project.engine.dialect.name == "postgresql"


def test_the_name_of_a_column_that_is_an_id_leads_to_the_placeholder_of_the_id(sqlite_project: Workplace) -> None:
    sqlite_project.sql(
        "CREATE VIEW feeds AS SELECT run_id AS feed, phase_id, phase_index, state, last_failure_reason FROM phases"
    )
    sqlite_project.configure(source={"table": "feeds", "columns": {"run_id": "feed"}}, command={"argv": ["true", "{feed}"]})
    assert "batchdrain.command.argv.1: {feed}: write {run_id}, which column 'feed' is" in sqlite_project.inv("doctor").out


def test_a_column_that_is_an_id_alone_has_the_placeholder_of_the_id(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.configure(command={"argv": ["true", "{column:run_id}", "{column:phase_id}"]})
    looked, ran = sqlite_project.inv("doctor"), sqlite_project.inv("drain")
    for ours in ("run_id", "phase_id"):
        told = f"{{column:{ours}}}: write {{{ours}}}, which column {ours!r} is, or name it in batchdrain.command.columns"
        assert (told in looked.out, told in ran.err, ran.code) == (True, True, 78), looked.out


def test_a_column_that_is_not_there_is_told_with_its_setting(sqlite_project: Workplace) -> None:
    sqlite_project.configure(command={"columns": ["nota"]})
    ran = sqlite_project.inv("drain")
    assert ran.code == 78
    assert "batchdrain.command.columns: table 'phases' has no column 'nota' (did you mean 'note'?)" in ran.err
