"""inv resume --close: what is said of each session and each phase, for people and programs, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from batchdrain.cli.commands import close_session as closing
from batchdrain.cli.commands.close_session import close_session
from batchdrain.cli.commands.resume_flags import ResumeFlags
from batchdrain.cli.invocation import Invocation
from batchdrain.config.load import Override
from batchdrain.database.ledger.give_back import Recovered
from batchdrain.drain.close_dead import Closed
from batchdrain.drain.project import Project
from batchdrain.execution.process_identity import identify_self
from batchdrain.model.errors import UsageError
from batchdrain.model.phase import PhaseKey
from batchdrain.sessions.session import Session, Status
from tests.sessions.files import START, put
from tests.support.opened import hold, opened
from tests.support.workplace import Workplace

NAME = "batch-drain-20251228-120000"


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    with opened(sqlite_project) as found:
        found.folder.prepare()
        yield found


def close(project: Project, *, dry: bool = False, shape: str = "text", fails: bool = False, name: str | None = None) -> int:
    section = json.loads((project.root / "invoke.yaml").read_text())["batchdrain"]
    invocation = Invocation(section=section, environ={}, root=project.root, dry=dry)
    return close_session(invocation, ResumeFlags(session_id=name, fail_if_nothing=fails, format=shape))


@pytest.mark.parametrize("dry", [False, True])
@pytest.mark.parametrize("fails", [False, True])
def test_nothing_to_close_is_told_and_fails_where_that_is_asked_for(
    project: Project, capsys: pytest.CaptureFixture[str], dry: bool, fails: bool
) -> None:
    assert close(project, dry=dry, fails=fails) == int(fails)
    said = capsys.readouterr().out
    assert (said.startswith("Nothing to close in "), said.endswith(": no session is incomplete.\n")) == (True, True)
    assert close(project, dry=dry, fails=fails, shape="json") == int(fails)
    found = json.loads(capsys.readouterr().out)
    assert (found["session"], found["closed"], len(found["said"])) == (None, False, 1)


@pytest.mark.parametrize("dry", [False, True])
def test_a_session_that_has_ended_is_said_to_have_and_stays_as_it_is(
    project: Project, sqlite_project: Workplace, capsys: pytest.CaptureFixture[str], dry: bool
) -> None:
    path = put(sqlite_project, NAME, status="complete", completed_at="2025-12-28T13:00:00Z")
    path.chmod(0o600)
    before = path.read_bytes()
    assert close(project, dry=dry, name=NAME, fails=True, shape="json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["session"], found["closed"], found["said"]) == (NAME, False, [f"Session {NAME} is complete already."])
    assert path.read_bytes() == before


def test_a_dry_run_says_what_would_be_closed_and_closes_nothing(
    project: Project, sqlite_project: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    path = put(sqlite_project, NAME, status="interrupted", total_processed=2, total_success=1, total_failed=1)
    path.chmod(0o600)
    before = path.read_bytes()
    line = f"session {NAME}, 2 of 3 processed, 1 succeeded, 1 failed."
    assert close(project, dry=True, shape="json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["session"], found["would_close"], found["said"]) == (
        NAME,
        True,
        [f"Would be closed without running anything: {line}"],
    )
    assert path.read_bytes() == before
    assert close(project) == 0
    assert capsys.readouterr().out.startswith(f"Closed without running anything: session {NAME}, ")
    assert json.loads(path.read_text())["status"] == "complete"


def test_a_setting_is_refused_as_closing_starts_no_work(project: Project) -> None:
    given = ResumeFlags(settings=[Override("--workers", ("workers",), "2")])
    with pytest.raises(UsageError, match=r"^--workers: --close starts no work"):
        close_session(Invocation(section={}, environ={}, root=project.root, dry=False), given)


def closed_as(session_id: str, *, processed: int = 0, size: int | None = 3) -> Session:
    return Session(
        session_id=session_id, started_at=START, status=Status.COMPLETE, batch_size=size, total_processed=processed,
        total_success=processed, total_failed=0,
    )  # fmt: skip


def test_what_was_given_back_and_what_is_still_held_is_told_of_each_session_of_a_chain(
    project: Project, sqlite_project: Workplace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_project.fail("r/a")
    hold(project, "r/a", by=identify_self())
    [held] = project.store.history.read_held()
    back = [
        Recovered(key=PhaseKey("r", name), epoch=1, state="FAILED", problem="refused" * bool(code), code=code, orphanings=1)
        for name, code in (("b", 75), ("c", 78), ("d", 0))
    ]
    made = Closed(
        session=closed_as("s2", processed=2),
        others=(closed_as("s1", size=None),),
        recovered=back,
        held=[held],
        holds_elsewhere=True,
    )
    monkeypatch.setattr(closing, "close_dead", lambda *_: made)
    assert close(project) == 78
    assert [line.partition("; its lease")[0] for line in capsys.readouterr().out.splitlines()] == [
        "Can't be settled now: r / b: refused; the next command tries again",
        "Can't be settled now: r / c: refused; the next command tries again",
        "Released: r / d: it is FAILED, orphaned once",
        "Closed without running anything: session s2, 2 of 3 processed, 2 succeeded, 0 failed.",
        "Closed without running anything: session s1, 0 processed, 0 succeeded, 0 failed.",
        f"It still holds r / a: attempt 1, process {held.controller.pid} runs",
        "It still holds phases of another table: `inv recover` with the settings of that table releases them.",
    ]
    monkeypatch.setattr(closing, "close_dead", lambda *_: Closed(session=closed_as("s2")))
    assert close(project, shape="json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["session"], found["closed"], len(found["said"])) == ("s2", True, 1)


def test_a_dry_run_names_each_session_of_a_chain_that_would_be_closed(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def target(*incomplete: Session) -> object:
        return SimpleNamespace(session=closed_as("s2"), incomplete=incomplete, is_open=True)

    for found, names in ((target(closed_as("s2"), closed_as("s1")), ["s2,", "s1,"]), (target(), ["s2,"])):
        monkeypatch.setattr(closing, "find_dead", lambda *_, found=found: found)
        assert close(project, dry=True) == 0
        lines = capsys.readouterr().out.splitlines()
        assert [
            line.split()[7] for line in lines if line.startswith("Would be closed without running anything: session ")
        ] == names
