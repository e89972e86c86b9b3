"""How far the sessions are that run, as another shell sees it."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest

from batchdrain.database.ledger.session_rows import SessionRow
from batchdrain.execution.process_identity import identify_self
from batchdrain.reports.status_view import render_status, to_fields

NOW = datetime(2026, 11, 29, 9, 27, tzinfo=UTC)
PROGRESS = {"processed": 12, "succeeded": 8, "failed": 3, "retries": 1, "before": 0, "target": 25, "elapsed_s": 720.0}


def row(*, beat_age_ms: int = 0, **progress: Any) -> SessionRow:
    return SessionRow(
        uid="u", session_id="batch-drain-1", chain_uid=None, epoch=1, controller=identify_self(), host="host", wanted={},
        progress={**PROGRESS, **progress}, asked=None, begun_ms=0, beat_age_ms=beat_age_ms, ttl_ms=60_000, ended_ms=None,
        status=None,
    )  # fmt: skip


def line(found: SessionRow) -> str:
    return list(render_status([to_fields(found, alive=True)], NOW))[1].strip()


def test_the_counts_and_the_eta_are_those_of_the_drain() -> None:
    assert line(row(eta_s=840.0, beat_age_ms=0)) == (
        "12/25 · 8 ok · 4 failed · 1 retry to come · 1.0 phases per minute · ETA 14 min (09:41) · as of 0 s ago"
    )
    assert "ETA at least 14 min (09:41)" in line(row(eta_s=840.0, eta_is_least=True))


def test_an_eta_that_has_passed_since_the_last_report_is_not_told_as_a_last_second() -> None:
    assert "12/25 · 8 ok · 4 failed · 1 retry to come" in line(row(eta_s=4.0, beat_age_ms=7_000))
    assert " · ETA any moment · as of 7 s ago" in line(row(eta_s=4.0, beat_age_ms=7_000))
    assert " · ETA 2 s · as of 7 s ago" in line(row(eta_s=9.0, beat_age_ms=7_000))


@pytest.mark.parametrize(
    ("progress", "eta_s"),
    [
        ({"eta_s": 840.0}, 810.0),
        ({"eta_s": 10.0}, 1.0),
        ({"eta_s": None}, None),
        ({}, 750.0),
        ({"eta_s": "soon"}, None),
        ({"eta_s": math.nan}, None),
        ({"eta_s": -1e9}, 1.0),
    ],
    ids=[
        "as of now",
        "never none",
        "nobody knows",
        "of one that says none, by its rate",
        "a word",
        "no number",
        "below zero",
    ],
)
def test_the_eta_is_as_of_now_and_never_none_at_all(progress: dict[str, Any], eta_s: float | None) -> None:
    assert to_fields(row(beat_age_ms=30_000, **progress), alive=True)["eta_s"] == eta_s


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (
            {"retries": 2, "eta_s": None},
            "12/25 · 8 ok · 4 failed · 2 retries to come · 1.0 phases per minute · as of 0 s ago",
        ),
        ({"retries": 0, "eta_s": None, "elapsed_s": 0.0}, "12/25 · 8 ok · 4 failed · as of 0 s ago"),
        ({"retries": 0, "eta_s": None, "before": 12}, "12/25 · 8 ok · 4 failed · as of 0 s ago"),
        ({"retries": 0, "eta_s": None, "before": 6}, "12/25 · 8 ok · 4 failed · 0.5 phases per minute · as of 0 s ago"),
    ],
)
def test_what_is_not_known_of_a_session_is_not_said(progress: dict[str, Any], said: str) -> None:
    assert line(row(**progress)) == said
