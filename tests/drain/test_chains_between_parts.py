"""Which sessions are told to run: those that have not ended, and of each chain that is between its parts the part that ended."""

from __future__ import annotations

from collections.abc import Collection
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.database.ledger.session_rows import SessionRow
from batchdrain.drain.chain import between_parts as room
from batchdrain.drain.chain.between_parts import read_running

QUEUED, FAILED = {"kind": "queued"}, {"kind": "failed"}


def session(uid: str, chain_uid: str | None = None, **facts: Any) -> SessionRow:
    """The queued part of its chain, which ended and lets the next one follow."""
    base: dict[str, Any] = {
        "session_id": uid, "epoch": 1, "controller": None, "host": "h", "wanted": QUEUED, "progress": {"may_go_on": True}, "asked": None,
        "begun_ms": 1, "beat_age_ms": 1_000, "ttl_ms": 1_000, "ended_ms": 9, "status": "complete",
    }  # fmt: skip
    return SessionRow(uid=uid, chain_uid=chain_uid, **{**base, **facts})


def running(
    monkeypatch: pytest.MonkeyPatch, *rows: SessionRow, open_chains: Collection[str] = ("c", "d"), alive: bool | None = True
) -> list[str]:
    """`rows`: the newest first. The chain `over` has ended."""
    chains = {uid: SimpleNamespace(ended_at=None) for uid in open_chains} | {"over": SimpleNamespace(ended_at="then")}
    monkeypatch.setattr(room, "Chains", lambda *_: SimpleNamespace(read_left=lambda: chains))

    def read(*, running: bool = False, chains: Collection[str] | None = None) -> list[SessionRow]:
        if running:
            return [row for row in rows if row.ended_ms is None]
        return [row for row in rows if chains is None or row.chain_uid in chains]

    project: Any = SimpleNamespace(session_rows=SimpleNamespace(read=read), store=SimpleNamespace(database=None, ledger=None))
    return [row.uid for row in read_running(project, lambda row: alive)]


def test_a_session_that_has_not_ended_runs_and_one_that_ended_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = session("b", ended_ms=None, begun_ms=2), session("a", ended_ms=None), session("z")
    assert running(monkeypatch, *rows) == running(monkeypatch, *rows, open_chains=()) == ["b", "a"]


def test_of_each_open_chain_the_part_that_ended_last_is_told_and_the_newest_comes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = (
        session("newest", "d", begun_ms=5), session("alone", ended_ms=None, begun_ms=4), session("part", "c", begun_ms=3),
        session("before it", "c", begun_ms=2), session("of one that ended", "over"),
    )  # fmt: skip
    assert running(monkeypatch, *rows) == ["newest", "alone", "part"]


def test_of_a_chain_whose_next_part_runs_that_part_alone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = session("failed", "c", wanted=FAILED, ended_ms=None, begun_ms=2), session("queued", "c"), session("other", "d")
    assert running(monkeypatch, *rows) == ["failed", "other"]


def test_a_part_that_began_between_the_two_readings_is_told_whatever_it_is_and_each_chain_once() -> None:
    rows = [
        session("late", "c", wanted=FAILED, ended_ms=None), session("queued", "c"), session("alone", ended_ms=None),
        session("other", "d"),
    ]  # fmt: skip
    assert [row.uid for row in room._find(rows, lambda _: True)] == ["late", "other"]


@pytest.mark.parametrize(
    ("facts", "alive", "is_told"),
    [
        ({}, True, True),
        ({}, False, False),
        ({}, None, True),
        ({"beat_age_ms": 1_001}, None, False),
        ({"beat_age_ms": 1_001}, True, True),
        ({"wanted": FAILED}, True, False),
        ({"progress": {"may_go_on": False}}, True, False),
        ({"progress": {"may_go_on": "yes"}}, True, False),
        ({"progress": {}}, True, True),
        ({"progress": {}, "status": "interrupted"}, True, False),
        ({"status": "interrupted"}, True, True),
    ],
)
def test_the_queued_part_is_followed_by_the_next_one_while_its_process_lives_and_it_ended_as_it_should(
    monkeypatch: pytest.MonkeyPatch, facts: dict[str, Any], alive: bool | None, *, is_told: bool
) -> None:
    """Whose process can't be seen is believed for as long as a sign of life counts."""
    assert running(monkeypatch, session("q", "c", **facts), alive=alive) == ["q"] * is_told
