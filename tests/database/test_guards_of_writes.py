"""Each guarded write of the ledger finds its row by all that it names, changes what it is to change, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.database.compiled_write import CompiledWrite
from batchdrain.database.dialects import db_now_ms
from batchdrain.database.ledger.give_back import KnownEnd, _free
from batchdrain.database.ledger.held_claims import Held
from batchdrain.database.ledger.statements import Statements
from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.model.phase import PhaseKey
from tests.database.bench import Bench

KEY, OWNER = "k" * 64, "a" * 32
HOUR_MS = 3_600_000
HOLDER = {
    "host": "h", "pid": 7, "start": 9, "guard": 8, "guard_begun": 10, "spool": "/spool", "lease_ms": HOUR_MS, "held": "EXECUTING",
    "codes": "[0]", "group": None,
}  # fmt: skip
PRIOR = {"former_state": "FAILED", "former_reason": "boom", "former_kind": None}
IDS: dict[str, Any] = {"the_key": KEY, "the_epoch": 3, "the_owner": OWNER}
ENDS: dict[str, Any] = {"counted": 1, "orphaned": 0}
GUARDS = {
    "take": ("the_key", "the_epoch"),
    "keep_prior": ("the_key", "the_owner"),
    "beat": ("the_key", "the_epoch", "the_owner"),
    "free": ("the_key", "the_epoch", "the_owner"),
    "free_until": ("the_key", "the_epoch", "the_owner"),
    "forget_wait": ("the_key", "the_epoch"),
}
GIVEN: dict[str, dict[str, Any]] = {
    "take": {**HOLDER, "the_owner": "b" * 32},
    "keep_prior": {**HOLDER, **PRIOR},
    "beat": {"lease_ms": HOUR_MS},
    "free": ENDS,
    "free_until": {**ENDS, "wait_ms": HOUR_MS},
    "forget_wait": {},
}
WRONG = {"the_key": "o" * 64, "the_epoch": 4, "the_owner": "b" * 32}
ROW: dict[str, Any] = {
    "source": "phases", "key": KEY, "epoch": 3, "owner": OWNER, "lease_until_ms": 1, "host_id": "old", "ctl_pid": 1, "ctl_start": 1,
    "guard_pid": 1, "guard_start": 1, "spool_dir": "old", "prior_state": "old", "prior_reason": "old", "held_state": "old",
    "orphan_count": 2, "attempts": 5, "next_at_ms": None, "success_codes": "old", "group_key": None, "prior_kind": None,
}  # fmt: skip


class Guarded:
    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.claim = bench.ledger.claim
        self.statements = Statements(bench.ledger)

    def put(self, **changed: Any) -> None:
        """One row of ours, with twins of another phase and of another table."""
        row = {**ROW, **changed}
        rows = [row, {**row, "key": "t" * 64}, {**row, "source": "others"}]

        def work(connection: sa.Connection) -> None:
            connection.execute(self.claim.delete())
            connection.execute(self.claim.insert(), rows)

        self.bench.database.write(work)

    def run(self, name: str, **given: Any) -> int:
        statement: CompiledWrite = getattr(self.statements, name)
        values = {**GIVEN[name], **{one: IDS[one] for one in GUARDS[name]}, **given}
        return self.bench.database.write(lambda connection: statement.execute(connection, values))

    def row(self, source: str = "phases", key: str = KEY) -> Mapping[str, Any]:
        this = sa.and_(self.claim.c.source == source, self.claim.c.key == key)
        with self.bench.database.read() as connection:
            found = connection.execute(self.claim.select().where(this)).mappings().one()
            now = connection.execute(sa.select(db_now_ms())).scalar_one()
        row = dict(found)
        for name in ("lease_until_ms", "next_at_ms"):
            if row[name] is not None and HOUR_MS / 2 < row[name] - now <= HOUR_MS:
                row[name] = "in an hour"
        return row

    def require_others_untouched(self, **changed: Any) -> None:
        for source, key in (("phases", "t" * 64), ("others", KEY)):
            assert self.row(source, key) == {**ROW, **changed, "source": source, "key": key}


@pytest.fixture
def guarded(bench: Bench) -> Guarded:
    return Guarded(bench)


@pytest.mark.parametrize(("name", "guard"), [(name, guard) for name, guards in GUARDS.items() for guard in guards])
def test_a_write_whose_guard_does_not_hold_changes_no_row(guarded: Guarded, name: str, guard: str) -> None:
    owner = None if name == "take" else OWNER
    guarded.put(owner=owner)
    assert guarded.run(name, **{guard: WRONG[guard]}) == 0
    assert guarded.row() == {**ROW, "owner": owner}
    guarded.require_others_untouched(owner=owner)


@pytest.mark.parametrize(
    ("row", "is_taken"),
    [
        ({"owner": None}, 1),
        ({"owner": OWNER}, 0),
        ({"owner": None, "next_at_ms": 1}, 1),
        ({"owner": None, "next_at_ms": 2**53}, 0),
    ],
    ids=["free", "held", "its wait is over", "it waits"],
)
def test_a_phase_is_taken_where_nobody_holds_it_and_it_waits_for_nothing(
    guarded: Guarded, row: dict[str, Any], is_taken: int
) -> None:
    guarded.put(**row)
    assert guarded.run("take") == is_taken
    if is_taken:
        taken = {
            "epoch": 4, "owner": "b" * 32, "next_at_ms": None, "lease_until_ms": "in an hour", "host_id": "h", "ctl_pid": 7,
            "ctl_start": 9, "guard_pid": 8, "guard_start": 10, "spool_dir": "/spool",
        }  # fmt: skip
        assert guarded.row() == {**ROW, **taken}
    guarded.require_others_untouched(**row)


def test_what_stood_before_is_kept_with_the_claim(guarded: Guarded) -> None:
    guarded.put()
    assert guarded.run("keep_prior", group="g") == 1
    kept = {
        "prior_state": "FAILED", "prior_reason": "boom", "held_state": "EXECUTING", "success_codes": "[0]", "prior_kind": None,
        "group_key": "g",
    }  # fmt: skip
    row = dict(guarded.row())
    row["group_key"] = str(row["group_key"]).strip()
    assert row == {**ROW, **kept}
    guarded.require_others_untouched()


def test_a_beat_moves_the_lease_alone(guarded: Guarded) -> None:
    guarded.put()
    assert guarded.run("beat") == 1
    assert guarded.row() == {**ROW, "lease_until_ms": "in an hour"}
    guarded.require_others_untouched()


@pytest.mark.parametrize(
    ("counted", "orphaned", "attempts", "orphans"), [(1, 0, 6, 0), (0, 0, 5, 2), (0, 1, 5, 3), (1, 1, 6, 0)]
)
@pytest.mark.parametrize(("name", "waits"), [("free", None), ("free_until", "in an hour")])
def test_an_end_frees_the_claim_counts_what_was_executed_and_forgets_orphanings_then(
    guarded: Guarded, name: str, waits: str | None, counted: int, orphaned: int, attempts: int, orphans: int
) -> None:
    guarded.put(next_at_ms=1)
    assert guarded.run(name, counted=counted, orphaned=orphaned) == 1
    freed = {"owner": None, "lease_until_ms": None, "prior_reason": None, "attempts": attempts, "orphan_count": orphans}
    assert guarded.row() == {**ROW, **freed, "next_at_ms": waits}
    guarded.require_others_untouched(next_at_ms=1)


def test_a_wait_is_forgotten_alone(guarded: Guarded) -> None:
    guarded.put(next_at_ms=1)
    assert guarded.run("forget_wait") == 1
    assert guarded.row() == ROW
    guarded.require_others_untouched(next_at_ms=1)


HELD = Held(
    key=PhaseKey("r", "p"), digest=KEY, epoch=3, owner=OWNER, session_uid="", phase_index=None, attempt=1,
    controller=ProcessIdentity("h", 1, 1), guardian=None, lease_left_ms=0, prior_state="FAILED", prior_reason=None, held_state=None,
    orphanings=0, started_ms=None, spool_dir="", success_codes=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("held", "gone", "lease_until_ms", "is_freed"),
    [
        (HELD, True, 2**53, True),
        (HELD, False, 2**53, False),
        (HELD, False, 1, True),
        (HELD, False, None, False),
        (replace(HELD, epoch=2), True, 1, False),
        (replace(HELD, owner="b" * 32), True, 1, False),
        (replace(HELD, digest="o" * 64), True, 1, False),
    ],
    ids=["gone", "it may live", "its lease is over", "no lease", "another epoch", "another owner", "another phase"],
)
@pytest.mark.parametrize("began", [True, False])
def test_what_is_given_back_is_freed_by_epoch_owner_and_lease(
    guarded: Guarded, held: Held, gone: bool, lease_until_ms: int | None, is_freed: bool, began: bool
) -> None:
    guarded.put(lease_until_ms=lease_until_ms)
    free = _free(guarded.bench.ledger, held, KnownEnd(gone=gone, began=began))
    assert guarded.bench.database.write(lambda connection: connection.execute(free).rowcount) == is_freed
    if is_freed:
        freed = {"epoch": 4, "owner": None, "lease_until_ms": None, "prior_reason": None, "orphan_count": 3 if began else 2}
        assert guarded.row() == {**ROW, **freed}
    with guarded.bench.database.read() as connection:
        others = sa.select(guarded.claim.c.epoch).where(
            sa.or_(guarded.claim.c.source == "others", guarded.claim.c.key == "t" * 64)
        )
        assert connection.execute(others).scalars().all() == [3, 3]
