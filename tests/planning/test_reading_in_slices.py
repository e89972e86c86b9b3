"""The backlog is read again while phases run, a run by itself where a lane ran out, and of a text only what is needed is worked
out."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Page, Row
from batchdrain.failures.categories import categorise
from batchdrain.model.lane import Lane
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.lane_backlog import LaneBacklog
from batchdrain.planning.lane_buffer import LaneBuffer
from batchdrain.planning.reading import Reading
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.policies.ranking import Ranking, ranking_of
from tests.planning.backlogs import NOW, ROWS, names

SECRET = "hunter2-hunter2"


class Table:
    """Rows that change, and how often which of them were read."""

    def __init__(self, rows: list[Row]) -> None:
        self.rows = rows
        self.attempted: set[PhaseKey] = set()
        self.asked: list[str] = []
        self.categorised: list[str | None] = []

    def backlog(self, policy: list[Any] | None = None, ranking: Ranking | None = None) -> LaneBacklog:
        return LaneBacklog(
            self._read, ranking or ranking_of(policy or ["smart"]), state=PhaseState.FAILED, categorise=self._categorise,
            run_type=lambda run_id: "default",
        )  # fmt: skip

    def _categorise(self, text: str | None) -> str:
        self.categorised.append(text)
        return categorise(text)

    def _read(self) -> Reading:
        self.asked.append("all")
        rules = SkipRules(filters=Filters(), settings=Settings(), past=Past(), attempted=self.attempted)
        return Reading(pages=self._pages(self.rows[:]), rules=rules, redact=_redact, pages_of=self._pages_of)

    def _pages_of(self, run_id: str) -> Iterator[Page]:
        self.asked.append(run_id)
        return self._pages([row for row in self.rows if row.run_id == run_id])

    @staticmethod
    def _pages(rows: list[Row]) -> Iterator[Page]:
        for start in range(0, len(rows), 2):
            yield Page.of(rows[start : start + 2])

    def take(self, backlog: LaneBacklog) -> str | None:
        """The next phase, which fails again."""
        while (choice := backlog.next(NOW)) is None:
            if not backlog.stale:
                return None
            backlog.refill(NOW)
        self.attempted.add(choice.phase.key)
        return names([choice])[0]


def _redact(text: str) -> str:
    return text.replace(SECRET, "***")


def rows_of(*named: str) -> list[Row]:
    return [Row(run_id=name[0], phase_id=name[1:], phase_index=int(name[1:]), reason=None) for name in named]


def test_what_is_chosen_while_the_backlog_is_read_is_not_chosen_again_and_what_came_is_there_after() -> None:
    table = Table(rows_of("a1", "a2", "b3", "b4", "c5"))
    backlog = table.backlog()
    backlog.refresh(NOW)
    table.rows += rows_of("a0")
    slices = backlog.refresh_in_slices(lambda: NOW)
    next(slices)
    chosen = [table.take(backlog), table.take(backlog)]
    assert chosen == ["a/1", "a/2"], "from the reading before"
    assert sum(1 for _ in slices) > 1
    assert backlog.waiting == 4
    assert [table.take(backlog) for _ in range(5)] == ["a/0", "b/3", "b/4", "c/5", None]


def test_a_reading_that_is_broken_off_leaves_the_one_before() -> None:
    table = Table(rows_of("a1", "a2", "b3"))
    backlog = table.backlog()
    backlog.refresh(NOW)
    table.rows += rows_of("a0")
    slices = backlog.refresh_in_slices(lambda: NOW)
    next(slices)
    slices.close()  # type: ignore[attr-defined]
    assert [table.take(backlog) for _ in range(4)] == ["a/1", "a/2", "b/3", None]


@pytest.mark.parametrize("policy", ["smart", "fewest-failures", "run-order"])
@given(rows=ROWS, kept=st.integers(1, 6))
def test_the_order_is_the_same_whatever_is_kept_at_hand(policy: str, rows: list[Row], kept: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        orders = []
        for most in (kept, 1_000):
            patch.setattr("batchdrain.planning.lane_builder.KEPT", most)
            patch.setattr("batchdrain.planning.reading.OF_RUN", most)
            table = Table(rows)
            backlog = table.backlog([policy])
            backlog.refresh(NOW)
            orders.append([table.take(backlog) for _ in range(len(rows) + 1)])
            assert table.asked.count("all") == 1, "a run that ran out is read by itself"
    assert orders[0] == orders[1]


@pytest.mark.parametrize(("policy", "reread"), [("smart", ["a"]), ("sample-first", ["a", "b", "c"])])
def test_a_run_that_ran_out_is_read_when_its_turn_comes_unless_its_policy_may_want_it_sooner(
    monkeypatch: pytest.MonkeyPatch, policy: str, reread: list[str]
) -> None:
    monkeypatch.setattr("batchdrain.planning.lane_builder.KEPT", 1)
    table = Table(rows_of("a1", "b2", "c3", "a5", "b6", "c7"))
    backlog = table.backlog([policy])
    backlog.refresh(NOW)
    assert [table.take(backlog) for _ in range(4)] == ["a/1", "b/2", "c/3", "a/5"]
    assert table.asked == ["all", *reread]


def test_a_policy_sees_no_secret_whichever_texts_stand_beside_it_and_an_unknown_fact_is_none() -> None:
    seen: list[Lane] = []

    def look(lane: Lane, now: datetime) -> int:
        seen.append(lane)
        return 0

    rows = [Row(run_id=f"r{n}", phase_id="p", phase_index=n, reason=f"boom {n} {SECRET if n == 3 else ''}") for n in range(6)]
    Table(rows).backlog(ranking=Ranking(("look",), (look,))).refresh(NOW)
    assert [lane.reason for lane in seen] == [f"boom {n} {'***' if n == 3 else ''}" for n in range(6)]
    assert {lane.fingerprint for lane in seen} == {"boom *"}
    with pytest.raises(AttributeError, match="'Lane' object has no attribute 'cost'"):
        _ = seen[0].cost  # type: ignore[attr-defined]


def test_a_count_works_nothing_out_of_texts_that_no_rule_asks_for() -> None:
    table = Table([Row(run_id="r", phase_id=str(n), phase_index=n, reason=f"boom {n}") for n in range(5)])
    assert table.backlog().count().waiting == 5
    assert table.categorised == []


def test_a_lane_whose_first_phase_was_chosen_meanwhile_stands_where_its_next_one_belongs() -> None:
    table = Table(rows_of("a1", "a9", "b5"))
    backlog = table.backlog()
    backlog.refresh(NOW)
    slices = backlog.refresh_in_slices(lambda: NOW)
    next(slices)
    assert table.take(backlog) == "a/1"
    assert sum(1 for _ in slices) > 1
    assert [table.take(backlog) for _ in range(3)] == ["b/5", "a/9", None]


@pytest.mark.parametrize(("name", "ranked"), [("smart", ["a"]), ("of-others", ["a", "a"])])
def test_a_result_ranks_no_lane_anew_where_the_policies_look_at_nothing_that_it_changes(name: str, ranked: list[str]) -> None:
    seen: list[str] = []

    def look(lane: Lane, now: datetime) -> int:
        seen.append(lane.run_id)
        return lane.phase_index or 0

    table = Table(rows_of("a1", "a2", "b3", "c4"))
    backlog = table.backlog(ranking=Ranking((name,), (look,)))
    backlog.refresh(NOW)
    seen.clear()
    first = table.take(backlog)
    backlog.touch("a", NOW)
    assert (first, table.take(backlog)) == ("a/1", "a/2")
    assert seen == ranked


def test_after_its_end_a_backlog_knows_how_much_waits_and_keeps_no_lane() -> None:
    def lanes_there() -> int:
        gc.collect()
        return sum(isinstance(one, LaneBuffer) for one in gc.get_objects())

    before, table = lanes_there(), Table(rows_of("a1", "a2", "b3"))
    backlog = table.backlog()
    backlog.refresh(NOW)
    assert (table.take(backlog), lanes_there() > before) == ("a/1", True)
    backlog.end()
    assert lanes_there() == before
    assert (backlog.waiting, backlog.next(NOW), backlog.count().total) == (2, None, 3)
