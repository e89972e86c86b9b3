"""Chains that are between their two parts now: the first one has ended, and its controller has not begun the next one. Reads only.

What was left there looks alike in the ledger. So its process has to live, or, where that can't be seen from here, its end must
be no longer ago than a sign of life may.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from batchdrain.database.ledger.chains import Chains
from batchdrain.database.ledger.session_rows import SessionRow
from batchdrain.drain.project import Project
from batchdrain.sessions.session import Kind, Status


def read_running(project: Project, alive_of: Callable[[SessionRow], bool | None]) -> list[SessionRow]:
    """The sessions that have not ended, be their controllers dead, and of each chain that is between its parts the one that ended;
    the newest first. `alive_of`: None where that can't be told. Raises DatabaseUnavailable."""
    running = project.session_rows.read(running=True)
    known = {row.chain_uid for row in running}
    chains = Chains(project.store.database, project.store.ledger).read_left()
    open_ones = [uid for uid, row in chains.items() if row.ended_at is None and uid not in known]
    if not open_ones:
        return running
    found = [*running, *_find(project.session_rows.read(chains=open_ones), alive_of)]
    return sorted(found, key=lambda row: -row.begun_ms)


def _find(rows: Sequence[SessionRow], alive_of: Callable[[SessionRow], bool | None]) -> Iterator[SessionRow]:
    """`rows`: of the chains, the newest first."""
    seen = set[str]()
    for row in rows:
        if row.chain_uid is None or row.chain_uid in seen:
            continue
        seen.add(row.chain_uid)
        if row.ended_ms is None or (row.wanted.get("kind") == Kind.QUEUED and _may_go_on(row, alive_of(row))):
            yield row


def _may_go_on(row: SessionRow, alive: bool | None) -> bool:
    told = row.progress.get("may_go_on", row.status == Status.COMPLETE.value)  # an earlier version did not tell
    if told is not True:  # by a signal, a request, a stop condition, or what was asked for this time: nothing follows
        return False
    return row.beat_age_ms <= row.ttl_ms if alive is None else alive
