"""What a drain tells at its end, and with which code: of a session, of a chain, and where nothing was drained."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.cli.commands import go_through as go_through_module
from batchdrain.cli.commands import tell_others as tell_others_module
from batchdrain.cli.commands.affected import find_affected
from batchdrain.cli.commands.beside import beside_of, read_accepted, to_saved_paths
from batchdrain.cli.commands.go_through import Told, go_through
from batchdrain.cli.commands.open import screen_for
from batchdrain.cli.commands.report import report
from batchdrain.cli.commands.tell_others import early_ends_told, tell_others
from batchdrain.config.settings import Notify, Settings
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.chain.outcome import ChainOutcome
from batchdrain.drain.narrowing import Narrowing
from batchdrain.drain.project import Project
from batchdrain.drain.screen import Silent
from batchdrain.drain.session_run import LeftSession, SessionOutcome
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.model.errors import BadData, DatabaseUnavailable
from batchdrain.model.phase import Skip
from batchdrain.planning.acceptances import Acceptance, Subject
from batchdrain.reports.exit_words import Exit
from batchdrain.sessions.session import Kind, Session, Status
from batchdrain.sessions.whole import whole_of
from tests.cli.called import invocation_of
from tests.sessions.files import START, result
from tests.support.opened import opened, request_for
from tests.support.workplace import Workplace

AWAY = DatabaseUnavailable("it is away", remedy="wait")


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    sqlite_project.fail("r/a", "r/b", "s/c", reason="boom")
    with opened(sqlite_project) as found:
        yield found


def over(*successes: bool, name: str = "s", **facts: Any) -> Session:
    results = [result(place, success=success, fingerprint="boom") for place, success in enumerate(successes)]
    base = {"session_id": name, "started_at": START, "completed_at": START, "status": Status.COMPLETE, "results": results}
    found = Session(**{**base, **facts})
    found.recount()
    return found


@pytest.mark.parametrize(
    ("session", "exit_code", "took", "fails_if_nothing", "code"),
    [
        (over(True), 0, 1, True, 0),
        (over(True, False), 1, 2, False, 1),
        (over(True), 0, 0, True, 1),
        (over(True), 0, 0, False, 0),
        (over(True), 130, 0, True, 130),
        (None, 0, 0, False, 0),
        (None, 0, 0, True, 1),
    ],
)
def test_the_code_is_that_of_the_session_unless_nothing_was_to_fail(
    project: Project, sqlite_project: Workplace, session: Session | None, exit_code: int, took: int, code: int,
    capsys: pytest.CaptureFixture[str], *, fails_if_nothing: bool,
) -> None:  # fmt: skip
    outcome = SessionOutcome(session=session, exit_code=exit_code, took=took, total=3)
    request = request_for(project, fail_if_nothing=fails_if_nothing)
    assert report(invocation_of(sqlite_project), project, request, outcome, "text") == code
    out = capsys.readouterr().out
    assert ("Nothing to drain in " in out or "Nothing was drained in " in out) is (took == 0)
    assert ("BATCH DRAIN SUMMARY" in out) is (session is not None)
    assert (f"Exit code {code}" in out) is (session is not None)


@pytest.mark.parametrize("session", [over(True), None], ids=["with a session", "without one"])
def test_an_error_that_ended_a_session_is_raised_after_its_report(
    project: Project, sqlite_project: Workplace, session: Session | None, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = SessionOutcome(session=session, exit_code=75, failure=AWAY, total=3, skipped=Counter({Skip("accepted", ""): 3}))
    with pytest.raises(DatabaseUnavailable):
        report(invocation_of(sqlite_project), project, request_for(project), outcome, "text")
    out = capsys.readouterr().out
    assert ("BATCH DRAIN SUMMARY" if session else "3 by accepted") in out
    assert session is None or "Nothing" not in out, "a drain that was ended by an error says that, and no more"


def chained(
    project: Project, place: Workplace, patched: pytest.MonkeyPatch, outcome: ChainOutcome, **how: Any
) -> tuple[int, Narrowing]:
    seen = list[Narrowing]()

    def run(_: Project, chain: Chain, screen: Any, tell: Any, less: Narrowing) -> ChainOutcome:
        assert isinstance(screen(), Silent)
        seen.append(less)
        return outcome

    patched.setattr(go_through_module, "run_chain", run)
    told = Told(**{"quiet": True, "fail_if_nothing": False, **how})
    return go_through(invocation_of(place), project, outcome.chain, told), seen[0]


def chain_of(project: Project, *sessions: Session) -> Chain:
    chain = Chain.of("drain-all", {kind: request_for(project, kind) for kind in (Kind.QUEUED, Kind.FAILED)})
    for kind, session in zip((Kind.QUEUED, Kind.FAILED), sessions, strict=False):
        chain.sessions[kind] = session
    chain.ended = Status.COMPLETE
    return chain


@pytest.mark.parametrize(
    ("sessions", "took", "fails", "code"),
    [
        ([over(True)], 1, True, 0),
        ([over(True), over(False, name="t")], 2, True, 1),
        ([over(True)], 0, True, 1),
        ([over(True)], 0, False, 0),
        ([], 0, True, 1),
        ([], 0, False, 0),
    ],
)
@pytest.mark.parametrize("shape", ["text", "json"])
def test_a_chain_is_reported_as_a_whole_with_one_code(
    project: Project, sqlite_project: Workplace, sessions: list[Session], took: int, shape: str, code: int,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, fails: bool,
) -> None:  # fmt: skip
    empty = [] if took else [(request_for(project), SessionOutcome(session=None, exit_code=0, total=0))]
    outcome = ChainOutcome(chain=chain_of(project, *sessions), took=took, empty=empty)
    found, less = chained(project, sqlite_project, monkeypatch, outcome, fail_if_nothing=fails, shape=shape)
    assert (found, less.fail_if_nothing) == (code, fails)
    out = capsys.readouterr().out
    if shape == "text":
        assert ("Nothing to drain in" in out) is (not took)
        assert ("BATCH DRAIN SUMMARY" in out) is bool(sessions)
    else:
        assert ('"nothing_selected"' in out) is (not sessions)
        assert ('"saved_to"' in out) is bool(sessions)


@pytest.mark.parametrize(("shape", "where"), [("text", "out"), ("json", "err")])
def test_what_stopped_a_chain_between_its_parts_is_told_where_it_spoils_no_document(
    project: Project, sqlite_project: Workplace, shape: str, where: str, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    stopped = ChainOutcome(chain=chain_of(project, over(False)), took=1, stopped=Skip("--max-total-minutes", "3"))
    assert chained(project, sqlite_project, monkeypatch, stopped, shape=shape)[0] == 1
    assert "  ! Nothing more is started: --max-total-minutes: 3" in getattr(capsys.readouterr(), where).splitlines()


def test_a_chain_that_an_error_ended_has_its_code_and_says_in_json_that_nothing_was_drained(
    project: Project, sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for shape, said in (("json", "Nothing was drained."), ("text", "")):
        outcome = ChainOutcome(chain=chain_of(project), failures=[AWAY])
        assert chained(project, sqlite_project, monkeypatch, outcome, shape=shape)[0] == 75
        out = capsys.readouterr().out
        assert said in out if said else out == ""


@pytest.mark.parametrize(
    ("subjects", "count", "examples"),
    [
        ([Subject(run_id="r")], 2, 0),
        ([Subject(run_id="r", phase_id="a"), Subject(run_id="r")], 2, 0),
        ([Subject(cluster=cluster_id_of("boom"))], 3, 1),
        ([Subject(run_id="nope"), Subject(cluster="0" * 10)], 0, 0),
    ],
)
def test_the_phases_that_an_acceptance_covers_now_are_counted_once(
    project: Project, subjects: list[Subject], count: int, examples: int
) -> None:
    found = find_affected(project.store, [Acceptance(subject=one, reason="known") for one in subjects])
    assert (found.count, len(found.examples)) == (count, examples)
    assert all(one.text == "boom" for one in found.examples.values())


def test_acceptances_are_read_where_failures_may_be_accepted_and_the_database_answers(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = Acceptance(subject=Subject(run_id="r"), reason="known")
    Notes(project.store.database, project.store.ledger).write(NoteKind.ACCEPTED, {accepted.subject.name: accepted.to_note})
    assert read_accepted(project, over(True, False)) is not None
    assert read_accepted(project, over(True, False), Exit(1, "failed")) is not None
    assert read_accepted(project, over(True)) is None
    assert read_accepted(project, over(True, False), Exit(75, "away")) is None

    def away(_: object) -> None:
        raise AWAY

    monkeypatch.setattr("batchdrain.planning.acceptances.acceptances", away)
    assert read_accepted(project, over(True, False)) is None, "the report is shown all the same"


@pytest.mark.parametrize(
    ("reason", "result_from", "takes"),
    [("last_failure_reason", "exit_code", True), ("last_failure_reason", "database", False), (None, "exit_code", False)],
)
def test_the_table_takes_reasons_where_a_drain_writes_them_itself(
    project: Project, sqlite_project: Workplace, reason: str | None, result_from: str, *, takes: bool
) -> None:
    settings = Settings.model_validate(
        {"command": {"result_from": result_from}, "source": {"columns": {"last_failure_reason": reason}}}
    )
    invocation = replace(invocation_of(sqlite_project), words=("inv", "-c", "x"), mount="b.")
    found = beside_of(invocation, settings, project.folder, over(True), Exit(3, "so"))
    assert (found.table_takes_reasons, found.words, found.mount, found.ended) == (
        takes,
        ("inv", "-c", "x"),
        "b.",
        Exit(3, "so"),
    )
    assert found.accepted is None


def test_each_session_of_a_chain_is_saved_at_its_own_path(project: Project) -> None:
    whole = whole_of([over(True), over(True, name="t")], Status.COMPLETE)
    assert [line.rpartition("/")[2] for line in to_saved_paths(project.folder, whole).split("\n")] == ["s.json", "t.json"]


def test_others_are_told_of_the_ends_that_they_asked_for_and_a_problem_is_a_line_on_stderr(
    project: Project, sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told = list[Any]()

    def notify(_: Project, notice: Any) -> str:
        told.append(notice)
        return "was not started: x"

    monkeypatch.setattr(tell_others_module, "notify", notify)
    invocation = invocation_of(sqlite_project)
    tell_others(invocation, project, over(True), Exit(0, "fine"), None)
    assert told == []
    project.settings = project.settings.model_copy(update={"notify": Notify(argv=["mail"], on=["failures"])})
    tell_others(invocation, project, over(True), Exit(0, "fine"), None)
    assert told == []
    tell_others(invocation, project, over(False), Exit(1, "failed"), 5.0)
    assert [(one.exit_code, one.gone_by, b'"saved_to"' in one.summary) for one in told] == [(1, 5.0, True)]
    assert capsys.readouterr().err == "batchdrain: the notify command was not started: x\n"


def test_of_a_session_that_an_error_ends_at_once_others_are_told_and_the_error_goes_on(
    project: Project, sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = list[tuple[Session, Exit, float | None]]()
    monkeypatch.setattr(
        tell_others_module, "tell_others", lambda _, __, session, ended, gone_by: told.append((session, ended, gone_by))
    )
    session = over(False, status=Status.INTERRUPTED, completed_at=None)
    for left in (None, LeftSession(session, 7.0)):
        error = BadData("torn", remedy="mend it")
        error.left = left
        with pytest.raises(BadData), early_ends_told(invocation_of(sqlite_project), project):
            raise error
    with early_ends_told(invocation_of(sqlite_project), project):
        pass
    assert [(one.session_id, ended.code, gone_by) for one, ended, gone_by in told] == [("s", 65, 7.0)]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "term", "quiet", "shape", "screen"),
    [
        (Terminal(), "xterm", False, "text", "Live"),
        (io.StringIO(), "xterm", False, "text", "PlainScreen"),
        (Terminal(), "dumb", False, "text", "PlainScreen"),
        (Terminal(), None, False, "text", "PlainScreen"),
        (Terminal(), "xterm", True, "text", "Silent"),
        (Terminal(), "xterm", False, "json", "Silent"),
        (None, "xterm", False, "text", "Silent"),
    ],
)
def test_a_screen_is_live_on_a_terminal_plain_elsewhere_and_silent_where_only_the_report_is_wanted(
    stream: Any, term: str | None, shape: str, screen: str, monkeypatch: pytest.MonkeyPatch, *, quiet: bool
) -> None:
    class Live:
        def __init__(self, *_: object) -> None: ...

    monkeypatch.setattr("batchdrain.cli.screens.live.LiveScreen", Live)
    monkeypatch.setattr(sys, "stdout", stream)
    monkeypatch.delenv("TERM") if term is None else monkeypatch.setenv("TERM", term)
    assert type(screen_for(quiet=quiet, shape=shape)).__name__ == screen
