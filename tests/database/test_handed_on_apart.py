"""What is handed on from one part of a chain to the next touches no row of another table, session or controller."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from batchdrain.config.settings import Command
from batchdrain.database.ledger.requests import FormerPart, to_asked
from batchdrain.database.ledger.session_rows import SessionRows
from batchdrain.model.asked import Ask
from tests.database.bench import Bench, opened
from tests.database.test_handed_on import FIRST, SECOND, ask, begin, first_part, of
from tests.support.workplace import Workplace

THIRD = "d" * 32


@pytest.fixture
def bench(sqlite_project: Workplace) -> Iterator[Bench]:
    yield from opened(sqlite_project, Command(argv=["true"]))


@pytest.fixture
def rows(bench: Bench) -> SessionRows:
    return SessionRows(bench.database, bench.ledger)


def copied(bench: Bench) -> None:
    """The same sessions of another table."""
    bench.work.sql("CREATE TABLE copied AS SELECT * FROM batchdrain_session")
    bench.work.sql("UPDATE copied SET source = 'others'")
    bench.work.sql("INSERT INTO batchdrain_session SELECT * FROM copied")


def others(bench: Bench) -> list[tuple[Any, ...]]:
    return bench.work.sql("SELECT * FROM batchdrain_session WHERE source = 'others' ORDER BY session_uid")


def test_what_is_handed_on_leaves_the_same_sessions_of_another_table_alone(rows: SessionRows, bench: Bench) -> None:
    former = first_part(rows)
    begin(rows, SECOND)
    begin(rows, THIRD)
    copied(bench)
    bench.work.sql("UPDATE batchdrain_session SET asked_no = 7 WHERE source = 'others'")
    ask(rows, of(rows, FIRST), Ask.STOP)
    before = others(bench)
    beside = "SELECT * FROM batchdrain_session WHERE session_uid = :uid ORDER BY source"
    third = bench.work.sql(beside, [{"uid": THIRD}])
    heard = rows.beat(SECOND, begin(rows, SECOND, former), {})
    assert (heard and heard.ask, heard and heard.number) == (Ask.STOP, 1)
    assert (others(bench), bench.work.sql(beside, [{"uid": THIRD}])) == (before, third)


def test_what_another_table_was_asked_is_not_heard(rows: SessionRows, bench: Bench) -> None:
    former = first_part(rows)
    copied(bench)
    asked = '{"number": 1, "ask": "stop", "by": "x", "reason": "", "at_ms": 1}'
    bench.work.sql("UPDATE batchdrain_session SET asked = :a, epoch = 2 WHERE source = 'others'", [{"a": asked}])
    assert rows.beat(SECOND, begin(rows, SECOND, former), {}) is None


def test_what_a_later_controller_of_the_former_part_was_asked_is_its_own(rows: SessionRows) -> None:
    former = first_part(rows)
    for _ in range(2):
        begin(rows, FIRST)
    assert ask(rows, of(rows, FIRST), Ask.STOP) is not None
    assert rows.beat(SECOND, begin(rows, SECOND, former), {}) is None
    found = of(rows, FIRST)
    assert (found.ended_ms, found.status, found.epoch) == (None, None, former.epoch + 2)


def test_an_earlier_part_that_is_gone_hands_nothing_on(rows: SessionRows) -> None:
    former = FormerPart(session_uid="e" * 32, epoch=1, heard=0)
    assert rows.beat(SECOND, begin(rows, SECOND, former), {}) is None


@pytest.mark.parametrize("heard", [0, 1, 2])
def test_only_what_came_after_the_last_that_was_heard_is_handed_on(rows: SessionRows, heard: int) -> None:
    former = first_part(rows)
    for what in (Ask.PAUSE, Ask.STOP)[:1]:
        ask(rows, of(rows, FIRST), what)
    found = rows.beat(SECOND, begin(rows, SECOND, FormerPart(session_uid=FIRST, epoch=former.epoch, heard=heard)), {})
    assert (found is not None) is (heard < 1)


@pytest.mark.parametrize(
    "text",
    [
        None, "", "no json", "[]", "7", "{}", '{"number": 1}', '{"number": "x", "ask": "stop", "by": "", "reason": "", "at_ms": 1}',
        '{"number": 1, "ask": "dance", "by": "", "reason": "", "at_ms": 1}', '{"number": 1e999, "ask": "stop", "by": "", "reason": "", "at_ms": 1}',
        "[" * 9_000,
    ],
)  # fmt: skip
def test_what_is_no_request_of_ours_asks_for_nothing(text: str | None) -> None:
    assert to_asked(text) is None


def test_of_a_request_at_most_five_hundred_characters_of_each_text_are_read() -> None:
    found = to_asked(f'{{"number": 3, "ask": "pause", "by": "{"b" * 501}", "reason": "{"r" * 501}", "at_ms": 9}}')
    assert found is not None
    assert (found.number, found.ask, found.by, found.reason, found.at_ms) == (3, Ask.PAUSE, "b" * 500, "r" * 500, 9)
