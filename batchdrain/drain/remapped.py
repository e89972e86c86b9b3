"""Claims that were made while other columns named runs and phases: their names mean other rows now, or none.

Such a claim is left as it is. Its phase can be given back under the former mapping alone, which stands in the ledger beside the
session. A column that is gone since was renamed or dropped: then the names may be right under the mapping of now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batchdrain.config.column_settings import Columns
from batchdrain.config.id_columns import to_plain
from batchdrain.database.ledger.held_claims import Held, Stray
from batchdrain.drain.liveness import is_alive
from batchdrain.drain.project import Project
from batchdrain.model.errors import ConfigError
from batchdrain.runtime.json_text import to_json


def ids_of(columns: Columns) -> dict[str, object]:
    """Which columns name runs and phases, in plain values."""
    return {"run_id": to_plain(columns.run_id), "phase_id": to_plain(columns.phase_id)}


class Remapped:
    """Asks the ledger once for each session."""

    def __init__(self, project: Project) -> None:
        self._rows = project.session_rows
        self._now = ids_of(project.settings.source.columns)
        self._there = frozenset(project.store.table.table.c.keys())
        self._known: dict[str, Mapping[str, Any]] = {}

    def find_problem(self, held: Held) -> ConfigError | None:
        """Why a claim can't be settled under the mapping of now; None where that is the one that it was made under, as far as
        the ledger knows. Raises DatabaseUnavailable."""
        former = self._read_former(held.session_uid)
        if former is None or former == self._now or not _columns_of(former) <= self._there:
            return None
        was = ", ".join(f"{name}: {to_json(former[name]).decode()}" for name in self._now if former[name] != self._now[name])
        return ConfigError(
            f"it was claimed while batchdrain.source.columns had {was}",
            remedy="map it so again, let `inv recover` give it back, and then change the mapping",
        )

    def _read_former(self, session_uid: str) -> Mapping[str, Any] | None:
        if session_uid not in self._known:
            found = self._rows.read_wanted(session_uid).get("ids")
            self._known[session_uid] = found if isinstance(found, dict) else {}
        former = self._known[session_uid]
        return former if former.keys() == self._now.keys() else None


def require_same_ids(project: Project) -> None:
    """Where the command sets states itself, nothing in a row keeps two drains from it that call it by two names. Raises
    ConfigError while such a one may run; DatabaseUnavailable."""
    if project.settings.command.result_from != "database":
        return
    remapped = Remapped(project)
    for held in project.store.history.read_held():
        if is_alive(held) is not False and (problem := remapped.find_problem(held)) is not None:
            raise ConfigError(
                f"{held.key} is held, and {problem.message}",
                remedy="both drains would execute the same row: let that one end first, or map it so again",
            )


def read_strays(project: Project, most: int) -> list[Stray]:
    """At most so many. Where a claim was made under another mapping, a row may be its, which no claim holds by its present
    name. Raises DatabaseUnavailable."""
    history, remapped = project.store.history, Remapped(project)
    strays = history.read_strays(most)
    if strays and any(remapped.find_problem(held) is not None for held in history.read_held()):
        return [stray for stray in strays if stray.initial_state is not None]
    return strays


def _columns_of(ids: Mapping[str, Any]) -> set[str]:
    named = [one if isinstance(one, list) else [one] for one in ids.values() if not isinstance(one, dict)]
    return {str(name) for names in named for name in names}
