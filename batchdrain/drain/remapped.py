"""Claims that were made while the settings mapped other columns or another table. Their ids may now name another row, or none.

Such a claim is left as it is. Its phase can be given back only under its former mapping, which the ledger keeps with the session.
If a column of that mapping no longer exists, it was renamed or dropped: then the names may be right under the present mapping.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from batchdrain.config.column_settings import Columns
from batchdrain.config.id_columns import to_plain
from batchdrain.config.reason_setting import ReasonAt
from batchdrain.database.ledger.held_claims import Held, Stray, read_left_elsewhere
from batchdrain.drain.liveness import is_alive
from batchdrain.drain.project import Project
from batchdrain.execution import process_identity
from batchdrain.model.errors import ConfigError
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import agree, count_of


def mapping_of(columns: Columns) -> dict[str, object]:
    """Which columns name a row, and which of its columns are written, in plain values."""
    reason = columns.last_failure_reason
    return {
        "run_id": to_plain(columns.run_id),
        "phase_id": to_plain(columns.phase_id),
        "state": columns.state,
        "last_failure_reason": reason.model_dump(mode="json") if isinstance(reason, ReasonAt) else reason,
    }


class Remapped:
    """Compares claims with the present mapping. Asks the ledger once for each session."""

    def __init__(self, project: Project) -> None:
        self._rows = project.session_rows
        self._now = mapping_of(project.settings.source.columns)
        self._there = frozenset(project.store.table.table.c.keys())
        self._known: dict[str, Mapping[str, Any]] = {}

    def find_problem(self, held: Held) -> ConfigError | None:
        """Why a claim can't be settled under the present mapping; None if it was made under this one, as far as the ledger knows.
        Raises DatabaseUnavailable."""
        former = self._read_former(held.session_uid)
        was = ", ".join(
            f"{name}: {to_json(former[name]).decode()}"
            for name, value in self._now.items()
            if value is not None and former.get(name, value) != value and _columns_of(former[name]) <= self._there
        )
        if not was:
            return None
        return ConfigError(
            f"it was claimed while batchdrain.source.columns had {was}",
            remedy="restore that mapping, let `inv recover` release it, and then change the mapping",
        )

    def _read_former(self, session_uid: str) -> Mapping[str, Any]:
        if session_uid not in self._known:
            found = self._rows.read_wanted(session_uid).get("columns")
            self._known[session_uid] = found if isinstance(found, dict) else {}
        return self._known[session_uid]


def find_left_elsewhere(project: Project) -> list[str]:
    """A line for each other table, mapped before, of which a dead drain of this project still holds phases. Raises
    DatabaseUnavailable."""
    store, here = project.store, str(project.folder.folder.absolute())
    with store.database.read() as connection:
        left = read_left_elsewhere(connection, store.ledger)
    counts = Counter(
        one.source
        for one in left
        if (one.is_over or process_identity.is_alive(one.controller) is False)
        and project.session_rows.read_wanted(one.session_uid).get("folder") == here
    )
    return [
        f"{count_of(count, 'phase')} of table {source!r} {agree(count, 'is', 'are')} held by a drain that no longer runs, and "
        "batchdrain.source.table names another one now: restore that mapping, and `inv recover` releases them"
        for source, count in sorted(counts.items())
    ]


def require_same_ids(project: Project) -> None:
    """If commands set the states themselves, nothing in a row keeps two drains apart that call the row by different ids. So this
    raises ConfigError while such a drain may run. Raises DatabaseUnavailable."""
    if project.settings.command.result_from != "database":
        return
    remapped = Remapped(project)
    for held in project.store.history.read_held():
        if is_alive(held) is not False and (problem := remapped.find_problem(held)) is not None:
            raise ConfigError(
                f"{held.key} is held, and {problem.message}",
                remedy="both drains would execute the same row: let that one end first, or restore that mapping",
            )


def require_settled(project: Project, session_uid: str | None) -> None:
    """Require that a session that is resumed holds nothing under another mapping. It is kept with the present mapping, so such
    claims would be taken for claims of this one. Raises ConfigError, DatabaseUnavailable."""
    remapped = Remapped(project)
    for held in project.store.history.read_held():
        if held.session_uid == session_uid and (problem := remapped.find_problem(held)) is not None:
            raise ConfigError(f"{held.key} is held, and {problem.message}", remedy=problem.remedy)


def read_strays(project: Project, most: int) -> list[Stray]:
    """Read at most this many strays. While a claim of another mapping is held, a row may seem to be held by nobody only because its
    ids have changed. So then only strays whose attempt the ledger knows are returned. Raises DatabaseUnavailable."""
    history, remapped = project.store.history, Remapped(project)
    strays = history.read_strays(most)
    if strays and any(remapped.find_problem(held) is not None for held in history.read_held()):
        return [stray for stray in strays if stray.initial_state is not None]
    return strays


def _columns_of(mapped: object) -> set[str]:
    if isinstance(mapped, dict):
        return {str(mapped[name]) for name in ("column", "write") if mapped.get(name) is not None}
    if isinstance(mapped, list):
        return set(map(str, mapped))
    return set() if mapped is None else {str(mapped)}
