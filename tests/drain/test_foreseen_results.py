"""For which drains a forecast is made, and of what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from batchdrain.drain.preview import results
from batchdrain.drain.preview.results import foresee
from batchdrain.drain.project import Project
from batchdrain.drain.selection import backlog_for
from batchdrain.planning.forecast import Forecast
from batchdrain.planning.stop import Progress
from batchdrain.runtime import clock
from batchdrain.sessions.progress import ResultCounts
from batchdrain.sessions.session import Kind
from tests.support.opened import opened, request_for
from tests.support.workplace import Workplace

MADE = Forecast(planned=3, fixed=1, fixed_low=0, fixed_high=3, minutes=1.0, minutes_low=0.5, minutes_high=2.0)


@pytest.fixture
def place(sqlite_project: Workplace) -> Iterator[tuple[Workplace, Project]]:
    with opened(sqlite_project) as project:
        yield sqlite_project, project


@pytest.mark.parametrize(
    ("facts", "policy", "most", "is_made"),
    [
        ({}, ["smart"], 3, True),
        ({}, ["smart"], None, True),
        ({}, ["smart"], 1, True),
        ({}, ["smart"], 0, False),
        ({}, [{"name": "smart"}], 3, True),
        ({}, ["smart", "own_policy:rank"], 3, False),
        ({}, [{"name": "own_policy:rank"}], 3, False),
        ({"kind": Kind.QUEUED}, ["smart"], 3, False),
        ({"group": "nightly"}, ["smart"], 3, False),
    ],
)
def test_a_forecast_is_made_of_failed_phases_of_a_drain_of_its_own_with_policies_of_ours(
    place: tuple[Workplace, Project],
    monkeypatch: pytest.MonkeyPatch,
    facts: dict[str, Any],
    policy: list[Any],
    most: int | None,
    is_made: bool,
) -> None:
    work, project = place
    work.fail("a/p")
    given: dict[str, Any] = {}

    def keep(phases: object, settings: object, limits: object, **more: Any) -> Any:
        given.update(more)
        return MADE

    monkeypatch.setattr(results, "make_forecast", keep)
    asked = request_for(project)
    backlog = backlog_for(project, asked, ResultCounts())
    backlog.refresh(clock.now())
    settings = asked.settings.model_copy(update={"policy": policy})
    wanted = request_for(project, **{"settings": settings, "stop_on_first_failure": True, **facts})
    found = foresee(project, wanted, backlog, most, Progress(elapsed_s=61.6))
    assert found is (MADE if is_made else None)
    if is_made:
        assert (given["most"], given["progress"].elapsed_s, given["first_failure_ends"]) == (most, 62.0, True)
