"""Each line that a dry run, `inv pick-next-run`, `inv prune` and a resume of nothing say, on one backlog."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batchdrain.cli.commands.chain_flags import ChainFlags
from batchdrain.cli.commands.drain import drain_failed
from batchdrain.cli.commands.drain_all import drain_all
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.pick_next_run import choose_next_run, show_next_run
from batchdrain.cli.commands.prune import PruneFlags, prune
from batchdrain.cli.commands.resume import resume_session
from batchdrain.cli.commands.resume_flags import ResumeFlags
from batchdrain.drain.project import Project
from batchdrain.model.errors import UsageError
from batchdrain.runtime import clock
from tests.cli.called import invocation_of, json_of, lines_of
from tests.sessions.files import put
from tests.support.opened import opened
from tests.support.workplace import Workplace

Capsys = pytest.CaptureFixture[str]
NOON = datetime(2026, 3, 1, 12, 0, 30, 250_000, tzinfo=UTC)
on = pytest.mark.parametrize


@pytest.fixture
def place(sqlite_project: Workplace) -> Workplace:
    sqlite_project.add(("r", "a", 1, "FAILED", "boom"), ("r", "b", 2, "FAILED", "boom"), ("q", "c", 1, "QUEUED", None))
    return sqlite_project


def planned(place: Workplace, capsys: Capsys, *, code: int = 0, dry: bool = False, **flags: Any) -> list[str]:
    assert drain_failed(invocation_of(place, dry=dry), DrainFlags(**{"dry_run": True, **flags})) == code
    return lines_of(capsys)


def head(place: Workplace, target: str) -> list[str]:
    counts = "2 failed, 1 queued, 0 complete, 0 other in 2 runs"
    return ["Dry run: nothing is written", f"Database: {place.url}: {counts}", f"Target: Process {target}"]


def phase(number: int, name: str) -> list[str]:
    why = f"other, never tried, phase_index {number}, 2 failed in its run (policy hints > untried-first > smart)"
    return [f"[{number}/2] r / {name}", f"  Why: {why}", "  Failed with: boom (cluster 81f52337eb)", "  Timeout: 60 s (timeout.default_s)"]  # fmt: skip


def test_a_dry_run_tells_what_a_drain_would_take_and_how_it_would_end(place: Workplace, capsys: Capsys) -> None:
    both = [*phase(1, "a"), *phase(2, "b")]
    end = "Would drain 2 of 2: 0 are skipped, 0 do not fit into the batch"
    assert planned(place, capsys) == [*head(place, "2 failed phases"), "", *both, "", end]
    assert planned(place, capsys, quiet=True) == [*head(place, "2 failed phases"), "", end]
    place.configure(stop={"max_metric": {"tokens": 100_000, "cost": 0}}, command={"runs_per_minute": 2.5})
    assert planned(place, capsys, quiet=True) == [
        *head(place, "up to 2 failed phases"),
        "Budget: the session ends once its results brought 100000 of tokens",
        "Pace: 2.5 executions start per minute (command.runs_per_minute): the last of these after 24 s at the earliest",
        "", end.replace("2 of", "up to 2 of"), "  fewer if results make it end sooner: stop.max_metric",
    ]  # fmt: skip
    nothing = planned(place, capsys, run_id="zz*", fail_if_nothing=True, code=1)
    assert nothing[2:] == [
        "Target: Process 0 failed phases",
        "  ! --run-id=zz*: no run matches it; `inv list-run-counts` lists the runs",
        "Budget: the session ends once its results brought 100000 of tokens",
        "",
        f"Nothing to drain in {place.url}.",
        "It holds 2 failed, 1 queued, 0 complete, 0 other in 2 runs.",
        "All 2 failed phases are skipped:",
        "  2 by --run-id: not zz*",
    ]


def test_a_plan_is_written_to_its_file_unless_nothing_at_all_is_to_be_written(place: Workplace, capsys: Capsys) -> None:
    path = place.root / "plan.json"
    assert (
        planned(place, capsys, quiet=True, dry=True, dry_run=False, output=str(path))[-1]
        == f"Plan would be written to {path}"
    )
    assert not path.exists()
    assert (
        planned(place, capsys, quiet=True, output=str(path))[-1]
        == f"Plan written to {path}: `inv drain --plan {path}` drains it"
    )
    found = json.loads(path.read_text())
    assert [(one["run_id"], one["phase_id"]) for one in found["phases"]] == [("r", "a"), ("r", "b")]
    path.unlink()
    assert drain_failed(invocation_of(place), DrainFlags(dry_run=True, format="json", output=str(path), explain=True)) == 0
    assert json_of(capsys) == json.loads(path.read_text())
    assert planned(place, capsys, plan=str(path), quiet=True)[2] == "Target: Process 2 failed phases"


def test_a_dry_run_explains_each_phase_once(place: Workplace, capsys: Capsys) -> None:
    chosen = "chosen: other, never tried, phase_index {}, 2 failed in its run (policy hints > untried-first > smart)"
    lines = planned(place, capsys, explain=True, quiet=True)
    assert lines[lines.index("") + 2 :][-2:] == ["        2 chosen", "        2 failed in all"]
    lines = planned(place, capsys, explain=True)
    assert lines[lines.index("Every failed phase, once:") + 1 :] == [
        f"  + r / a: {chosen.format(1)}", f"  + r / b: {chosen.format(2)}", "", "        2 chosen", "        2 failed in all",
    ]  # fmt: skip


def test_the_dry_run_of_a_chain_tells_each_run_and_each_part(place: Workplace, capsys: Capsys) -> None:
    def told(code: int = 0, **flags: Any) -> list[str]:
        given: dict[str, Any] = {"settings": (), "max_batches": None, "stop_on_first_failure": False, **flags}
        assert drain_all(invocation_of(place, dry=True), ChainFlags(**given)) == code
        return lines_of(capsys)

    skips = "0 are skipped, 0 do not fit into the batch"
    assert told() == [
        *head(place, "1 queued phase, then 2 failed phases"), "", "  q: 1 queued", "  r: 2 failed", "",
        f"Would drain 1 of 1 queued: {skips}", f"Would drain 2 of 2 failed: {skips}",
    ]  # fmt: skip
    place.sql("DELETE FROM phases WHERE run_id = 'r'")
    assert told()[2] == "Target: Process 1 queued phase, then 0 failed phases"
    place.sql("DELETE FROM phases")
    assert told(code=1, fail_if_nothing=True)[2] == "Target: Process 0 queued phases, then 0 failed phases"
    assert told()[2:3] == ["Target: Process 0 queued phases, then 0 failed phases"]


@pytest.fixture
def project(place: Workplace) -> Iterator[Project]:
    with opened(place) as found:
        yield found


@on(("state", "run"), [("any", "q"), ("queued", "q"), ("failed", "r")])
def test_the_next_run_is_that_of_most_queued_phases_else_of_the_first_failed_one(
    place: Workplace, project: Project, state: str, run: str
) -> None:
    assert choose_next_run(project, state) == run
    place.add(("p", "a", 0, "QUEUED", None), ("p", "b", 0, "QUEUED", None))
    assert choose_next_run(project, state) == ("r" if state == "failed" else "p")
    place.sql("DELETE FROM phases WHERE state = 'QUEUED'")
    assert choose_next_run(project, state) == (None if state == "queued" else "r")
    place.sql("DELETE FROM phases")
    assert choose_next_run(project, state) is None


def test_the_next_run_is_a_row_or_json_with_its_type(place: Workplace, capsys: Capsys) -> None:
    place.configure(run_types=[{"match": "q", "type": "nightly"}])
    show_next_run(invocation_of(place), state="any", format_name="text")
    assert lines_of(capsys) == ["q\tnightly"]
    show_next_run(invocation_of(place), state="failed", format_name="json")
    assert json_of(capsys) == {"run_id": "r", "run_type": "default"}
    place.sql("DELETE FROM phases")
    show_next_run(invocation_of(place), state="any", format_name="text")
    show_next_run(invocation_of(place), state="any", format_name="json")
    assert lines_of(capsys) == ["null"]


def test_a_run_without_a_name_is_not_the_next_one(place: Workplace, project: Project) -> None:
    place.add(*(("", str(number), 0, "QUEUED", None) for number in range(3)))
    assert choose_next_run(project, "any") == "q"


def test_prune_says_what_is_to_go_by_when_and_that_nothing_went(
    place: Workplace, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    with pytest.raises(UsageError, match=r"^--older-than: is missing; name an age, as --older-than=30d, or a session"):
        prune(invocation_of(place), PruneFlags(yes=True))

    def told(*, dry: bool = False, **flags: Any) -> list[str]:
        prune(invocation_of(place, dry=dry), PruneFlags(older_than=timedelta(days=2), **flags))
        return lines_of(capsys)

    assert told() == ["Nothing to prune of what ended before 2026-02-27T12:00:30Z."]
    path = put(place, "batch-drain-20251228-120000", session_id="batch-drain-20251228-120000", status="complete", completed_at="2025-12-28T13:00:00Z")  # fmt: skip
    path.chmod(0o600)
    path.parent.chmod(0o700)
    size = path.stat().st_size
    files = f"  session files            1 {size:>7} B"
    would = "Would remove what ended before 2026-02-27T12:00:30Z:"
    assert told() == [would, files, "Nothing was removed yet: `--yes` removes it."]
    assert told(dry=True, yes=True) == [would, files, "Nothing was removed."]
    assert path.exists()
    prune(invocation_of(place), PruneFlags(older_than=timedelta(days=2), format="json"))
    found = json_of(capsys)
    assert (found["dry_run"], found["before"], found["sessions"]) == (True, "2026-02-27T12:00:30Z", [path.stem])
    prune(invocation_of(place), PruneFlags(session_id=[path.stem], format="json"))
    assert json_of(capsys)["before"] is None
    prune(invocation_of(place), PruneFlags(session_id=[path.stem]))
    assert lines_of(capsys)[0] == "Would remove the sessions named:"
    assert told(yes=True) == ["Removed what ended before 2026-02-27T12:00:30Z:", files]
    assert not path.exists()


def test_whoever_resumes_nothing_is_told_so_and_of_the_session_that_was_stopped(place: Workplace, capsys: Capsys) -> None:
    with opened(place) as project:
        folder = project.folder.folder
    assert resume_session(invocation_of(place), ResumeFlags()) == 0
    assert lines_of(capsys) == [f"Nothing to resume in {folder}: no session is incomplete (newest: none)."]
    assert resume_session(invocation_of(place), ResumeFlags(fail_if_nothing=True)) == 1
    lines_of(capsys)
    names = [f"batch-drain-20251228-12000{number}" for number in range(3)]
    for name, why in zip(names, ("stop.max_repeats: 3", "max_timeouts", None), strict=True):
        state = {"status": "complete"} if why is None else {"status": "stopped", "stopped_because": why}
        path = put(place, name, session_id=name, completed_at="2025-12-28T13:00:00Z", started_at=f"2025-12-28T12:00:0{name[-1]}Z", **state)  # fmt: skip
        path.chmod(0o600)
        path.parent.chmod(0o700)
    assert resume_session(invocation_of(place), ResumeFlags()) == 0
    assert lines_of(capsys) == [
        f"Nothing to resume in {folder}: no session is incomplete (newest: {names[2]}, {names[1]}, {names[0]}).",
        f"Session {names[1]} was stopped (max_timeouts). Go on with:",
        f"inv resume --session-id={names[1]}",
    ]
