"""Which columns `inv init` takes for the run by what they refer to together, and by the name of the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from batchdrain.cli.commands.init.facts import Reference, TableFacts
from batchdrain.cli.commands.init.ids import choose_ids
from batchdrain.cli.commands.init.runs import find_owner
from batchdrain.cli.commands.init.vocabulary import OF_RUNS
from tests.cli.made_facts import table

on = pytest.mark.parametrize
ALL = {"value": "all"}


def referring(
    *references: tuple[str, str], columns: str = "id# a b", rows: Sequence[Sequence[object]] = (), **of: Any
) -> TableFacts:
    made = tuple(Reference(columns=tuple(names.split()), table=to) for names, to in references)
    return table(columns, *rows, keys=of.pop("keys", ["id"]), of={"references": made}, **of)


@on("name", [*OF_RUNS, "Build_Runs"])
def test_what_refers_together_to_a_table_of_runs_is_the_run(name: str) -> None:
    found = choose_ids(referring(("a b", name), name="steps"), None)
    assert (found.run_id, found.phase_id) == (["a", "b"], "id")
    assert found.doubts == (f"a + b refer to {name} and are taken for the run: a guess",)


@on("name", ["people", "running", "steps"])
def test_any_other_table_and_the_table_itself_are_none_of_runs(name: str) -> None:
    assert find_owner(referring(("a b", name), name="steps")) is None
    assert find_owner(referring(("a b", "jobs"), name="jobs")) is None


@on(
    ("columns", "run"),
    [
        ("id# a b run_id", "run_id"),
        ("id# a b c#>runs", "c"),
        ("id# a b my_batch", ["a", "b"]),
        ("id# a b c#>people", ["a", "b"]),
    ],
)
def test_a_run_by_its_whole_name_and_one_that_refers_alone_come_first(columns: str, run: object) -> None:
    assert choose_ids(referring(("a b", "runs"), columns=columns), None).run_id == run


@on(
    ("rows", "is_one"),
    [
        ([], True),
        ([(1, "x", "y"), (2, "x", "z")], True),
        ([(1, "x", "y"), (2, "x", "y"), (3, "x", "z")], True),
        ([(1, "x", "y"), (2, "x", "z"), (3, "x", "w")], False),
        ([(1, "x", "y"), (2, "x", None)], False),
        ([(1, None, "y"), (2, "x", "y")], False),
    ],
    ids=["empty", "too few to tell", "shared", "each its own", "one without", "another without"],
)
def test_a_run_is_shared_by_rows_and_each_row_has_one(rows: Sequence[Sequence[object]], is_one: bool) -> None:
    assert (find_owner(referring(("a b", "runs"), rows=rows)) is not None) is is_one


def test_a_key_is_no_run_and_of_two_references_the_shorter_is_it() -> None:
    assert find_owner(referring(("a b", "runs"), keys=["a b"])) is None
    found = find_owner(referring(("a b c", "runs"), ("b c", "builds"), columns="id# a b c"))
    assert found == Reference(columns=("b", "c"), table="builds")


@on("ending", ["id", "no", "key", "uuid", "name"])
def test_the_table_s_name_and_an_ending_make_the_name_of_its_run(ending: str) -> None:
    for name, stem in (("import_rows", "import"), ("big_import_rows", "big"), ("big_import_rows", "big_import")):
        assert choose_ids(table(f"id# {stem}_{ending}", keys=["id"], name=name), None).run_id == f"{stem}_{ending}"
    assert choose_ids(table(f"id# rows_{ending}", keys=["id"], name="import_rows"), None).run_id == ALL
