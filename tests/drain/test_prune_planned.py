"""What prune plans beside the sessions: rows of controllers, chains, groups and triages; each as long as somebody needs it."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.database.ledger.chains import ChainRow, Chains
from batchdrain.drain.project import Project
from batchdrain.drain.prune import plan as planning
from batchdrain.drain.prune.plan import PrunePlan, open_sessions, plan_prune
from batchdrain.drain.prune.removal import remove_planned, weigh
from batchdrain.model.errors import SessionInUse, UsageError
from batchdrain.runtime import clock
from tests.drain.test_prune_judged import BEFORE, FORM, OLD, OURS, YOUNG, head, keep_heads, place, write

__all__ = ["place"]
HOLDS, FREE = "h" * 32, "f" * 32
MS = clock.to_ms(OLD)


def insert(project: Project, table: sa.Table | None, **values: Any) -> None:
    """A row of the ledger, with something in each column that must have it."""
    assert table is not None
    rest = {
        one.name: 0 if isinstance(one.type, sa.Integer) else "x"
        for one in table.columns
        if not one.nullable and one.name not in values
    }
    row = {**rest, "source": project.store.ledger.source, **values}
    project.store.database.write(lambda connection: connection.execute(table.insert().values(**row)))


def hold(project: Project, uid: str, **more: Any) -> None:
    ledger = project.store.ledger
    insert(project, ledger.claim, key=uid, epoch=1, owner="o" * 32, **more)
    insert(project, ledger.attempt, key=uid, epoch=1, session_uid=uid)


def planned(project: Project, before: datetime | None = BEFORE, *named: str) -> PrunePlan:
    with open_sessions(project) as fd:
        return plan_prune(project, fd, before, named)


def test_the_row_of_a_controller_that_holds_a_phase_stays_and_so_does_a_young_one(place: Project) -> None:
    for uid, beat_ms in ((HOLDS, MS), (FREE, MS), ("y" * 32, clock.to_ms(YOUNG))):
        insert(place, place.store.ledger.session, session_uid=uid, beat_ms=beat_ms)
    hold(place, HOLDS)
    plan = planned(place)
    assert (plan.controllers, plan.attempts.kept_sessions) == ([FREE], frozenset({HOLDS})), "its attempts stay too"
    write(place, FORM, OLD)
    of_one = planned(place, None, FORM)
    assert (of_one.controllers, of_one.attempts.kept_sessions, of_one.attempts.only_sessions) == (
        [OURS], frozenset({HOLDS}), frozenset({OURS}),
    )  # fmt: skip


@pytest.mark.parametrize(("end", "goes"), [(OLD, True), (None, False)])
def test_a_group_stays_as_long_as_some_session_may_go_on(place: Project, end: datetime | None, goes: bool) -> None:
    insert(place, place.store.ledger.group, group_key="g", begun_ms=MS)
    write(place, FORM, end)
    assert planned(place).groups == (["g"] if goes else [])


def test_a_group_stays_as_long_as_the_ledger_has_a_session_without_an_end(place: Project) -> None:
    insert(place, place.store.ledger.group, group_key="g", begun_ms=MS)
    keep_heads(place, head("gone", OLD, FREE))
    assert planned(place).groups == ["g"]
    keep_heads(place, head("open", None, HOLDS))
    assert planned(place).groups == []


def test_every_record_that_goes_is_counted_in_the_dry_run_as_in_earnest(place: Project) -> None:
    chains = Chains(place.store.database, place.store.ledger)
    chains.write(ChainRow(uid="c" * 32, task="drain-all", started_at=OLD, asked={}, ended_at=OLD, status="complete"))
    chains.write(ChainRow(uid="d" * 32, task="drain-all", started_at=OLD, asked={}, ended_at=YOUNG, status="complete"))
    insert(place, place.store.ledger.group, group_key="g", begun_ms=MS)
    keep_heads(place, head("gone", OLD, FREE), head(FORM, OLD, OURS))
    write(place, FORM, OLD)
    with open_sessions(place) as fd:
        plan = plan_prune(place, fd, BEFORE, ())
        assert (plan.chains, plan.groups, len(plan.heads), len(plan.sessions)) == (["c" * 32], ["g"], 1, 1)
        shown = weigh(place, fd, plan)
        assert [shown.counts[f"{kind} records"] for kind in ("session", "chain", "group")] == [2, 1, 1]
        gone = remove_planned(place, fd, plan)
    assert (gone.counts, dict(gone.sizes), gone.notes, gone.problems) == (shown.counts, dict(shown.sizes), [], [])
    assert not planned(place).chains


@pytest.mark.parametrize(("quiet_s", "is_over"), [(59, False), (61, True)])
def test_a_triage_of_today_without_a_lock_is_over_a_minute_after_its_time(
    place: Project, monkeypatch: pytest.MonkeyPatch, quiet_s: int, is_over: bool
) -> None:
    began = clock.now()
    folder = place.folder.folder / f"triage-{began:%Y%m%d-%H%M%S}"
    folder.mkdir()
    changed = folder.stat().st_mtime
    later = clock.now() + timedelta(hours=1)
    then = datetime.fromtimestamp(changed + place.settings.triage.timeout_s + quiet_s, began.tzinfo)
    with open_sessions(place) as fd:
        monkeypatch.setattr(clock, "now", lambda: then)
        assert plan_prune(place, fd, later, ()).triages == ([folder.name] if is_over else [])
    assert planning._SLACK_S == 60.0


def test_a_session_that_is_named_and_can_not_go_is_refused_with_the_way_out(place: Project) -> None:
    with pytest.raises(UsageError):
        planned(place, None, FORM)
    write(place, FORM, OLD)
    hold(place, OURS)
    with pytest.raises(SessionInUse, match="still holds phases"):
        planned(place, None, FORM)
    held = place.folder.lock(FORM)
    with pytest.raises(SessionInUse, match="is running"):
        planned(place, None, FORM)
    os.close(held)


def test_where_there_is_no_folder_the_ledger_alone_is_looked_at(place: Project) -> None:
    keep_heads(place, head("gone", OLD, FREE))
    plan = plan_prune(place, None, BEFORE, ())
    assert ([one.session_id for one in plan.heads], plan.sessions, plan.triages) == (["gone"], [], [])
    assert weigh(place, None, plan).counts == {"session records": 1}
