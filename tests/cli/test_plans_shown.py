"""A dry run shown in the test's own process: its lines, its file, and the code with which it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands import chain_plan
from batchdrain.cli.commands.chain_flags import ChainFlags
from batchdrain.cli.commands.chain_plan import show_chain_plan
from batchdrain.cli.commands.dry_run import PlanView, show_plan
from batchdrain.cli.commands.plan_format import require_plan_format
from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.chain.part import plan_part
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.model.errors import BadData, ConfigError, DatabaseUnavailable, UsageError
from batchdrain.planning import plan_file
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind, Session, Status
from tests.cli.called import json_of, lines_of
from tests.sessions.files import START, put
from tests.support.opened import hold, opened, request_for
from tests.support.workplace import Workplace

PLAIN = PlanView()
NOTHING = Filters(run_id="nope")
COUNTS = ": 3 failed, 1 queued, 0 complete, 0 other in 2 runs"


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    sqlite_project.fail("r/a", "r/b", "s/c", reason="boom")
    sqlite_project.add(("r", "q", 9, "QUEUED", None))
    with opened(sqlite_project, batch_size=2) as found:
        yield found


def shown(project: Project, kind: Kind = Kind.FAILED, shape: str = "text", view: PlanView = PLAIN, **facts: Any) -> int:
    return show_plan(project, request_for(project, kind, **facts), shape, view=view)


@pytest.mark.parametrize(
    ("filters", "fails_if_nothing", "code"),
    [(Filters(), True, 0), (NOTHING, False, 0), (NOTHING, True, 1), (Filters(run_id="s"), True, 0)],
)
@pytest.mark.parametrize("shape", ["text", "json"])
def test_a_plan_of_nothing_fails_where_that_was_asked_for(
    project: Project, filters: Filters, shape: str, code: int, *, fails_if_nothing: bool
) -> None:
    assert shown(project, shape=shape, filters=filters, fail_if_nothing=fails_if_nothing) == code


def test_a_plan_says_where_how_many_and_which_and_quietly_only_the_sums(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    shown(project)
    lines = lines_of(capsys)
    assert lines[0] == "Dry run: nothing is written"
    assert lines[1].startswith("Database: ")
    assert lines[1].endswith(COUNTS)
    assert lines[2] == "Target: Process 2 failed phases"
    assert [line for line in lines if "r / a" in line]
    assert not [line for line in lines if line.startswith(("Budget", "Pace", "Plan w", "A drain would not"))]
    shown(project, view=PlanView(quiet=True))
    quiet = lines_of(capsys)
    assert quiet[:3] == lines[:3]
    assert not [line for line in quiet if "r / a" in line]
    assert [line for line in quiet if line in lines[3:]]


def test_a_plan_without_a_size_is_of_all_and_one_of_nothing_says_why(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    shown(project, Kind.QUEUED)
    assert "Target: Process all queued phases" in lines_of(capsys)
    shown(project, filters=NOTHING)
    lines = lines_of(capsys)
    assert any(line.startswith("Nothing to drain in ") for line in lines)
    assert any(line.startswith("  ! --run-id=nope: ") for line in lines)


def test_budget_and_pace_are_told_with_the_earliest_start_of_the_last_phase(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = project.settings.stop.model_copy(update={"max_metric": {"tokens": 5_000.0, "unused": 0.0}})
    command = project.settings.command.model_copy(update={"runs_per_minute": 4.0})
    shown(project, settings=project.settings.model_copy(update={"stop": stop, "command": command}))
    lines = lines_of(capsys)
    assert [line for line in lines if line.startswith("Budget")] == [
        "Budget: the session ends once its results brought 5000 of tokens"
    ]
    [pace] = [line for line in lines if line.startswith("Pace")]
    assert pace.startswith("Pace: 4 executions start per minute ")
    assert pace.endswith("after 15 s at the earliest"), "the first of the two starts at once"


@pytest.mark.parametrize(
    ("dry", "said"),
    [(False, "Plan written to {0}: `inv drain --plan {0}` drains it"), (True, "Plan would be written to {0}")],
)
def test_the_file_of_a_plan_is_written_unless_invoke_itself_is_dry(
    project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str], said: str, *, dry: bool
) -> None:
    path = tmp_path / "PLAN.json"
    shown(project, view=PlanView(output=path, dry=dry), filters=Filters(exclude_runs=("s",)))
    assert lines_of(capsys)[-1] == said.format(path)
    assert path.exists() is not dry
    if not dry:
        found = plan_file.load(path)
        assert [one.phase_id for one in found.phases] == ["a", "b"]
        assert found.database == project.store.identify()
        assert (found.filters["kind"], found.filters["exclude_runs"]) == ("failed", ["s"])


def test_every_phase_is_explained_where_that_is_asked_for_in_text_and_json(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    shown(project, shape="json")
    bare = json_of(capsys)
    shown(project, shape="json", view=PlanView(explain=True))
    explained = json_of(capsys)
    rows = [value for key, value in explained.items() if key not in bare]
    assert len(rows) == 1
    assert [one["phase_id"] for one in rows[0]] == ["a", "b", "c"]
    shown(project, view=PlanView(explain=True))
    lines = lines_of(capsys)
    assert [line for line in lines if line.startswith("  - s / c: does not fit into the batch")]
    shown(project, view=PlanView(explain=True, quiet=True))
    assert not [line for line in lines_of(capsys) if "s / c" in line]


def test_a_drain_that_could_not_begin_is_told_by_its_plan_with_the_code_of_the_problem(
    sqlite_project: Workplace, capsys: pytest.CaptureFixture[str]
) -> None:
    sqlite_project.fail("r/a")
    with opened(sqlite_project, command={"argv": ["/nowhere/to/be/found"]}) as project:
        assert shown(project) == 78
        lines = lines_of(capsys)
        assert [line for line in lines if line.startswith("A drain would not start: ") and "/nowhere/to/be/found" in line]
        assert shown(project, shape="json") == 78
        assert show_chain_plan(project, chain(project)) == 78


def chain(project: Project, **facts: Any) -> Chain:
    requests: dict[Kind, DrainRequest] = {kind: request_for(project, kind, **facts) for kind in (Kind.QUEUED, Kind.FAILED)}
    return Chain.of("drain-all", requests)


def test_a_chain_is_planned_as_one_queued_phases_first(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert show_chain_plan(project, chain(project)) == 0
    lines = lines_of(capsys)
    assert lines[0] == "Dry run: nothing is written"
    assert lines[1].endswith(COUNTS)
    assert lines[2].startswith("Target: Process 1 queued phase, then ")
    assert show_chain_plan(project, chain(project), shape="json") == 0
    assert "failed" in json.dumps(json_of(capsys))


@pytest.mark.parametrize(
    ("filters", "fails", "code"), [(NOTHING, True, 1), (NOTHING, False, 0), (Filters(run_id="s"), True, 0)]
)
def test_a_chain_of_nothing_fails_where_that_was_asked_for(
    project: Project, filters: Filters, code: int, *, fails: bool
) -> None:
    assert show_chain_plan(project, chain(project, filters=filters), fail_if_nothing=fails) == code


def test_of_a_chain_that_goes_on_only_what_is_not_over_is_planned(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    found = chain(project)
    found.sessions[Kind.QUEUED] = Session(session_id="s", started_at=START, status=Status.COMPLETE, kind=Kind.QUEUED)
    show_chain_plan(project, found)
    [target] = [line for line in lines_of(capsys) if line.startswith("Target")]
    assert "queued" not in target
    assert "failed" in target


@pytest.mark.parametrize(
    ("status", "ended", "is_planned"),
    [
        (Status.COMPLETE, None, False),
        (Status.COMPLETE, Status.STOPPED, False),
        (Status.COMPLETE, Status.COMPLETE, True),
        (Status.INTERRUPTED, None, True),
    ],
)
def test_a_part_is_planned_unless_its_session_is_complete_and_its_chain_is_not(
    project: Project, sqlite_project: Workplace, capsys: pytest.CaptureFixture[str], status: Status, ended: Status | None,
    is_planned: bool,
) -> None:  # fmt: skip
    found = chain(project)
    found.ended = ended
    over = None if status is Status.INTERRUPTED else "2025-12-28T13:00:00Z"
    put(sqlite_project, "s", kind="queued", status=status.value, completed_at=over).chmod(0o600)
    found.sessions[Kind.QUEUED] = project.folder.load("s")
    show_chain_plan(project, found)
    assert any("queued phase" in line for line in lines_of(capsys) if line.startswith("Target")) is is_planned


def test_a_chain_is_shown_line_by_line_with_what_has_no_effect(
    project: Project, sqlite_project: Workplace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    where = project.store.where
    assert show_chain_plan(project, chain(project)) == 0
    assert lines_of(capsys) == [
        "Dry run: nothing is written",
        f"Database: {where}{COUNTS}",
        "Target: Process 1 queued phase, then up to 2 failed phases",
        "",
        "  r: 1 queued, then 2 failed",
        "",
        "Would drain 1 of 1 queued: 0 are skipped, 0 do not fit into the batch",
        "Would drain up to 2 of 3 failed: 0 are skipped, 1 does not fit into the batch",
        "  fewer if results make it end sooner: stop.max_timeouts_per_run",
    ]
    monkeypatch.setattr(chain_plan, "plan_part", lambda *given: replace(plan_part(*given), idle=[f"of {given[2].value}\x1b"]))
    show_chain_plan(project, chain(project))
    assert lines_of(capsys)[3:5] == ["  ! of queued\\x1b", "  ! of failed\\x1b"]
    found = chain(project)
    found.idle = ["of both"]
    show_chain_plan(project, found, shape="json")
    assert json_of(capsys)["without_effect"] == ["of both", "of queued\x1b", "of failed\x1b"]
    done = chain(project)
    for kind in Kind:
        done.sessions[kind] = Session(session_id="s", started_at=START, completed_at=START, status=Status.COMPLETE, kind=kind)
    assert show_chain_plan(project, done) == 0
    assert lines_of(capsys)[2] == "Target: Process nothing"
    hold(project, "r/a")
    sqlite_project.sql("UPDATE phases SET state = 'EXECUTING' WHERE phase_id = 'a'")
    show_chain_plan(project, chain(project))
    assert any("r / a" in line for line in lines_of(capsys)[3:]), "what would be given back first is told"


def test_a_chain_ends_with_the_worst_code_of_its_parts_and_tells_each_error_once(
    project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = {Kind.QUEUED: BadData("torn"), Kind.FAILED: DatabaseUnavailable("away")}
    problems = list[str]()
    monkeypatch.setattr(chain_plan, "find_problems", lambda *_: problems)
    for left in (errors, dict(reversed(errors.items()))):
        given = iter(left.values())
        monkeypatch.setattr(chain_plan, "foresee_failure", lambda *_, given=given: next(given))
        assert show_chain_plan(project, chain(project)) == 75
        assert sorted(capsys.readouterr().err.splitlines()) == ["batchdrain: away", "batchdrain: torn"]
    problems = ["no program\x1b"]
    monkeypatch.setattr(chain_plan, "foresee_failure", lambda *_: errors[Kind.QUEUED])
    assert show_chain_plan(project, chain(project)) == 65
    said = capsys.readouterr()
    assert [line for line in said.out.splitlines() if "not start" in line] == ["A drain would not start: no program\\x1b"]
    assert said.err == ""


def test_a_table_that_can_not_be_drained_has_no_plan(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ConfigError("unfit")

    monkeypatch.setattr(project, "require_fit_table", refuse)
    with pytest.raises(ConfigError, match="unfit"):
        shown(project)
    with pytest.raises(ConfigError, match="unfit"):
        show_chain_plan(project, chain(project))


@pytest.mark.parametrize(("name", "is_taken"), [("text", True), ("json", True), ("markdown", False), ("html", False)])
def test_a_plan_has_the_formats_that_are_no_report(name: str, *, is_taken: bool) -> None:
    if is_taken:
        assert require_plan_format(name) == name
        return
    with pytest.raises(UsageError, match=f"--format: expected text or json for a dry run, got '{name}'"):
        require_plan_format(name)


def test_a_chain_takes_no_run_by_default() -> None:
    assert ChainFlags(settings=(), max_batches=None, stop_on_first_failure=False).run_id is None
