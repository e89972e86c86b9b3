"""Which session a summary shows, as what, and the chain that it is of."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from batchdrain.cli.commands.named import find_idle_globs, require_phase, require_run, require_subjects, settle_named
from batchdrain.cli.commands.report_facts import is_of_this_database
from batchdrain.cli.commands.summary import _load_asked_for
from batchdrain.cli.commands.whole_chain import load_session, to_whole
from batchdrain.cli.invocation import Invocation
from batchdrain.database.ledger.chains import ChainRow, Chains
from batchdrain.database.run_counts import RunCounts
from batchdrain.drain.project import Project
from batchdrain.failures.fingerprints import cluster_id_of, fingerprint
from batchdrain.model.errors import UsageError
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.acceptances import Subject
from batchdrain.sessions.rebuild import UnknownSession
from batchdrain.sessions.session import Status
from batchdrain.sessions.whole import parts_of
from tests.sessions.files import HEAD, START
from tests.support.opened import opened
from tests.support.workplace import Workplace

ENDED = "2025-12-28T13:00:00Z"
FIRST, SECOND, THIRD = (f"batch-drain-20251228-12000{number}" for number in range(3))
CHAIN, THEIRS = "c" * 32, "x" * 32


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    with opened(sqlite_project) as found:
        found.folder.prepare()
        yield found


@pytest.fixture
def invocation(project: Project) -> Invocation:
    section = json.loads((project.root / "invoke.yaml").read_text())["batchdrain"]
    return Invocation(section=section, environ={}, root=project.root, dry=False)


def put(project: Project, name: str, **fields: Any) -> None:
    path = project.folder.path(name)
    head = {
        **HEAD,
        "session_id": name,
        "started_at": f"2025-12-28T12:00:0{name[-1]}Z",
        "completed_at": ENDED,
        "status": "complete",
    }
    path.write_text(json.dumps({**head, **fields}))
    path.chmod(0o600)


def test_a_session_whose_process_is_dead_is_interrupted_and_one_that_runs_is_not(
    project: Project, invocation: Invocation
) -> None:

    put(project, FIRST, status="running", completed_at=None)
    dead = load_session(invocation, project.folder, FIRST)
    assert (dead.status, dead.stopped_because) == (Status.INTERRUPTED, "its process died")
    lock = project.folder.lock(FIRST)
    assert load_session(invocation, project.folder, FIRST).status is Status.RUNNING
    os.close(lock)
    put(project, SECOND, status="stopped", stopped_because="x")
    stopped = load_session(invocation, project.folder, SECOND)
    assert (stopped.status, stopped.stopped_because) == (Status.STOPPED, "x")


def test_a_session_of_a_chain_is_shown_with_its_others_in_turn_and_one_of_none_alone(
    project: Project, invocation: Invocation
) -> None:
    put(project, FIRST, chain_uid=CHAIN, total_processed=2, total_success=2)
    put(project, SECOND)
    put(project, THIRD, chain_uid=CHAIN, total_processed=3, total_success=1)
    alone = project.folder.load(SECOND)
    assert to_whole(invocation, project.folder, alone) is alone
    for name in (FIRST, THIRD):
        whole = to_whole(invocation, project.folder, project.folder.load(name))
        assert [part.session_id for part in parts_of(whole)] == [FIRST, THIRD]
        assert (whole.total_processed, whole.total_success, whole.current_status) == (5, 3, Status.COMPLETE)


@pytest.mark.parametrize(
    ("ended", "status", "because"),
    [(None, Status.INTERRUPTED, None), (START, Status.STOPPED, "stop.x: y"), ("none", Status.COMPLETE, None)],
)
def test_a_chain_is_as_far_as_the_ledger_says_and_what_can_not_be_read_is_none_of_it(
    project: Project, invocation: Invocation, ended: Any, status: Status, because: str | None
) -> None:
    put(project, FIRST, chain_uid=CHAIN)
    put(project, SECOND, results=5)
    put(project, THIRD, chain_uid=CHAIN)
    if ended != "none":
        asked = {} if because is None else {"stopped_because": because}
        over = None if ended is None else "stopped"
        row = ChainRow(uid=CHAIN, task="drain-all", started_at=START, asked=asked, ended_at=ended, status=over)
        Chains(project.store.database, project.store.ledger).write(row)
    session = project.folder.load(THIRD)
    session.total_processed = 7
    whole = to_whole(invocation, project.folder, session)
    assert ([part.session_id for part in parts_of(whole)], whole.current_status) == ([FIRST, THIRD], status)
    assert (whole.total_processed, whole.stopped_because if because else because) == (7, because)
    project.folder.path(FIRST).unlink()
    project.folder.path(THIRD).unlink()
    assert [part.session_id for part in parts_of(to_whole(invocation, project.folder, session))] == [THIRD]


def test_of_a_session_of_which_nothing_is_left_an_older_one_is_shown_and_a_broken_one_is_told(
    project: Project, invocation: Invocation
) -> None:
    put(project, FIRST)
    for name in (THIRD, f"{THIRD}/logs"):
        (project.folder.folder / name).mkdir(mode=0o700)
    assert _load_asked_for(invocation, project.folder, None).session_id == FIRST
    put(project, SECOND, results=5)
    with pytest.raises(UnknownSession):
        _load_asked_for(invocation, project.folder, None)
    project.folder.path(SECOND).unlink()
    project.folder.path(FIRST).unlink()
    with pytest.raises(UsageError, match=r"^there is no session in .*; `inv drain` begins one$"):
        _load_asked_for(invocation, project.folder, None)


def test_the_newest_session_of_this_database_is_shown_else_it_is_said_whose_there_are(
    project: Project, invocation: Invocation
) -> None:
    ours = {"url": "ours", **{name: project.store.identify()[name] for name in ("uid", "place")}}
    with pytest.raises(UsageError, match="there is no session in"):
        _load_asked_for(invocation, project.folder, None)
    put(project, THIRD, database={"url": "theirs", "uid": THEIRS, "place": "elsewhere"})
    put(project, SECOND, database={"url": "theirs too", "uid": THEIRS, "place": "elsewhere"})
    with pytest.raises(UsageError, match=f"of this database; the newest there, {THIRD}, is of theirs;"):
        _load_asked_for(invocation, project.folder, None)
    put(project, FIRST, database=ours)
    assert _load_asked_for(invocation, project.folder, None).session_id == FIRST
    assert _load_asked_for(invocation, project.folder, THIRD).session_id == THIRD


@pytest.mark.parametrize(
    ("theirs", "is_ours"),
    [
        ({}, True), ({"place": "elsewhere"}, True), ({"uid": THEIRS}, False), ({"uid": THEIRS, "place": "elsewhere"}, False),
        ({"uid": THEIRS, "place": "here"}, True), ({"uid": "ours", "place": "elsewhere"}, True),
    ],
)  # fmt: skip
def test_a_session_is_of_the_database_by_its_place_else_by_its_uid_and_without_one_nobody_can_tell(
    project: Project, invocation: Invocation, theirs: dict[str, str], is_ours: bool
) -> None:
    own = project.store.identify()
    facts = {name: {"ours": own["uid"], "here": own["place"]}.get(value, value) for name, value in theirs.items()}
    put(project, FIRST, database=facts)
    assert is_of_this_database(invocation, project.folder.load(FIRST)) is is_ours


RUNS = [RunCounts(run_id="r", failed=1), RunCounts(run_id="q", queued=1)]


def test_what_a_flag_names_is_there_or_was_or_is_a_glob_of_what_may_come(project: Project, sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a", reason="boom")
    require_run(project, "r", RUNS)
    require_run(project, "z*", RUNS)
    require_run(project, "z", [])
    with pytest.raises(UsageError, match="--run-id=z: there is no such run"):
        require_run(project, "z", RUNS)
    require_phase(project, PhaseKey("r", "a"), RUNS)
    require_phase(project, PhaseKey("z", "a"), [])
    for key, told in (
        (PhaseKey("r", "b"), "--phase-id=b: run r has no such phase"),
        (PhaseKey("z", "a"), "--run-id=z: there is no"),
    ):
        with pytest.raises(UsageError, match=told):
            require_phase(project, key, RUNS)
    boom = cluster_id_of(fingerprint("boom"))
    require_subjects(project, [Subject(cluster=boom), Subject(run_id="r"), Subject(run_id="r", phase_id="a")], RUNS, {boom})
    for subject in (Subject(cluster=boom), Subject(run_id="z"), Subject(run_id="r", phase_id="b")):
        with pytest.raises(UsageError):
            require_subjects(project, [subject], RUNS, set())
    subjects = [Subject(run_id="z*"), Subject(run_id="r"), Subject(run_id="q", phase_id="x"), Subject(cluster=boom)]
    assert [line.partition(":")[0] for line in find_idle_globs(subjects, RUNS)] == ["--run-id=z*"]
    assert [*find_idle_globs(subjects, [])] == []


def test_a_run_that_is_named_is_settled_and_a_glob_that_names_none_is_told(
    project: Project, sqlite_project: Workplace
) -> None:
    sqlite_project.fail("r/a", "x*/a")
    sqlite_project.add(("q", "a", 0, "QUEUED", None))
    assert [settle_named(project, name)[1] for name in (None, "r", "r*", "z*", "q")] == [
        [], [], [], ["--run-id=z*: no run matches it; `inv list-run-counts` lists the runs"], ["--run-id=q: is a run without failed phases"],
    ]  # fmt: skip
    assert [settle_named(project, name)[0].run_id_is_glob for name in ("r*", "x*", "r")] == [True, False, False]
    with pytest.raises(UsageError):
        settle_named(project, "z")
