"""What `resume` goes on with: which session, with which others of its chain, and what they tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.cli.commands.drain import drain_failed
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.resume import resume_session
from batchdrain.cli.commands.resume_flags import ResumeFlags
from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.chain.resumption import Target, find_target, read_sessions_again
from batchdrain.drain.close import keep_head
from batchdrain.drain.project import Project
from batchdrain.sessions.session import Kind, Status
from tests.drain.chaining import queue
from tests.sessions.files import put
from tests.support.opened import opened, request_for
from tests.support.scripted_project import Row, scripted_project
from tests.support.workplace import Workplace

OVER = {"status": "complete", "completed_at": "2025-12-28T13:00:00Z"}
LEFT = {"status": "interrupted"}


@pytest.fixture
def work(sqlite_project: Workplace) -> Workplace:
    return sqlite_project


@pytest.fixture
def project(work: Workplace) -> Iterator[Project]:
    with opened(work) as found:
        yield found


def chain_of(project: Project, **sessions: str) -> Chain:
    """A chain that the ledger has, with these sessions by kind."""
    chain = Chain.of("drain-all", {kind: request_for(project, kind) for kind in (Kind.QUEUED, Kind.FAILED)})
    chain.ids = {Kind(kind): name for kind, name in sessions.items()}
    chain.write(project)
    return chain


def keep(work: Workplace, name: str, chain: Chain, kind: str, **fields: Any) -> None:
    put(work, name, chain_uid=chain.uid, kind=kind, **fields)


def found(project: Project, name: str | None = None) -> Target:
    target = find_target(project, name)
    assert target is not None
    return target


def test_a_session_of_no_chain_goes_on_alone_and_nothing_is_found_where_all_is_over(
    work: Workplace, project: Project
) -> None:
    put(work, "one", **OVER)
    assert find_target(project, None) is None
    named = found(project, "one")
    assert (named.ids, named.incomplete, named.chain, named.is_open) == (("one",), (), None, False)
    put(work, "two", **LEFT)
    newest = found(project)
    assert (newest.ids, newest.is_open) == (("two",), True)
    assert [session.session_id for session in newest.incomplete] == ["two"]


def test_a_complete_session_goes_on_where_its_chain_is_open_and_not_where_that_has_ended(
    work: Workplace, project: Project
) -> None:
    chain = chain_of(project, queued="q")
    keep(work, "q", chain, "queued", **OVER)
    target = found(project)
    assert (target.ids, target.is_open, target.incomplete) == (("q",), True, ())
    for status in (Status.STOPPED, Status.COMPLETE):
        chain.end(project, status, "why")
        assert find_target(project, None) is None
        assert not found(project, "q").is_open
        chain.ended = None


def test_the_session_comes_first_and_each_of_its_chain_once(work: Workplace, project: Project) -> None:
    chain = chain_of(project, queued="q", failed="f")
    keep(work, "q", chain, "queued", **LEFT)
    keep(work, "f", chain, "failed", **LEFT)
    for name, others in (("f", ("f", "q")), ("q", ("q", "f"))):
        target = found(project, name)
        assert target.ids == others
        assert tuple(session.session_id for session in target.incomplete) == others
        assert target.chain is not None
        assert {kind.value: session.session_id for kind, session in target.chain.sessions.items()} == {
            "queued": "q",
            "failed": "f",
        }
    keep(work, "q", chain, "queued", **OVER)
    assert [session.session_id for session in found(project, "q").incomplete] == ["f"]
    chain.end(project, Status.STOPPED, "why")
    assert found(project, "f").is_open, "the session itself was left"


def test_a_chain_of_which_the_ledger_knows_nothing_is_none(work: Workplace, project: Project) -> None:
    put(work, "q", chain_uid="f" * 32, kind="queued", **LEFT)
    assert found(project).chain is None


def test_a_session_that_the_ledger_has_not_in_its_chain_yet_is_of_it(work: Workplace, project: Project) -> None:
    """Its controller was killed between the two."""
    chain = chain_of(project)
    keep(work, "q", chain, "queued", **LEFT)
    target = found(project)
    assert target.chain is not None
    assert (target.chain.ids, target.ids) == ({Kind.QUEUED: "q"}, ("q",))


def test_a_part_that_ended_before_anything_of_it_was_written_begins_anew(work: Workplace, project: Project) -> None:
    chain = chain_of(project, queued="q", failed="never")
    keep(work, "q", chain, "queued", **OVER)
    target = found(project)
    assert target.chain is not None
    assert (target.chain.ids, list(target.chain.sessions)) == ({Kind.QUEUED: "q"}, [Kind.QUEUED])
    (work.sessions / "never" / "logs").mkdir(parents=True)
    assert found(project, "q").ids == ("q",), "a folder alone is no session either"


def test_a_part_whose_files_are_elsewhere_comes_from_the_ledger(work: Workplace, project: Project) -> None:
    chain = chain_of(project, queued="q", failed="f")
    keep(work, "q", chain, "queued", **OVER)
    keep(work, "f", chain, "failed", session_uid="b" * 32, batch_size=7, **LEFT)
    keep_head(project, project.folder.load("f"))
    (work.sessions / "f.json").unlink()
    target = found(project, "q")
    assert target.chain is not None
    assert (target.chain.sessions[Kind.FAILED].batch_size, target.ids) == (7, ("q", "f"))
    assert [session.session_id for session in target.incomplete] == ["f"]


@pytest.mark.parametrize("category", ["transient", "other"])
def test_that_a_part_failed_in_a_way_that_is_tried_again_is_known_of_its_chain(
    work: Workplace, project: Project, category: str
) -> None:
    chain = chain_of(project, queued="q", failed="f")
    result = {"run_id": "r", "phase_id": "p", "success": False, "category": category}
    keep(work, "q", chain, "queued", results=[result], **OVER)
    keep(work, "f", chain, "failed", **LEFT)
    target = found(project)
    assert target.chain is not None
    assert target.chain.is_tried_again is (category == "transient")


def test_that_a_part_executed_a_phase_twice_is_known_of_its_chain_and_once_is_not(work: Workplace) -> None:
    """What came of it is a success, which says nothing of that: the ledger has its attempts."""
    queue(work, "r/q~transient", "s/q")
    assert work.inv("drain-all").code == 0
    with opened(work) as project:
        uid = str(work.session()["chain_uid"])
        twice = found(project, str(work.session()["session_id"]))
        assert twice.chain is not None
        assert (twice.chain.uid, twice.chain.is_tried_again) == (uid, True)
        work.sql("DELETE FROM batchdrain_attempt WHERE outcome <> 'complete'")
        once = found(project, str(work.session()["session_id"]))
        assert once.chain is not None
        assert once.chain.is_tried_again is False


def test_sessions_are_read_again_and_one_that_can_not_be_stays_as_it_is_known(work: Workplace, project: Project) -> None:
    chain = chain_of(project, queued="q", failed="f")
    keep(work, "q", chain, "queued", **LEFT)
    chain.sessions[Kind.QUEUED] = project.folder.load("q")
    keep(work, "q", chain, "queued", **OVER)
    keep(work, "f", chain, "failed", batch_size=5, **LEFT)
    read_sessions_again(project, chain)
    assert {kind: session.current_status for kind, session in chain.sessions.items()} == {
        Kind.QUEUED: Status.COMPLETE, Kind.FAILED: Status.INTERRUPTED,
    }  # fmt: skip
    (work.sessions / "f.json").write_text('{"torn')
    (work.sessions / "q.json").unlink()
    chain.ids[Kind.QUEUED] = "q"
    read_sessions_again(project, chain)
    assert chain.sessions[Kind.FAILED].batch_size == 5
    assert chain.sessions[Kind.QUEUED].current_status is Status.COMPLETE


def test_a_resume_of_a_session_whose_batch_is_done_says_so_and_what_to_do_and_its_dry_run_does() -> None:
    rows: list[Row] = [("r", f"p{n}~ok", n, "FAILED", None) for n in range(5)]
    with scripted_project(rows, {"batch_size": 2}) as project:
        project.call(drain_failed, DrainFlags())
        session = project.session()
        assert session is not None
        name = session["session_id"]
        said = [
            project.call(
                lambda invocation, dry: resume_session(replace(invocation, dry=dry), ResumeFlags(session_id=name)), dry
            )
            for dry in (True, False)
        ]
    told = "its batch of 2 phases is done. `inv drain` begins a new one; 3 failed, 0 queued, 2 complete, 0 other in 1 run."
    for one in said:
        assert told in one
        assert "Nothing to drain" not in one
