"""Settles what others left in the ledger before anything is claimed."""

from __future__ import annotations

from collections.abc import Callable

from batchdrain.database.ledger.give_back import Recovered
from batchdrain.database.ledger.renamed import follow_rename, part_from_twin
from batchdrain.drain.project import Project
from batchdrain.drain.recovery import recover
from batchdrain.drain.remapped import require_same_ids, require_settled
from batchdrain.drain.request import has_same_source
from batchdrain.drain.screen import Screen
from batchdrain.sessions.session import Session


def settle(project: Project, session: Session | None, notice: Callable[[str], None]) -> list[Recovered]:
    """Like `recover`; before it, the ledger follows a table that was renamed. `session`: the one that is to be resumed; `notice`:
    tells people. Raises DatabaseUnavailable."""
    moved = session is not None and not has_same_source(session, project.settings)
    renamed = follow_rename(project.store, session.session_uid if session is not None and moved else None)
    if renamed is not None:
        notice(renamed)
    return recover(project)


def settle_ledger(project: Project, screen: Screen, session: Session | None = None) -> list[Recovered]:
    """Settle what dead controllers held. If nobody holds a claim then, migrate tables of an earlier version, and part what they know
    from that of a table whose name differs in case alone. `session`: the one that is to be resumed.

    Raises ConfigError if a drain runs under another mapping of the ids, or if the session itself holds claims under another
    mapping; DatabaseUnavailable.
    """
    recovered = settle(project, session, screen.notice)
    require_same_ids(project)
    if session is not None:
        require_settled(project, session.session_uid)
    if part_from_twin(project.store):
        project.store.reopen_ledger()
    denied = project.store.migrate_ledger()
    if denied is not None:
        screen.notice(denied)
    return recovered
