"""When the rest will be done, for people: with the clock where that is soon enough to look at it, and never 0 s."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from batchdrain.reports.eta_words import describe_eta

NOW = datetime(2026, 11, 29, 9, 27, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "facts", "told"),
    [
        (None, {}, "ETA unknown"),
        (None, {"is_least": True}, "ETA unknown"),
        (0.2, {}, "ETA 1 s"),
        (99.0, {}, "ETA 99 s"),
        (99.1, {}, "ETA 2 min"),
        (100.0, {}, "ETA 2 min (09:28)"),
        (840.0, {}, "ETA 14 min (09:41)"),
        (840.0, {"with_clock": False}, "ETA 14 min"),
        (840.0, {"is_least": True}, "ETA at least 14 min (09:41)"),
        (50.0, {"is_least": True}, "ETA at least 50 s"),
        (14 * 3600.0 + 33 * 60, {}, "ETA 14 h 33 min (30 Nov 00:00)"),
        (14 * 3600.0 + 32 * 60, {}, "ETA 14 h 32 min (23:59)"),
    ],
)
def test_the_rest_is_told_by_a_span_and_by_the_clock(seconds: float | None, facts: dict[str, bool], told: str) -> None:
    assert describe_eta(seconds, NOW, is_least=facts.get("is_least", False), with_clock=facts.get("with_clock", True)) == told


def test_the_clock_is_that_of_the_reader_and_no_time_is_beyond_it() -> None:
    there = NOW.astimezone(timezone(timedelta(hours=5)))
    assert describe_eta(840.0, there, is_least=False) == "ETA 14 min (14:41)"
    assert describe_eta(1e18, NOW, is_least=False).startswith("ETA ")
