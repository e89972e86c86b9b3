"""A failure text that stands in JSON is read by its path, on every database, and what is no JSON ends nothing."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from batchdrain.config.settings import Source
from batchdrain.database.connection import open_database
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey, RowState
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")

PRINTS = "import sys; print('worker says no'); sys.exit(1)"
CASES: dict[str, tuple[str | None, str]] = {
    "text": ('{"error": {"message": "disk full\\u0021"}}', "disk full!"),
    "number": ('{"error": {"message": 12345678}}', "12345678"),
    "null": ('{"error": {"message": null}}', ""),
    "object": ('{"error": {"message": {"why": "no route"}}}', '{"why":"no route"}'),
    "missing": ('{"other": 1}', ""),
    "list": ("[1, 2, 3]", ""),
    "none": (None, ""),
}
PATHS: dict[str, tuple[Any, str, str]] = {
    "an index": ("errors[1].text", '{"errors": [{"text": "a"}, {"text": "b"}]}', "b"),
    "the last one": ("errors[-1].text", '{"errors": [{"text": "a"}, {"text": "last"}]}', "last"),
    "beyond the end": ("errors[7].text", '{"errors": [{"text": "a"}]}', ""),
    "a dot in a key": ('"a.b".c', '{"a.b": {"c": "dotted"}}', "dotted"),
    "quotes": (["x'); DROP TABLE codes; --", 'q"'], json.dumps({"x'); DROP TABLE codes; --": {'q"': "kept"}}), "kept"),
    "signs of drivers": (
        ["%s", ":v", "$.*", "{0}", "\\"],
        json.dumps({"%s": {":v": {"$.*": {"{0}": {"\\": "kept"}}}}}),
        "kept",
    ),
    "a number as a key": ("codes.7", '{"codes": {"7": "seven"}}', "seven"),
    "a bare text": ("error.message", '"all of it"', "all of it"),
}


def table(project: Workplace, kind: str, rows: Mapping[str, str | None], reason: Any) -> None:
    project.sql(f"CREATE TABLE codes (job VARCHAR(20), step VARCHAR(20), state VARCHAR(20), result {kind}, last_error TEXT, "
                "other TEXT, PRIMARY KEY (job, step))")  # fmt: skip
    value = f"CAST(:v AS {kind})" if project.engine.dialect.name == "postgresql" else ":v"
    for step, text in rows.items():
        project.sql(f"INSERT INTO codes VALUES ('j', :s, 'FAILED', {value}, NULL, 'mine')", [{"s": step, "v": text}])
    columns = {"run_id": "job", "phase_id": "step", "phase_index": None, "last_failure_reason": reason}
    project.source = {"table": "codes", "columns": columns}
    project.configure(command={"argv": [sys.executable, "-c", PRINTS]}, stop={"same_new_failure": 0, "max_repeats": 0})


def kinds_of(project: Workplace) -> list[str]:
    return {"sqlite": ["TEXT", "JSON"], "postgresql": ["text", "json", "jsonb"]}.get(
        project.engine.dialect.name, ["JSON", "LONGTEXT"]
    )


def dumped(project: Workplace, but: str = "state") -> list[tuple[Any, ...]]:
    names = [name for name in ("job", "step", "state", "result", "last_error", "other") if name != but]
    return project.sql(f"SELECT {', '.join(names)} FROM codes ORDER BY step")


def reasons(project: Workplace) -> dict[str, str]:
    """What was found for each phase that stands alone in its cluster, by its name."""
    shown = project.inv("clusters", "--format=json").json()["clusters"]
    return {one["example"]["phase_id"]: one["example"]["text"] for one in shown}


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_reason_is_found_at_its_path_whatever_stands_there(project: Workplace, number: int) -> None:
    kinds = kinds_of(project)
    if number >= len(kinds):
        pytest.skip("no more types of JSON here")
    table(
        project,
        kinds[number],
        {name: text for name, (text, _) in CASES.items()},
        {"column": "result", "path": "error.message"},
    )
    before = dumped(project)

    looked, found, ran = project.inv("doctor"), reasons(project), project.inv("drain")

    assert looked.code == 0, looked
    assert {name: text for name, text in found.items() if text} == {name: text for name, (_, text) in CASES.items() if text}
    assert ran.code == 1, ran
    assert project.sql("SELECT DISTINCT state FROM codes") == [("FAILED",)]
    assert len(project.taken()) == len(CASES)
    assert dumped(project) == before  # not a byte of any other column


@pytest.mark.parametrize("number", [0, 1, 2])
@pytest.mark.parametrize("name", PATHS)
def test_a_path_is_data_and_leads_to_what_it_names(project: Workplace, name: str, number: int) -> None:
    kinds, (path, text, found) = kinds_of(project), PATHS[name]
    if number >= len(kinds):
        pytest.skip("no more types of JSON here")
    table(project, kinds[number], {"p": text}, {"column": "result", "path": path})

    assert reasons(project) == {"p": found}
    assert len(dumped(project)) == 1


def test_a_text_that_is_no_json_is_the_reason_itself_and_stops_no_drain(project: Workplace) -> None:
    rows = {"broken": '{"error": {"message": "cut o', "plain": "Killed by signal", "good": '{"error": {"message": "sound"}}'}
    table(project, "TEXT", rows, {"column": "result", "path": "error.message"})
    before = dumped(project)

    looked, found, ran = project.inv("doctor"), reasons(project), project.inv("drain")

    assert (looked.code, ran.code, len(project.taken())) == (0, 1, 3), (looked, ran)
    assert found == {"broken": '{"error": {"message": "cut o', "plain": "Killed by signal", "good": "sound"}
    assert "2 of 3" in looked.out, looked
    assert dumped(project) == before


def test_of_json_that_is_no_document_only_a_string_is_counted_as_a_reason_of_its_own(project: Workplace) -> None:
    rows = {"s": '"bare"', "n": "5", "z": "null", "l": "[1]", "e": "{}", "good": '{"error": {"message": "sound"}}'}
    table(project, kinds_of(project)[-1], rows, {"column": "result", "path": "error.message"})
    looked = project.inv("doctor")
    assert "1 of 6 failed phases that were checked has a bare text and no document in column 'result'" in looked.out, looked
    assert {text for text in reasons(project).values() if text} == {"bare", "sound"}


def test_a_plain_column_that_is_named_takes_the_new_reason_and_no_other_byte_changes(project: Workplace) -> None:
    at = {"column": "result", "path": "error.message", "write": "last_error"}
    table(project, kinds_of(project)[-1], {"p": '{"error": {"message": "before"}}'}, at)
    before = dumped(project, but="last_error")

    looked, ran = project.inv("doctor"), project.inv("drain")

    assert (looked.code, ran.code) == (0, 1), (looked, ran)
    assert "worker says no" in project.sql("SELECT last_error FROM codes")[0][0]
    assert dumped(project, but="last_error") == before
    assert reasons(project) == {"p": "before"}  # it is read where the configuration says


def test_a_generated_column_is_read_and_not_written_and_the_doctor_says_so(project: Workplace) -> None:
    dialect = project.engine.dialect.name
    message = {
        "sqlite": "TEXT GENERATED ALWAYS AS (upper(other)) VIRTUAL",
        "postgresql": "TEXT GENERATED ALWAYS AS (upper(other)) STORED",
    }.get(dialect, "VARCHAR(50) GENERATED ALWAYS AS (upper(other)) VIRTUAL")
    table(project, "TEXT", {"p": None}, "shout")
    project.sql(
        f"ALTER TABLE codes ADD shout {message}"
        if dialect != "postgresql"
        else f"ALTER TABLE codes ADD COLUMN shout {message}"
    )

    looked, found, ran = project.inv("doctor"), reasons(project), project.inv("drain")

    assert (looked.code, ran.code) == (0, 1), (looked, ran)
    assert found == {"p": "MINE"}
    assert "shout' is computed: it is read, and not written" in looked.out, looked
    assert dumped(project) == [("j", "p", None, None, "mine")]


def test_a_column_of_json_without_a_path_is_told_with_the_cure(server_project: Workplace) -> None:
    if server_project.engine.dialect.name != "postgresql":
        pytest.skip("JSON is a text there")
    table(server_project, "jsonb", {"p": '{"a": 1}'}, "result")

    for task in ("doctor", "drain", "dry-run"):
        ran = server_project.inv(task)
        assert (ran.code, "holds jsonb, not text; say where its text is" in ran.out + ran.err) == (78, True), ran


def test_documents_that_are_mapped_without_a_path_are_grouped_by_what_they_say_and_the_doctor_names_the_path(
    project: Workplace,
) -> None:
    texts = {
        f"p{number}": json.dumps(
            {
                "trace": f"{number:032x}",
                "error": {"type": kind, "message": what.format(number)},
                "at": f"2026-11-0{number}T10:00:00Z",
            }
        )
        for number, (kind, what) in enumerate([("OSError", "disk {} full")] * 3 + [("KeyError", "no such tax")] * 2, start=1)
    }
    table(project, "TEXT", texts, "result")
    looked = project.inv("doctor")
    clusters = project.inv("clusters", "--format=json").json()["clusters"]

    assert (looked.code, "warn reasons: 5 of 5 failed phases" in looked.out) == (0, True), looked
    assert "last_failure_reason: {column: result, path: error.message}" in looked.out, looked
    assert sorted(one["count"] for one in clusters) == [2, 3], clusters


def test_init_proposes_the_path_where_a_column_of_texts_holds_documents(project: Workplace) -> None:
    long = "x" * 3_000
    texts = {f"p{number}": json.dumps({"stack": long, "message": f"disk {number} full"}) for number in range(3)}
    table(project, kinds_of(project)[0], texts, None)
    project.sql("ALTER TABLE codes DROP COLUMN last_error")
    project.sql("ALTER TABLE codes RENAME COLUMN result TO error")
    (project.root / "invoke.yaml").unlink()
    ran = project.inv("--dry", "init", "--table=codes", env={"DATABASE_URL": project.url})
    assert 'last_failure_reason: {column: "error", path: "message"}' in ran.out, ran


def test_a_phase_that_is_given_back_keeps_what_stands_where_reasons_are_written(sqlite_project: Workplace) -> None:
    """What was read elsewhere is not the text of that column."""
    sqlite_project.add(("r", "p", 0, "EXECUTING", "written by us"))
    at = {"column": "note", "write": "last_failure_reason"}
    database = open_database(sqlite_project.url)
    table = PhaseTable.reflect(database, Source.model_validate({"columns": {"last_failure_reason": at}}))
    prior = RowState(state="FAILED", reason="read in note")
    back = lambda connection: table.give_back(  # noqa: E731
        connection, PhaseKey("r", "p"), "EXECUTING", prior, reason_changed=True
    )
    assert database.write(back) == 1
    database.close()
    assert sqlite_project.sql("SELECT state, last_failure_reason, note FROM phases") == [
        ("FAILED", "written by us", "untouched")
    ]


def test_where_no_reason_is_written_a_summary_names_no_cluster_that_no_drain_would_find(sqlite_project: Workplace) -> None:
    """The table keeps the former reason, by which `--cluster` goes."""
    sqlite_project.fail("r/p~fail", reason='{"message": "disk 7 full"}')
    sqlite_project.source = {"columns": {"last_failure_reason": {"column": "last_failure_reason", "path": "message"}}}
    sqlite_project.configure()
    ran = sqlite_project.inv("drain")
    assert "The table may hold other failure texts than these" in ran.out
    assert "--cluster=" not in ran.out
    [cluster] = sqlite_project.inv("summary", "--format=json").json()["clusters"]
    assert (cluster["drain"], cluster["accept"], cluster["count"]) == (None, None, 1)
    for shape in ("markdown", "html"):
        said = sqlite_project.inv("summary", f"--format={shape}").out
        assert ("The table may hold other failure texts" in said, "cluster=" in said) == (True, False), said


def test_where_the_command_sets_the_state_a_summary_names_no_cluster_that_its_table_need_not_have(
    sqlite_project: Workplace,
) -> None:
    sqlite_project.fail("r/p~silent", reason="disk 7 full")
    sqlite_project.configure(command={"result_from": "database"})
    ran = sqlite_project.inv("drain")
    assert ran.code == 1
    assert "The table may hold other failure texts than these" in ran.out
    assert "--cluster=" not in ran.out
    assert sqlite_project.sql("SELECT last_failure_reason FROM phases") == [("disk 7 full",)]
