"""What a report shows beside its session's file: what its format needs, and nothing where the database is another or away."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from batchdrain.cli.commands import github, report_facts
from batchdrain.cli.commands.github import LARGEST, cut_lines, tell_github
from batchdrain.cli.commands.report_facts import DRAWN, add_facts
from batchdrain.cli.commands.show_report import show
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.drain.project import Project
from batchdrain.model.errors import BatchDrainError, ConfigError, DatabaseUnavailable, FilesUnavailable
from batchdrain.planning.acceptances import Acceptance, Subject
from batchdrain.reports.beside import NOTHING_BESIDE
from batchdrain.reports.exit_words import Exit
from batchdrain.sessions.session import Session, Status
from tests.cli.called import invocation_of
from tests.sessions.files import START, result
from tests.support.opened import opened
from tests.support.workplace import Workplace

on = pytest.mark.parametrize
AWAY = (DatabaseUnavailable("away"), FilesUnavailable("away"), ConfigError("away"))


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    with opened(sqlite_project) as found:
        accepted = Acceptance(subject=Subject(run_id="r"), reason="known")
        Notes(found.store.database, found.store.ledger).write(NoteKind.ACCEPTED, {accepted.subject.name: accepted.to_note})
        found.folder.prepare()
        yield found


@pytest.fixture
def invocation(sqlite_project: Workplace, project: Project) -> Invocation:
    assert project.root == sqlite_project.root
    return invocation_of(sqlite_project)


def session(*successes: bool, **facts: Any) -> Session:
    results = [result(place, success=success, fingerprint="boom") for place, success in enumerate(successes)]
    base = {"session_id": "s", "started_at": START, "completed_at": START, "status": Status.COMPLETE, "results": results}
    found = Session(**{**base, **facts})
    found.recount()
    return found


def test_only_a_drawing_shows_attempts_and_retries(invocation: Invocation, project: Project) -> None:
    assert {"html"} == DRAWN
    for shape, is_drawn in (("html", True), ("text", False), ("json", False), ("markdown", False)):
        found = add_facts(invocation, project.folder, session(False), shape, NOTHING_BESIDE)
        assert (found.retries is not None, found.accepted is not None) == (is_drawn, True), shape


def test_what_is_accepted_is_read_where_something_failed_and_in_the_session_s_database_alone(
    invocation: Invocation, project: Project
) -> None:
    theirs = {"uid": "x" * 32, "place": "elsewhere"}
    for found, is_read in ((session(True), False), (session(False), True), (session(False, database=theirs), False)):
        for shape in ("text", "html"):
            beside = add_facts(invocation, project.folder, found, shape, NOTHING_BESIDE)
            assert (beside.accepted is not None) is is_read
            assert (beside.retries is not None) is (shape == "html" and found.database != theirs)


def test_what_junit_reads_from_logs_has_no_secret_of_the_url(invocation: Invocation, project: Project) -> None:
    secret = replace(invocation, environ={"DATABASE_URL": "postgresql://u:hunter2x@h/d"}, section={})
    found = add_facts(secret, project.folder, session(False), "junit", NOTHING_BESIDE)
    assert "hunter2x" not in found.redact("password hunter2x")
    assert (found.accepted, found.retries) == (None, None)
    assert add_facts(invocation, project.folder, session(False), "text", NOTHING_BESIDE).redact("hunter2x") == "hunter2x"


@on("error", AWAY, ids=lambda error: type(error).__name__)
def test_without_the_database_the_report_is_shown_all_the_same(
    invocation: Invocation, project: Project, monkeypatch: pytest.MonkeyPatch, error: BatchDrainError
) -> None:
    def away(*_: object) -> None:
        raise error

    monkeypatch.setattr(report_facts, "open_to_look", away)
    for shape in ("html", "text"):
        found = add_facts(invocation, project.folder, session(False), shape, NOTHING_BESIDE)
        assert (found.accepted, found.retries) == (None, None)
    there = session(False, database={"uid": "x" * 32, "place": "elsewhere"})
    assert report_facts.is_of_this_database(invocation, there), "nobody can tell"


@on(
    ("shape", "how"),
    [("json", "json"), ("text", "text"), ("markdown", "document"), ("html", "document"), ("junit", "document")],
)
def test_a_report_is_printed_as_its_format_is_read(shape: str, how: str) -> None:
    class Printed:
        def __getattr__(self, name: str) -> Any:
            return lambda text: seen.append((name, text))

    seen = list[tuple[str, str]]()
    show(cast("Output", Printed()), "x\n\n", shape)
    assert seen == [(how, "x" if how == "json" else "x\n\n")]


def told(environ: dict[str, str], root: Path, code: int | None = 1) -> None:
    ended = None if code is None else Exit(code, "so")
    invocation = Invocation(section={}, environ=environ, root=root, dry=False)
    tell_github(invocation, session(True, False), "saved.json", replace(NOTHING_BESIDE, ended=ended))


@on(
    ("actions", "code", "level"),
    [("true", 1, "error"), ("true", 0, "warning"), ("true", None, "error"), ("1", 1, None), ("", 1, None)],
)
def test_the_worst_failures_are_annotated_under_github_actions_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], actions: str, code: int | None, level: str | None
) -> None:
    told({"GITHUB_ACTIONS": actions}, tmp_path, code)
    said = capsys.readouterr()
    assert (said.out, [line.split()[0] for line in said.err.splitlines()]) == ("", [f"::{level}"] if level else [])


def test_the_page_is_appended_and_one_that_can_not_be_written_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "step\x1b.md"
    page.write_text("before\n")
    for _ in range(2):
        told({"GITHUB_STEP_SUMMARY": str(page)}, tmp_path)
    assert page.read_text().startswith("before\n# Batch drain")
    assert (page.read_text().count("# Batch drain "), page.read_text()[-1], capsys.readouterr().err) == (2, "\n", "")
    fresh = tmp_path / "fresh.md"
    monkeypatch.setattr(github, "LARGEST", 200)
    told({"GITHUB_STEP_SUMMARY": str(fresh)}, tmp_path)
    assert (fresh.stat().st_size <= 201, fresh.stat().st_mode & 0o777 & ~0o644) == (True, 0)
    told({"GITHUB_STEP_SUMMARY": str(tmp_path)}, tmp_path)
    assert capsys.readouterr().err == f"batchdrain: GITHUB_STEP_SUMMARY: {tmp_path}: Is a directory\n"
    monkeypatch.setattr(sys, "stderr", None)
    told({"GITHUB_STEP_SUMMARY": str(tmp_path)}, tmp_path)


@on(("size", "kept"), [(899_999, True), (900_000, True), (900_001, False)])
def test_a_page_has_900_kb_at_most(size: int, kept: bool) -> None:
    text = (b"x" * 99 + b"\n") * (size // 100) + b"y" * (size % 100)
    found = cut_lines(text, LARGEST)
    assert ((found == text), len(found) <= 900_000) == (kept, True)


def test_a_page_whose_first_line_just_fits_keeps_it() -> None:
    last = b"\nThe rest is left out: `inv summary` has all of it.\n"
    assert cut_lines(b"\n" + b"x" * 300, len(last) + 1) == b"\n" + last
