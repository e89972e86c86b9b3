"""Which columns `inv init` takes for run and phase: by the table's keys, by names, and by values that tell rows apart."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from batchdrain.cli.commands.init.facts import Reference
from batchdrain.cli.commands.init.ids import Ids, choose_ids
from batchdrain.cli.commands.init.vocabulary import STRONG_PHASES
from tests.cli.made_facts import table

ALL = {"value": "all"}
ONE_RUN = "no column looks like a run, so all rows are one"
NO_KEY = "it has no key: the ids are guessed by their names and values"
on = pytest.mark.parametrize
Rows = Sequence[Sequence[object]]


def chosen(columns: str, keys: Sequence[str], rows: Rows) -> tuple[object, object, str, tuple[str, ...]]:
    found = choose_ids(table(f"{columns} state", *((*row, "failed") for row in rows), keys=keys), "state")
    return found.run_id, found.phase_id, found.reason, found.doubts


@on(
    ("columns", "keys", "rows", "run", "phase", "key"),
    [
        ("tenant pipeline day@ step!", ["tenant pipeline day step"], [], ["tenant", "pipeline", "day"], "step", 0),
        ("dag_id task_id run_id map_index#", ["dag_id task_id run_id map_index"], [], ["dag_id", "run_id"], ["task_id", "map_index"], 0),
        ("id# phase_id run_id", ["id", "run_id phase_id"], [], "run_id", "phase_id", 1),
        ("id# slug step a b", ["id", "a b", "slug step"], [], "slug", "step", 2),
        ("a b", ["a b"], [], "a", "b", 0),
        ("a b c", ["a b c"], [], ["a", "b"], "c", 0),
        ("step map_index#", ["step map_index"], [], "step", "map_index", 0),
        ("batch name attempt#", ["batch name attempt"], [], "batch", ["name", "attempt"], 0),
        ("batch attempt#", ["batch attempt"], [], "batch", "attempt", 0),
        ("run_id step attempt#", ["run_id step attempt"], [], "run_id", ["step", "attempt"], 0),
        ("step task run", ["step task run"], [], ["step", "run"], "task", 0),
        ("a b slug step", ["a b", "slug step"], [], "slug", "step", 1),
        ("step attempt shard", ["step attempt shard"], [], ["step", "attempt"], "shard", 0),
        ("a b", ["", "a b"], [], "a", "b", 1),
    ],
)  # fmt: skip
def test_a_key_of_several_columns_is_split_into_run_and_phase(
    columns: str, keys: list[str], rows: Rows, run: object, phase: object, key: int
) -> None:
    told = f"its key is {keys[key].replace(' ', ' + ')}"
    assert chosen(columns, keys, rows) == (run, phase, told, ())


def test_what_refers_to_a_run_together_is_the_run() -> None:
    references = (Reference(columns=("a", "b"), table="runs"),)
    found = choose_ids(table("a b c", keys=["a b c"], of={"references": references}), None)
    assert found == Ids(run_id=["a", "b"], phase_id="c", reason="it refers to runs, and its key is a + b + c")


@on(
    ("rows", "run", "phase"),
    [
        ([(1, "x"), (2, "x"), (3, "y")], "b", "a"),
        ([(1, "x"), (2, "x")], "a", "b"),
        ([(1, "x"), (2, "y"), (3, "z")], "a", "b"),
        ([(1, "x"), (1, "y"), (2, "x")], "a", "b"),
        ([(1, "x"), (1, "y"), (2, "z")], "a", "b"),
    ],
    ids=["the first alone", "too few rows to tell", "each of both", "none", "the last alone"],
)
def test_of_a_key_without_names_the_column_that_alone_tells_the_rows_apart_is_the_phase(
    rows: Rows, run: str, phase: str
) -> None:
    assert chosen("a b", ["a b"], rows) == (run, phase, "its key is a + b", ())


@on(
    ("columns", "keys", "phase"),
    [
        ("id# a b", ["id", "a b"], "id"),
        ("id# task_uuid!", ["id", "task_uuid"], "task_uuid"),
        ("id! task_uuid!", ["id", "task_uuid"], "id"),
        ("id# slug", ["id", "slug"], "id"),
        ("a* b", ["a b", "b"], "b"),
        ("id# step", ["id"], "id"),
        ("slug# run_id", ["slug", "run_id"], "slug"),
        *((f"id# {name}", ["id", name], name) for name in ("run_id", "run_uuid", "job_id", "job_uuid", *STRONG_PHASES)),
    ],
)
def test_a_key_of_one_column_is_the_phase_and_a_spoken_one_comes_before_a_bare_number(
    columns: str, keys: list[str], phase: str
) -> None:
    assert chosen(columns, keys, []) == (ALL, phase, f"its key is {phase}", (ONE_RUN,))


@on("columns", ["a b%", "a? b"])
def test_a_key_with_a_column_that_can_not_name_is_none(columns: str) -> None:
    assert chosen(columns, ["a b"], []) == (ALL, None, "", ())
    state = table("state b", keys=["state b"])
    assert choose_ids(state, "state") == Ids(run_id=ALL, phase_id=None), "nor one that is a part of the state"


REFERS = "{} refers to another table and is taken for the run: a guess"


@on(
    ("columns", "run", "doubts"),
    [
        ("run_id", "run_id", ()),
        ("batch run_id", "run_id", ()),
        ("my_batch", "my_batch", ()),
        ("my_batch queue", "queue", ()),
        ("run_id queue", "run_id", ()),
        ("run_id owner#>runs", "run_id", ()),
        ("my_batch owner#>runs", "owner", (REFERS.format("owner"),)),
        ("my_batch owner#>people", "my_batch", ()),
        ("owner#>people", "owner", (REFERS.format("owner"),)),
        ("owner#>people queue", "queue", ()),
        ("owner#>build_runs queue", "owner", (REFERS.format("owner"),)),
        ("z#>runs a#>people", "z", (REFERS.format("z"),)),
        ("z#>people a#>people", "a", (REFERS.format("a"),)),
        ("owner#>jobs", ALL, (ONE_RUN,)),
        ("kind queue", "queue", ()),
        ("run_id@", ALL, (ONE_RUN,)),
        ("step task_id", ALL, (ONE_RUN,)),
    ],
)
def test_the_run_of_a_phase_with_a_name_of_its_own_is_a_run_by_name_else_what_it_refers_to_else_its_queue(
    columns: str, run: object, doubts: tuple[str, ...]
) -> None:
    assert chosen(f"id# {columns}", ["id"], []) == (run, "id", "its key is id", doubts)


OWNS = "{} is taken for the run, as the table's name begins with it: a guess"


@on(
    ("name", "columns", "run"),
    [
        ("import_rows", "import_id#", "import_id"),
        ("ImportRows", "customer_id# ImportId#", "ImportId"),
        ("load_set_steps", "load_no load_set_key", "load_set_key"),
        ("rows", "row_id#", None),
        ("import_rows", "rows_id# import", None),
    ],
)
def test_what_the_name_of_the_table_begins_with_names_the_run(name: str, columns: str, run: str | None) -> None:
    found = choose_ids(table(f"id# {columns}", keys=["id"], name=name), None)
    assert (found.run_id, found.doubts) == ((ALL, (ONE_RUN,)) if run is None else (run, (OWNS.format(run),)))


@on(
    ("columns", "rows", "run", "phase"),
    [
        ("id# created@ tenant", [(1, "a", "x"), (2, "b", "x"), (3, "c", "y")], "tenant", "id"),
        ("id# created@ note", [(1, "a", "x"), (2, "b", "y"), (3, "c", "z")], ALL, "id"),
        ("id# created@ tenant", [(1, "a", "x"), (1, "b", "x"), (3, "c", "y")], "id", "created"),
        ("id# run_date@ tenant", [(1, "a", "x"), (2, "a", "x"), (3, "b", "y")], "run_date", "id"),
        ("id# created@ tenant", [(1, "a", "x"), (2, "b", "x")], "id", "created"),
    ],
    ids=["by time", "no run", "of both", "a day's run", "too few rows to tell"],
)
def test_a_time_by_which_a_table_is_partitioned_is_no_part_of_the_ids(
    columns: str, rows: Rows, run: object, phase: str
) -> None:
    key = " ".join(name.rstrip("#@") for name in columns.split()[:2])
    assert chosen(columns, [key], rows)[:2] == (run, phase)


@on(
    ("values", "is_run"),
    [("aba", True), ("abc", False), ("ab", True), (["a", None, "a"], False), (["a", None], False), ("", True)],
)
def test_a_run_has_several_rows_and_each_row_has_one(values: Sequence[str | None], is_run: bool) -> None:
    found = chosen("id# run_id", ["id"], list(enumerate(values)))
    assert found[0] == ("run_id" if is_run else ALL)


THREE: Rows = [("r", "a"), ("r", "b"), ("q", "a")]
TWICE: Rows = [("r", "a"), ("r", "a"), ("q", "a")]


@on(
    ("columns", "rows", "phase", "is_told_apart", "doubts"),
    [
        ("run_id step", [], "step", True, (NO_KEY,)),
        ("run_id step", THREE, "step", True, (NO_KEY,)),
        ("queue step", THREE, "step", True, (NO_KEY,)),
        ("run_id position", THREE, "position", True, (NO_KEY,)),
        ("run_id what", THREE, "what", True, (NO_KEY, "what is taken for the phase, as it identifies the rows: a guess")),
        ("run_id name phase", [("r", "n", "a"), ("r", "m", "b"), ("q", "n", "a")], "phase", True, (NO_KEY,)),
        ("run_id step task", [("r", "s", "a"), ("r", "s", "b"), ("q", "s", "a")], "task", True, (NO_KEY,)),
        ("run_id step", TWICE, "step", False,
         (NO_KEY, "several rows have one step in one run_id: `inv doctor` names them")),
    ],
)  # fmt: skip
def test_without_a_key_a_run_by_name_and_what_tells_its_rows_apart_are_the_ids(
    columns: str, rows: Rows, phase: str, is_told_apart: bool, doubts: tuple[str, ...]
) -> None:
    run = columns.split(maxsplit=1)[0]
    reason = f"{run} and {phase} identify its rows" if is_told_apart else ""
    assert chosen(columns, [], rows) == (run, phase, reason, doubts)


@on(
    ("columns", "rows", "run", "phase", "doubts"),
    [
        ("run_id what", THREE[:2], "run_id", None, ()),
        ("run_id what", TWICE, "run_id", None, ()),
        ("run_id what", [], "run_id", None, ()),
        ("run_id x y", [("r", 1, 1), ("r", 1, 2), ("r", 2, 1)], "run_id", None, ()),
        ("x y", [(1, "a"), (1, "b")], ALL, None, ()),
        (" ".join(f"c{n}" for n in range(13)), [(1, *[0] * 11, n) for n in (0, 1)] + [(2, *[0] * 11, n) for n in (0, 1)], ALL, None, ()),
        (" ".join(f"c{n}" for n in range(12)), [(one, *[0] * 10, n) for one in (1, 2) for n in (0, 1)], "c0", "c11",
         ("c0 and c11 identify the rows, and are taken for run and phase: a guess",)),
        ("which# where", [(1, "a"), (1, "b"), (2, "a"), (2, "b")], "which", "where",
         ("which and where identify the rows, and are taken for run and phase: a guess",)),
        ("what", [], ALL, None, ()),
        ("step", [], ALL, "step", (NO_KEY, ONE_RUN)),
        ("step", [("a",), ("a",), ("a",)], ALL, "step",
         (NO_KEY, "several rows have one step: `inv doctor` names them", ONE_RUN)),
        ("step note", [("a", "n"), ("b", "n"), ("c", "n")], ALL, "step", (NO_KEY, ONE_RUN)),
        ("seq# note", [(1, "n"), (2, "n"), (3, "n")], ALL, "seq", (NO_KEY, ONE_RUN)),
        ("note owner#>runs step", [("n", 1, "a"), ("n", 1, "b"), ("n", 2, "c")], "owner", "step",
         (NO_KEY, REFERS.format("owner"))),
        ("where# which", [(1, "a"), (1, "b"), (2, "a"), (2, "b")], "where", "which",
         ("where and which identify the rows, and are taken for run and phase: a guess",)),
        ("task_x step", THREE, "task_x", "step",
         ("task_x and step identify the rows, and are taken for run and phase: a guess",)),
        ("task_x step", THREE[:2], ALL, "step", (NO_KEY, ONE_RUN)),
        *((columns, rows, "b", "a", ("b and a identify the rows, and are taken for run and phase: a guess",))
          for columns, rows in (("a@ b", [(1, "x"), (1, "y"), (2, "x")]), ("b a@", [("x", 1), ("y", 1), ("x", 2)]))),
    ],
)  # fmt: skip
def test_without_a_key_and_without_a_run_by_name_values_tell_what_may_be_meant(
    columns: str, rows: Rows, run: object, phase: object, doubts: tuple[str, ...]
) -> None:
    assert chosen(columns, [], rows) == (run, phase, "", doubts)


def test_of_two_runs_by_name_the_likelier_one_is_taken() -> None:
    assert chosen("batch run_id step", [], [("b", *row) for row in THREE])[:2] == ("run_id", "step")


def test_a_view_has_no_key_and_that_is_no_doubt() -> None:
    view = table("run_id step", *THREE, of={"is_view": True})
    assert choose_ids(view, None).doubts == ()


@on(
    ("run", "phase", "columns"),
    [("a", "b", {"a", "b"}), (["a", "b"], "c", {"a", "b", "c"}), (ALL, ["a", "b"], {"a", "b"}), (ALL, None, set())],
)
def test_the_columns_of_the_ids_are_all_that_they_are_made_of(run: object, phase: object, columns: set[str]) -> None:
    assert Ids(run_id=run, phase_id=phase).columns == columns
