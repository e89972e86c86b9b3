"""Which tables `inv init` takes for phases, which of them first, and what it says that the nearest one lacks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.cli.commands.init.candidates import choose, describe_lack, find_candidates
from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, Parent, TableFacts
from batchdrain.cli.commands.init.known_schemas import KNOWN
from batchdrain.cli.commands.init.mapping import find_state, find_truths, is_log, map_table
from tests.cli.made_facts import table

on = pytest.mark.parametrize
ROWS = [("r", "a", "failed", "x"), ("r", "b", "done", "y"), ("q", "a", "done", "z")]


def work(name: str, columns: str = "run_id step status error", rows: Sequence[Any] = ROWS, **facts: Any) -> TableFacts:
    facts.setdefault("keys", ["run_id step"])
    return table(columns, *rows, name=name, counted="status how", **facts)


def first(*tables: TableFacts) -> list[str]:
    return [one.table for one in find_candidates(tables)]


@on(
    ("found", "is_one"),
    [
        (table("id# kind status", (1, "a", "active"), keys=["id"], name="customers", counted="status"), False),
        (table("id# kind status", (1, "a", "failed"), keys=["id"], name="customers", counted="status"), True),
        (table("id# run_id step status", keys=["id"], name="customers"), True),
        (table("run_id step status", keys=["run_id step"], name="customers"), True),
        (table("id# run_id status", keys=["id"], name="customers"), True),
        (table("id# step status", keys=["id step"], name="customers"), False),
        (table("id# kind status", keys=["id"], name="jobs"), True),
        (table("id# kind code#", (1, "a", 0), keys=["id"], name="jobs"), False),
        (table("id# kind how", (1, "a", "failed"), (2, "b", "done"), keys=["id"], name="jobs", counted="how"), True),
        (table("id# kind how", keys=["id"], name="jobs", of={"is_view": True}), False),
    ],
)
def test_a_word_for_failed_or_names_of_work_speak_for_a_table(found: TableFacts, is_one: bool) -> None:
    assert bool(find_candidates([found])) is is_one


@on(
    ("less", "more"),
    [
        (work("a", "id# step how error", keys=["id"]), work("z")),
        (work("a", rows=[]), work("z")),
        (work("a", rows=[("r", "a", "active", "x")]), work("z")),
        (work("a", rows=[("r", "a", "failed", "x")]), work("z")),
        (work("a", keys=[], of={"is_view": True, "computed": frozenset({"status"})}), work("z", keys=[])),
        (work("a", "run_id step status note"), work("z")),
        (work("a"), work("z_tasks")),
        (work("tasks"), work("z_phases")),
        (work("a_log"), work("z")),
        (work("b"), work("a")),
    ],
    ids=["names", "no words", "no word for failed", "fewer words", "computed", "no reason", "name", "likelier name", "log", "abc"],
)  # fmt: skip
def test_the_likelier_table_comes_first(less: TableFacts, more: TableFacts) -> None:
    assert first(less, more) == first(more, less) == [more.name, less.name]


def test_a_view_that_can_be_written_is_as_likely_as_a_table() -> None:
    assert first(work("b"), work("a", keys=[], of={"is_view": True})) == ["a", "b"]


def refers(found: TableFacts, to: str) -> TableFacts:
    columns = [replace(one, parent=Parent(schema=None, table=to, column="id") if one.name == "run_id" else None)
               for one in found.columns]  # fmt: skip
    return replace(found, columns=tuple(columns))


def test_what_refers_to_the_likeliest_table_goes_before_it_unless_it_is_a_log_or_much_less_likely() -> None:
    runs = work("jobs")
    child = work("parts")
    assert first(runs, child) == ["jobs", "parts"]
    assert first(runs, refers(child, "jobs")) == ["parts", "jobs"]
    assert first(runs, refers(child, "others")) == ["jobs", "parts"]
    assert first(runs, work("middle"), refers(child, "jobs")) == ["parts", "jobs", "middle"]
    assert first(runs, refers(work("parts_log"), "jobs")) == ["jobs", "parts_log"]
    assert first(runs, refers(work("parts", "run_id id# status", [], keys=["id"]), "jobs")) == ["jobs", "parts"]


def test_at_most_three_are_offered_and_none_of_our_own() -> None:
    assert first(*(work(name) for name in "dcbae")) == ["a", "b", "c"]
    assert first(work("batchdrain_claim"), work("b")) == ["b"]
    assert find_candidates([]) == []


def known_table(name: str, place: int = 0) -> TableFacts:
    one = [one for one in KNOWN if bool(one.no_state) is (name == "stateless")][place]
    return TableFacts(name=name, columns=tuple(ColumnFacts(name=has, kind=Kind.TEXT) for has in one.has))


def test_a_known_schema_comes_before_any_guess_and_one_without_a_state_is_none() -> None:
    assert first(work("phases"), known_table("zed")) == ["zed", "phases"]
    assert first(work("phases"), known_table("stateless")) == ["phases"]
    assert choose(known_table("zed")).is_known
    assert not choose(known_table("stateless")).is_known
    bare = known_table("zed")
    [mapped] = find_candidates([bare])
    for ours, column in mapped.columns.items():
        assert not isinstance(column, str) or column in bare.by_name, ours
    assert mapped.states.sure == frozenset(mapped.states.words)


CUSTOMERS = table("id# name status", keys=["id"], name="customers")
NEAREST = "'{}' is the closest match, and "


@on(
    ("tables", "lack"),
    [
        ([], "it has no tables"),
        ([table("id#", name="batchdrain_claim")], "it has no tables"),
        ([table("id# x", keys=["id"], name="zed")], NEAREST.format("zed") + "no column of it looks like state (columns: id, x)"),
        ([table("status", name="a")], NEAREST.format("a") + "no column of it looks like phase_id (columns: status)"),
        ([table("x%", name="b"), table("y%", name="a")], "no column of any looks like a phase or its state (tables: a, b)"),
        ([table("id# status%", keys=["id"])], NEAREST.format("jobs") + "its 'status' holds json, not words (columns: id, status)"),
        ([table("id# status*", keys=["id"])], NEAREST.format("jobs") + "its 'status' holds other, not words (columns: id, status)"),
        ([CUSTOMERS], NEAREST.format("customers") + "nothing in it looks like failed work (columns: id, name, status)"),
        ([table("id# x", keys=["id"], name="a"), CUSTOMERS],
         NEAREST.format("customers") + "nothing in it looks like failed work (columns: id, name, status)"),
        ([table("", name="p", of={"problem": "no rights"})], "'p' could not be read: no rights"),
        ([table("id# name success?", keys=["id"])], NEAREST.format("jobs") + "no column of it looks like state (columns: id, name, "
         "success); 'success' says yes or no: a view that makes words of it can be drained"),
        ([table("id# name status done?", keys=["id"], name="people")], NEAREST.format("people") + "nothing in it looks like "
         "failed work (columns: id, name, status, done); 'done' says yes or no: a view that makes words of it can be drained"),
        ([table(" ".join(f"c{place}%" for place in range(12)) + " id#", keys=["id"])],
         NEAREST.format("jobs") + "no column of it looks like state (columns: c0, c1, c2, c3, c4, c5, c6, c7, c8, c9)"),
    ],
)  # fmt: skip
def test_the_one_thing_that_the_nearest_table_lacks_is_told(tables: list[TableFacts], lack: str) -> None:
    assert describe_lack(tables, "sqlite")[0] == lack


def test_the_statement_is_for_a_known_schema_else_the_table_with_the_name_of_work_that_can_have_a_state() -> None:
    timed = [table("id# failed_at@", keys=["id"], name=name) for name in ("alpha", "beta", "tasks")]
    lack, statement = describe_lack([CUSTOMERS, *timed], "sqlite")
    assert (lack.split()[0], statement.splitlines()[-1]) == ("'tasks'", 'FROM "tasks";')
    lack, statement = describe_lack([*timed[1::-1], replace(timed[0], name="drainable")], "mysql")
    assert (lack.split()[0], statement.splitlines()[0]) == ("'alpha'", "CREATE VIEW `drainable_alpha` AS")
    stateless = known_table("stateless")
    one = next(one for one in KNOWN if one.no_state)
    assert describe_lack([*timed, stateless], "sqlite")[0] == (
        f"'stateless' has the columns of {one.name} and cannot be drained as it is: {one.no_state}; "
        f"a view over it can be drained, see {one.docs} of batchdrain"
    )


@on(
    ("columns", "rows", "state"),
    [
        ("id# status result", [(1, "finished", "failed"), (2, "finished", "ok")], "result"),
        ("id# status result", [(1, "finished", "42"), (2, "finished", "43")], "status"),
        ("id# result", [(1, "42")], None),
        ("id# result", [(1, "failed")], "result"),
        ("id# outcome", [(1, "42")], None),
        ("id# how", [(1, "failed"), (2, "done")], "how"),
        ("id# how", [(1, "failed"), (2, "error")], None),
        ("status state", [], "state"),
        ("job_status status", [("failed", "q"), ("done", "q")], "job_status"),
        ("status?", [], None),
        ("status*", [], None),
        ("status#", [(4,)], "status"),
    ],
)
def test_the_state_is_the_column_whose_words_tell_of_failure_then_of_most_states_then_by_name(
    columns: str, rows: list[tuple[object, ...]], state: str | None
) -> None:
    assert find_state(table(columns, *rows)) == state


def test_a_key_is_no_state_and_a_part_of_one_only_by_its_name() -> None:
    rows = [("failed", 1), ("done", 2)]
    assert find_state(table("status id#", *rows, keys=["status"])) is None
    assert find_state(table("how id#", *rows, keys=["how id"])) is None
    assert find_state(table("status id#", *rows, keys=["status id"])) == "status"


def test_a_column_with_more_than_twenty_words_is_no_state() -> None:
    for count, state in ((20, "status"), (21, None)):
        assert find_state(table("status x#", *((f"w{place}", place) for place in range(count)))) == state
        counted = ColumnFacts(name="status", kind=Kind.TEXT, counts={f"w{place}": 1 for place in range(count)})
        assert find_state(TableFacts(name="t", columns=(counted,))) == state, "all counted words, not those of some rows"


@on(("name", "is_one"), [("job_log", True), ("JobEvents", True), ("log", True), ("logins", False), ("log_jobs", False)])
def test_a_log_is_known_by_the_last_part_of_its_name(name: str, is_one: bool) -> None:
    assert is_log(table("id#", name=name)) is is_one
    mapped = map_table(table("id# status", keys=["id"], name=name))
    assert (mapped.is_log, mapped.reason_beside == f"{mapped.reason}; it has the name of a log") == (is_one, is_one)


def test_a_yes_or_no_of_how_it_ended_is_found_by_kind_and_name() -> None:
    assert find_truths(table("success? done# note? failed?")) == ["success", "failed"]
