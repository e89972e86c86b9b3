"""What became of a forecast, what a stopped session left, and the report of no session at all, in each format."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batchdrain.planning.forecast import Forecast
from batchdrain.reports.beside import NOTHING_BESIDE
from batchdrain.reports.forecast_words import describe_forecast, describe_outcome, outcome_fields
from batchdrain.reports.formats import render_nothing
from batchdrain.reports.html.balance_bar import balance_bar
from batchdrain.reports.html.timeline import slots_of
from batchdrain.reports.left_over import describe_left, describe_not_reached, left_over
from batchdrain.reports.skip_list import skips_of
from batchdrain.reports.worst import clusters_of, find_worst
from batchdrain.sessions.attempt_log import AttemptSpan
from batchdrain.sessions.balance import Balance, Skips
from batchdrain.sessions.kept_forecast import KeptForecast
from batchdrain.sessions.session import Kind, Session, Skipped, Status
from batchdrain.sessions.whole import whole_of
from tests.sessions.files import START, result

FORECAST = Forecast(planned=25, fixed=14, fixed_low=10, fixed_high=18, minutes=38.4, minutes_low=9.97, minutes_high=60.0)
OVER = {"status": Status.COMPLETE, "completed_at": START}


def session(**facts: Any) -> Session:
    return Session(**{"session_id": "s", "started_at": START, **OVER, **facts})


def forecast(**facts: Any) -> Session:
    return session(forecast=KeptForecast.of(FORECAST), **facts)


@pytest.mark.parametrize(
    ("median", "low", "high", "told"),
    [
        (38.4, 9.97, 60.0, "10 to 60 min (median 38 min)"), (0.5, 0.2, 1.5, "12 to 90 s (median 30 s)"), (0.5, 0.095, 60.0, "5.7 s to 60 min (median 30 s)"),
        (0.1, 0.02, 0.16, "1.2 to 9.6 s (median 6 s)"), (90.0, 0.0, 6_000.0, "0 s to 100 h 00 min (median 90 min)"), (5.0, 5.0, 5.0, "5 min"),
    ],
)  # fmt: skip
def test_minutes_are_told_as_exactly_as_they_matter_and_a_unit_once(
    median: float, low: float, high: float, told: str
) -> None:
    figures = {"fixed": 14, "fixed_low": 10, "fixed_high": 18, "minutes": median, "minutes_low": low, "minutes_high": high}
    assert describe_forecast(Forecast(planned=25, **figures)) == f"10 to 18 of 25 fixed (median 14) in {told}"  # type: ignore[arg-type]


def test_a_forecast_of_one_number_is_that_number() -> None:
    sure = Forecast(planned=6, fixed=6, fixed_low=6, fixed_high=6, minutes=1.0, minutes_low=1.0, minutes_high=1.0)
    assert describe_forecast(sure) == "6 of 6 fixed in 60 s"


NOT_COMPARED = "14 fixed in 20 min, not compared, as it ended after"
WAITS = [result(number, success=False, retry_at=START) for number in range(2)]


@pytest.mark.parametrize(
    ("facts", "came", "within"),
    [
        ({"total_success": 10, "active_s": 3600.0}, "10 fixed in 60 min, as forecast", (True, True)),
        ({"total_success": 18, "active_s": 600.0}, "18 fixed in 10 min, as forecast", (True, True)),
        ({"total_success": 9, "active_s": 600.0}, "9 fixed (fewer than forecast) in 10 min", (False, True)),
        ({"total_success": 19, "active_s": 600.0}, "19 fixed (more than forecast) in 10 min", (False, True)),
        ({"active_s": 3600.1}, "14 fixed in 60 min (later than forecast)", (True, False)),
        ({"active_s": 598.0}, "14 fixed in 10 min (sooner than forecast)", (True, False)),
        ({"active_s": 598.2}, "14 fixed in 10 min, as forecast", (True, True)),
        ({"total_success": 0, "active_s": 0.0}, "0 fixed (fewer than forecast) in 0 s (sooner than forecast)", (False, False)),
        ({"status": Status.RUNNING, "total_processed": 25}, "14 fixed in 20 min, not compared while it runs", (None, None)),
        ({"status": Status.INTERRUPTED, "total_processed": 24}, f"{NOT_COMPARED} 24 of 25", (None, None)),
        ({"status": Status.INTERRUPTED, "total_processed": 25}, "14 fixed in 20 min, as forecast", (True, True)),
        ({"status": Status.INTERRUPTED, "total_processed": 25, "results": WAITS[:1]},
         f"{NOT_COMPARED} 25 of 25, while 1 retry waited", (None, None)),
        ({"status": Status.INTERRUPTED, "total_processed": 25, "results": WAITS},
         f"{NOT_COMPARED} 25 of 25, while 2 retries waited", (None, None)),
        ({"status": Status.STOPPED, "stopped_because": "asked by ann"}, f"{NOT_COMPARED} 0 of 25", (None, None)),
        ({"status": Status.STOPPED}, f"{NOT_COMPARED} 0 of 25", (None, None)),
        ({"status": Status.STOPPED, "stopped_because": "stop.max_consecutive_failures: 3"},
         "14 fixed in 20 min, as forecast", (True, True)),
    ],
)  # fmt: skip
def test_a_forecast_is_compared_with_what_came_only_where_the_session_ended_as_it_foresaw(
    facts: dict[str, Any], came: str, within: tuple[bool | None, bool | None]
) -> None:
    facts = {"total_success": 14, "active_s": 1200.0, **facts}
    found = forecast(**facts)
    told = describe_outcome(found)
    assert told == f"10 to 18 of 25 fixed (median 14) in 10 to 60 min (median 38 min); actual: {came}"
    fields = outcome_fields(found)
    assert fields is not None
    assert (fields["fixed_within"], fields["minutes_within"]) == within
    assert (fields["fixed"], fields["minutes"], fields["session_id"]) == (
        facts["total_success"], round(facts["active_s"] / 60, 3), "s",
    )  # fmt: skip


def test_of_a_chain_the_part_that_had_a_forecast_is_judged_and_without_one_nothing_is_said() -> None:
    queued = session(session_id="q", kind=Kind.QUEUED, total_success=99)
    chain = whole_of([queued, forecast(session_id="f", total_success=14, active_s=1200.0)], Status.COMPLETE)
    found = outcome_fields(chain)
    assert found is not None
    assert (found["session_id"], found["fixed"]) == ("f", 14)
    assert describe_outcome(chain).endswith("; actual: 14 fixed in 20 min, as forecast")
    assert (describe_outcome(queued), outcome_fields(queued)) == ("", None)


@pytest.mark.parametrize(
    ("because", "balance", "text"),
    [
        (None, Balance(waiting=45, skipped=3), ""),
        ("stop.max_repeats", Balance(waiting=45, skipped=3), "45 left for another drain, 3 skipped by a rule"),
        ("stop.max_repeats", Balance(waiting=0, skipped=1), "1 skipped by a rule"),
        ("stop.max_repeats", Balance(waiting=1), "1 left for another drain"),
        ("stop.max_repeats", None, ""),
    ],
)
def test_what_is_left_is_told_where_something_ended_the_session_before_its_backlog(
    because: str | None, balance: Balance | None, text: str
) -> None:
    found = session(stopped_because=because, balance=balance)
    assert describe_left(found) == text
    assert [what for _, what, _ in left_over(found)] == [
        what for what, words in (("waiting", "drain"), ("skipped by a rule", "rule")) if words in text
    ]


WHOLE = Balance.of(before=9, known=8, skips=Skips(accepted=1, filtered=2, by_rules=3))
LEFT = {"status": Status.INTERRUPTED, "completed_at": None, "stopped_because": "SIGINT"}


@pytest.mark.parametrize(
    ("facts", "said", "left"),
    [
        ({}, "2 skipped by your filters + 3 skipped by a rule + 2 left for another drain", "2 left for another drain"),
        (
            {**LEFT, "batch_size": 5, "total_processed": 4},
            "2 skipped by your filters + 3 skipped by a rule + 1 left for its resume + 1 left for another drain",
            "1 left for its resume, 1 left for another drain",
        ),
        (
            {**LEFT, "batch_size": 5, "total_processed": 5},
            "2 skipped by your filters + 3 skipped by a rule + 2 left for another drain",
            "2 left for another drain",
        ),
        (
            {**LEFT, "batch_size": 1, "kind": Kind.QUEUED, "total_processed": 4},
            "2 skipped by your filters + 3 skipped by a rule + 2 left for its resume",
            "2 left for its resume",
        ),
        (
            {**LEFT, "batch_size": 1, "kind": Kind.QUEUED, "filters": {"max_batches": 5}, "total_processed": 4},
            "2 skipped by your filters + 3 skipped by a rule + 1 left for its resume + 1 left for another drain",
            "1 left for its resume, 1 left for another drain",
        ),
        (
            {**LEFT, "status": Status.RUNNING, "batch_size": 9},
            "2 skipped by your filters + 3 skipped by a rule + 2 still to come",
            "2 still to come",
        ),
        (
            {"status": Status.STOPPED, "batch_size": 9, "filters": {"plan": []}},
            "2 not in the plan + 3 skipped by a rule + 2 left for a resume or another drain",
            "2 left for a resume or another drain",
        ),
    ],
    ids=["complete", "interrupted", "its batch is done", "queued", "queued, in batches", "runs", "stopped, by a plan"],
)
def test_what_was_not_reached_is_a_sum_that_tells_what_a_resume_takes(facts: dict[str, Any], said: str, left: str) -> None:
    found = session(balance=WHOLE, **{"stopped_because": "x", **facts})
    assert describe_not_reached(found, WHOLE) == f"8 = {said} + 1 moved or deleted"
    assert describe_left(found) == f"{left}, 3 skipped by a rule"
    drawn = [f"{count} {name}" for name, _, count, _, _ in balance_bar(found, WHOLE).parts]
    assert drawn == [*said.split(" + "), "1 moved or deleted", "1 accepted"]


def test_of_what_was_not_reached_nothing_is_told_where_nothing_is_left_or_a_part_is_not_known() -> None:
    assert describe_not_reached(session(), Balance()) == ""
    assert describe_not_reached(session(), Balance(not_reached=5, waiting=4)) == "", "a file of an earlier version"


def test_what_a_chain_left_is_the_latest_of_each_kind() -> None:
    parts = [
        session(session_id=str(place), kind=kind, balance=Balance(waiting=waiting), stopped_because="stop.x")
        for place, (kind, waiting) in enumerate([(Kind.QUEUED, 7), (Kind.FAILED, 20), (Kind.FAILED, 5)])
    ]
    assert describe_left(whole_of(parts, Status.STOPPED)) == "12 left for another drain"


def test_a_rule_that_left_out_phases_that_nobody_counted_left_out_some() -> None:
    skipped = [Skipped(rule="a", value="x", count=2), Skipped(rule="a", value="y", count=3), Skipped(rule="b", value="z")]
    assert [(count, rule) for count, rule, _ in skips_of(session(skipped=skipped))] == [("5", "a"), ("some", "b")]


@pytest.mark.parametrize(
    ("shape", "text"), [("text", "one\ntwo *\n"), ("markdown", "one\n\ntwo \\*\n\n"), ("html", "one\ntwo *\n")]
)
def test_the_report_of_no_session_says_why_in_its_own_format(shape: str, text: str) -> None:
    assert render_nothing("one\ntwo *", shape) == text
    assert json.loads(render_nothing("one\ntwo *", "json")) == {"session_id": None, "nothing_selected": ["one", "two *"]}


def test_the_worst_failures_are_the_first_of_each_cluster_the_largest_cluster_first() -> None:
    kinds = "aabbbc"
    results = [result(place, success=False, fingerprint=kind, error_message=kind) for place, kind in enumerate(kinds)]
    results += [result(9, success=True, fingerprint="a"), result(10, success=False, error_message="old")]
    found = session(results=results)
    found.recount()
    worst = [one.result.phase_id for one in find_worst(found, "/x/s.json", clusters_of(found, NOTHING_BESIDE))]
    assert worst[:4] == ["p2", "p0", "p5", "p10"]
    assert "p9" not in worst
    assert len(worst) == len(set(worst)) <= 10


def span(started_s: float, duration_s: float) -> AttemptSpan:
    facts: dict[str, Any] = dict.fromkeys(AttemptSpan.__dataclass_fields__, "")
    return AttemptSpan(**{**facts, "started_s": started_s, "duration_s": duration_s})


def test_an_attempt_is_drawn_in_the_lowest_slot_that_is_free_when_it_begins() -> None:
    spans = [span(0, 10), span(1, 2), span(3, 1), span(3.5, 9), span(10, 1)]
    assert [slot for slot, _ in slots_of(spans)] == [0, 1, 1, 2, 0]
