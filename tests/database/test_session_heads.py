"""What the ledger keeps of sessions: all are read, however many, and who holds a phase is known."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from batchdrain.database.ledger import session_heads
from batchdrain.database.ledger.history import SESSION
from batchdrain.database.ledger.session_heads import forget_heads, read_elsewhere, read_heads, read_holders
from batchdrain.model.states import Outcome
from tests.database.bench import Bench, attempt_of, taken
from tests.database.book import Book
from tests.database.test_pruned_history import store_of

pytestmark = pytest.mark.everyday("sqlite")

ENDED = {"completed_at": "2026-01-02T03:04:05Z", "chain_uid": "c" * 32}


def keep(book: Book, name: str, value: object) -> None:
    book.ledger.write_meta(book.database, f"{SESSION}{name}", value if isinstance(value, str) else json.dumps(value))


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_the_heads_of_all_sessions_are_read_by_name_page_by_page(
    book: Book, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(session_heads, "_PAGE", 2)
    names = [f"s{number}/{number}" for number in range(count)]
    for name in reversed(names):
        keep(book, name, ENDED)
    book.ledger.write_meta(book.database, "sessions_of_others", "x")
    assert [f"{head.session_id}/{head.session_uid}" for head in read_heads(store_of(book))] == names


@pytest.mark.parametrize(
    ("value", "ended", "chain"),
    [
        (ENDED, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "c" * 32),
        ({"completed_at": "2026-01-02T03:04:05+00:00"}, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), None),
        ({**ENDED, "completed_at": None}, None, None),
        ({**ENDED, "completed_at": "2026-01-02T03:04:05"}, None, "c" * 32),
        ({**ENDED, "chain_uid": 5}, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), None),
        ("[", None, None),
        ("[]", None, None),
    ],
    ids=str,
)
def test_a_session_whose_end_can_not_be_read_has_not_ended(
    book: Book, value: object, ended: datetime | None, chain: str | None
) -> None:
    keep(book, "a/b/u", value)
    [head] = read_heads(store_of(book))
    assert (head.session_id, head.session_uid, head.completed_at, head.chain_uid) == ("a/b", "u", ended, chain)


def test_only_the_heads_that_are_named_are_forgotten(book: Book) -> None:
    for name in ("a/u", "b/u", "c/u"):
        keep(book, name, ENDED)
    store = store_of(book)
    forget_heads(store, [head for head in read_heads(store) if head.session_id != "b"])
    forget_heads(store, [])
    assert [head.session_id for head in read_heads(store)] == ["b"]
    assert book.ledger.read_meta(book.database, "database_uid") is not None


def test_who_holds_a_phase_of_whatever_table_is_named_and_who_held_one_is_not(bench: Bench) -> None:
    bench.work.fail("r/p", "r/q", "r/o")
    ours, ends = bench.controller("a"), bench.controller("b")
    taken(bench.claim(ours, "r/p"))
    done = taken(bench.claim(ends, "r/q"))
    ends.finish(done, attempt_of(done, Outcome.COMPLETE))
    bench.work.sql("UPDATE batchdrain_claim SET source = 'others', spool_dir = '/their/spool' WHERE owner IS NOT NULL")
    bench.work.sql("UPDATE batchdrain_attempt SET source = 'others' WHERE outcome IS NULL")
    assert [set(found) for found in read_holders(bench.project.store)] == [{"a" * 32}, {"/their/spool"}]


def test_a_session_is_another_tables_where_all_that_is_known_of_it_says_so(book: Book) -> None:
    table = book.ledger.session
    assert table is not None
    names = {one.name: "" if one.type.python_type is str else 0 for one in table.c if not one.nullable}
    ours, theirs, both, told = (letter * 32 for letter in "otbr")
    assert read_elsewhere(store_of(book)) == frozenset()
    for uid, sources in ((ours, ("phases",)), (theirs, ("steps",)), (both, ("phases", "steps"))):
        for source in sources:
            book.attempt("r", "complete", session_uid=uid, source=source)
    with book.work.engine.begin() as connection:
        connection.execute(table.insert().values(**names | {"source": "steps", "session_uid": told}))
        connection.execute(table.insert().values(**names | {"source": "steps", "session_uid": ours}))
    assert read_elsewhere(store_of(book)) == {theirs, told}
