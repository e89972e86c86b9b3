"""A drain says beforehand what to expect, and its summary what came."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands.drain import drain_failed
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.model.errors import BadData
from batchdrain.planning.forecast import ENOUGH, Forecast
from batchdrain.reports.forecast_words import describe_forecast, describe_outcome, outcome_fields
from batchdrain.reports.formats import render_summary
from batchdrain.sessions.kept_forecast import KeptForecast
from batchdrain.sessions.parse import CorruptSession, parse
from batchdrain.sessions.session import Session
from tests.sessions.files import result
from tests.support.scripted_project import Row, ScriptedProject, scripted_project
from tests.support.workplace import Workplace

TOLD = Forecast(planned=25, fixed=14, fixed_low=10, fixed_high=18, minutes=38.2, minutes_low=25.0, minutes_high=60.4)
ALL: dict[str, Any] = {"batch_size": 100}


def good(run: str, count: int) -> list[Row]:
    return [(f"{run}{n % 5}", f"p{n:02}~ok", n, "FAILED", None) for n in range(count)]


def dry(project: ScriptedProject) -> Any:
    return json.loads(project.call(drain_failed, DrainFlags(dry_run=True, format="json")))["forecast"]


def add(project: ScriptedProject, rows: list[Row]) -> None:
    project.sql("INSERT INTO phases VALUES (?, ?, ?, ?, ?)", *rows)


def session_of(status: str, fixed: int, minutes: float, told: Forecast | None = TOLD) -> Session:
    return Session.model_validate(
        {
            "session_id": "s", "started_at": "2026-01-01T00:00:00Z", "completed_at": "2026-01-01T01:00:00Z", "status": status,
            "active_s": 60 * minutes, "total_success": fixed, "total_processed": fixed, "forecast": told and KeptForecast.of(told).model_dump(),
        }
    )  # fmt: skip


def test_a_drain_keeps_the_forecast_of_its_dry_run_and_the_summary_says_what_came(sqlite_project: Workplace) -> None:
    keeps_its_forecast(sqlite_project)


def test_it_does_so_on_a_server(server_project: Workplace) -> None:
    keeps_its_forecast(server_project)


def keeps_its_forecast(project: Workplace) -> None:
    project.fail(*(f"build{n % 4}/p{n:02}" for n in range(ENOUGH)))
    first = project.inv("drain", "--batch-size=100", "--workers=2")
    assert project.session()["forecast"] is None
    assert "Forecast" not in first.out, "an empty ledger knows nothing"
    project.fail(*(f"build{n % 4}/q{n}" for n in range(6)))

    planned = project.inv("dry-run", "--format=json").json()["forecast"]
    words = next(line for line in project.inv("dry-run", "--quiet").lines if line.startswith("Forecast: "))
    ran = project.inv("drain")

    session = project.session()
    assert session["forecast"] == planned
    assert planned["planned"] == 6
    assert words in ran.lines, "the header says the same"
    assert f"{words}; actual: 6 fixed in " in ran.out
    told = project.inv("summary", "--format=json").json()
    assert (told["forecast"], told["forecast_outcome"]["fixed"]) == (planned, 6)
    assert (
        f"| Forecast | {words.removeprefix('Forecast: ')}; actual: 6 fixed in "
        in project.inv("summary", "--format=markdown").out
    )
    assert [event["forecast"] for event in project.events() if event["event"] == "session.started"][-1] == planned


def test_a_resumed_session_keeps_its_first_forecast() -> None:
    with scripted_project(good("a", ENOUGH), ALL, {ENOUGH + 2: "interrupt"}) as project:
        project.call(drain_failed, DrainFlags())
        add(project, good("b", 8))
        planned = dry(project)
        project.call(drain_failed, DrainFlags())
        cut = project.session()
        project.call(drain_failed, DrainFlags(resume=True))
        ended = project.session()
        assert cut is not None
        assert ended is not None
        assert (cut["status"], ended["status"]) == ("interrupted", "complete")
        assert planned == cut["forecast"] == ended["forecast"]


def test_a_dry_run_of_a_plan_foresees_the_phases_of_the_plan() -> None:
    with scripted_project(good("a", ENOUGH), ALL) as project:
        project.call(drain_failed, DrainFlags())
        add(project, good("b", 8))
        project.section["batch_size"] = 3
        path = str(project.root / "PLAN.json")
        project.call(drain_failed, DrainFlags(dry_run=True, output=path))
        add(project, good("c", 8))
        project.call(drain_failed, DrainFlags(plan=path))
        session = project.session()
        assert session is not None
        assert session["forecast"]["planned"] == 3


@pytest.mark.parametrize(
    ("status", "fixed", "minutes", "says", "within"),
    [
        ("complete", 12, 41, "actual: 12 fixed in 41 min, as forecast", (True, True)),
        ("complete", 18, 60.4, "actual: 18 fixed in 60 min, as forecast", (True, True)),
        ("complete", 10, 25, "actual: 10 fixed in 25 min, as forecast", (True, True)),
        ("complete", 19, 24.99, "actual: 19 fixed (more than forecast) in 25 min (sooner than forecast)", (False, False)),
        ("complete", 9, 41, "actual: 9 fixed (fewer than forecast) in 41 min", (False, True)),
        ("complete", 12, 3.14159, "actual: 12 fixed in 3 min (sooner than forecast)", (True, False)),
        ("complete", 25, 0.01, "actual: 25 fixed (more than forecast) in 0.6 s (sooner than forecast)", (False, False)),
        ("stopped", 12, 41, "actual: 12 fixed in 41 min, not compared, as it ended after 12 of 25", (None, None)),
        ("interrupted", 2, 4, "actual: 2 fixed in 4 min, not compared, as it ended after 2 of 25", (None, None)),
        ("running", 2, 4, "actual: 2 fixed in 4 min, not compared while it runs", (None, None)),
    ],
)
def test_what_came_is_held_against_the_forecast(
    status: str, fixed: int, minutes: float, says: str, within: tuple[bool | None, bool | None]
) -> None:
    session = session_of(status, fixed, minutes)
    assert describe_outcome(session) == f"10 to 18 of 25 fixed (median 14) in 25 to 60 min (median 38 min); {says}"
    fields = outcome_fields(session)
    assert fields is not None
    assert (fields["fixed_within"], fields["minutes_within"]) == within
    assert says in render_summary(session, "s.json", "text")


@pytest.mark.parametrize(
    ("because", "says"),
    [
        ("stop.success_floor: 10% of 20 succeeded, below 50%", "as forecast"),
        ("--stop-on-first-failure: r / p", "as forecast"),
        ("inv stop: by ann", "not compared, as it ended after 12 of 25"),
        (
            "stop.max_metric: 9 of 'tokens' were reported, the budget is 9",
            "not compared, as it ended after 12 of 25",
        ),
    ],
)
def test_an_end_by_a_rule_that_a_forecast_reckons_with_is_judged_and_another_one_is_not(because: str, says: str) -> None:
    session = session_of("stopped", 12, 41).model_copy(update={"stopped_because": because})
    assert describe_outcome(session).endswith(f"actual: 12 fixed in 41 min, {says}")
    fields = outcome_fields(session)
    assert fields is not None
    assert fields["minutes_within"] is (True if says == "as forecast" else None)


@pytest.mark.parametrize(
    ("waiting", "says"), [(0, "as forecast"), (1, "not compared, as it ended after 25 of 25, while 1 retry waited")]
)
def test_a_session_that_tried_all_is_compared_however_it_ended(waiting: int, says: str) -> None:
    retry_at = datetime(2026, 1, 1, tzinfo=UTC)
    session = session_of("interrupted", 12, 41).model_copy(
        update={
            "total_processed": 25,
            "results": [result(0, success=False).model_copy(update={"retry_at": retry_at})] * waiting,
        }
    )
    assert describe_outcome(session).endswith(f"actual: 12 fixed in 41 min, {says}")


def test_short_times_are_said_in_seconds() -> None:
    told = Forecast(planned=3, fixed=1, fixed_low=0, fixed_high=3, minutes=0.123, minutes_low=0.002, minutes_high=9.96)
    assert describe_forecast(told) == "0 to 3 of 3 fixed (median 1) in 0.12 s to 10 min (median 7.4 s)"


def test_a_session_without_a_forecast_says_nothing_of_it() -> None:
    earlier = parse((Path(__file__).parents[1] / "data" / "earlier-session.json").read_bytes(), "here")
    for session in (session_of("complete", 3, 1, None), earlier):
        assert session.forecast is None
        assert "orecast" not in render_summary(session, "s.json", "text") + render_summary(session, "s.json", "markdown")
        assert json.loads(render_summary(session, "s.json", "json"))["forecast_outcome"] is None


@pytest.mark.parametrize(
    "forecast", ["soon", {"fixed": -1}, {"planned": 3}, {**KeptForecast.of(TOLD).model_dump(), "minutes": "x"}]
)
def test_a_forecast_that_is_none_is_named(forecast: object) -> None:
    text = json.dumps({"session_id": "s", "started_at": "2026-01-01T00:00:00Z", "forecast": forecast})
    with pytest.raises(CorruptSession, match=r"here: is no session: forecast") as caught:
        parse(text.encode(), "here")
    assert isinstance(caught.value, BadData)


def test_what_is_not_known_of_a_forecast_survives_a_rewrite() -> None:
    kept = KeptForecast.of(TOLD).model_dump() | {"by": "another"}
    text = json.dumps({"session_id": "s", "started_at": "2026-01-01T00:00:00Z", "forecast": kept})
    assert parse(text.encode(), "here").model_dump(mode="json")["forecast"] == kept
