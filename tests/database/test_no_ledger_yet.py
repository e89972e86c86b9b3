"""Where nobody has drained yet, an earlier version did, or somebody dropped a table, all that is read of the ledger is nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from batchdrain.config.settings import Source
from batchdrain.database.connection import open_database
from batchdrain.database.ledger.chains import Chains
from batchdrain.database.ledger.groups import Groups
from batchdrain.database.ledger.history import Past
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.database.ledger.phase_history import PhaseHistory, read_phase_history
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.ledger.session_heads import read_heads, read_holders
from batchdrain.database.ledger.session_rows import SessionRows
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.store import Store
from batchdrain.model.asked import Ask
from batchdrain.model.claim import Group
from batchdrain.model.errors import ConfigError
from batchdrain.model.phase import PhaseKey
from batchdrain.runtime import clock
from tests.support.workplace import Workplace

GROUP, UID, LATER_MS = Group("g"), "a" * 32, 10**14
LATER_TABLES = ("batchdrain_session", "batchdrain_group", "batchdrain_chain", "batchdrain_attempt_sum")
VALUES: dict[str, Any] = {
    "session_id": "s", "chain_uid": None, "host_id": "h", "host": "there", "ctl_pid": 7, "ctl_start": 9, "ttl_ms": 60_000,
}  # fmt: skip


@pytest.fixture(params=["none", "of version 1", "of version 2", "of version 3", "its later tables dropped"])
def store(request: pytest.FixtureRequest, sqlite_project: Workplace) -> Iterator[Store]:
    database = open_database(sqlite_project.url)
    table = PhaseTable.reflect(database, Source())
    kind = request.param
    ledger = Ledger.of(table, version=int(kind[-1])) if kind.startswith("of") else Ledger.of(table)
    if kind != "none":
        database.prepare_for_writing()
        ledger.create(database)
    if kind.startswith("its"):
        for name in LATER_TABLES:
            sqlite_project.sql(f"DROP TABLE {name}")
    yield Store(database, table, ledger)
    database.close()


READS: dict[str, Callable[[Store], tuple[Any, Any]]] = {
    "the past": lambda store: (store.history.read_past(), Past()),
    "durations": lambda store: (store.history.read_durations_s("default"), []),
    "the attempts of a session": lambda store: (store.history.read_session_rows(UID), []),
    "the heads of a session": lambda store: (store.history.read_session_heads("s"), []),
    "what is held": lambda store: (store.history.read_held(), []),
    "what no claim holds": lambda store: (store.history.read_strays(9), []),
    "one phase": lambda store: (read_phase_history(store, PhaseKey("r", "p")), PhaseHistory()),
    "a group": lambda store: (Groups(store.database, store.ledger).read(GROUP), None),
    "what a group tried": lambda store: (Groups(store.database, store.ledger).read_tried(GROUP), []),
    "old groups": lambda store: (Groups(store.database, store.ledger).read_old(LATER_MS), []),
    "sessions": lambda store: (SessionRows(store.database, store.ledger).read(), []),
    "what a session wanted": lambda store: (SessionRows(store.database, store.ledger).read_wanted(UID), {}),
    "old sessions": lambda store: (SessionRows(store.database, store.ledger).read_old(LATER_MS), []),
    "a chain": lambda store: (Chains(store.database, store.ledger).read(UID), None),
    "chains that are left": lambda store: (Chains(store.database, store.ledger).read_left(), {}),
    "chains that ended": lambda store: (Chains(store.database, store.ledger).read_ended(clock.now()), []),
    "notes": lambda store: ([Notes(store.database, store.ledger).read(kind) for kind in NoteKind], [[] for _ in NoteKind]),
    "all heads": lambda store: (list(read_heads(store)), []),
    "who holds": lambda store: (read_holders(store), (frozenset(), frozenset())),
}


def test_nothing_is_read_of_a_ledger_that_is_not_there_or_knows_nothing(store: Store) -> None:
    found = {name: read(store) for name, read in READS.items()}
    assert {name: answer for name, (answer, _) in found.items()} == {name: nothing for name, (_, nothing) in found.items()}


def test_a_session_is_kept_nowhere_in_tables_without_a_place_for_it_and_a_group_is_refused(sqlite_project: Workplace) -> None:
    database = open_database(sqlite_project.url)
    ledger = Ledger.of(PhaseTable.reflect(database, Source()), version=3)
    database.prepare_for_writing()
    ledger.create(database)
    rows, newest = SessionRows(database, ledger), SessionRows(database, Ledger.of(PhaseTable.reflect(database, Source())))
    assert rows.begin(UID, VALUES, {}, {}) == 0
    assert rows.beat(UID, 0, {}) is None
    rows.end(UID, 0, "complete")
    rows.forget([UID])
    assert newest.read() == []
    groups = Groups(database, ledger)
    writes: list[Callable[[], None]] = [
        lambda: groups.join(GROUP, most=1, minutes=0, asked={}),
        lambda: groups.stop(GROUP, "x"),
        lambda: groups.forget([GROUP.key]),
    ]
    for write in writes:
        with pytest.raises(ConfigError, match="of version 3, which has no groups"):
            write()
    database.close()


def test_a_request_to_a_session_of_which_the_tables_have_no_row_any_more_is_none(sqlite_project: Workplace) -> None:
    database = open_database(sqlite_project.url)
    table = PhaseTable.reflect(database, Source())
    database.prepare_for_writing()
    Ledger.of(table).create(database)
    rows = SessionRows(database, Ledger.of(table))
    rows.begin(UID, VALUES, {"kind": "failed"}, {})
    assert (rows.read_wanted(UID), rows.read_wanted("b" * 32)) == ({"kind": "failed"}, {})
    [row] = rows.read()
    rows.forget([UID])
    assert rows.ask(row, Ask.STOP, by="me", reason="why") is None
    assert SessionRows(database, Ledger.of(table, version=3)).ask(row, Ask.STOP, by="me", reason="why") is None
    database.close()
