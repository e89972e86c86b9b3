"""How `inv init` tells the state of a row without a state column, and the texts of ids that are bytes."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.cli.commands.init.byte_ids import find_bytes, suggest_texts
from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, State, TableFacts
from batchdrain.cli.commands.init.row_conditions import find_failed, find_others, name_rest

KINDS = {"*": Kind.TIME, "?": Kind.TRUTH, "#": Kind.WHOLE, "'": Kind.TEXT, "%": Kind.BYTES}


def table_of(names: str, **values: tuple[object, ...]) -> TableFacts:
    """'error_at* ok?': the columns, each with the sign of its kind; '!' behind it: it takes no NULL. `values`: of columns."""
    columns = tuple(
        ColumnFacts(name=one.rstrip("!")[:-1], kind=KINDS[one.rstrip("!")[-1]], takes_null=not one.endswith("!"))
        for one in names.split()
    )
    longest = max(map(len, values.values()), default=0)
    rows = [{name: found[at] for name, found in values.items() if at < len(found)} for at in range(longest)]
    return TableFacts(name="jobs", columns=columns, rows=tuple(rows))


def quote(name: str) -> str:
    return f"<{name}>"


BIT = {"ok": (0, 1), "failed": (1, 0), "done": (0, 1)}
NEVER = "<failed_at> IS NOT NULL"
TOLD: list[tuple[str, dict[str, Any], str, dict[str, str], str]] = [
    ("failed_at* finished_at*", {}, f"{NEVER} AND (<finished_at> IS NULL OR <finished_at> <= <failed_at>)", {"COMPLETE": "<finished_at> IS NOT NULL"}, "QUEUED"),
    ("failed_at*", {}, NEVER, {}, "QUEUED"),
    ("Failed_At*", {}, "<Failed_At> IS NOT NULL", {}, "QUEUED"),
    ("failed_at*!", {}, "", {}, "QUEUED"),
    ("last_error_at* failed_at*", {}, NEVER, {}, "QUEUED"),
    ("failed_at* done#", BIT, f"{NEVER} AND coalesce(<done>, 0) = 0", {"COMPLETE": "<done> = 1"}, "QUEUED"),
    ("failed_at* done?", {}, f"{NEVER} AND <done> IS NOT TRUE", {"COMPLETE": "<done>"}, "QUEUED"),
    ("failed_at* failed?", {}, NEVER, {}, "QUEUED"),
    ("ok?", {}, "NOT <ok>", {"COMPLETE": "<ok>"}, "QUEUED"),
    ("ok#", BIT, "<ok> = 0", {"COMPLETE": "<ok> = 1"}, "QUEUED"),
    ("ok#", {"ok": (0,)}, "<ok> = 0", {"COMPLETE": "<ok> = 1"}, "QUEUED"),
    ("ok#", {"ok": (1,)}, "<ok> = 0", {"COMPLETE": "<ok> = 1"}, "QUEUED"),
    ("ok#", {"ok": (0, 2)}, "", {}, "QUEUED"),
    ("ok#", {}, "", {}, "QUEUED"),
    ("failed?", {}, "<failed>", {}, "UNKNOWN"),
    ("failed#", BIT, "<failed> = 1", {}, "UNKNOWN"),
    ("is_failed?", {}, "<is_failed>", {}, "UNKNOWN"),
    ("has_failed?", {}, "<has_failed>", {}, "UNKNOWN"),
    ("error?", {}, "<error>", {}, "UNKNOWN"),
    ("ok? failed?", {}, "<failed>", {}, "UNKNOWN"),
    ("failed? done?", {}, "<failed>", {"COMPLETE": "<done>"}, "QUEUED"),
    ("ok? finished_at*", {}, "<finished_at> IS NOT NULL AND NOT <ok>", {"COMPLETE": "<finished_at> IS NOT NULL"}, "QUEUED"),
    ("exit_code#", {}, "<exit_code> <> 0", {"COMPLETE": "<exit_code> = 0"}, "QUEUED"),
    ("rc# exit_code#", {}, "<exit_code> <> 0", {"COMPLETE": "<exit_code> = 0"}, "QUEUED"),
    ("exit_code'", {}, "", {}, "QUEUED"),
    ("error' finished_at*", {}, "<finished_at> IS NOT NULL AND <error> IS NOT NULL", {"COMPLETE": "<finished_at> IS NOT NULL"}, "QUEUED"),
    ("error'! finished_at*", {}, "", {"COMPLETE": "<finished_at> IS NOT NULL"}, "QUEUED"),
    ("error' attempts# max_attempts#", {}, "<error> IS NOT NULL AND <attempts> >= <max_attempts>", {}, "QUEUED"),
    ("error' tries# max_tries# done?", {}, "<error> IS NOT NULL AND <tries> >= <max_tries> AND <done> IS NOT TRUE", {"COMPLETE": "<done>"}, "QUEUED"),
    *((f"error' {one}# max_{most}#", {}, f"<error> IS NOT NULL AND <{one}> >= <max_{most}>", {}, "QUEUED")
      for one, most in (("attempt", "attempts"), ("retries", "retries"))),
    ("error' attempts# max_retries#", {}, "", {}, "QUEUED"),
    ("error% finished_at*", {}, "", {"COMPLETE": "<finished_at> IS NOT NULL"}, "QUEUED"),
    ("error' attempts'  max_attempts#", {}, "", {}, "QUEUED"),
    ("error'", {}, "", {}, "QUEUED"),
    ("locked_at*", {}, "", {"EXECUTING": "<locked_at> IS NOT NULL"}, "QUEUED"),
    ("running?", {}, "", {"EXECUTING": "<running>"}, "QUEUED"),
    ("started#", {"started": (0, 1)}, "", {}, "QUEUED"),
    ("started#", {"started": (0, 1_700_000_000)}, "", {"EXECUTING": "<started> IS NOT NULL"}, "QUEUED"),
]  # fmt: skip


@pytest.mark.parametrize(("names", "values", "failed", "others", "rest"), TOLD, ids=[one[0] for one in TOLD])
def test_the_state_of_a_row_is_told_by_what_it_has(
    names: str, values: dict[str, Any], failed: str, others: dict[str, str], rest: str
) -> None:
    columns = names.replace("!", "").split()
    table = table_of(names, **{name: found for name, found in values.items() if f"{name}#" in columns})
    assert (find_failed(table, quote), find_others(table, quote)) == (failed, others)
    assert name_rest(table, others) == rest


STATES = {"state": ("FAILED", "COMPLETE", "QUEUED")}


def bytes_table(**more: Any) -> TableFacts:
    counts: dict[State, int] = dict.fromkeys(STATES["state"], 1)
    columns = [
        ColumnFacts(name="run_id", kind=Kind.TEXT, takes_null=False), ColumnFacts(name="id", kind=Kind.BYTES, takes_null=False, type_name="binary(16)"),
        ColumnFacts(name="state", kind=Kind.TEXT, takes_null=False, counts=counts), ColumnFacts(name="last_error", kind=Kind.TEXT),
    ]  # fmt: skip
    rows = [{"run_id": "r", "id": f"0{at}", "state": state, "last_error": "x"} for at, state in enumerate(STATES["state"])]
    return TableFacts(**{"name": "jobs", "columns": tuple(columns), "keys": (("id",),), "rows": tuple(rows), **more})


@pytest.mark.parametrize(
    ("dialect", "sign", "text"), [("postgresql", '"', "encode(~id~, 'hex')"), ("mysql", "`", "lower(hex(~id~))"), ("sqlite", '"', "lower(hex(~id~))")]
)  # fmt: skip
def test_ids_that_are_bytes_are_texts_in_a_view(dialect: str, sign: str, text: str) -> None:
    selected = f"~run_id~ AS run_id, {text} AS phase_id, ~state~ AS state, ~last_error~ AS last_failure_reason"
    expected = f"CREATE VIEW ~drainable~ AS\nSELECT {selected}\nFROM ~jobs~;"
    assert suggest_texts(bytes_table(), dialect) == expected.replace("~", sign)


def test_no_view_is_suggested_where_no_bytes_are_in_the_way_or_nothing_says_failed() -> None:
    table = bytes_table()
    assert find_bytes(table) == ["id"]
    assert find_bytes(bytes_table(keys=())) == find_bytes(bytes_table(keys=(("run_id",), ("id",)))) == []
    assert suggest_texts(bytes_table(is_view=True), "sqlite") == ""
    assert suggest_texts(bytes_table(keys=(("run_id",),)), "sqlite") == ""
    assert suggest_texts(bytes_table(columns=table.columns[:2]), "sqlite") == ""
    names = [suggest_texts(table, "sqlite", taken).split()[2] for taken in ((), ("drainable",))]
    assert names[0] != names[1]
