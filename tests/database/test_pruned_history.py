"""What the ledger answers is the same before and after old attempts are removed, on every database."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Settings, Source
from batchdrain.database.ledger import kept_durations, prune_attempts
from batchdrain.database.ledger.history import History
from batchdrain.database.ledger.prune_attempts import OldAttempts, count_old_attempts
from batchdrain.database.ledger.renamed import follow_rename
from batchdrain.database.ledger.retry_stats_query import read_retries_by_fingerprint
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases import columns
from batchdrain.database.phases.exact_column import ExactColumn
from batchdrain.database.phases.row_words import RowWords
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.store import Store
from batchdrain.model.phase import PhaseKey
from batchdrain.runtime import clock
from tests.database.book import Book, book

__all__ = ["book"]
pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")
LATER_MS = clock.to_ms(clock.now()) + 86_400_000
ALL = OldAttempts(before_ms=LATER_MS)


def store_of(book: Book) -> Store:
    return Store(book.database, PhaseTable.reflect(book.database, Source()), book.ledger)


def fill(book: Book, count: int) -> None:
    """Attempts of every kind, ended, of phases that have no row any more."""
    drawn = random.Random(11)
    for number in range(count):
        outcome = drawn.choice(["complete", "complete", "failed", "timeout", "moved", "released"])
        category = drawn.choice(["transient", "other", "unknown", None])
        facts: dict[str, Any] = {
            "from_category": category,
            "from_fingerprint": None if category is None else drawn.choice(["boom", "disk full ✓", "", "x" * 3000]),
            "fingerprint": None if outcome == "complete" else drawn.choice(["boom", "late", None]),
            "run_type": drawn.choice(["default", "build"]),
            "duration_ms": drawn.choice([None, 5, 1000, 60_000]) if outcome == "moved" else drawn.randrange(1, 100_000),
        }
        book.attempt(drawn.choice(["a", "b", "ä"]), outcome, ended_ms=number, **facts)


def answers(book: Book) -> list[Any]:
    history = History(book.database, book.ledger)
    past = history.read_past()
    durations = [
        history.read_durations_s(run_type, category)
        for run_type in ("default", "build")
        for category in (None, "transient", "other", "unknown")
    ]
    return [past.runs, past.retry_stats, durations, read_retries_by_fingerprint(book.database, book.ledger)]


def totals(book: Book) -> int:
    [(single,)] = book.work.sql("SELECT count(*) FROM batchdrain_attempt")
    [(summed,)] = book.work.sql("SELECT coalesce(sum(attempts), 0) FROM batchdrain_attempt_sum")
    return int(single) + int(summed)


def test_no_answer_changes_when_attempts_are_removed(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune_attempts, "PAGE", 17)
    monkeypatch.setattr(kept_durations, "RECENT", 9)
    monkeypatch.setattr("batchdrain.database.ledger.history.RECENT", 9)
    fill(book, 120)
    before, store = answers(book), store_of(book)

    half = OldAttempts(before_ms=60)  # the first half of them ended before that
    assert count_old_attempts(store, half) == 60
    assert sum(prune_attempts.prune_attempts(store, half)) == 60
    assert (answers(book), totals(book)) == (before, 120)
    fill(book, 40)
    before = answers(book)
    assert sum(prune_attempts.prune_attempts(store, ALL)) == 100
    assert (answers(book), totals(book)) == (before, 160)
    assert book.work.sql("SELECT count(*) FROM batchdrain_attempt") == [(0,)]
    assert (count_old_attempts(store, ALL), list(prune_attempts.prune_attempts(store, ALL))) == (0, [0])


def test_a_page_costs_a_few_statements_however_many_attempts_it_holds(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """A condition on many phases is what prune's time went into: it is made once, and asked for each page."""
    made: list[int] = []
    make = columns.any_of

    def note(ids: Sequence[ExactColumn], count: int) -> sa.ColumnElement[bool]:
        made.append(count)
        return make(ids, count)

    monkeypatch.setattr(columns, "any_of", note)
    monkeypatch.setattr(prune_attempts, "PAGE", 40)
    rows = [(f"r{number % 3}", str(number), 1, "COMPLETE", None) for number in range(100)]
    book.work.add(*rows)
    for run, phase, *_ in rows:
        for epoch in (1, 2):
            book.attempt(run, "failed", key=PhaseKey(run, phase).digest, phase_id=phase, epoch=epoch, ended_ms=1)
    said: list[str] = []
    sa.event.listen(
        book.database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, *_: said.append(statement.split()[0]),
    )

    removed = list(prune_attempts.prune_attempts(store_of(book), ALL))

    assert (sum(removed), totals(book), len(made)) == (200, 200, 1)
    assert said.count("DELETE") == 2 * 5, "one for each epoch of a page"
    assert said.count("SELECT") < 10 * len(removed)


def test_attempts_that_somebody_needs_stay(book: Book) -> None:
    book.work.add(
        ("r", "failed", 1, "FAILED", "x"), ("r", "complete", 1, "COMPLETE", None), ("r", "executing", 1, "EXECUTING", None),
        ("r", "queued", 1, "QUEUED", None), ("r", "odd", 1, "complete ", None),
    )  # fmt: skip
    names = ("failed", "complete", "executing", "queued", "odd", "gone", "held", "young", "open", "resumable")
    for name in names:
        facts: dict[str, Any] = {"key": PhaseKey("r", name).digest, "phase_id": name, "ended_ms": 5}
        odd: dict[str, dict[str, Any]] = {
            "young": {"ended_ms": 50},
            "open": {"ended_ms": None},
            "resumable": {"session_uid": "k" * 32},
        }
        facts |= odd.get(name, {})
        book.attempt("r", None if name == "open" else "complete", **facts)
    claim = {
        "source": "phases",
        "key": PhaseKey("r", "held").digest,
        "epoch": 1,
        "orphan_count": 0,
        "attempts": 1,
        "owner": "o" * 32,
    }
    book.database.write(lambda connection: connection.execute(book.ledger.claim.insert().values(**claim)))
    old = OldAttempts(before_ms=50, kept_sessions=frozenset({"k" * 32}))

    assert count_old_attempts(store_of(book), old) == 2
    assert sum(prune_attempts.prune_attempts(store_of(book), old)) == 2

    left = {name for (name,) in book.work.sql("SELECT phase_id FROM batchdrain_attempt")}
    assert set(names) - left == {"complete", "gone"}
    assert book.work.sql("SELECT count(*) FROM batchdrain_claim") == [(1,)], "a claim is never removed"


def test_a_run_of_one_kind_of_failure_becomes_one_row(book: Book) -> None:
    for _ in range(5):
        book.attempt("r", "complete", ended_ms=1)
    assert sum(prune_attempts.prune_attempts(store_of(book), ALL)) == 5
    row = "SELECT run_id, from_category, from_fingerprint, outcome, attempts, duration_ms FROM batchdrain_attempt_sum"
    assert book.work.sql(row) == [("r", "other", "boom", "complete", 5, 5000)]


def test_a_phase_that_fails_again_after_its_attempts_were_removed_has_its_attempts_still(book: Book) -> None:
    from batchdrain.model.states import PhaseState
    from batchdrain.planning.filters import Filters
    from batchdrain.planning.planner import Selection

    book.work.add(("r", "again", 1, "COMPLETE", None), ("r", "new", 2, "FAILED", "boom"))
    book.attempt("r", "complete", key=PhaseKey("r", "again").digest, phase_id="again", ended_ms=1)
    claim = {"source": "phases", "key": PhaseKey("r", "again").digest, "epoch": 1, "orphan_count": 0, "attempts": 1}
    book.database.write(lambda connection: connection.execute(book.ledger.claim.insert().values(**claim)))
    assert sum(prune_attempts.prune_attempts(store_of(book), ALL)) == 1
    book.work.sql("UPDATE phases SET state = 'FAILED' WHERE phase_id = 'again'")

    limit = Settings.model_validate({"stop": {"max_attempts_per_phase": 1}})
    backlog = Selection(store=store_of(book), settings=limit, filters=Filters.of(), state=PhaseState.FAILED).backlog()
    backlog.refresh(clock.now())

    assert [phase.phase_id for phase in backlog.upcoming(10, clock.now())] == ["new"]
    assert sum(backlog.skipped.values()) == 1


def test_what_a_hostile_hand_wrote_as_kept_durations_is_passed_over(book: Book) -> None:
    book.attempt("r", "complete", ended_ms=1, duration_ms=2000)
    assert sum(prune_attempts.prune_attempts(store_of(book), ALL)) == 1
    history = History(book.database, book.ledger)
    assert history.read_durations_s("default") == [2.0]
    for value in ("", "[", "[]", '{"latest": 5}', '{"latest": {"other": [[1]]}}', '{"latest": {"other": [["a", 2.5]]}}'):
        book.work.sql("UPDATE batchdrain_meta SET value = :value WHERE name LIKE 'durations/%'", [{"value": value}])
        assert history.read_durations_s("default") == []


def test_where_sessions_are_named_their_attempts_alone_are_removed(book: Book) -> None:
    for session in "abc":
        book.attempt("r", "failed", ended_ms=1, session_uid=session * 32)
    book.attempt("r", "failed", ended_ms=1, session_uid="a" * 32, source="others")
    store = store_of(book)
    for only, left in ((frozenset[str](), ["a", "b", "c"]), (frozenset({"a" * 32, "c" * 32}), ["b"])):
        old = OldAttempts(before_ms=50, only_sessions=only)
        assert count_old_attempts(store, old) == 3 - len(left)
        assert sum(prune_attempts.prune_attempts(store, old)) == 3 - len(left)
        ours = book.work.sql("SELECT session_uid FROM batchdrain_attempt WHERE source = 'phases' ORDER BY session_uid")
        assert [uid[0] for (uid,) in ours] == left
    assert book.work.sql("SELECT count(*) FROM batchdrain_attempt WHERE source = 'others'") == [(1,)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)], ids=str)
def test_a_sum_has_the_latest_start_of_all_that_it_holds_in_whatever_order_they_came(
    book: Book, order: tuple[int, ...]
) -> None:
    for number in range(3):
        book.attempt("r", "failed", ended_ms=1, session_uid=str(number) * 32, started_ms=1_000 + number, from_example="x")
    for number in order:
        old = OldAttempts(before_ms=50, only_sessions=frozenset({str(number) * 32}))
        assert sum(prune_attempts.prune_attempts(store_of(book), old)) == 1
    row = "SELECT attempts, duration_ms, last_started_ms, from_example FROM batchdrain_attempt_sum"
    assert book.work.sql(row) == [(3, 3000, 1_002, "x")]


def test_what_was_removed_of_another_table_is_not_ours(book: Book) -> None:
    book.attempt("r", "complete", ended_ms=1, duration_ms=2000)
    assert sum(prune_attempts.prune_attempts(store_of(book), ALL)) == 1
    others = Store(book.database, PhaseTable.reflect(book.database, Source()), replace(book.ledger, source="others"))
    past = others.history.read_past()
    assert (past.runs, past.summed_runs, others.history.read_durations_s("default")) == ({}, frozenset(), [])
    assert store_of(book).history.read_past().summed_runs == {"r"}


@pytest.mark.parametrize("lost", range(prune_attempts._TRIES + 2))
def test_who_adds_to_a_sum_in_the_moment_in_which_another_does_is_heard_again(
    book: Book, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    book.attempt("r", "complete", ended_ms=1)
    store, tried = store_of(book), count(1)

    def write(work: Any, real: Any = store.database.write) -> Any:
        if next(tried) <= lost:
            raise sa.exc.IntegrityError("INSERT", {}, Exception("the key exists already"))
        return real(work)

    monkeypatch.setattr(store.database, "write", write)
    if lost > prune_attempts._TRIES:
        with pytest.raises(sa.exc.IntegrityError):
            list(prune_attempts.prune_attempts(store, ALL))
        return
    assert list(prune_attempts.prune_attempts(store, ALL)) == [1]
    assert next(tried) == lost + 2


def test_a_page_that_was_removed_though_its_reply_was_lost_is_told_of_all_the_same(book: Book) -> None:
    for _ in range(3):
        book.attempt("r", "complete", ended_ms=1)
    store = store_of(book)
    page = prune_attempts.PruneTransaction(store=store, words=RowWords(store.table), old=ALL, after=None)
    assert [store.database.write(page), store.database.write(page)] == [(3, None), (3, None)]
    assert book.work.sql("SELECT attempts FROM batchdrain_attempt_sum") == [(3,)]


def test_what_was_removed_goes_with_a_table_that_got_another_name(book: Book) -> None:
    """Time limits are learnt from it, as before."""
    fill(book, 40)
    book.work.fail("a/1")
    book.attempt("a", "failed", phase_id="1", key=PhaseKey("a", "1").digest, ended_ms=LATER_MS + 1)
    before = answers(book)
    assert sum(prune_attempts.prune_attempts(store_of(book), ALL)) == 40
    book.work.sql("ALTER TABLE phases RENAME TO steps")
    assert follow(book, "steps") == before
    book.work.sql("ALTER TABLE steps RENAME TO jobs")
    assert follow(book, "jobs") == before, "nor is it lost with a second name"
    book.work.sql("ALTER TABLE jobs RENAME TO phases")
    assert follow(book, "phases") == before, "nor with the first one again"


def follow(book: Book, name: str) -> list[Any]:
    """What the ledger answers of the table that is called so now."""
    table = PhaseTable.reflect(book.database, Source(table=name))
    now = Store(book.database, table, Ledger.of(table))
    assert follow_rename(now, "u" * 32) is not None
    book.ledger = now.ledger
    return answers(book)
