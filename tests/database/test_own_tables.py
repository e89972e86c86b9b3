"""batchdrain's own tables, to which somebody added a trigger that refuses: told as what it is, with what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from batchdrain.config.settings import Command
from batchdrain.database.ledger.chains import ChainRow, Chains
from batchdrain.database.ledger.groups import Groups
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.database.ledger.session_rows import SessionRows
from batchdrain.model.claim import Group
from batchdrain.model.errors import BadData, ConfigError
from batchdrain.model.states import Outcome
from tests.database.bench import Bench, attempt_of, opened, taken
from tests.support.workplace import Workplace

REFUSES: Final = "refuses what batchdrain writes into its own tables: not here"


@pytest.fixture
def local(sqlite_project: Workplace) -> Iterator[Bench]:
    yield from opened(sqlite_project, Command(argv=["true"]))


def refuse(bench: Bench, table: str, what: str = "INSERT") -> None:
    bench.work.sql(
        f"CREATE TRIGGER no_{table}_{what} BEFORE {what} ON batchdrain_{table} BEGIN SELECT RAISE(ABORT, 'not here'); END"
    )


def _begin_session(bench: Bench) -> object:
    values = dict.fromkeys(("session_id", "host_id", "host"), "x") | dict.fromkeys(("ctl_pid", "ctl_start", "ttl_ms"), 1)
    return SessionRows(bench.database, bench.ledger).begin("a" * 32, {**values, "chain_uid": None}, {}, {})


WRITES: Final[dict[str, tuple[str, Callable[[Bench], object]]]] = {
    "a note": ("meta", lambda it: Notes(it.database, it.ledger).write(NoteKind.VERDICT, {"s": {}})),
    "a session's head": ("meta", lambda it: it.ledger.write_meta(it.database, "session/s/u", "{}")),
    "a chain": ("chain", lambda it: Chains(it.database, it.ledger).write(
        ChainRow(uid="c" * 32, task="drain-all", started_at=datetime(2026, 1, 1, tzinfo=UTC), asked={}))),
    "a session": ("session", _begin_session),
    "a group": ("group", lambda it: Groups(it.database, it.ledger).join(Group("g"), most=1, minutes=0, asked={})),
    "a claim": ("claim", lambda it: it.claim(it.controller(), "r/p")),
    "an attempt": ("attempt", lambda it: it.claim(it.controller(), "r/p")),
}  # fmt: skip


@pytest.mark.parametrize("what", WRITES)
def test_what_they_refuse_is_an_error_that_says_so_and_what_to_do(local: Bench, what: str) -> None:
    table, write = WRITES[what]
    local.work.fail("r/p")
    refuse(local, table)
    with pytest.raises(ConfigError, match=REFUSES) as refused:
        write(local)
    assert "trigger or the constraint" in str(refused.value)
    assert local.work.states() == {"r/p": "FAILED"}, "nothing was taken"


def test_an_end_that_they_refuse_is_no_refusal_of_the_users_table(local: Bench) -> None:
    local.work.fail("r/p")
    claims = local.controller()
    held = taken(local.claim(claims, "r/p"))
    refuse(local, "attempt", "UPDATE")
    with pytest.raises(ConfigError, match=REFUSES):
        claims.finish(held, attempt_of(held, Outcome.COMPLETE))
    assert local.work.states() == {"r/p": "EXECUTING"}, "it is held, and recovery gives it back once they take it"


def test_a_claim_that_another_controller_wins_in_the_same_moment_is_no_refusal(
    local: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.work.fail("r/p")
    first, second = local.controller("a"), local.controller("b")
    taken(local.claim(first, "r/p"))
    local.work.sql("UPDATE phases SET state = 'FAILED'")
    seen: Any = "batchdrain.database.ledger.claim_transaction.ClaimTransaction._read_claim"
    monkeypatch.setattr(seen, lambda *_: None)
    assert local.claim(second, "r/p") is None


def test_an_attempt_that_no_claim_knows_is_told_as_that(local: Bench) -> None:
    local.work.fail("r/p")
    claims = local.controller()
    held = taken(local.claim(claims, "r/p"))
    claims.finish(held, attempt_of(held, Outcome.FAILED, "x"))
    local.work.sql("DELETE FROM batchdrain_claim")
    with pytest.raises(BadData, match="batchdrain_attempt has an attempt that batchdrain_claim does not know"):
        local.claim(local.controller("b"), "r/p")
