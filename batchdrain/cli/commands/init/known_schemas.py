"""Known schemas of other projects. They are recognised by the columns of a table, whatever its name is; kept in
known_schemas.json. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from batchdrain.cli.commands.init.facts import TableFacts
from batchdrain.cli.commands.init.mapping import Mapped
from batchdrain.cli.commands.init.state_words import StateWords

FILE: Final = Path(__file__).with_name("known_schemas.json")
_COLUMNS: Final = ("run_id", "phase_id", "phase_index", "state", "last_failure_reason", "updated_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSchema:
    """The table of a project that many people use."""

    name: str  #: the project's name, for people
    docs: str  #: where its recipe is documented
    has: tuple[str, ...]  #: the columns by which it is recognised
    columns: Mapping[str, Any] = field(default_factory=dict)
    states: Mapping[str, Any] = field(default_factory=dict)
    command: Mapping[str, Any] = field(default_factory=dict)
    no_state: str = ""  #: why only a view can be mapped; '' if the table itself can

    def map(self, table: TableFacts) -> Mapped:
        """The mapping for this schema. A column that the table's version lacks is None."""
        names = table.by_name
        columns = {ours: self.columns.get(ours) for ours in _COLUMNS}
        there = {ours: value if not isinstance(value, str) or value in names else None for ours, value in columns.items()}
        return Mapped(
            table=table.full_name,
            columns=there,
            states=StateWords(words=dict(self.states), sure=frozenset(self.states)),
            reason=f"it has the columns of {self.name}: {self.docs} of batchdrain",
            command=self.command,
            is_known=True,
        )


def _read() -> tuple[KnownSchema, ...]:
    return tuple(KnownSchema(**{**one, "has": tuple(one["has"])}) for one in json.loads(FILE.read_bytes()))


KNOWN: Final = _read()


def find_known(columns: Collection[str]) -> KnownSchema | None:
    """The schema that a table's columns match; None if there is none."""
    names = set(columns)
    return next((one for one in KNOWN if names.issuperset(one.has)), None)
