"""A report says why the exit code is what it is, whatever it is."""

from __future__ import annotations

import re
from typing import Any

import pytest

from batchdrain.reports import formats
from batchdrain.reports.beside import Beside
from batchdrain.reports.exit_words import explain_exit, explain_kept
from tests.reports.test_worst import failed, session

WON = {**failed("ok", None), "success": True, "error_message": None}
BROKEN = "stop.same_new_failure: the command fails the same way whatever the phase: x (3 in a row)"


@pytest.mark.parametrize(
    ("results", "more", "why"),
    [
        ([WON], {}, "Exit code 0: every phase that was processed succeeded."),
        ([], {}, "Exit code 0: there was nothing to do."),
        ([WON, failed("a", "x")], {}, "Exit code 1: 1 of 2 phases failed."),
        ([WON, failed("a", "x")], {"settings": {"min_success_rate": 0.5}},
         "Exit code 0: the success rate of 50.0% reaches the wanted 50.0% (min_success_rate)."),
        ([WON, failed("a", "x")], {"settings": {"min_success_rate": 0.8}},
         "Exit code 1: the success rate of 50.0% is below the wanted 80.0% (min_success_rate)."),
        ([failed("a", "x")], {"status": "stopped", "stopped_because": BROKEN},
         "Exit code 1: the command fails the same way whatever the phase (stop.same_new_failure)."),
        ([WON], {"status": "interrupted", "completed_at": None, "stopped_because": "SIGINT"}, "Exit code 130: ended by SIGINT."),
    ],
)  # fmt: skip
def test_a_session_that_ended_says_with_which_code_and_why(
    results: list[dict[str, object]], more: dict[str, object], why: str
) -> None:
    wins = sum(one["success"] is True for one in results)
    totals: dict[str, Any] = {"total_processed": len(results), "total_success": wins, "total_failed": len(results) - wins}
    found = session(results, **{"completed_at": "2025-12-28T13:00:00Z", "status": "complete", **totals, **more})
    assert str(explain_kept(found)) == why


@pytest.mark.parametrize(("wins", "of", "shown"), [(3, 7, "42.8%"), (9_999, 10_000, "99.9%")])
@pytest.mark.parametrize("shape", ["text", "markdown", "html"])
def test_a_report_shows_one_success_rate_and_never_all_where_one_failed(shape: str, wins: int, of: int, shown: str) -> None:
    found = session([], total_processed=of, total_success=wins, total_failed=of - wins, settings={"min_success_rate": 0.9})
    said = formats.render_summary(found, "s.json", shape, Beside(ended=explain_exit(found, int(shown < "9"), orphaned=False)))
    assert set(re.findall(r"\b[0-9.]+%", said.partition("<body")[2] or said)) == {shown, "90.0%"}


def test_of_a_session_that_has_not_ended_nobody_can_tell() -> None:
    assert explain_kept(session([], status="running")) is None
    assert explain_kept(session([], status="interrupted", stopped_because="its process died")) is None


def test_what_only_the_drain_itself_knows_is_told_by_it() -> None:
    won = session([WON], total_processed=1, total_success=1)
    assert explain_exit(won, 1, orphaned=True).why == "Exit code 1: the result of some phase is unknown (Orphaned)."
    assert explain_exit(won, 1, orphaned=False).why == "Exit code 1: nothing was selected this time (--fail-if-nothing)."


REACHED = "though the success rate of 50.0% reaches the wanted 50.0% (min_success_rate)"


@pytest.mark.parametrize(
    ("facts", "code", "orphaned", "why"),
    [
        ({}, 1, True, f"Exit code 1, {REACHED}: the result of some phase is unknown (Orphaned)."),
        ({}, 1, False, f"Exit code 1, {REACHED}: nothing was selected this time (--fail-if-nothing)."),
        ({"stopped_because": BROKEN}, 1, False,
         f"Exit code 1, {REACHED}: the command fails the same way whatever the phase (stop.same_new_failure)."),
        ({"stopped_because": BROKEN}, 1, True,
         f"Exit code 1, {REACHED}: the command fails the same way whatever the phase (stop.same_new_failure)."),
        ({}, 0, False, "Exit code 0: the success rate of 50.0% reaches the wanted 50.0% (min_success_rate)."),
        ({"total_success": 1, "total_processed": 3, "total_failed": 2}, 1, True,
         "Exit code 1: the success rate of 33.3% is below the wanted 50.0% (min_success_rate)."),
        ({"total_success": 0, "total_processed": 0, "total_failed": 0}, 0, False,
         "Exit code 0: nothing was processed, so there is no rate to compare with the wanted 50.0%."),
        ({}, 3, False, "Exit code 3: it was ended."),
        ({"stopped_because": "the disk is full"}, 74, True, "Exit code 74: the disk is full."),
    ],
)  # fmt: skip
def test_with_a_wanted_rate_the_code_is_told_against_it_and_what_counts_more_is_named(
    facts: dict[str, Any], code: int, orphaned: bool, why: str
) -> None:
    totals = {"total_processed": 4, "total_success": 2, "total_failed": 2, "settings": {"min_success_rate": 0.5}}
    assert explain_exit(session([], **{**totals, **facts}), code, orphaned=orphaned) == (code, why)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"total_failed": 2, "stopped_because": BROKEN}, "the command fails the same way whatever the phase (stop.same_new_failure)"),
        ({"total_failed": 2}, "2 of 4 phases failed"),
        ({}, "the result of some phase is unknown (Orphaned)"),
    ],
)  # fmt: skip
def test_without_one_the_worst_that_is_known_is_told(facts: dict[str, Any], why: str) -> None:
    found = session([], total_processed=4, total_success=2, **facts)
    assert explain_exit(found, 1, orphaned=True).why == f"Exit code 1: {why}."


@pytest.mark.parametrize(
    ("orphaned", "why"),
    [
        (True, "the result of some phase is unknown (Orphaned)"),
        (False, "nothing was selected this time (--fail-if-nothing)"),
    ],
)
def test_without_a_result_a_wanted_rate_is_not_what_failed(orphaned: bool, why: str) -> None:
    found = session([], settings={"min_success_rate": 0.5})
    assert explain_exit(found, 1, orphaned=orphaned) == (1, f"Exit code 1: {why}.")
