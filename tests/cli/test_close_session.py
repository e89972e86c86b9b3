"""inv resume --close where there is nothing to close: what is said, for people and programs, and the exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from batchdrain.cli.commands.close_session import close_session
from batchdrain.cli.commands.resume_flags import ResumeFlags
from batchdrain.cli.invocation import Invocation
from batchdrain.config.load import Override
from batchdrain.drain.project import Project
from batchdrain.model.errors import UsageError
from tests.sessions.files import put
from tests.support.opened import opened
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
