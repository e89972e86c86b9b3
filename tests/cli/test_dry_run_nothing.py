"""A dry run of nothing says why, also in JSON; one of something says no such thing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.cli.commands import dry_run
from batchdrain.cli.commands.dry_run import show_plan
from batchdrain.drain.preview.dry_plan import make_dry_plan
from batchdrain.execution.process_identity import identify_self
from batchdrain.model.phase import Skip
from batchdrain.planning.filters import Filters
from tests.cli.called import json_of, lines_of
from tests.support.opened import hold, opened, request_for
from tests.support.workplace import Workplace

NOTHING = Filters(run_id="nope")
Capsys = pytest.CaptureFixture[str]


def told(place: Workplace, capsys: Capsys, shape: str = "text", *, filters: Filters = NOTHING, **facts: Any) -> Any:
    with opened(place) as project:
        show_plan(project, request_for(project, filters=filters, **facts), shape)
    return json_of(capsys) if shape == "json" else lines_of(capsys)


def test_why_nothing_is_planned_is_told_in_both_formats_and_only_then(sqlite_project: Workplace, capsys: Capsys) -> None:
    sqlite_project.fail("r/a")
    why = "Nothing to drain in "
    assert [line for line in told(sqlite_project, capsys) if line.startswith(why)]
    assert why in json.dumps(told(sqlite_project, capsys, "json"))
    for shape in ("text", "json"):
        assert why not in json.dumps(told(sqlite_project, capsys, shape, filters=Filters()))


@pytest.mark.parametrize(
    ("is_alive", "line"), [(True, "1 is claimed by another controller: `inv sessions` shows it."), (False, None)]
)
def test_what_another_controller_holds_is_counted_and_what_a_dead_one_left_is_not(
    sqlite_project: Workplace, capsys: Capsys, is_alive: bool, line: str | None
) -> None:
    sqlite_project.fail("r/a", "r/b")
    with opened(sqlite_project) as project:
        hold(project, "r/a", by=identify_self() if is_alive else None, guard=identify_self() if is_alive else None)
    found = told(sqlite_project, capsys)
    assert [one for one in found if "claimed by another controller" in one] == ([] if line is None else [line])


def test_a_condition_a_plan_and_a_batch_that_is_done_are_told_with_the_rest(
    sqlite_project: Workplace, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_project.fail("r/a")
    seen = list[Any]()

    def explain(_: object, __: object, empty: object) -> str:
        seen.append(empty)
        return "why"

    monkeypatch.setattr(dry_run, "explain_nothing", explain)
    sqlite_project.source = {"where": "run_id = 'x'"}
    assert "why" in told(sqlite_project, capsys)
    assert "why" in told(sqlite_project, capsys, plan=[])
    assert [(one.condition, one.by_plan, one.batch_done, one.state) for one in (seen[0], seen[-1])] == [
        ("run_id = 'x'", False, None, "failed"), ("run_id = 'x'", True, 10, "failed"),
    ]  # fmt: skip


def test_a_session_or_group_that_takes_nothing_more_says_what_stopped_it(
    sqlite_project: Workplace, capsys: Capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_project.fail("r/a")
    for rule, who in (("stop.max_repeats", "session"), ("--group", "group")):
        stopped = Skip(rule, "3 times\x1b")

        def stop(*given: Any, stopped: Skip = stopped, **more: Any) -> Any:
            return replace(make_dry_plan(*given, **more), stopped=stopped)

        monkeypatch.setattr(dry_run, "make_dry_plan", stop)
        assert f"The {who} takes nothing more: {rule}: 3 times\\x1b" in told(sqlite_project, capsys)
