"""What was asked of one part of a chain and not heard is asked of the next one, once; and which chains are between their parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from batchdrain.database.ledger.chains import ChainRow, Chains
from batchdrain.database.ledger.requests import FormerPart
from batchdrain.database.ledger.session_rows import SessionRow, SessionRows
from batchdrain.drain.chain.between_parts import read_running
from batchdrain.model.asked import Ask, Asked
from batchdrain.runtime import clock
from tests.database.bench import NOW, Bench

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")

FIRST, SECOND, CHAIN = "a" * 32, "b" * 32, "c" * 32
VALUES: dict[str, Any] = {
    "session_id": "batch-drain-20260101-000000", "chain_uid": CHAIN, "host_id": "h", "host": "there", "ctl_pid": 7, "ctl_start": 9,
    "ttl_ms": 60_000,
}  # fmt: skip


@pytest.fixture
def rows(bench: Bench) -> SessionRows:
    return SessionRows(bench.database, bench.ledger)


def begin(rows: SessionRows, uid: str, former: FormerPart | None = None) -> int:
    return rows.begin(uid, VALUES, {"kind": "queued" if uid == FIRST else "failed"}, {}, former)


def of(rows: SessionRows, uid: str) -> SessionRow:
    [found] = [row for row in rows.read() if row.uid == uid]
    return found


def ask(rows: SessionRows, seen: SessionRow, what: Ask) -> Asked | None:
    return rows.ask(seen, what, by="me@here", reason="why")


def first_part(rows: SessionRows, *heard: Ask, status: str = "complete") -> FormerPart:
    """It has ended, and heard all that was asked of it so far."""
    epoch = begin(rows, FIRST)
    for what in heard:
        ask(rows, of(rows, FIRST), what)
    rows.end(FIRST, epoch, status, {})
    return FormerPart(session_uid=FIRST, epoch=epoch, heard=len(heard))


def test_what_was_asked_between_the_parts_is_the_first_that_the_next_one_hears(rows: SessionRows) -> None:
    former = first_part(rows, Ask.PAUSE)
    asked = ask(rows, of(rows, FIRST), Ask.STOP)
    heard = rows.beat(SECOND, begin(rows, SECOND, former), {})

    assert asked is not None
    assert heard == replace(asked, number=1)
    later = ask(rows, of(rows, SECOND), Ask.STOP_NOW)
    assert (later and later.number, of(rows, FIRST).epoch) == (2, former.epoch + 1)


def test_what_the_part_before_has_heard_is_not_asked_again(rows: SessionRows) -> None:
    assert rows.beat(SECOND, begin(rows, SECOND, first_part(rows, Ask.PAUSE)), {}) is None


def test_whoever_saw_the_part_before_asks_nobody_once_the_next_one_began(rows: SessionRows) -> None:
    former = first_part(rows)
    seen = of(rows, FIRST)
    epoch = begin(rows, SECOND, former)
    assert ask(rows, seen, Ask.STOP) is None
    assert (of(rows, FIRST).asked, rows.beat(SECOND, epoch, {})) == (None, None)


def test_a_beginning_that_is_tried_again_takes_over_the_same(rows: SessionRows) -> None:
    former = first_part(rows)
    ask(rows, of(rows, FIRST), Ask.STOP)
    begin(rows, SECOND, former)
    heard = rows.beat(SECOND, begin(rows, SECOND, former), {})
    assert (heard and heard.ask, heard and heard.number) == (Ask.STOP, 2)


def test_another_controller_of_the_part_before_keeps_what_was_asked_of_it(rows: SessionRows) -> None:
    former = first_part(rows)
    begin(rows, FIRST)
    ask(rows, of(rows, FIRST), Ask.STOP)
    begin(rows, FIRST)
    assert rows.beat(SECOND, begin(rows, SECOND, former), {}) is None
    assert of(rows, FIRST).ended_ms is None


def test_a_part_whose_end_could_not_be_told_ends_as_the_next_one_begins(rows: SessionRows) -> None:
    epoch = begin(rows, FIRST)
    begin(rows, SECOND, FormerPart(session_uid=FIRST, epoch=epoch, heard=0))
    found = of(rows, FIRST)
    assert (found.ended_ms is None, found.status, [row.uid for row in rows.read(running=True)]) == (
        False,
        "interrupted",
        [SECOND],
    )


def test_a_part_that_had_ended_keeps_when_and_how(rows: SessionRows, bench: Bench) -> None:
    former = first_part(rows, status="stopped")
    bench.work.sql("UPDATE batchdrain_session SET ended_ms = 5")
    begin(rows, SECOND, former)
    found = of(rows, FIRST)
    assert (found.ended_ms, found.status, found.epoch) == (5, "stopped", former.epoch + 1)


def write_chain(bench: Bench, *, ended: bool = False) -> None:
    row = ChainRow(uid=CHAIN, task="drain-all", started_at=NOW, asked={}, sessions={"queued": "s"})
    status = "stopped" if ended else None
    Chains(bench.database, bench.ledger).write(replace(row, ended_at=clock.now() if ended else None, status=status))


@pytest.mark.parametrize(
    ("alive", "silent", "is_shown"), [(True, True, True), (False, False, False), (None, False, True), (None, True, False)]
)
def test_a_chain_is_between_its_parts_while_its_process_lives_or_may(
    rows: SessionRows, bench: Bench, alive: bool | None, silent: bool, is_shown: bool
) -> None:
    write_chain(bench)
    first_part(rows)
    if silent:
        bench.work.sql("UPDATE batchdrain_session SET beat_ms = beat_ms - 61000")
    assert [row.uid for row in read_running(bench.project, lambda _: alive)] == [FIRST] * is_shown


def test_no_chain_is_between_its_parts_that_has_ended_or_whose_last_part_has(rows: SessionRows, bench: Bench) -> None:
    def shown() -> list[str]:
        return [row.uid for row in read_running(bench.project, lambda _: True)]

    former = first_part(rows)
    assert shown() == []
    write_chain(bench)
    assert shown() == [FIRST]
    epoch = begin(rows, SECOND, former)
    assert shown() == [SECOND]
    bench.work.sql("UPDATE batchdrain_session SET begun_ms = begun_ms + 1 WHERE session_uid = '" + SECOND + "'")
    rows.end(SECOND, epoch, "complete", {})
    assert shown() == []
    rows.end(FIRST, None, "complete", {})
    write_chain(bench, ended=True)
    assert shown() == []
