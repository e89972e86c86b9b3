"""The chains of the ledger: what is left, what ended when, and of which table they are."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from batchdrain.database.ledger.chains import CHAIN, ChainRow, Chains
from batchdrain.database.ledger.schema import Ledger
from batchdrain.runtime import clock
from tests.database.book import Book, book

__all__ = ["book"]
pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")

BEGAN = clock.from_ms(1_700_000_000_000)


def chain(uid: str, **fields: Any) -> ChainRow:
    given: dict[str, Any] = {"uid": uid * 32, "task": "drain-all", "started_at": BEGAN, "asked": {"limits": [1, None]}}
    return ChainRow(**{**given, **fields})


def ended(uid: str, at: datetime, status: str | None = "complete") -> ChainRow:
    return chain(uid, ended_at=at, status=status)


def old(book: Book) -> Chains:
    """Of tables that have no table of chains yet."""
    ledger = Ledger(
        meta=book.ledger.meta, claim=book.ledger.claim, attempt=book.ledger.attempt, source="phases", version=2, later={}
    )
    return Chains(book.database, ledger)


@pytest.mark.parametrize("of", [lambda book: Chains(book.database, book.ledger), old], ids=["now", "without its table"])
def test_a_chain_comes_back_as_it_was_written_last(book: Book, of: Any) -> None:
    chains: Chains = of(book)
    chains.write(chain("a", sessions={"queued": "s1"}))
    chains.write(chain("b"))
    last = chain("a", sessions={"queued": "s1", "failed": "s2"}, ended_at=BEGAN + timedelta(seconds=9), status="complete",
                 asked={"stopped_because": "it was enough"})  # fmt: skip
    chains.write(last)
    assert (chains.read("a" * 32), chains.read("b" * 32), chains.read("c" * 32)) == (last, chain("b"), None)
    assert (last.because, chain("b").because, chain("c", asked={"stopped_because": 5}).because) == (
        "it was enough",
        None,
        None,
    )
    assert chains.read_left() == {"b" * 32: chain("b")}


def test_a_chain_of_before_there_was_a_table_moves_into_it_when_it_is_written(book: Book) -> None:
    old(book).write(chain("a"))
    chains = Chains(book.database, book.ledger)
    assert chains.read_left() == {"a" * 32: chain("a")}
    chains.write(chain("a", task="drain-all-again"))
    assert chains.read("a" * 32) == chain("a", task="drain-all-again")
    assert book.work.sql(f"SELECT name FROM batchdrain_meta WHERE name LIKE '{CHAIN}%'") == []


def test_what_ended_without_being_complete_is_left_and_what_is_complete_is_not(book: Book) -> None:
    chains = Chains(book.database, book.ledger)
    for row in (chain("a"), ended("b", BEGAN, "stopped"), ended("c", BEGAN)):
        chains.write(row)
    assert chains.read_left() == {"a" * 32: chain("a"), "b" * 32: ended("b", BEGAN, "stopped")}


def test_only_chains_that_ended_before_a_moment_are_named_and_only_ended_ones_are_forgotten(book: Book) -> None:
    chains, limit = Chains(book.database, book.ledger), BEGAN + timedelta(days=1)
    for row in (chain("a"), ended("c", BEGAN), ended("b", BEGAN), ended("d", limit), ended("e", limit + timedelta(days=1))):
        chains.write(row)
    assert [uid[0] for uid in chains.read_ended(limit)] == ["b", "c"]

    chains.forget(["a" * 32, "b" * 32])

    assert {name for name in "abcde" if chains.read(name * 32) is not None} == {"a", "c", "d", "e"}


def test_chains_of_another_table_in_the_same_ledger_are_not_ours(book: Book) -> None:
    chains = Chains(book.database, book.ledger)
    chains.write(chain("a"))
    chains.write(ended("b", BEGAN))
    old(book).write(chain("c"))
    book.work.sql("UPDATE batchdrain_chain SET source = 'others'")
    book.work.sql(f"UPDATE batchdrain_meta SET value = replace(value, 'phases', 'others') WHERE name LIKE '{CHAIN}%'")
    assert (chains.read("a" * 32), chains.read_left(), chains.read_ended(BEGAN + timedelta(days=1))) == (None, {}, [])


UNTIMELY = {
    "source": "phases",
    "task": "x",
    "started_ms": "soon",
    "ended_ms": None,
    "asked": "{}",
    "sessions": "{}",
    "status": None,
}


@pytest.mark.parametrize("value", ["", "[", "5", "{}", '{"source": "phases"}', json.dumps(UNTIMELY)])
def test_what_a_hostile_hand_wrote_as_a_chain_is_none(book: Book, value: str) -> None:
    book.ledger.write_meta(book.database, f"{CHAIN}{'a' * 32}", value)
    assert Chains(book.database, book.ledger).read_left() == {}
