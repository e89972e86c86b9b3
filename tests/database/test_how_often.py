"""How often a write of our own tables is tried: as often as somebody else may come first, and then it ends."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.database.ledger import prune_attempts, renamed
from batchdrain.database.ledger.own_writes import write_own
from batchdrain.database.ledger.prune_attempts import OldAttempts
from batchdrain.database.ledger.session_rows import SessionRows
from batchdrain.model.asked import Ask
from batchdrain.model.errors import ConfigError
from tests.database.bench import Bench

REFUSED = sa.exc.IntegrityError("INSERT", {}, Exception("UNIQUE constraint failed"))


class Refuses:
    """A database that refuses so many writes."""

    name = "sqlite:///x.db"

    def __init__(self, times: int) -> None:
        self.times = times
        self.writes = 0
        self.waits: list[bool] = []

    def write(self, work: Callable[[Any], Any], *, may_wait: bool = True) -> Any:
        self.writes += 1
        self.waits.append(may_wait)
        if self.writes <= self.times:
            raise REFUSED
        return work(None)


@pytest.mark.parametrize(("times", "writes"), [(0, 1), (1, 2)])
@pytest.mark.parametrize("may_wait", [True, False])
def test_a_row_that_another_inserts_at_the_same_time_is_written_once_more(times: int, writes: int, may_wait: bool) -> None:
    database: Any = Refuses(times)
    assert write_own(database, lambda _: "written", may_wait=may_wait) == "written"
    assert (database.writes, database.waits) == (writes, [may_wait] * writes)


def test_what_is_refused_twice_is_told_with_its_cure() -> None:
    database: Any = Refuses(9)
    with pytest.raises(ConfigError, match="refuses what batchdrain writes into its own tables: UNIQUE") as caught:
        write_own(database, lambda _: None)
    assert (database.writes, "remove the trigger or the constraint" in caught.value.remedy) == (2, True)


@pytest.mark.parametrize(("times", "writes"), [(0, 1), (5, 6)])
def test_a_page_of_old_attempts_is_tried_five_times_and_once_more(
    times: int, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    database: Any = Refuses(times)
    store: Any = SimpleNamespace(database=database)
    monkeypatch.setattr(prune_attempts, "PruneTransaction", lambda **_: lambda _: (3, None))
    assert prune_attempts._write(store, None, OldAttempts(before_ms=1), None) == (3, None)  # type: ignore[arg-type]
    assert database.writes == writes


def test_a_page_that_is_refused_each_time_is_an_error() -> None:
    database: Any = Refuses(99)
    with pytest.raises(sa.exc.IntegrityError):
        prune_attempts._write(SimpleNamespace(database=database), None, OldAttempts(before_ms=1), None)  # type: ignore[arg-type]
    assert database.writes == 6


@pytest.mark.parametrize(("times", "writes", "is_done"), [(0, 1, True), (2, 3, True), (3, 3, False)])
def test_a_rename_is_followed_in_three_tries_or_not_at_all(times: int, writes: int, is_done: bool) -> None:
    database: Any = Refuses(times)
    store: Any = SimpleNamespace(database=database)
    assert renamed._write(store, lambda _: None) is is_done
    assert database.writes == writes


@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize(("others", "is_asked"), [(4, True), (5, False)])
def test_a_request_is_tried_five_times_while_others_make_requests_too(
    bench: Bench, others: int, is_asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, uid = SessionRows(bench.database, bench.ledger), "a" * 32
    values = {
        "session_id": "s",
        "chain_uid": None,
        "host_id": "h",
        "host": "h",
        "ctl_pid": 1,
        "ctl_start": 1,
        "ttl_ms": 60_000,
    }
    rows.begin(uid, values, {}, {})
    [row] = rows.read()
    write, table = bench.database.write, bench.ledger.session
    assert table is not None
    left = [others]

    def after_another(work: Callable[[sa.Connection], Any], *, may_wait: bool = True) -> Any:
        if left[0]:
            left[0] -= 1
            write(lambda connection: connection.execute(table.update().values(asked_no=table.c.asked_no + 1)))
        return write(work, may_wait=may_wait)

    monkeypatch.setattr(bench.database, "write", after_another)
    asked = rows.ask(row, Ask.PAUSE, by="me", reason="why")
    assert (asked is not None, left[0]) == (is_asked, 0)
    assert asked is None or asked.number == others + 1
