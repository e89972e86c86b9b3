"""One ledger serves several tables: what stands there of another one, with the same ids, names and sessions, is neither told nor
touched."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.database.ledger.groups import Groups
from batchdrain.database.ledger.notes import new_note
from batchdrain.database.ledger.phase_history import read_phase_history
from batchdrain.database.ledger.prune_attempts import OldAttempts, count_old_attempts, prune_attempts
from batchdrain.database.ledger.reopening import ReopenTransaction
from batchdrain.database.ledger.requests import FormerPart
from batchdrain.database.ledger.session_rows import SessionRows
from batchdrain.model.asked import Ask
from batchdrain.model.claim import Claim, Group, Turn
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome
from batchdrain.runtime import clock
from tests.database.bench import NOW, Bench, attempt_of, choice_of, taken

GROUP = Group("night")
UID = "a" * 32
LATER_MS = clock.to_ms(NOW) + 86_400_000
OLD = OldAttempts(before_ms=LATER_MS)
VALUES: dict[str, Any] = {
    "session_id": "batch-drain-20260101-000000", "chain_uid": None, "host_id": "h", "host": "there", "ctl_pid": 7, "ctl_start": 9,
    "ttl_ms": 60_000,
}  # fmt: skip


def _insert(table: sa.Table, rows: list[dict[str, Any]], connection: sa.Connection) -> None:
    connection.execute(table.insert(), rows)


class Ours:
    """One of everything: held in a group and in none, ended well, failed, orphaned, and summed up; a session, and what it counts."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.groups = Groups(bench.database, bench.ledger)
        self.rows = SessionRows(bench.database, bench.ledger)
        self.claims = bench.controller()
        bench.work.fail("r/held", "r/group", "r/done", "r/failed", "r/orphan", "r/new", "r/next", "r/summed")
        for number, group in enumerate((Group("day"), GROUP)):
            self.groups.join(group, most=9, minutes=60, asked={"--limit": 9})
            self.groups.fold(group, lambda _, number=number: {"results": number})  # type: ignore[misc]
        self.epoch = self.rows.begin(UID, VALUES, {"kind": "failed"}, {"processed": 0})
        self.end("r/summed", Outcome.COMPLETE)
        assert sum(prune_attempts(bench.project.store, OLD)) == 1
        self.held = self.claim("r/held")
        self.in_group = self.claim("r/group", GROUP)
        self.end("r/done", Outcome.COMPLETE, GROUP)
        self.end("r/failed", Outcome.FAILED)
        self.end("r/orphan", Outcome.ORPHANED)

    def claim(self, name: str, group: Group | None = None) -> Claim:
        return taken(self.claims.claim(choice_of(name), lease_s=60, run_type="default", now=NOW, group=group))

    def end(self, name: str, outcome: Outcome, group: Group | None = None) -> None:
        claim = self.claim(name, group)
        self.claims.finish(claim, attempt_of(claim, outcome))

    def twin(self) -> None:
        """The ledger knows the same of another table."""
        database = self.bench.database
        for table in self.bench.ledger.tables:
            if "source" in table.c and table.name != "batchdrain_chain":  # a chain's uid is one of its kind
                with database.read() as connection:
                    rows = [dict(row) for row in connection.execute(table.select()).mappings()]
                other = {"source": "others", **({"figures": '{"results": 7}', "most": 5} if "figures" in table.c else {})}
                copies = [{**row, **other} for row in rows]
                assert copies, table.name
                database.write(partial(_insert, table, copies))

    def others(self) -> list[Any]:
        """All that the ledger knows of the other table."""
        found = []
        with self.bench.database.read() as connection:
            for table in self.bench.ledger.tables:
                if "source" in table.c:
                    query = table.select().where(table.c.source == "others")
                    found += sorted(str(sorted(row.items())) for row in connection.execute(query).mappings())
        return found

    def answers(self) -> list[Any]:
        """All that is read of ours."""
        store, keys = self.bench.project.store, [PhaseKey("r", name) for name in ("held", "done", "failed", "orphan", "new")]
        history = store.history
        [row] = self.rows.read()
        assert self.groups.read_figures(GROUP) == {"results": 1}
        return [
            history.read_past(),
            history.read_durations_s("default"),
            [(held.key, held.epoch, held.group_key) for held in history.read_held()],
            history.read_strays(9),
            [read_phase_history(store, key) for key in keys],
            self.groups.read(GROUP),
            self.groups.read_figures(GROUP),
            sorted(map(str, self.groups.read_tried(GROUP))),
            (row.uid, row.epoch, row.asked, row.ended_ms),
            self.rows.read_old(LATER_MS),
            count_old_attempts(store, OLD),
        ]


@pytest.fixture
def ours(bench: Bench) -> Ours:
    return Ours(bench)


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_what_is_read_of_one_table_is_the_same_whatever_the_ledger_knows_of_another(ours: Ours) -> None:
    before = ours.answers()
    ours.twin()
    assert ours.answers() == before


def _reopen(ours: Ours) -> None:
    key = PhaseKey("r", "orphan")
    note = new_note(ours.bench.ledger.source, f"{key.digest}/now", {"reason": "mended"})
    ours.bench.database.write(ReopenTransaction(ledger=ours.bench.ledger, key=key, orphanings=1, verdict=None, note=note))


def _take_turn(ours: Ours) -> None:
    ours.claims.turn = Turn(group=GROUP, interval_ms=60_000)
    ours.claim("r/new", GROUP)


def _give_back(ours: Ours) -> None:
    ours.claims.finish(ours.in_group, attempt_of(ours.in_group, Outcome.RELEASED))


def _prune(ours: Ours) -> None:
    assert sum(prune_attempts(ours.bench.project.store, OLD)) == 1


def _ask(ours: Ours) -> None:
    [row] = ours.rows.read()
    assert ours.rows.ask(row, Ask.PAUSE, by="me", reason="why") is not None


def _hand_on(ours: Ours) -> None:
    _ask(ours)
    ours.rows.begin("b" * 32, VALUES, {}, {}, FormerPart(session_uid=UID, epoch=ours.epoch, heard=0))
    [heard] = [row.asked for row in ours.rows.read() if row.uid != UID]
    assert heard is not None


def test_what_is_pruned_is_added_up_also_where_another_table_alone_has_such_a_sum(ours: Ours) -> None:
    ours.twin()
    ours.bench.work.sql("DELETE FROM batchdrain_attempt_sum WHERE source <> 'others'")
    before = ours.others()
    _prune(ours)
    assert ours.bench.work.sql("SELECT attempts FROM batchdrain_attempt_sum WHERE source <> 'others'") == [(1,)]
    assert ours.others() == before


WRITES: dict[str, Callable[[Ours], object]] = {
    "a claim": lambda ours: ours.claim("r/failed"),
    "the first claim of a phase, in a group": lambda ours: ours.claim("r/new", GROUP),
    "a turn": _take_turn,
    "an end": lambda ours: ours.claims.finish(ours.held, attempt_of(ours.held, Outcome.FAILED)),
    "an end with a wait": lambda ours: ours.claims.finish(ours.held, attempt_of(ours.held, Outcome.FAILED), retry_in_s=60),
    "what is given back": _give_back,
    "a beat": lambda ours: ours.claims.beat([ours.held], lease_s=900),
    "what is reopened": _reopen,
    "what is pruned": _prune,
    "a group that is stopped": lambda ours: ours.groups.stop(GROUP, "enough"),
    "what a group counts": lambda ours: ours.groups.fold(GROUP, lambda _: {"results": 2}),
    "a group that is forgotten": lambda ours: ours.groups.forget([GROUP.key]),
    "a session that goes on": lambda ours: ours.rows.begin(UID, VALUES, {}, {}),
    "a session's beat": lambda ours: ours.rows.beat(UID, ours.epoch, {"processed": 9}),
    "a session's end": lambda ours: ours.rows.end(UID, ours.epoch, "complete", {}),
    "the end of a dead session": lambda ours: ours.rows.end(UID, None, "complete"),
    "what is asked of a session": _ask,
    "what is handed on": _hand_on,
    "a session that is forgotten": lambda ours: ours.rows.forget([UID]),
}


@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize("name", WRITES)
def test_what_is_written_of_one_table_leaves_all_that_the_ledger_knows_of_another(ours: Ours, name: str) -> None:
    ours.bench.work.sql("UPDATE phases SET state = 'FAILED' WHERE phase_id IN ('failed', 'new')")
    ours.twin()
    before = ours.others()
    WRITES[name](ours)
    assert ours.others() == before
    assert len(before) > 10
