"""What is known of a session that is closed as it stands: what it gave back, what it still holds, and what its record says."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace

import pytest

from batchdrain.database.ledger.chains import Chains
from batchdrain.database.ledger.give_back import Recovered
from batchdrain.drain import close_dead as closing
from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.close import keep_head
from batchdrain.drain.close_dead import Closed, close_dead, find_dead, may_live
from batchdrain.drain.new_session import make_session
from batchdrain.drain.project import Project
from batchdrain.drain.selection import backlog_for
from batchdrain.execution.process_identity import identify_self
from batchdrain.model.errors import BadData, DatabaseUnavailable, SessionInUse
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome
from batchdrain.runtime import clock
from batchdrain.sessions.progress import ResultCounts
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import CLOSED, Kind, Session, Status
from tests.drain.test_prune_planned import insert
from tests.support.opened import EVERYTHING, dead, hold, keep_result, new_session, opened, request_for
from tests.support.workplace import Workplace


@pytest.fixture
def place(sqlite_project: Workplace) -> Iterator[Project]:
    sqlite_project.fail("r/a", "r/b", "s/c")
    with opened(sqlite_project) as project:
        yield project


def left(project: Project) -> Session:
    """A session whose process is gone."""
    it = new_session(project, request_for(project))
    it.record.save()
    it.record.close()
    return it.record.session


@pytest.mark.parametrize(
    ("alive", "lease_left_ms", "may"),
    [(True, 1, True), (True, -1, True), (False, 1, False), (False, -1, False), (None, 0, True), (None, -1, False)],
)
def test_whoever_can_not_be_seen_may_live_as_long_as_its_lease(alive: bool | None, lease_left_ms: int, may: bool) -> None:
    assert may_live(alive, lease_left_ms) is may


def test_what_is_closed_is_complete_and_says_by_what_and_nobody_holds_it_any_more(place: Project) -> None:
    session = left(place)
    insert(place, place.store.ledger.session, session_uid=session.session_uid, beat_ms=0)
    of_lock = place.folder.folder / session.session_id / "lock"
    of_lock.write_text("of the dead one\n")
    target = find_dead(place, None)
    assert of_lock.read_text() == "of the dead one\n", "who only looks takes no lock"
    assert (target is not None and target.session.session_id, place.folder.load(session.session_id).status) == (
        session.session_id,
        Status.RUNNING,
    )
    closed = close_dead(place, None)
    assert closed is not None
    kept = place.folder.load(session.session_id)
    assert (kept.status, kept.stopped_because, kept.completed_at is not None, kept.drain_exit_code) == (
        Status.COMPLETE, CLOSED, True, None,
    )  # fmt: skip
    assert (closed.session.session_id, closed.was_complete, closed.others, closed.recovered, closed.held) == (
        session.session_id, False, (), [], [],
    )  # fmt: skip
    assert not place.folder.is_held(session.session_id)
    assert not closed.holds_elsewhere
    events = [json.loads(line) for line in place.folder.events_path(session.session_id).read_text().splitlines()]
    assert [event["event"] for event in events] == ["session.started", "session.completed"]
    assert _sql(place, "SELECT status FROM batchdrain_session") == [("complete",)]
    [(status,)] = [
        row for row in _sql(place, "SELECT value FROM batchdrain_meta WHERE name LIKE 'session/%'") if "complete" in row[0]
    ]
    assert json.loads(status)["stopped_because"] == CLOSED


def _sql(project: Project, text: str) -> list[tuple[str]]:
    with project.store.database.read() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(text)]


def test_a_session_that_is_complete_is_told_as_that_and_where_none_is_incomplete_nothing_is(place: Project) -> None:
    assert (find_dead(place, None), close_dead(place, None)) == (None, None)
    session = left(place)
    close_dead(place, None)
    assert close_dead(place, None) is None
    closed = close_dead(place, session.session_id)
    assert closed is not None
    assert (closed.was_complete, closed.session.session_id, closed.recovered) == (True, session.session_id, ())


def test_it_gives_back_what_dead_ones_held_and_tells_only_of_its_own_what_it_still_holds(place: Project) -> None:
    session = left(place)
    hold(place, "r/a", session_uid=session.session_uid or "")
    hold(place, "s/c", session_uid="o" * 32, by=identify_self(), guard=identify_self())
    closed = close_dead(place, None)
    assert closed is not None
    assert ([str(one.key) for one in closed.recovered], closed.held, closed.holds_elsewhere) == (["r / a"], [], False)


def test_what_can_not_be_given_back_yet_is_told_as_held(place: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    session = left(place)
    hold(place, "r/a", session_uid=session.session_uid or "")
    hold(place, "s/c", session_uid="o" * 32)
    monkeypatch.setattr(closing, "recover", lambda _: [])
    closed = close_dead(place, None)
    assert closed is not None
    assert ([str(one.key) for one in closed.held], closed.holds_elsewhere) == (["r / a"], False)


def test_what_it_holds_of_another_table_is_told_too(place: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    session = left(place)
    hold(place, "r/a", session_uid=session.session_uid or "")
    with place.store.database.engine.begin() as connection:
        for table in ("batchdrain_claim", "batchdrain_attempt"):
            connection.exec_driver_sql(f"UPDATE {table} SET source = 'others'")
    closed = close_dead(place, None)
    assert closed is not None
    assert (closed.held, closed.holds_elsewhere) == ([], True)


def test_a_session_that_lives_is_not_closed_and_stays_as_it_is(place: Project) -> None:
    it = new_session(place, request_for(place))
    it.record.save()
    for look in (find_dead, close_dead):
        with pytest.raises(SessionInUse, match="is draining it"):
            look(place, None)
    it.record.close()
    hold(place, "r/a", by=identify_self(), session_uid=it.record.session.session_uid or "")
    for look in (find_dead, close_dead):
        with pytest.raises(SessionInUse, match="holds r / a: attempt 1, process"):
            look(place, None)
    assert place.folder.load(it.record.session.session_id).status is Status.RUNNING


def test_one_that_may_drain_on_another_machine_is_awaited_until_its_lease_is_over(place: Project) -> None:
    session = left(place)
    away = replace(dead(), host_id="elsewhere")
    hold(place, "r/a", by=away, guard=away, session_uid=session.session_uid or "")
    with pytest.raises(SessionInUse):
        close_dead(place, None)
    with place.store.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE batchdrain_claim SET lease_until_ms = 1")
    closed = close_dead(place, None)
    assert closed is not None
    assert [str(one.key) for one in closed.recovered] == ["r / a"]


def test_an_error_on_the_way_lets_the_session_go_and_leaves_it_to_be_closed(
    place: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = left(place)

    def fail(_: Project) -> None:
        raise DatabaseUnavailable("gone")

    with monkeypatch.context() as broken:
        broken.setattr(closing, "recover", fail)
        with pytest.raises(DatabaseUnavailable):
            close_dead(place, None)
    assert not place.folder.is_held(session.session_id)
    assert close_dead(place, None) is not None


def test_a_file_that_is_torn_is_kept_aside_and_one_that_is_gone_is_written_anew(place: Project) -> None:
    for tear in (True, False):
        session = left(place)
        project_keeps(place, session)
        path = place.folder.path(session.session_id)
        if tear:
            path.write_text("{")
        else:
            path.unlink()
        closed = close_dead(place, session.session_id)
        assert closed is not None
        assert place.folder.load(session.session_id).status is Status.COMPLETE
        aside = path.with_name(f"{path.name}.corrupt-1")
        assert (aside.read_text() if tear else aside.exists()) == ("{" if tear else False)


def project_keeps(project: Project, session: Session) -> None:
    """The head, as the session's first claim writes it."""
    keep_head(project, session)


def test_a_session_of_an_earlier_program_has_no_row_in_the_ledger(place: Project) -> None:
    backlog = backlog_for(place, request_for(place, filters=EVERYTHING), ResultCounts())
    backlog.refresh(clock.now())
    session = make_session(place, request_for(place), backlog, None, None)
    session.session_uid = None
    record = SessionRecord(session, place.folder, place.folder.lock(session.session_id))
    record.save()
    record.close()
    closed = close_dead(place, None)
    assert (closed is not None and closed.session.status, os.listdir(place.folder.spool(session.session_id))) == (
        Status.COMPLETE,
        [],
    )
    assert _sql(place, "SELECT value FROM batchdrain_meta WHERE name LIKE 'session/%'") == []


@pytest.fixture
def chain(place: Project) -> Chain:
    """Both of its sessions were left, and each may hold something."""
    found = Chain.of("drain-all", {kind: request_for(place, kind) for kind in (Kind.QUEUED, Kind.FAILED)})
    found.ids = {Kind.QUEUED: "first", Kind.FAILED: "second"}
    found.write(place)
    place.folder.prepare()
    for kind, name in found.ids.items():
        facts = {"started_at": "2026-01-01T00:00:00Z", "status": "interrupted", "kind": kind.value, "chain_uid": found.uid}
        path = place.folder.path(name)
        path.write_text(json.dumps({"session_id": name, "session_uid": name, **facts}))
        path.chmod(0o600)
    return found


@pytest.mark.parametrize("named", ["first", "second"])
def test_of_a_chain_every_session_that_was_left_is_closed_and_so_is_the_chain(
    place: Project, chain: Chain, named: str
) -> None:
    hold(place, "r/a", session_uid="first")
    closed = close_dead(place, named)
    assert closed is not None
    assert (closed.session.session_id, [one.session_id for one in closed.others]) == (
        named,
        [({"first", "second"} - {named}).pop()],
    )
    assert [str(one.key) for one in closed.recovered] == ["r / a"]
    assert {place.folder.load(name).status for name in ("first", "second")} == {Status.COMPLETE}
    row = Chains(place.store.database, place.store.ledger).read(chain.uid)
    assert row is not None
    assert (row.status, row.because, row.ended_at is not None) == ("complete", CLOSED, True)


def test_what_either_session_of_a_chain_holds_is_told(place: Project, chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(place, "r/a", session_uid="first")
    hold(place, "s/c", session_uid="second")
    monkeypatch.setattr(closing, "recover", lambda _: [])
    closed = close_dead(place, "second")
    assert closed is not None
    assert [str(one.key) for one in closed.held] == ["s / c", "r / a"]


def test_a_session_of_a_chain_whose_files_are_on_another_host_is_closed_there(place: Project, chain: Chain) -> None:
    keep_head(place, place.folder.load("first"))
    place.folder.path("first").unlink()
    closed = close_dead(place, "second")
    assert closed is not None
    assert (closed.others, place.folder.path("first").exists()) == ((), False)


@pytest.mark.parametrize(("one", "other"), [(True, False), (False, True), (False, False)])
def test_what_either_holds_elsewhere_is_held_elsewhere(place: Project, one: bool, other: bool) -> None:
    session = left(place)
    first, second = (Closed(session=session, holds_elsewhere=holds) for holds in (one, other))
    assert closing._add(first, second).holds_elsewhere is (one or other)


def test_what_each_session_of_a_chain_gave_back_is_told_in_the_order_in_which_they_were_closed(place: Project) -> None:
    session, other = left(place), left(place)
    backs = [Recovered(key=PhaseKey("r", name), epoch=1, state="FAILED") for name in "ab"]
    first, second = (Closed(session=one, recovered=[back]) for one, back in zip((session, other), backs, strict=True))
    closed = closing._add(first, second)
    assert (closed.session, closed.others, closed.recovered) == (session, [other], backs)


def test_a_session_of_another_database_is_not_closed_here(place: Project) -> None:
    session = left(place)
    path = place.folder.path(session.session_id)
    kept = json.loads(path.read_text())
    path.write_text(json.dumps({**kept, "database": {**kept["database"], "uid": "another"}}))
    for close in (find_dead, close_dead):
        with pytest.raises(BadData, match="belongs to another database"):
            close(place, session.session_id)
    assert place.folder.load(session.session_id).status is Status.RUNNING


def test_a_result_that_is_recorded_as_it_is_closed_counts_in_its_file(place: Project) -> None:
    """Its guardian had saved it: what recovery records is read only after recovery."""
    session = left(place)
    keep_result(place, hold(place, "r/a", session_uid=session.session_uid or ""))
    closed = close_dead(place, None)
    assert closed is not None
    assert [(str(one.key), one.recorded) for one in closed.recovered] == [("r / a", Outcome.COMPLETE)]
    kept = place.folder.load(session.session_id)
    assert [(str(one.key), one.success) for one in kept.results] == [("r / a", True)]
    assert (kept.total_processed, kept.total_success, closed.session.total_success) == (1, 1, 1)
