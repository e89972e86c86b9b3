"""Which log `inv events` shows, and how far: its end, lines that are no events, and ids that name no file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from batchdrain.cli.commands.events import show_events
from batchdrain.drain.project import Project
from batchdrain.model.errors import UsageError
from tests.cli.called import invocation_of
from tests.cli.test_sessions_said import CLAIMED, ENDED, NEW, OLD, event, log, put
from tests.support.opened import opened
from tests.support.workplace import Workplace

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    with opened(sqlite_project) as found:
        found.folder.prepare()
        yield found


def shown(
    place: Workplace, capsys: Capsys, *, name: str | None = OLD, shape: str = "text", follow: bool = False
) -> tuple[int, str]:
    show_events(invocation_of(place), session_id=name, format_name=shape, follow=follow)
    said = capsys.readouterr()
    return len(said.out.splitlines()), said.err


DEAD = f"batchdrain: session {OLD}: its process is dead; `inv resume` continues it\n"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([CLAIMED, ENDED], ""), ([CLAIMED, event("session.stopped", because="x")], ""), ([CLAIMED], DEAD), ([ENDED, CLAIMED], DEAD),
        ([CLAIMED, event("session.resumed")], DEAD),
    ],
    ids=["completed", "stopped", "not over", "went on", "resumed"],
)  # fmt: skip
def test_a_log_is_followed_to_the_end_of_its_session_or_until_its_process_is_dead(
    project: Project, sqlite_project: Workplace, capsys: Capsys, lines: list[str], told: str
) -> None:
    put(project, OLD)
    log(project, OLD, *lines)
    assert shown(sqlite_project, capsys, follow=True) == (len(lines), told)


def test_a_number_that_json_has_not_is_no_event_and_the_newest_log_may_be_of_an_older_session(
    project: Project, sqlite_project: Workplace, capsys: Capsys
) -> None:
    put(project, OLD)
    put(project, NEW)
    log(project, OLD, CLAIMED, '{"event": "x", "timestamp": "2025-12-28T12:00:00Z", "n": 1e999}', ENDED)
    told = "batchdrain: 1 line of the log is no event, as after a crash\n"
    assert shown(sqlite_project, capsys, name=None, shape="json") == (2, told)


@pytest.mark.parametrize("name", ["../x", "a/b", "", "."])
def test_what_can_be_no_id_names_no_file(project: Project, sqlite_project: Workplace, capsys: Capsys, name: str) -> None:
    (project.folder.folder / "x").mkdir()
    with pytest.raises(UsageError, match="session"):
        shown(sqlite_project, capsys, name=name)
    assert "there is no event log" not in capsys.readouterr().err
