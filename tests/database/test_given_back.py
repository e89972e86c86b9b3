"""What a claim that is given back says of it, which ways it tries, and that it waits for nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Command
from batchdrain.database.driver_errors import RowRefused
from batchdrain.database.ledger import give_back as room
from batchdrain.database.ledger.give_back import GiveBack, KnownEnd, give_back, try_give_back
from batchdrain.database.ledger.groups import Groups
from batchdrain.database.ledger.held_claims import Held
from batchdrain.database.ledger.way_back import WayBack
from batchdrain.model.claim import Group
from batchdrain.model.errors import BadData, BatchDrainError
from batchdrain.model.phase import GONE
from batchdrain.model.states import Outcome, PhaseState
from tests.database.bench import NOW, Bench, attempt_of, choice_of, opened, taken
from tests.database.test_recovery import giving_back
from tests.support.workplace import Workplace

KNOWN = KnownEnd(gone=True, began=True)


@pytest.fixture
def bench(sqlite_project: Workplace) -> Iterator[Bench]:
    yield from opened(sqlite_project, Command(argv=["true"]))


def held_of(bench: Bench, state: PhaseState = PhaseState.QUEUED) -> Held:
    bench.work.add(("r", "p", 0, state.value.upper(), "before"))
    taken(bench.controller().claim(choice_of("r/p", state), lease_s=3600, run_type="default", now=NOW))
    [held] = bench.project.store.history.read_held()
    return held


NOTES: list[tuple[WayBack, str | None, str, str]] = [
    # the way, what somebody made of the row meanwhile, its state then, the note
    (WayBack.PRIOR, None, "QUEUED", ""),
    (WayBack.PRIOR, "COMPLETE", "COMPLETE", ""),
    (WayBack.FAILED, None, "FAILED", "x"),
    (WayBack.FAILED, "QUEUED", "QUEUED", ""),
    (WayBack.NOTHING, None, "EXECUTING", "x"),
    (WayBack.NOTHING, "QUEUED", "QUEUED", ""),
]


@pytest.mark.parametrize(("way", "meanwhile", "state", "note"), NOTES)
def test_a_phase_that_is_not_as_before_the_claim_says_why_if_another_way_was_gone(
    bench: Bench, way: WayBack, meanwhile: str | None, state: str, note: str
) -> None:
    held_of(bench)
    if meanwhile is not None:
        bench.work.sql(f"UPDATE phases SET state = '{meanwhile}'")
    found = bench.database.write(replace(giving_back(bench, gone=True), way=way))
    assert found is not None
    assert (found.state, found.note, found.epoch, found.key.phase_id) == (state, note, 1, "p")
    assert bench.rows("outcome, final_state") == [("orphaned", state)]


def test_a_phase_whose_row_is_gone_is_given_back_as_gone(bench: Bench) -> None:
    held_of(bench)
    bench.work.sql("DELETE FROM phases")
    found = give_back(bench.project.store, bench.command, held := bench.project.store.history.read_held()[0], gone=True)
    assert found is not None
    assert (found.state, found.note, bench.rows("final_state")) == (GONE, "", [(GONE,)])
    assert give_back(bench.project.store, bench.command, held, gone=True) is None


@pytest.mark.parametrize("began", [True, False])
def test_how_often_a_phase_was_given_back_in_a_row_is_told_with_this_time(bench: Bench, began: bool) -> None:
    held = replace(held_of(bench), orphanings=2)
    found = give_back(bench.project.store, bench.command, held, gone=True, began=began)
    assert found is not None
    assert (found.orphanings, found.began) == (2 + began, began)
    assert bench.rows("outcome") == [("orphaned" if began else "not_started",)]


Give = Callable[[Bench, Held], object]
IN_EARNEST: Give = lambda bench, held: give_back(bench.project.store, bench.command, held, gone=True)  # noqa: E731
ON_TRIAL: Give = lambda bench, held: try_give_back(bench.project.store, bench.command, held)  # noqa: E731


@pytest.mark.parametrize("give", [IN_EARNEST, ON_TRIAL], ids=["in earnest", "on trial"])
def test_neither_what_is_given_back_nor_its_trial_waits_for_a_lock(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, give: Give
) -> None:
    held, waits, write = held_of(bench), list[bool](), bench.database.write

    def note(work: Any, *, may_wait: bool = True) -> Any:
        waits.append(may_wait)
        return write(work, may_wait=may_wait)

    monkeypatch.setattr(bench.database, "write", note)
    give(bench, held)
    assert waits == [False]


def test_a_trial_is_of_a_claim_whose_end_is_known_whatever_its_lease(bench: Bench) -> None:
    """It fails as the release itself would."""
    held = held_of(bench, PhaseState.FAILED)
    try_give_back(bench.project.store, bench.command, held)
    bench.work.sql("CREATE TRIGGER never BEFORE UPDATE ON phases BEGIN SELECT RAISE(ABORT, 'not this'); END")
    with pytest.raises(RowRefused, match=r"r / p can't be released: .*not this"):
        try_give_back(bench.project.store, bench.command, held)
    assert bench.rows("epoch, owner IS NULL, orphan_count", "batchdrain_claim") == [(1, 0, 0)]


class Postgresql:
    """A connection as far as a trial asks for it."""

    def __init__(self, dialect: str) -> None:
        self.dialect = SimpleNamespace(name=dialect)
        self.done: list[str] = []

    def exec_driver_sql(self, text: str) -> None:
        self.done.append(text)


@pytest.mark.parametrize("dialect", ["postgresql", "sqlite", "mysql"])
def test_a_trial_asks_postgresql_at_once_what_it_would_ask_at_the_commit_and_is_rolled_back(dialect: str) -> None:
    connection: Any = Postgresql(dialect)
    database: Any = SimpleNamespace(write=lambda work, **_: work(connection))
    work: Any = lambda given: given.done.append("the release")  # noqa: E731
    with pytest.raises(room._Tried):
        room._write_and_roll_back(database, work)
    asks = ["SET CONSTRAINTS ALL IMMEDIATE"] if dialect == "postgresql" else []
    assert connection.done == ["the release", *asks]


def at_commit(text: str) -> sa.exc.IntegrityError:
    return sa.exc.IntegrityError(None, None, Exception(text))


def of_own_table(text: str) -> sa.exc.IntegrityError:
    return sa.exc.IntegrityError("UPDATE batchdrain_claim", None, Exception(text))


class Refusing:
    """A database that refuses each way with an error, and takes the next one."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.tried: list[tuple[WayBack, str]] = []

    def __call__(self, work: GiveBack) -> Any:
        self.tried.append((work.way, work.why))
        if self.errors:
            raise self.errors.pop(0)
        return None


def try_ways(bench: Bench, held: Held, *errors: BaseException) -> Refusing:
    refusing = Refusing(*errors)
    room._give_back(bench.project.store, bench.command, held, KNOWN, write=refusing)
    return refusing


REFUSALS: list[tuple[BaseException, str]] = [
    (at_commit("only once"), "table 'phases' refuses at the commit what a drain writes: only once"),
    (RowRefused("the table says no"), "the table says no"),
    (BadData("two rows"), "two rows"),
]


@pytest.mark.parametrize(("error", "message"), REFUSALS)
def test_a_queued_phase_that_is_refused_becomes_failed_with_the_reason(
    bench: Bench, error: BaseException, message: str
) -> None:
    tried = try_ways(bench, held_of(bench), error).tried
    assert [way for way, _ in tried] == [WayBack.PRIOR, WayBack.FAILED]
    assert tried[1][1] == f"it was to be released, but {message}"


@pytest.mark.parametrize(("error", "message"), REFUSALS)
def test_a_failed_phase_has_no_other_way(bench: Bench, error: BaseException, message: str) -> None:
    with pytest.raises(RowRefused, match=f"r / p can't be released: {message}") as found:
        try_ways(bench, held_of(bench, PhaseState.FAILED), error)
    assert "its row stays EXECUTING" in str(found.value.remedy)


def test_where_every_way_is_refused_the_first_refusal_is_told(bench: Bench) -> None:
    pairs: list[tuple[BaseException, BaseException]] = [
        (at_commit("the first"), at_commit("the second")),
        (RowRefused("the first"), RowRefused("the second")),
    ]
    held = held_of(bench)
    for errors in pairs:
        with pytest.raises(RowRefused, match=r"r / p can't be released: .*the first") as found:
            try_ways(bench, held, *errors)
        assert isinstance(found.value.__cause__, BatchDrainError)


def test_a_refusal_of_our_own_tables_is_told_as_theirs(bench: Bench) -> None:
    tried = try_ways(bench, held_of(bench), of_own_table("a trigger")).tried
    assert "refuses what batchdrain writes into its own tables: a trigger" in tried[1][1]


def test_a_table_that_nobody_can_write_is_left_as_it_is_and_says_why(bench: Bench) -> None:
    held = held_of(bench)
    bench.table.writability = replace(bench.table.writability, problem="is a view that takes no writes")
    assert try_ways(bench, held).tried == [
        (WayBack.NOTHING, "it was to be released, but table 'phases' is a view that takes no writes")
    ]


@pytest.mark.parametrize(("word", "state"), [("CLAIMED", "FAILED"), ("EXECUTING", "FAILED"), ("COMPLETE", "COMPLETE")])
def test_a_row_is_given_back_from_the_word_with_which_it_was_claimed_and_from_that_of_today(
    bench: Bench, word: str, state: str
) -> None:
    """A drain of yesterday may have mapped another word."""
    held = replace(held_of(bench, PhaseState.FAILED), held_state="CLAIMED")
    bench.work.sql(f"UPDATE phases SET state = '{word}'")
    give_back(bench.project.store, bench.command, held, gone=True)
    assert bench.work.states() == {"r/p": state}


def test_what_fails_because_of_the_row_s_own_content_is_told_with_its_name(bench: Bench) -> None:
    with pytest.raises(RowRefused, match=r"r / p can't be released: r / p: this row can't be drained: .*not UTF-8"):
        try_ways(bench, held_of(bench, PhaseState.FAILED), UnicodeDecodeError("utf-8", b"x", 0, 1, "not UTF-8"))


def test_the_unit_of_a_group_comes_back_with_the_phase_once(bench: Bench) -> None:
    group = Group("g")
    Groups(bench.database, bench.ledger).join(group, most=5, minutes=0, asked={})
    bench.work.add(("r", "p", 0, "FAILED", None), ("r", "q", 0, "FAILED", None), ("r", "alone", 0, "FAILED", None))
    for name, of in (("r/p", group), ("r/q", group), ("r/alone", None)):
        taken(bench.controller().claim(choice_of(name), lease_s=3600, run_type="default", now=NOW, group=of))
    held = {one.key.phase_id: one for one in bench.project.store.history.read_held()}
    for name in ("p", "p", "alone"):
        give_back(bench.project.store, bench.command, held[name], gone=True)
    try_give_back(bench.project.store, bench.command, held["q"])
    assert bench.work.sql("SELECT taken FROM batchdrain_group") == [(1,)]


def test_other_attempts_stay_as_they_are_and_say_nothing_of_what_we_gave_back(bench: Bench) -> None:
    bench.work.fail("r/p", "r/q")
    ours = bench.controller()
    first = taken(bench.claim(ours, "r/p"))
    ours.finish(first, attempt_of(first, Outcome.FAILED, "why"))
    taken(bench.claim(ours, "r/p"))
    back = giving_back(bench, gone=True)
    other = taken(bench.claim(ours, "r/q"))
    ours.finish(other, attempt_of(other, Outcome.FAILED, "why"))
    taken(bench.claim(ours, "r/q"))
    found = bench.database.write(back)
    assert found is not None
    assert bench.database.write(back) == found, "the reply was lost"
    assert sorted(bench.rows("phase_id, epoch, outcome"), key=str) == [
        ("p", 1, "failed"), ("p", 2, "orphaned"), ("q", 1, "failed"), ("q", 2, None),
    ]  # fmt: skip
