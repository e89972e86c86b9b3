"""Chains that are between their two parts now: the first part has ended, and the controller has not begun the next one yet. Reads
only.

In the ledger such a chain looks like one that was abandoned there. So its process has to live. If that can't be seen from this
host, the part must have ended no longer ago than the lifetime of a sign of life.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from batchdrain.database.ledger.chains import Chains
from batchdrain.database.ledger.session_rows import SessionRow
from batchdrain.drain.project import Project
from batchdrain.sessions.session import Kind, Status


def read_running(project: Project, alive_of: Callable[[SessionRow], bool | None]) -> list[SessionRow]:
    """The sessions that have not ended, even if their controllers are dead, and for each chain that is between its parts the
    session of the part that ended. The newest come first.

    `alive_of`: whether the process of a session lives; None if that can't be told. Raises DatabaseUnavailable.
    """
    running = project.session_rows.read(running=True)
    known = {row.chain_uid for row in running}
    chains = Chains(project.store.database, project.store.ledger).read_left()
    open_ones = [uid for uid, row in chains.items() if row.ended_at is None and uid not in known]
    if not open_ones:
        return running
    found = [*running, *_find(project.session_rows.read(chains=open_ones), alive_of)]
    return sorted(found, key=lambda row: -row.begun_ms)


def _find(rows: Sequence[SessionRow], alive_of: Callable[[SessionRow], bool | None]) -> Iterator[SessionRow]:
    """`rows`: the sessions of the chains, the newest first."""
    seen = set[str]()
    for row in rows:
        if row.chain_uid is None or row.chain_uid in seen:
            continue
        seen.add(row.chain_uid)
        if row.ended_ms is None or (row.wanted.get("kind") == Kind.QUEUED and _may_go_on(row, alive_of(row))):
            yield row


def _may_go_on(row: SessionRow, alive: bool | None) -> bool:
    told = row.progress.get("may_go_on", row.status == Status.COMPLETE.value)  # versions before 'may_go_on' did not tell
    if told is not True:  # a signal, a request or a stop condition ended it, or this call asked for no more
        return False
    return row.beat_age_ms <= row.ttl_ms if alive is None else alive
