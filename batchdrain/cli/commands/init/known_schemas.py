"""Known schemas of other projects. They are recognised by the columns of a table, whatever its name is; kept in
known_schemas.json. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from batchdrain.cli.commands.init.facts import TableFacts
from batchdrain.cli.commands.init.mapping import Mapped
from batchdrain.cli.commands.init.state_words import StateWords
from batchdrain.database.phases.names import join_name

FILE: Final = Path(__file__).with_name("known_schemas.json")
_COLUMNS: Final = ("run_id", "phase_id", "phase_index", "state", "last_failure_reason", "updated_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSchema:
    """The table of a project that many people use."""

    name: str  #: the project's name, for people
    docs: str  #: where its recipe is documented
    has: tuple[str, ...]  #: the columns by which it is recognised, in any letter case
    columns: Mapping[str, Any] = field(default_factory=dict)
    states: Mapping[str, Any] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)  #: more keys of `source`, for the table or the view over it
    command: Mapping[str, Any] = field(default_factory=dict)  #: keys of `command`, for the table or the view over it
    no_state: str = ""  #: why only a view, or a column that is added, can be mapped; '' if the table itself can
    view: Sequence[
        str
    ] = ()  #: the lines of that view, with {view}, {table} and {schema} for names; () if its columns tell it

    @property
    def way(self) -> str:
        """What can be drained instead of the table as it stands."""
        return "the table with the column that is printed" if "".join(self.view).startswith("ALTER") else "a view over it"

    def map(self, table: TableFacts) -> Mapped:
        """The mapping for this schema, in the table's own spelling. A column that the table's version lacks is None."""
        return Mapped(
            table=table.full_name,
            columns={ours: _spell(self.columns.get(ours), table) for ours in _COLUMNS},
            states=StateWords(words=dict(self.states), sure=frozenset(self.states)),
            reason=f"it has the columns of {self.name}: {self.docs} of batchdrain",
            source=self.source,
            command=self.command,
            is_known=True,
        )


def _spell(value: Any, table: TableFacts) -> Any:
    """What is mapped, with the names as the table spells them; None if it lacks one of them. `{value: ...}` names none."""
    spelt = {name.casefold(): name for name in table.by_name}
    if isinstance(value, dict):
        return value if "value" in value else _with_column(value, spelt)
    if isinstance(value, list):
        names = [spelt[name.casefold()] for name in value if name.casefold() in spelt]
        return names if len(names) == len(value) else None
    return spelt.get(value.casefold()) if isinstance(value, str) else value


def _with_column(value: Mapping[str, Any], spelt: Mapping[str, str]) -> dict[str, Any] | None:
    name = spelt.get(value["column"].casefold())
    return None if name is None else {**value, "column": name}


def _read() -> tuple[KnownSchema, ...]:
    return tuple(KnownSchema(**{**one, "has": tuple(one["has"])}) for one in json.loads(FILE.read_bytes()))


KNOWN: Final = _read()


def find_known(columns: Collection[str]) -> KnownSchema | None:
    """The schema that a table's columns match; None if there is none."""
    names = {name.casefold() for name in columns}
    return next((one for one in KNOWN if names.issuperset(map(str.casefold, one.has))), None)


def complete_view(mapped: Mapped, view: TableFacts, definition: str, tables: Sequence[TableFacts]) -> Mapped:
    """Add to the mapping of a view what its project's recipe says, if it is the one that was printed for one of the tables.
    `definition`: the view's, in SQL."""
    for table in tables:
        known = find_known(table.by_name)
        if (
            known is None
            or not known.no_state
            or table.is_view
            or table.schema != view.schema
            or table.name not in definition
        ):
            continue
        told = f"it is a view of {known.name} in {join_name(table.schema, table.name)}: {known.docs} of batchdrain"
        return replace(
            mapped,
            source={**mapped.source, **known.source},
            command={**mapped.command, **known.command},
            states=StateWords(words=dict(known.states), sure=frozenset(known.states)) if known.states else mapped.states,
            reason=f"{mapped.reason}; {told}" if mapped.reason else told,
        )
    return mapped
