"""Suggests views for tables that can't be drained as they are. One gives a table a state, another shows only the last rows of
a log. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, count
from typing import Final

from batchdrain.cli.commands.init.facts import Kind, TableFacts
from batchdrain.cli.commands.init.ids import choose_ids
from batchdrain.cli.commands.init.row_conditions import Quote, find_failed, find_others, name_rest
from batchdrain.cli.commands.init.vocabulary import LIKELY, STRONG_PHASES, is_all_failed, rank_columns
from batchdrain.database.phases.names import quote_name

NAME: Final = "drainable"
_CAN_NAME: Final = frozenset({Kind.WHOLE, Kind.TEXT, Kind.NAME})


def suggest_state(table: TableFacts, dialect: str, taken: Collection[str] = ()) -> str:
    """An SQL statement for the user to run, after which `inv init` finds a state; '' if nothing tells which rows failed.
    `taken`: names that the schema already has."""
    quote = quoting_of(dialect)
    if not table.columns or table.problem:
        return ""
    failed = find_failed(table, quote)
    if failed:
        return "" if choose_ids(table, None).phase_id is None else _make_view(table, failed, quote, free_name(table, taken))
    if is_all_failed(table.name) and not table.is_view:
        kept = "STORED" if dialect == "postgresql" else "VIRTUAL"
        return f"ALTER TABLE {place_of(table, table.name, quote)} ADD COLUMN state varchar(20) GENERATED ALWAYS AS ('FAILED') {kept};"
    return ""


def fill_view(lines: Sequence[str], table: TableFacts, dialect: str, taken: Collection[str] = ()) -> str:
    """The statement of a project's recipe, with the names that the table and the view have here."""
    quote = quoting_of(dialect)
    names = {
        "{view}": place_of(table, free_name(table, taken), quote),
        "{table}": place_of(table, table.name, quote),
        "{schema}": "" if table.schema is None else f"{quote(table.schema)}.",
        "{kept}": "STORED" if dialect == "postgresql" else "VIRTUAL",
    }
    return re.sub("|".join(map(re.escape, names)), lambda found: names[found[0]], "\n".join(lines))


def suggest_last_rows(table: TableFacts, mapped: Mapping[str, object], dialect: str, taken: Collection[str] = ()) -> str:
    """An SQL statement for a view of the last row that a log has about each thing; '' if nothing tells which row is later, or
    what it is about. DISTINCT keeps a drain from writing through the view. `mapped`: the log's columns as `source.columns`
    would have them."""
    quote, key, state = quoting_of(dialect), mapped["phase_id"], mapped["state"]
    whose = _choose_whose(table, {key, state} if isinstance(key, str) else {state})
    order = key if isinstance(key, str) and table.by_name[key].kind is Kind.WHOLE else _time_of(table)
    if whose is None or order is None or not isinstance(state, str):
        return ""
    run = next(
        (one for one in rank_columns(table.columns, LIKELY["run_id"]) if one.name not in {whose, key, order, state}), None
    )
    reason = mapped["last_failure_reason"]
    told = reason if isinstance(reason, str) else None
    names = {"run_id": None if run is None else run.name, "phase_id": whose, "state": state, "last_failure_reason": told}
    chosen = [f"one.{quote(name)} AS {ours}" for ours, name in names.items() if name is not None]
    of_all = [] if run is not None else ["'all' AS run_id"]
    place, later = place_of(table, table.name, quote), f"later.{quote(order)} > one.{quote(order)}"
    lines = [
        f"CREATE VIEW {place_of(table, free_name(table, taken), quote)} AS",
        f"SELECT DISTINCT {', '.join([*of_all, *chosen])}",
        f"FROM {place} one WHERE NOT EXISTS",
        f"  (SELECT 1 FROM {place} later WHERE later.{quote(whose)} = one.{quote(whose)} AND {later});",  # noqa: S608  # nosec B608 - shown, not executed
    ]
    return "\n".join(lines)


def _choose_whose(table: TableFacts, others: Collection[object]) -> str | None:
    """The column that tells what a row of a log is about: it refers to another table, or is named like a phase or a run."""
    free = [
        one for one in table.columns if one.name not in others and (one.name,) not in table.keys and one.kind in _CAN_NAME
    ]
    named = [*rank_columns(free, STRONG_PHASES), *rank_columns(free, LIKELY["run_id"])]
    return next((one.name for one in free if one.parent is not None), None) or next((one.name for one in named), None)


def _time_of(table: TableFacts) -> str | None:
    """The column that tells when a row was written, if there is only one such column."""
    found = [one.name for one in table.columns if one.kind is Kind.TIME]
    return found[0] if len(found) == 1 else None


def free_name(table: TableFacts, taken: Collection[str]) -> str:
    """A name for the view that nothing has yet."""
    known = {name.casefold() for name in taken}
    names = chain((NAME, f"{NAME}_{table.name}"), (f"{NAME}_{number}" for number in count(2)))
    return next(name for name in names if name.casefold() not in known)


def _make_view(table: TableFacts, failed: str, quote: Quote, name: str) -> str:
    ids = choose_ids(table, None)
    reasons = [one for one in rank_columns(table.columns, LIKELY["last_failure_reason"]) if one.kind is Kind.TEXT]
    selected = [*_select_id(ids.run_id, "run_id", quote), *_select_id(ids.phase_id, "phase_id", quote)]
    selected += [f"{quote(one.name)} AS last_failure_reason" for one in reasons[:1]]
    others = find_others(table, quote)
    cases = [f"WHEN {failed} THEN 'FAILED'", *(f"WHEN {one} THEN '{ours}'" for ours, one in others.items())]
    state = "\n       ".join(cases)
    lines = [
        f"CREATE VIEW {place_of(table, name, quote)} AS",
        f"SELECT {', '.join(selected)},",
        f"  CASE {state} ELSE '{name_rest(table, others)}' END AS state",
        f"FROM {place_of(table, table.name, quote)};",
    ]
    return "\n".join(lines)


def _select_id(mapped: object, ours: str, quote: Quote) -> Iterator[str]:
    if isinstance(mapped, str):
        yield f"{quote(mapped)} AS {ours}"
    elif isinstance(mapped, list):
        yield from map(quote, mapped)
    elif isinstance(mapped, dict):
        yield f"'{mapped['value']}' AS {ours}"


def quoting_of(dialect: str) -> Quote:
    """Quotes names as the database needs it, even if they are words of SQL."""
    return partial(quote_name, None, quote="`" if dialect in {"mysql", "mariadb"} else '"')


def place_of(table: TableFacts, name: str, quote: Quote) -> str:
    """A name in the schema of the table, as SQL writes it."""
    return quote(name) if table.schema is None else f"{quote(table.schema)}.{quote(name)}"
