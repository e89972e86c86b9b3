"""Which session prune lets go, which it leaves, and why; and what changed between the plan and the removal."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batchdrain.config.load import load
from batchdrain.database.ledger.session_heads import SessionHead
from batchdrain.drain.project import Project
from batchdrain.drain.prune.judge import Judgement, Kept, SessionJudge
from batchdrain.drain.prune.plan import open_sessions, plan_prune
from batchdrain.drain.prune.removal import remove_planned, weigh
from batchdrain.runtime import clock
from batchdrain.sessions import lock
from batchdrain.sessions.old_files import SessionFiles, find_sessions
from tests.support.workplace import Workplace

BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
OLD, YOUNG = BEFORE - timedelta(seconds=1), BEFORE + timedelta(seconds=1)
FORM = "batch-drain-20200102-030405"
LATE = "batch-drain-20260102-030405"
OURS, OTHER = "u" * 32, "v" * 32


@pytest.fixture
def place(sqlite_project: Workplace) -> Project:
    """With its tables, and a folder of sessions."""
    sqlite_project.fail("r/a")
    project = Project.open(load({"database_url": sqlite_project.url}, {}), {}, sqlite_project.root)
    project.store.ledger.create(project.store.database)
    project.folder.prepare()
    return project


def write(project: Project, name: str, end: datetime | None, **more: Any) -> None:
    facts = {"session_id": name, "session_uid": OURS, "started_at": OLD.isoformat(), **more}
    path = project.folder.path(name)
    path.write_text(json.dumps({**facts, "completed_at": None if end is None else end.isoformat()}))
    path.chmod(0o600)


def spoil(project: Project, name: str) -> None:
    project.folder.path(name).write_text("{")
    project.folder.path(name).chmod(0o600)


def spool(project: Project, name: str) -> None:
    project.folder.spool(name).mkdir(parents=True)
    (project.folder.spool(name) / "one.json").touch()


def head(name: str, end: datetime | None, uid: str = OURS) -> SessionHead:
    return SessionHead(name=f"session/{name}/{uid}", session_id=name, session_uid=uid, completed_at=end, chain_uid=None)


def judged(
    project: Project, name: str, heads: list[SessionHead], holders: frozenset[str] = frozenset(), *named: str
) -> Judgement:
    with open_sessions(project) as fd:
        assert fd is not None
        judge = SessionJudge(project, BEFORE, named)
        judge.heads, judge.holders = {name: heads}, holders
        return judge.judge(fd, find_sessions(fd).get(name, SessionFiles(name)))


@pytest.mark.parametrize(
    ("end", "more", "why", "by_name"),
    [
        (OLD, {}, None, None),
        (BEFORE, {}, Kept.YOUNG, Kept.YOUNG),
        (YOUNG, {}, Kept.YOUNG, Kept.YOUNG),
        (None, {}, Kept.RESUMABLE, None),
        (OLD, {"database": {"uid": "x" * 32}}, Kept.ELSEWHERE, None),
        (None, {"database": {"uid": "x" * 32}}, Kept.ELSEWHERE, None),
        (OLD, {"schema_version": 999}, Kept.UNREADABLE, None),
    ],
)
def test_a_session_goes_by_its_own_file_and_stays_for_one_reason_unless_it_is_named(
    place: Project, end: datetime | None, more: Mapping[str, Any], why: Kept | None, by_name: Kept | None
) -> None:
    """What the ledger says beside it does not count."""
    write(place, FORM, end, **more)
    assert judged(place, FORM, [head(FORM, OLD)]).why is why
    assert judged(place, FORM, [head(FORM, OLD)], frozenset(), FORM).why is by_name


@pytest.mark.parametrize(
    ("name", "has_file", "heads", "why", "by_name"),
    [
        (FORM, True, [], Kept.UNREADABLE, None),
        (FORM, True, [OLD], None, None),
        (FORM, True, [YOUNG], Kept.YOUNG, None),
        ("mine", True, [OLD], Kept.UNREADABLE, None),
        ("mine", False, [], Kept.UNREADABLE, None),
        ("mine", False, [OLD], None, None),
        (FORM, False, [OLD, YOUNG], Kept.YOUNG, Kept.YOUNG),
        (FORM, False, [YOUNG, OLD], Kept.YOUNG, Kept.YOUNG),
        (FORM, False, [OLD, None], Kept.RESUMABLE, None),
        (FORM, False, [OLD, OLD], None, None),
        (FORM, False, [], None, None),
        (LATE, False, [], Kept.YOUNG, None),
    ],
)
def test_a_session_without_a_readable_file_goes_by_the_ledger_and_else_by_its_name(
    place: Project, name: str, has_file: bool, heads: list[datetime | None], why: Kept | None, by_name: Kept | None
) -> None:
    if has_file:
        spoil(place, name)
    place.folder.events_path(name).touch()
    known = [head(name, end, str(number) * 32) for number, end in enumerate(heads)]
    assert judged(place, name, known).why is why
    assert judged(place, name, known, frozenset(), name).why is by_name


def test_results_in_a_spool_that_no_ledger_knows_of_keep_their_session(place: Project) -> None:
    spool(place, FORM)
    assert judged(place, FORM, []).why is Kept.SPOOLED
    assert judged(place, FORM, [head(FORM, OLD)]).why is None


@pytest.mark.parametrize("named", [(), (FORM,)])
def test_who_holds_a_phase_is_told_by_the_uid_of_the_file_and_without_one_by_those_of_the_ledger(
    place: Project, named: tuple[str, ...]
) -> None:
    heads = [head(FORM, OLD), head(FORM, OLD, OTHER)]
    assert judged(place, FORM, heads, frozenset({OTHER}), *named).why is Kept.HOLDING
    write(place, FORM, OLD)
    assert judged(place, FORM, heads, frozenset({OTHER}), *named).why is None, "another host's session of that id"
    ours = judged(place, FORM, heads, frozenset({OURS}), *named)
    assert (ours.why, ours.uids) == (Kept.HOLDING, frozenset({OURS}))
    with ExitStack() as stack:
        stack.callback(os.close, place.folder.lock(FORM))
        assert judged(place, FORM, heads, frozenset({OURS}), *named).why is Kept.RUNNING


def keep_heads(project: Project, *heads: SessionHead) -> None:
    rows = [
        {"name": one.name, "value": json.dumps({"completed_at": one.completed_at and one.completed_at.isoformat()})}
        for one in heads
    ]
    project.store.database.write(lambda connection: connection.execute(project.store.ledger.meta.insert(), rows))


def heads_left(project: Project) -> set[str]:
    meta = project.store.ledger.meta
    with project.store.database.read() as connection:
        return {name for (name,) in connection.execute(meta.select().with_only_columns(meta.c.name)) if "session/" in name}


def test_a_session_that_only_the_ledger_has_goes_by_its_end_and_its_attempts_stay_as_long_as_it(place: Project) -> None:
    old, young, open_one = head("gone-1", OLD, "1" * 32), head("gone-2", YOUNG, "2" * 32), head("gone-3", None, "3" * 32)
    keep_heads(place, old, young, open_one)
    with open_sessions(place) as fd:
        plan = plan_prune(place, fd, BEFORE, ())
        assert (plan.heads, plan.attempts.kept_sessions) == ([old], frozenset({"2" * 32, "3" * 32}))
        shown = weigh(place, fd, plan).counts
        assert (remove_planned(place, fd, plan).counts, shown) == (shown, {"session records": 1})
    assert heads_left(place) == {young.name, open_one.name}


@pytest.mark.parametrize("heads", [[], [head(FORM, OLD)]], ids=["none", "one that lags"])
@pytest.mark.parametrize("end", [None, YOUNG])
def test_what_the_ledger_keeps_of_a_session_stays_as_long_as_its_file_whatever_it_says_there(
    place: Project, end: datetime | None, heads: list[SessionHead]
) -> None:
    if heads:
        keep_heads(place, *heads)
    write(place, FORM, end)
    with open_sessions(place) as fd:
        plan = plan_prune(place, fd, BEFORE, ())
    assert (plan.sessions, plan.heads, plan.attempts.kept_sessions) == ([], [], frozenset({OURS}))


def test_of_two_hosts_sessions_with_one_id_the_one_whose_file_is_here_goes_alone(place: Project) -> None:
    ours, theirs = head(FORM, OLD), head(FORM, YOUNG, OTHER)
    keep_heads(place, ours, theirs)
    write(place, FORM, OLD)
    with open_sessions(place) as fd:
        plan = plan_prune(place, fd, BEFORE, ())
        assert ([one.files.session_id for one in plan.sessions], plan.heads) == ([FORM], [])
        assert plan.attempts.kept_sessions == frozenset({OTHER})
        remove_planned(place, fd, plan)
    assert (heads_left(place), os.listdir(place.folder.folder)) == ({theirs.name}, [])


def test_where_sessions_are_named_nothing_else_goes_however_old(place: Project) -> None:
    keep_heads(place, head("gone", OLD, OTHER))
    for name in (FORM, f"{FORM}-2"):
        write(place, name, OLD, session_uid=OURS if name == FORM else "w" * 32)
    (place.folder.folder / "triage-20200102-030405").mkdir()
    with open_sessions(place) as fd:
        plan = plan_prune(place, fd, None, (FORM,))
        assert ([one.files.session_id for one in plan.sessions], plan.heads, plan.triages) == ([FORM], [], [])
        assert plan.attempts.only_sessions == frozenset({OURS})
        assert plan_prune(place, fd, BEFORE, ()).triages == ["triage-20200102-030405"]


def test_a_triage_that_is_young_or_at_work_stays(place: Project) -> None:
    began = clock.now() - timedelta(days=3)
    [at_work, over, young] = [f"triage-{began + timedelta(days=after):%Y%m%d-%H%M%S}" for after in range(3)]
    for name in (over, young):
        (place.folder.folder / name).mkdir()
    held = lock.make_locked_folder(place.folder.folder / at_work)
    with open_sessions(place) as fd, ExitStack() as stack:
        stack.callback(os.close, held)
        assert plan_prune(place, fd, clock.now() - timedelta(days=1, hours=12), ()).triages == [over]


def drain_again(project: Project) -> int | None:
    return project.folder.lock(FORM)


def end_anew(project: Project) -> int | None:
    write(project, FORM, YOUNG)
    return None


@pytest.mark.parametrize(
    ("meanwhile", "note"), [(drain_again, "it is running now"), (end_anew, "it was running meanwhile")]
)  # fmt: skip
def test_a_session_that_somebody_took_up_after_the_plan_stays_with_its_record(
    place: Project, meanwhile: Any, note: str
) -> None:
    keep_heads(place, head(FORM, OLD))
    write(place, FORM, OLD)
    with open_sessions(place) as fd, ExitStack() as stack:
        plan = plan_prune(place, fd, BEFORE, ())
        assert len(plan.sessions) == 1
        if (held := meanwhile(place)) is not None:
            stack.callback(os.close, held)
        gone = remove_planned(place, fd, plan)
    assert (gone.notes, gone.counts) == ([f"session {FORM} stays: {note}"], {})
    assert (place.folder.path(FORM).exists(), heads_left(place)) == (True, {head(FORM, OLD).name})


def test_a_phase_that_is_claimed_after_the_plan_keeps_its_session(place: Project) -> None:
    write(place, FORM, OLD)
    spools = str(place.folder.spool(FORM))
    claim = {
        "source": "phases",
        "key": "k",
        "epoch": 1,
        "orphan_count": 0,
        "attempts": 1,
        "owner": "o" * 32,
        "spool_dir": spools,
    }
    with open_sessions(place) as fd:
        plan = plan_prune(place, fd, BEFORE, ())
        place.store.database.write(lambda connection: connection.execute(place.store.ledger.claim.insert().values(**claim)))
        gone = remove_planned(place, fd, plan)
        assert gone.notes == [f"session {FORM} stays: it was running meanwhile"]
        assert plan_prune(place, fd, BEFORE, ()).kept == {Kept.HOLDING: 1}
