"""What `inv init` makes of the facts of a table: which columns, which words, and what it calls a guess."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.cli.commands.init.candidates import describe_lack, find_candidates
from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, TableFacts
from batchdrain.cli.commands.init.json_path import find_path
from batchdrain.cli.commands.init.known_schemas import KNOWN
from batchdrain.cli.commands.init.mapping import Mapped, map_table
from batchdrain.cli.commands.init.state_words import choose_words
from batchdrain.cli.commands.init.vocabulary import LIKELY, WORDS, looks_failed, to_plain
from batchdrain.database.phases.declared_words import find_literals, find_meanings, find_words

KINDS = {"#": Kind.WHOLE, "?": Kind.TRUTH, "@": Kind.TIME, "%": Kind.JSON, "!": Kind.NAME}


def table(columns: str, *rows: Sequence[object], keys: Sequence[str] = (), **column: ColumnFacts) -> TableFacts:
    """'id# name status': the sign behind a name is its kind; the states of the rows are counted."""
    names = [one.rstrip("#?@%!") for one in columns.split()]
    kinds = [KINDS.get(one[-1], Kind.TEXT) for one in columns.split()]
    read = tuple(dict(zip(names, row, strict=True)) for row in rows)
    made = [column.get(name) or ColumnFacts(name=name, kind=kind, fits_time=kind is Kind.TIME)
            for name, kind in zip(names, kinds, strict=True)]  # fmt: skip
    return TableFacts(name="jobs", columns=tuple(made), keys=tuple(tuple(key.split()) for key in keys), rows=read)


def mapped(found: TableFacts) -> tuple[object, object]:
    columns = map_table(found).columns
    return columns["run_id"], columns["phase_id"]


def words(*rows: str | None, declared: Sequence[str] = (), **column: Any) -> dict[str, object]:
    counts: dict[str | int | None, int] = {word: rows.count(word) for word in rows}
    facts = ColumnFacts(name="state", kind=column.pop("kind", Kind.TEXT), counts=counts, words=tuple(declared), **column)
    return dict(choose_words(facts).words)


@pytest.mark.parametrize(
    "name", ["modified", "changed", "modified_at", "changed_at", "last_modified", "mtime", "lastModified"]
)
def test_names_of_the_time_of_a_change_are_known(name: str) -> None:
    assert map_table(table(f"run_id phase_id state error {name}@")).columns["updated_at"] == name
    assert map_table(table("run_id phase_id state error has_changed@")).columns["updated_at"] is None


@pytest.mark.parametrize(
    ("columns", "keys", "ids"),
    [
        ("tenant pipeline day@ step! status", ["tenant pipeline day step"], (["tenant", "pipeline", "day"], "step")),
        ("dag_id task_id run_id map_index# state", ["dag_id task_id run_id map_index"],
         (["dag_id", "run_id"], ["task_id", "map_index"])),
        ("id# phase_id run_id tier_id# state", ["id", "run_id phase_id"], ("run_id", "phase_id")),
        ("id# queue_name task_name status", ["id"], ("queue_name", "id")),
        ("id# payload status", ["id"], ({"value": "all"}, "id")),
        ("a b c status", ["a b c"], (["a", "b"], "c")),
    ],
)  # fmt: skip
def test_the_key_of_the_table_names_runs_and_phases(columns: str, keys: list[str], ids: tuple[object, object]) -> None:
    assert mapped(table(columns, keys=keys)) == ids


def test_what_is_unique_by_itself_names_no_run_and_is_the_phase_before_a_bare_number() -> None:
    rows = [(place, f"r{place}", f"p{place % 2}", "failed") for place in range(6)]
    assert mapped(table("id# run_id pipeline_name status", *rows, keys=["id", "run_id"])) == ("pipeline_name", "run_id")


def test_a_column_that_is_empty_in_some_rows_names_no_run() -> None:
    rows = [(1, "a", "failed"), (2, None, "failed"), (3, "a", "failed")]
    assert mapped(table("id# queue status", *rows, keys=["id"])) == ({"value": "all"}, "id")


def test_without_a_key_the_values_tell_the_rows_apart() -> None:
    rows = [("w1", 1, "failed"), ("w1", 2, "done"), ("w2", 1, "failed")]
    columns = map_table(table("Run StepNo# Status", *rows)).columns
    assert (columns["run_id"], columns["phase_id"], columns["phase_index"]) == ("Run", "StepNo", None)

    found = map_table(table("Where# Which Status", (1, "a", "ok"), (1, "b", "failed"), (2, "a", "failed"), (2, "b", "ok")))
    assert {found.columns["run_id"], found.columns["phase_id"]} == {"Where", "Which"}
    assert any("a guess" in doubt for doubt in found.doubts)


@pytest.mark.parametrize(
    ("rows", "declared", "states"),
    [
        (["todo", "working", "crashed", "ok"], [], {"failed": "crashed", "queued": "todo", "executing": "working", "complete": "ok"}),
        ([], ["Waiting", "Locked", "Errored", "Passed"],
         {"failed": "Errored", "queued": "Waiting", "executing": "Locked", "complete": "Passed"}),
        ([], ["broken", "scheduled", "finished"],
         {"failed": "broken", "queued": "scheduled", "executing": None, "complete": "finished"}),
        (["OK", "ERROR", "ERROR", "FAILED"], [],
         {"failed": ["FAILED", "ERROR"], "queued": "QUEUED", "executing": "EXECUTING", "complete": "OK"}),
        (["failed", "Failed ", "error", "done"], [],
         {"failed": ["failed", "error", "Failed "], "queued": "queued", "executing": "executing", "complete": "done"}),
        (["failed", "success", None], [],
         {"failed": "failed", "queued": [None], "executing": "executing", "complete": "success"}),
        (["échoué", "réussi", "en cours", "en attente"], [],
         {"failed": "échoué", "queued": "en attente", "executing": "en cours", "complete": "réussi"}),
        (["FEHLGESCHLAGEN", "LÄUFT", "ERLEDIGT", "WARTET"], [],
         {"failed": "FEHLGESCHLAGEN", "queued": "WARTET", "executing": "LÄUFT", "complete": "ERLEDIGT"}),
        (["失败", "成功", "运行中", "等待"], [], {"failed": "失败", "queued": "等待", "executing": "运行中", "complete": "成功"}),
        (["discarded", "available", "executing", "completed"], [],
         {"failed": "discarded", "queued": "available", "executing": "executing", "complete": "completed"}),
    ],
)  # fmt: skip
def test_words_are_known_by_what_they_mean(rows: list[str | None], declared: list[str], states: dict[str, object]) -> None:
    assert words(*rows, declared=declared) == states


def test_codes_have_the_meaning_that_a_table_of_words_or_a_comment_gives_them() -> None:
    meanings = {"1": "Pending", "2": "Running", "3": "Done", "4": "Failed"}
    found = words(declared=list(meanings), kind=Kind.WHOLE, meanings=meanings)
    assert found == {"failed": 4, "queued": 1, "executing": 2, "complete": 3}
    assert words(kind=Kind.WHOLE, meanings=find_meanings("0 new, 1 running, 2 done, 9 failed")) == {
        "failed": 9, "queued": 0, "executing": 1, "complete": 2,
    }  # fmt: skip


def test_codes_that_alone_have_failure_texts_are_taken_for_failed_and_said_to_be_a_guess() -> None:
    codes = ColumnFacts(name="state", kind=Kind.WHOLE, counts={0: 1, 3: 1, 4: 1, 5: 1})
    rows = [(1, 0, None), (2, 3, ""), (3, 4, "disk full"), (4, 5, "no route")]
    found = map_table(table("id# state# error", *rows, keys=["id"], state=codes))
    assert found.states.words == {"failed": [4, 5], "queued": None, "executing": None, "complete": None}
    assert any("4, 5 are the only ones with failure texts" in doubt and doubt.endswith("a guess") for doubt in found.doubts)

    rows[0] = (1, 0, "a note")
    rows[1] = (2, 4, "")
    assert map_table(table("id# state# error", *rows, keys=["id"], state=codes)).states.words["failed"] is None


@pytest.mark.parametrize(
    ("check", "found"),
    [
        ("status IN ('PENDING','RUNNING')", ("PENDING", "RUNNING")),
        ("\"status\" in ('it''s', 'b')", ("it's", "b")),
        ("`status` in ('a','b')", ("a", "b")),
        ("(status = ANY (ARRAY['A'::text, 'B'::text]))", ("A", "B")),
        ("((status)::text = ANY ((ARRAY['A'::character varying, 'B'::character varying])::text[]))", ("A", "B")),
        ("(VALUE = ANY (ARRAY['x'::text, 'y'::text]))", ("x", "y")),
        ("(status = 'a') OR (status = 'b')", ("a", "b")),
        ("status IS NULL OR status IN ('a', 'b')", ("a", "b")),
        ("((status >= 0) AND (status <= 2))", ("0", "1", "2")),
        ("status BETWEEN 0 AND 2", ("0", "1", "2")),
        ("(status = ANY (ARRAY[0, 1, 2]))", ("0", "1", "2")),
        ("status NOT IN ('a', 'b')", ()),
        ("(NOT ((status = 'todo') AND (abort = true)))", ()),
        ("status IN ('a', 'b') OR archived", ()),
        ("other IN ('a', 'b')", ()),
        ("length(status) < 3", ()),
    ],
)
def test_a_check_that_lists_the_words_is_read_and_no_other(check: str, found: tuple[str, ...]) -> None:
    assert find_words("status", [check]) == found


@pytest.mark.parametrize(
    ("values", "path"),
    [
        (['{"error": {"message": "disk full"}}', '{"error": {"message": "x", "code": 3}}'], "error.message"),
        ([{"exception": "E", "message": "m"}], "message"),
        (['{"to": "u"}', "[1]", "broken {"], None),
        ([], None),
    ],
)
def test_a_failure_text_within_json_is_found(values: list[object], path: str | None) -> None:
    assert find_path(values) == path


def test_json_without_a_text_is_no_reason() -> None:
    found = map_table(table("run_id phase_id state error%", ("r", "p", "failed", '[{"a": 1}]')))
    assert found.columns["last_failure_reason"] is None
    assert any("name the path of its text, as {column: error, path: error.message}" in doubt for doubt in found.doubts)


def test_bare_texts_among_documents_hide_no_path_of_json() -> None:
    rows = [("r", str(i), "failed", one) for i, one in enumerate(['{"error": {"message": "boom"}}', '"plain"', '"plain"'])]
    found = map_table(table("run_id phase_id state error%", *rows))
    assert found.columns["last_failure_reason"] == {"column": "error", "path": "error.message"}


def test_a_customer_is_no_phase_and_a_failed_one_is() -> None:
    rows = [(1, "a", "active"), (2, "b", "inactive")]
    customers = TableFacts(name="customers", columns=table("id# name status", *rows).columns, keys=(("id",),),
                           rows=table("id# name status", *rows).rows)  # fmt: skip
    assert find_candidates([customers]) == []
    assert "nothing in it looks like failed work" in describe_lack([customers], "sqlite")[0]
    assert find_candidates([table("id# name status", (1, "a", "failed"), keys=["id"])])


def test_at_most_three_candidates_are_offered_each_with_its_reason() -> None:
    many = [
        TableFacts(name=f"jobs{place}", columns=table("id# run_id status").columns, keys=(("id",),)) for place in range(5)
    ]
    found = find_candidates([*many, TableFacts(name="batchdrain_claim", columns=many[0].columns, keys=(("id",),))])
    assert len(found) == 3
    assert all("its key is id" in one.reason for one in found)


def test_a_log_comes_behind_the_work_itself_and_is_said_to_be_one() -> None:
    steps = table("id# job_id# status", (1, 1, "queued"), (2, 1, "running"), (3, 1, "failed"), (4, 2, "done"), keys=["id"])
    log = replace(steps, name="jobs_log")
    work = replace(table("id# topic status", (1, "mail", "failed"), (2, "mail", "done"), keys=["id"]), name="jobs")

    found = find_candidates([log, work])

    assert [one.table for one in found] == ["jobs", "jobs_log"]
    assert ["name of a log" in " ".join(one.doubts) for one in found] == [False, True]


def test_a_yes_or_no_is_explained() -> None:
    assert (
        "'success' says yes or no: a view that makes words of it"
        in describe_lack([table("id! func success?", keys=["id"])], "sqlite")[0]
    )


def known(name: str) -> Mapped | str:
    """Its mapping, of a table with its columns and another name."""
    one = next(one for one in KNOWN if name in one.name)
    found = TableFacts(name="any_name", columns=tuple(ColumnFacts(name=name, kind=Kind.TEXT) for name in one.has))
    return next(iter(find_candidates([found])), describe_lack([found], "sqlite")[0])


@pytest.mark.parametrize("name", [one.name for one in KNOWN])
def test_a_known_schema_is_found_by_its_columns_whatever_its_name_is(name: str) -> None:
    found = known(name)
    if isinstance(found, str):
        assert "a view over it can be drained" in found
    else:
        assert found.is_known
        assert (found.table, found.missing) == ("any_name", [])
        assert set(found.states.words) == set(WORDS)


def test_words_that_may_mean_a_failure_are_told_apart_from_their_denial() -> None:
    assert all(map(looks_failed, ["Failed ", "ERROR", "upstream_failed", "timed out", "build-error", "fehlgeschlagen"]))
    assert not any(map(looks_failed, ["not_failed", "no error", "failover", "done", "retry"]))


def test_the_vocabulary_gives_no_word_two_meanings() -> None:
    states = [word for likely in WORDS.values() for word in likely]
    assert len(set(states)) == len(states)
    assert all(to_plain(name) == name for likely in LIKELY.values() for name in likely)


def test_a_word_that_a_definition_only_compares_with_is_none_of_its_values() -> None:
    assert find_literals("CASE s WHEN 'ERROR' THEN 'FAILED' ELSE s END") == ("FAILED",)
    assert find_literals("(CASE code WHEN 0 THEN 'queued' ELSE 'it''s' END)") == ("queued", "it's")
