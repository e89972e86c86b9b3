"""The phases of a plan that are taken, and what is told of the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Page, Row
from batchdrain.failures.categories import categorise
from batchdrain.model.errors import BadData
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning import plan_file
from batchdrain.planning.filters import NOT_IN_PLAN, Filters
from batchdrain.planning.plan_backlog import PlanBacklog
from batchdrain.planning.plan_file import PlannedPhase
from batchdrain.planning.reading import Reading
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.planning.stop import Progress
from tests.planning.backlogs import NOW

ROWS = [Row(run_id="r", phase_id=name, phase_index=place, reason="boom") for place, name in enumerate("abc")]
A, B = PhaseKey("r", "a"), PhaseKey("r", "b")
FILE: dict[str, Any] = {"schema_version": 1, "made_at": "2026-01-01T00:00:00Z", "database": {}, "filters": {}, "phases": []}


def planned(phase_id: str, fingerprint: str = "boom") -> PlannedPhase:
    return PlannedPhase(run_id="r", phase_id=phase_id, category="other", fingerprint=fingerprint, reason="first")


def backlog(*phases: PlannedPhase, rows: list[Row] | None = None, past: Past | None = None, **rules: Any) -> PlanBacklog:
    seen = SkipRules(filters=Filters(), settings=Settings(), past=past or Past(), **rules)
    found = PlanBacklog(
        phases,
        lambda: Reading(pages=iter([Page.of(ROWS if rows is None else rows)]), rules=seen),
        state=PhaseState.FAILED,
        categorise=categorise,
    )
    found.refresh(NOW)
    return found


def taken(found: PlanBacklog, busy: frozenset[str] = frozenset()) -> list[str]:
    names = []
    while (choice := found.next(NOW, busy)) is not None:
        names.append(choice.phase.phase_id)
    return names


def skips(found: PlanBacklog) -> list[str]:
    return [str(skip) for skip in found.skipped.elements()]


def test_a_plan_is_taken_in_its_own_order_and_each_phase_once() -> None:
    found = backlog(planned("c"), planned("a"))
    assert (found.waiting, found.total) == (2, 3)
    assert taken(found) == ["c", "a"]
    found.refresh(NOW)
    assert taken(found) == []


def test_a_planned_phase_that_the_session_attempted_is_not_taken_again() -> None:
    """A session that drains a plan goes on: the phase failed in the same way, so it still stands as it was planned."""
    found = backlog(planned("a"), planned("b"), attempted=frozenset({A}))
    assert taken(found) == ["b"]
    assert skips(found) == ["already attempted: in this session"]


def test_a_planned_phase_that_another_controller_holds_is_told_as_changed() -> None:
    found = backlog(planned("a"), planned("b"), past=Past(held=frozenset({A.digest})))
    assert taken(found) == ["b"]
    assert skips(found) == ["--plan: changed since: r / a is claimed by another controller"]


def test_a_planned_phase_whose_retry_another_controller_waits_for_is_left_to_it() -> None:
    found = backlog(planned("a"), planned("b"), past=Past(waits_ms={A.digest: 5_000}))
    assert taken(found) == ["b"]
    assert skips(found) == ["retry waits: r / a: another controller tries it again later"]


def test_a_planned_phase_that_changed_is_told_and_not_taken() -> None:
    rows = [Row(run_id="r", phase_id="a", phase_index=0, reason="another failure")]
    found = backlog(planned("a"), planned("b"), rows=rows)
    assert taken(found) == []
    assert sorted(skips(found)) == [
        "--plan: changed since: r / a failed in another way meanwhile",
        "--plan: changed since: r / b is no longer failed",
    ]


def test_a_planned_phase_of_a_parked_cluster_is_left_out_when_its_turn_comes() -> None:
    repeats: dict[str, int] = {}
    found = backlog(planned("a"), planned("b"), progress=lambda: Progress(repeats=repeats))
    assert found.next(NOW) is not None
    repeats["boom"] = 3
    assert taken(found) == []
    assert found.skipped[Skip("stop.max_repeats", "3 equal failures: boom")] == 1


def test_every_row_of_the_ids_of_a_planned_phase_is_in_the_plan() -> None:
    found = backlog(planned("a"), rows=[*ROWS, ROWS[0]], past=Past(waits_ms={A.digest: 5_000}))
    waits = Skip("retry waits", "r / a: another controller tries it again later")
    assert (found.total, found.remainder.skipped) == (4, {NOT_IN_PLAN: 2, waits: 2})


def test_a_plan_waits_for_a_run_that_is_busy() -> None:
    found = backlog(planned("a"))
    assert taken(found, frozenset({"r"})) == []
    assert taken(found) == ["a"]


def test_the_attempts_of_a_planned_phase_are_those_of_the_ledger() -> None:
    choice = backlog(planned("a"), past=Past(attempts={A.digest: 4})).next(NOW)
    assert choice is not None
    assert (choice.phase.attempts, choice.reason) == (4, "planned: first")


@pytest.mark.parametrize(("version", "is_read"), [(0, True), (1, True), (2, False), (99, False)])
def test_a_plan_of_a_newer_schema_is_refused(version: int, is_read: bool, tmp_path: Path) -> None:
    """It may say what we do not know, and mean other phases by it."""
    path = tmp_path / "PLAN.json"
    path.write_text(json.dumps({**FILE, "schema_version": version}))
    if is_read:
        assert plan_file.load(path).schema_version == version
        return
    with pytest.raises(BadData, match=f"schema_version {version} is newer"):
        plan_file.load(path)


def test_an_attempted_phase_that_has_left_the_state_is_no_row_of_it_and_every_row_is_counted_once() -> None:
    gone = PhaseKey("r", "z")
    found = backlog(planned("a"), planned("b"), planned("z"), planned("y"), attempted=frozenset({A, gone}))
    remainder = found.remainder
    assert (remainder.attempted, remainder.waiting, remainder.total) == (frozenset({A}), 1, 3)
    assert remainder.skipped == {NOT_IN_PLAN: 1}
    assert [str(skip) for skip in remainder.absent] == ["--plan: changed since: r / y is no longer failed"]


def test_a_look_ahead_shows_some_and_counts_all_that_waits() -> None:
    found = backlog(planned("c"), planned("a"), planned("b"))
    ahead = found.look_ahead(2, NOW)
    assert ([phase.phase_id for phase in ahead.phases], ahead.waiting) == (["c", "a"], 3)
    assert taken(found) == ["c", "a", "b"], "they stay where they are"


def test_planned_phases_that_nobody_could_name_are_counted_each_though_they_share_a_rule() -> None:
    found = backlog(planned("a"), *(planned(phase_id) for phase_id in ("", "x\x00", "y\x00")))
    assert [(skip.rule, count) for skip, count in found.remainder.absent.items()] == [("bad id", 3)]
    assert found.remainder.waiting == 1


def test_a_phase_of_another_run_is_taken_while_the_run_of_the_first_is_busy() -> None:
    rows = [Row(run_id=run, phase_id="p", phase_index=0, reason="boom") for run in "abc"]
    phases = [PlannedPhase(run_id=run, phase_id="p", category="other", fingerprint="boom", reason="") for run in "abc"]
    found = backlog(*phases, rows=rows)
    taken = [found.next(NOW, busy) for busy in ({"a", "b"}, {"a"}, {"a"}, set[str]())]
    assert [choice and choice.phase.run_id for choice in taken] == ["c", "b", None, "a"]


def test_a_plan_is_never_stale_and_has_neither_ranks_nor_sizes_nor_attempts_of_its_own() -> None:
    found = backlog(planned("a"), planned("b"))
    assert (found.stale, found.ranks(), found.size_of("boom"), found.upcoming(9, NOW)) == (False, [], 0, [])
    assert (found.count().waiting, found.count().total) == (2, 3)
    choice = found.next(NOW)
    assert choice is not None
    assert choice.phase.attempts == 0
    found.skipped.clear()
    found.refill(NOW)
    assert (taken(found), found.remainder.total) == (["b"], 3)
    assert [skips for _, skips in found.why_not()] == [[None, None, NOT_IN_PLAN]]
