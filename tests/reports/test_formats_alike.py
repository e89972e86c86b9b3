"""Text, Markdown and JSON of a summary tell the same facts, whatever became of the session."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest

from batchdrain.reports import formats
from batchdrain.reports.beside import Beside
from batchdrain.reports.exit_words import Exit
from batchdrain.sessions.session import Session, Status
from batchdrain.sessions.whole import whole_of
from tests.reports.test_worst import failed, session

BALANCE = {"failed_before": 3, "new": 1, "fixed": 1, "still_failing": 2, "accepted": 0, "not_reached": 1, "waiting": 1}
PASSED = {"run_id": "r", "phase_id": "ok", "success": True, "final_state": "COMPLETE", "exit_code": 3, "fingerprint": None}
ENDED = {"completed_at": "2025-12-28T13:00:00Z", "status": "complete"}


def counted(results: list[dict[str, Any]], name: str = "s", **more: object) -> Session:
    wins = sum(one["success"] is True for one in results)
    totals = {"total_processed": len(results), "total_success": wins, "total_failed": len(results) - wins}
    return session(results, name, **{**ENDED, **totals, **more})


LEFT = {"waiting": "left for (a resume or )?another drain", "to come": "left for its resume"}
"""How the texts say what JSON says in a word or two."""
FAILED = [
    failed("a", "disk full", log_path="x/s/logs/r/a.1.stderr.txt", duration_s=7.5),
    failed("b", "disk full"),
    failed("c", "no route"),
    PASSED,
]
KINDS = {
    "failed": counted(FAILED, balance=BALANCE, metrics={"tokens": 7.0}, active_s=60.0),
    "retried": counted([failed("a", None, category="transient", attempt=2), PASSED], balance=BALANCE),
    "stopped": counted(
        FAILED, status="stopped", stopped_because="stop.max_total_minutes: 1 minute is over", balance=BALANCE,
        skipped=[{"rule": "stop.max_timeouts_per_run", "value": "run r timed out once", "count": 2}], total_timeouts=1,
    ),
    "interrupted": counted(FAILED, status="interrupted", completed_at=None, stopped_because="SIGINT", balance=BALANCE),
    "wanted": counted(FAILED, settings={"min_success_rate": 0.5}, without_effect=["--workers=4: 1 run has phases"]),
    "chain": whole_of(
        [
            counted([failed("q", "disk full"), PASSED], "s1", kind="queued", balance=BALANCE),
            counted(FAILED, "s2", balance={**BALANCE, "failed_before": 4, "fixed": 2}),
        ],
        Status.COMPLETE,
    ),
    "empty": counted([]),
}  # fmt: skip

BESIDE = Beside(
    mount="batch.",
    goes_on="inv batch.resume --session-id=20251228-120000",
    ended=Exit(1, "Exit code 1: 3 of 4 phases failed."),
)


def texts_of(found: Session) -> tuple[str, str, dict[str, Any]]:
    """Text, the page as its readers see it, JSON."""
    saved = "new/s1.json\nnew/s2.json" if hasattr(found, "parts") else "new/s.json"
    page = html.unescape(formats.render_summary(found, saved, "markdown", BESIDE)).replace("\u200b", "")
    as_json = json.loads(formats.render_summary(found, saved, "json", BESIDE))
    return formats.render_summary(found, saved, "text", BESIDE), re.sub(r"\\(.)", r"\1", page).replace("`", ""), as_json


@pytest.mark.parametrize("kind", KINDS)
def test_what_json_says_of_a_session_stands_in_text_and_markdown_too(kind: str) -> None:
    text, page, fields = texts_of(KINDS[kind])
    for where in (text, page):
        for name in fields.get("sessions", [fields["session_id"]]):
            assert name in where
        for cluster in fields["clusters"]:
            assert re.search(rf"{cluster['id']}\b.*\b{cluster['count']}(x|\b).*{re.escape(cluster['fingerprint'])}", where)
            assert cluster["drain"] == f"inv batch.drain --cluster={cluster['id']}"
        for cluster in fields["clusters"][:1]:
            assert f": {cluster['drain']}" in where
            assert cluster["accept"] in where
        for one in fields["worst_failures"]:
            assert one["phase_id"] in where
            assert one["error_message"] in where
            assert one["log_path"] is None or one["log_path"] in where
            assert one["duration_s"] is None or f"{one['duration_s']:.1f} s" in where
        for skip in fields["skipped"]:
            assert re.search(rf"{skip['count']}\b.*{re.escape(skip['rule'])}.*{re.escape(skip['value'])}", where)
        for line in [*fields["without_effect"], *filter(None, [fields["stopped_because"]]), *fields["saved_to"].split("\n")]:
            assert line in where
        assert fields["goes_on_with"] in where
        assert "3 of 4 phases failed." in where
        for left in fields["left"]:
            assert re.search(f"{left['phases']} {LEFT.get(left['how'], left['how'])}", where)
        for name in fields["metrics"]:
            assert f"Metric {name}" in where
        for balance in fields.get("balances", [fields["balance"]] if fields["balance"] else []):
            assert f"{balance['failed_before']} {balance.get('kind', fields['kind'])} before + {balance['new']} new" in where
    for run in fields["results_by_run"]:
        assert f"{run['run_id']}: {run['succeeded']}/{run['processed']} succeeded" in text
        assert f"| {run['run_id']} | {run['succeeded']} | {run['processed']} |" in page


@pytest.mark.parametrize("kind", KINDS)
def test_every_section_of_the_text_is_one_of_the_page(kind: str) -> None:
    """Beside the heads that the page has in its table of totals."""
    text, page, fields = texts_of(KINDS[kind])
    for said, section, is_there in (
        (
            "Worst failures, one of each cluster first:",
            "## Worst failures, one of each cluster first",
            fields["worst_failures"],
        ),
        ("Failures by cluster:", "## Failures by cluster", fields["clusters"]),
        ("Skipped:", "## Skipped", fields["skipped"]),
        ("Without effect:", "## Without effect", fields["without_effect"]),
        ("Stopped because: ", "| Stopped because |", fields["stopped_because"]),
        ("Wanted Rate: ", "| Wanted rate |", fields["wanted_success_rate"]),
        ("Balance: ", "| Balance |", fields["balance"]),
        ("Left undone: ", "| Left undone |", fields["left"]),
        ("Timeouts: 1", "| Timeouts | 1 |", fields["total_timeouts"]),
        (
            "Succeeded by the state that they set",
            "## Succeeded by state",
            any(one.get("exit_code") for one in fields["results"]),
        ),
    ):
        assert (said in text, section in page) == (bool(is_there), bool(is_there)), (said, text, page)
