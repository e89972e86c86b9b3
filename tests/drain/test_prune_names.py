"""What a plan of prune says of the sessions that stay, and what it takes a named session for."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest

from batchdrain.drain.project import Project
from batchdrain.drain.prune.judge import Kept
from batchdrain.drain.prune.plan import SHOWN, PrunePlan, open_sessions
from batchdrain.model.errors import SessionInUse, UsageError
from batchdrain.runtime import clock, trees
from tests.drain.test_prune_judged import FORM, LATE, OLD, OURS, YOUNG, head, keep_heads, place, spool, write
from tests.drain.test_prune_planned import HOLDS, hold, planned

__all__ = ["place"]


@contextmanager
def held(project: Project, name: str) -> Iterator[None]:
    lock = project.folder.lock(name)
    yield
    os.close(lock)


def test_all_that_stay_are_counted_and_a_screenful_is_named_of_each_reason(place: Project) -> None:
    young = [f"{LATE}-{number}" for number in range(10, 10 + SHOWN + 1)]
    for name in young:
        write(place, name, YOUNG)
    write(place, FORM, None)
    plan = planned(place)
    assert plan.kept == {Kept.YOUNG: SHOWN + 1, Kept.RESUMABLE: 1}
    assert plan.kept_ids == {Kept.YOUNG: young[:SHOWN], Kept.RESUMABLE: [FORM]}
    assert SHOWN == 20


def test_sessions_that_run_or_hold_phases_stay_where_they_are_not_named(place: Project) -> None:
    write(place, FORM, OLD)
    write(place, LATE, OLD, session_uid=HOLDS)
    hold(place, HOLDS)
    with held(place, FORM):
        plan = planned(place)
        with pytest.raises(SessionInUse):
            planned(place, None, FORM)
    assert plan.kept_ids == {Kept.RUNNING: [FORM], Kept.HOLDING: [LATE]}


def test_attempts_of_a_session_that_goes_by_its_file_go_whatever_the_ledger_says_of_its_end(place: Project) -> None:
    write(place, FORM, OLD)
    keep_heads(place, head(FORM, YOUNG, OURS))
    plan = planned(place)
    assert ([one.files.session_id for one in plan.sessions], plan.heads) == ([FORM], [])
    assert plan.attempts.kept_sessions == frozenset()


def test_attempts_of_a_session_that_only_the_ledger_has_stay_until_it_is_old(place: Project) -> None:
    keep_heads(place, head("old", OLD, "o" * 32), head("young", YOUNG, "y" * 32), head("open", None, "p" * 32))
    plan = planned(place)
    assert [one.session_id for one in plan.heads] == ["old"]
    assert plan.attempts.kept_sessions == frozenset({"y" * 32, "p" * 32})


@pytest.mark.parametrize("left", ["json", "folder", "events", "aside", "head"])
def test_a_named_session_is_known_by_whatever_is_left_of_it(place: Project, left: str) -> None:
    match left:
        case "json":
            write(place, FORM, OLD)
        case "folder":
            place.folder.logs(FORM).mkdir(parents=True)
        case "events":
            place.folder.events_path(FORM).touch()
        case "aside":
            write(place, FORM, OLD)
            place.folder.put_aside(FORM)
        case "head":
            keep_heads(place, head(FORM, OLD))
    assert [one.files.session_id for one in planned(place, None, FORM).sessions] == [FORM]


def test_a_name_that_is_none_is_refused_as_everywhere_and_one_that_is_gone_by_now_too(
    place: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError) as unknown:
        place.folder.load(FORM)
    with pytest.raises(UsageError) as refused:
        planned(place, None, FORM)
    assert str(refused.value) == str(unknown.value)
    monkeypatch.setattr(place.folder, "load", lambda _: None)
    with pytest.raises(UsageError, match=f"--session-id: there is no session {FORM}"):
        planned(place, None, FORM)


def test_the_spool_and_the_events_of_a_session_without_a_file_are_looked_at_in_its_folder(place: Project) -> None:
    spool(place, FORM)
    place.folder.logs(LATE).mkdir(parents=True)
    gone = f"{FORM}-1"
    place.folder.logs(gone).mkdir(parents=True)
    plan = planned(place)
    assert plan.kept_ids == {Kept.SPOOLED: [FORM], Kept.YOUNG: [LATE]}
    assert [one.files.session_id for one in plan.sessions] == [gone]


def test_where_no_folder_of_sessions_is_nothing_is_opened_and_one_that_is_is_closed_again(place: Project) -> None:
    with open_sessions(place) as fd:
        assert fd is not None
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        os.fstat(fd)
    with pytest.raises(ZeroDivisionError), open_sessions(place) as fd:
        raise ZeroDivisionError
    assert fd is not None
    with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
        os.fstat(fd)
    place.folder.folder.rmdir()
    keep_heads(place, head("gone", OLD))
    with open_sessions(place) as fd:
        assert fd is None
    plan: PrunePlan = planned(place)
    assert [one.session_id for one in plan.heads] == ["gone"]


def triage_of(project: Project, ago: timedelta) -> str:
    name = f"triage-{clock.now() - ago:%Y%m%d-%H%M%S}"
    (project.folder.folder / name).mkdir()
    return name


def test_a_triage_of_yesterday_is_over_unless_somebody_holds_it(place: Project) -> None:
    name, later = triage_of(place, timedelta(days=1, seconds=5)), clock.now() + timedelta(hours=1)
    with held(place, name):
        assert planned(place, later).triages == []
    assert planned(place, later).triages == [name]
    began = datetime.strptime(f"{name}+0000", "triage-%Y%m%d-%H%M%S%z")
    assert planned(place, began).triages == []
    assert planned(place, began + timedelta(seconds=1)).triages == [name]


def test_a_triage_of_today_whose_folder_is_gone_by_now_is_left_to_whoever_removes_it(
    place: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    triage_of(place, timedelta(hours=23))

    def gone(*_: object) -> None:
        raise FileNotFoundError(errno.ENOENT, "gone")

    monkeypatch.setattr(trees, "measure", gone)
    assert planned(place, clock.now() + timedelta(hours=1)).triages == []
