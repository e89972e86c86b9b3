"""The parts of the page, each by itself: rows, clusters, lanes, durations, and what is read first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchdrain.model.retry_stats import RetryCount
from batchdrain.reports import formats
from batchdrain.reports.beside import Beside
from batchdrain.reports.exit_words import Exit
from batchdrain.reports.html.cluster_cards import show_clusters
from batchdrain.reports.html.durations import durations_of
from batchdrain.reports.html.first_lines import facts_of, judge, totals_of
from batchdrain.reports.html.phase_rows import OnPage, link_to, rows_of, to_shown_id
from batchdrain.reports.html.timeline import slots_of, timeline_of
from batchdrain.reports.worst import clusters_of
from batchdrain.sessions.attempt_log import AttemptSpan
from batchdrain.sessions.session import Session, Status
from batchdrain.sessions.whole import whole_of
from tests.reports.test_every_line import BESIDE, FOUND, LEFT, OK
from tests.reports.test_worst import failed, session
from tests.sessions.files import START

ONE = AttemptSpan(
    run_id="r", phase_id="p", started_s=1_000.0, duration_s=10.0, outcome="complete", category="disk", limit_s=60.0, host="h"
)


@pytest.mark.parametrize(
    ("processed", "lost", "said"),
    [
        (0, 0, "Nothing was drained"),
        (1, 0, "1 phase drained, none failed"),
        (3, 2, "2 of 3 phases failed"),
        (1, 1, "1 of 1 phase failed"),
    ],
)
def test_the_first_line_says_what_became_of_all(processed: int, lost: int, said: str) -> None:
    assert judge(session([], total_processed=processed, total_failed=lost)) == said


def test_what_explains_it_and_its_totals_are_those_of_the_session() -> None:
    assert dict(facts_of(FOUND, BESIDE)) == {
        "Why this exit code": "Exit code 1: so.", "Stopped because": "stop.max_metric: 9 of 'tokens' were reported", "Left undone": LEFT,
        "Retries": "1 failed phase waits for a retry", "Attempts": "", "Forecast": "", "Metric tokens": "9 (4.5 per minute of execution; the budget is 8)",
    }  # fmt: skip
    assert totals_of(FOUND) == [
        ("processed", "5"), ("succeeded", "1"), ("failed", "4"), ("timed out", "2"), ("success rate", "20.0%"), ("wanted rate", "50.0%"),
    ]  # fmt: skip
    empty = session([])
    assert totals_of(empty)[-1] == ("success rate", "-")
    assert dict(facts_of(empty, Beside())) == {
        "Why this exit code": "",
        "Stopped because": "",
        "Left undone": "",
        "Retries": "",
        "Attempts": "",
        "Forecast": "",
    }
    assert dict(facts_of(empty, Beside(ended=Exit(3, "x"))))["Why this exit code"] == "x"


def rows(found: Any, clusters: dict[str, OnPage] | None = None, folder: Path | None = None) -> list[tuple[Any, ...]]:
    parts = rows_of(found, "new/s.json", folder, clusters or {})
    return [
        (run, one.phase, one.result, one.seconds, one.attempt, one.reason, one.anchor)
        for run, of in parts.items()
        for one in of
    ]


def test_the_run_with_the_most_failures_comes_first_and_in_each_those_that_failed() -> None:
    won = {"run_id": "a", "duration_s": 1.25, "attempt": 1, **OK}
    found = session([
        {**won, "phase_id": "2", "fingerprint": "disk"}, {**won, "phase_id": "1"}, {**failed("3", "disk", run_id="a")},
        failed("p", "disk", run_id="b", category="disk", duration_s=2.0, attempt=2), failed("q", None, run_id="b"),
        {**won, "run_id": "c", "phase_id": "x"}, {**won, "run_id": "c", "phase_id": "y"}, {**won, "run_id": "c", "phase_id": "z"},
        *({**won, "run_id": "b", "phase_id": name} for name in ("u", "v", "w")),
    ])  # fmt: skip
    on_page = {"disk": OnPage("c1", "disk at p [exit 4]")}
    assert rows(found, on_page) == [
        ("b", "p", "disk", "2.0", 2, "as its cluster", "c1"), ("b", "q", "failed", "", None, "q at q", ""),
        *(("b", name, "ok", "1.2", 1, "", "") for name in ("u", "v", "w")),
        ("a", "3", "failed", "", None, "disk at 3", "c1"), ("a", "2", "ok", "1.2", 1, "", ""), ("a", "1", "ok", "1.2", 1, "", ""),
        ("c", "x", "ok", "1.2", 1, "", ""), ("c", "y", "ok", "1.2", 1, "", ""), ("c", "z", "ok", "1.2", 1, "", ""),
    ]  # fmt: skip
    assert (to_shown_id(" "), to_shown_id("a")) == ('" "', "a")


def test_a_log_has_an_address_from_where_the_report_lies_and_none_where_nobody_knows_that() -> None:
    found = session(
        [failed("a", "x", log_path="old/s/logs/r/a b.txt"), failed("b", "x", log_path="/etc/passwd"), failed("c", "x")]
    )
    links = [link_to(found, "new/s.json", Path("new"), one) for one in found.results]
    assert links == ["s/logs/r/a%20b.txt", "", ""]
    assert link_to(found, "new/s.json", None, found.results[0]) == ""


def test_a_cluster_has_its_first_phase_its_runs_and_what_retries_did_about_it() -> None:
    found = session([
        {"run_id": "a", "phase_id": "won", **OK, "fingerprint": "disk"}, failed("p", "disk", run_id="b"), failed("q", "disk", run_id="b"),
        failed("r", "disk", run_id="c"), failed("s", "reset"),
    ], fingerprint_counts={"disk": 3, "reset": 1})  # fmt: skip

    def shown(retries: dict[str, RetryCount] | None) -> list[tuple[Any, ...]]:
        beside = Beside(retries=retries)
        cards = show_clusters(found, "s.json", beside, clusters_of(found, beside))
        return [(one.anchor, one.of.count, one.run, one.phase, one.reason, one.text, one.runs, one.before) for one in cards]

    text, other = "disk at p [exit 4]", "reset at s [exit 4]"
    assert shown(None) == [("c1", 3, "b", "p", text, text, 2, ""), ("c2", 1, "r", "s", other, other, 1, "")]
    known = {"disk": RetryCount(5, 2), "reset": RetryCount()}
    assert [one[-1] for one in shown(known)] == ["5 retries of it in all sessions: 2 succeeded.", "No retry of it is known."]
    assert [one[-1] for one in shown({"disk": RetryCount(1, 0)})] == [
        "1 retry of it in all sessions: 0 succeeded.", "No retry of it is known.",
    ]  # fmt: skip


def test_of_ten_attempts_nine_took_no_longer_than_what_is_said_and_half_no_longer_than_the_median() -> None:
    found = [replace(ONE, duration_s=float(number), outcome="failed") for number in range(20)]
    [drawn] = durations_of(
        [*found, *(replace(ONE, outcome=odd, duration_s=99.0) for odd in ("released", "orphaned", "refused", "moved"))]
    )
    assert (drawn.count, drawn.median_s, drawn.nine_tenths_s, drawn.longest_s, drawn.timeouts) == (20, 10.0, 18.0, 19.0, 0)
    assert drawn.limit_s == 60.0
    assert drawn.limit_x == pytest.approx(1000 / 1.02, abs=0.1)
    assert [one.category for one in durations_of([replace(ONE, category=name) for name in ("b", "a")])] == ["a", "b"]
    assert durations_of([]) == []
    assert len(durations_of([replace(ONE, category=str(number)) for number in range(25)])) == 20


def test_lanes_are_drawn_on_one_scale_each_attempt_where_it_ran_and_as_it_ended() -> None:
    found = timeline_of([
        ONE, replace(ONE, started_s=1_005.0, duration_s=15.0, outcome="timeout"), replace(ONE, started_s=1_010.0, outcome="failed"),
        replace(ONE, host="a", outcome="moved"),
    ])  # fmt: skip
    assert found is not None
    assert (found.begins, found.ends, found.left_out) == ("1970-01-01T00:16:40Z", "1970-01-01T00:17:00Z", 0)
    assert [(lane.host, lane.slots, lane.height, lane.paths) for lane in found.lanes] == [
        ("a", 1, 12, [("back", "M0 6h499")]),
        ("h", 2, 24, [("ok", "M0 6h499"), ("late", "M250 18h749"), ("bad", "M500 6h499")]),
    ]
    again = [slot for slot, _ in slots_of([ONE, replace(ONE, started_s=1_009.9995), replace(ONE, started_s=1_009.0)])]
    assert again == [0, 0, 1]


def test_the_files_of_a_chain_are_named_one_after_the_other() -> None:
    found = whole_of([named("queued"), named("failed")], Status.COMPLETE)
    page = formats.render_summary(found, "one.json\ntwo.json", "html", Beside())
    assert "Saved to one.json, two.json</p>" in page


def named(name: str) -> Session:
    return session([failed("p", "boom")], name).model_copy(update={"completed_at": START})
