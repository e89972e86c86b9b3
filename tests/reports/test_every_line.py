"""A summary that has everything: each line of its text and of its page, each number where it belongs."""

from __future__ import annotations

import json

from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.reports import formats
from batchdrain.reports.beside import Beside
from batchdrain.reports.exit_words import Exit
from batchdrain.reports.worst import NOT_BY_CLUSTER
from batchdrain.sessions.session import Session, Status
from batchdrain.sessions.whole import whole_of
from tests.reports.test_worst import failed, session

BALANCE = {
    "failed_before": 30, "new": 2, "fixed": 1, "still_failing": 4, "accepted": 5, "not_reached": 22, "taken_elsewhere": 3, "filtered": 6,
    "skipped": 4, "waiting": 9,
}  # fmt: skip
OK = {"success": True, "final_state": "DONE", "fingerprint": None}
RESULTS = [
    {"run_id": "a", "phase_id": "p", "duration_s": 30.0, "host": "h1", "exit_code": 3, **OK},
    failed("q", "reset", category="transient", duration_s=90.0, attempt=2, host="h1", log_path="x/s/logs/r/q.stderr.txt"),
    failed("u", "disk", category="disk", host="h2"),
    failed("v", "disk", category="disk"),
    failed("w", None, retry_at="2025-12-28T13:00:00Z", category="transient"),
]
FOUND = session(
    RESULTS, kind="failed", status="stopped", started_at="2025-12-28T12:00:00.5Z", completed_at="2025-12-28T12:30:00Z",
    stopped_because="stop.max_metric: 9 of 'tokens' were reported", total_processed=5, total_success=1, total_failed=4, total_timeouts=2,
    balance=BALANCE, metrics={"tokens": 9.0}, settings={"min_success_rate": 0.5, "stop": {"max_metric": {"tokens": 8}}},
    skipped=[{"rule": "accepted", "value": "known", "count": 2}, {"rule": "accepted", "value": "too", "count": 3}, {"rule": "claimed"}],
    asked=[{"ask": "pause", "by": "ann@h", "reason": "deploy"}], without_effect=["--workers=4: idle"],
)  # fmt: skip
BESIDE = Beside(mount="b.", goes_on="inv b.resume", ended=Exit(1, "Exit code 1: so."))
DISK, RESET = cluster_id_of("disk"), cluster_id_of("reset")
RULE, THIN = "=" * 80, "-" * 80
LEFT = "9 left for a resume or another drain, 4 skipped by a rule"
SUM = (
    "30 failed before + 2 new = 1 fixed + 4 still failing + 5 accepted + 22 not reached (3 of them were moved or deleted, by a "
    "command, another drain or somebody else)"
)
NOT_REACHED = (
    "22 = 6 skipped by your filters + 4 skipped by a rule + 9 left for a resume or another drain + 3 moved or deleted"
)


def lines_of(shape: str, found: Session = FOUND, beside: Beside = BESIDE, saved_to: str = "new/s.json") -> list[str]:
    return formats.render_summary(found, saved_to, shape, beside).splitlines()


def test_each_line_of_the_text() -> None:
    assert lines_of("text") == [
        RULE, "BATCH DRAIN SUMMARY", RULE, "Session ID: s", "Started: 2025-12-28T12:00:00Z", "Completed: 2025-12-28T12:30:00Z", "",
        "Total Processed: 5", "  ✓ Succeeded: 1", "  ✗ Failed: 4", "Success Rate: 20.0%", "Wanted Rate: 50.0% or more",
        "Worst failures, one of each cluster first:",
        "  r / u", "    Error: disk at u [exit 4]",
        "  r / q  (90.0 s, try 2)", "    Error: reset at q [exit 4]", "    Log: new/s/logs/r/q.stderr.txt",
        "  r / w", "    Error: w at w [exit 4]",
        "  r / v", "    Error: disk at v [exit 4]",
        "Timeouts: 2", "Stopped because: stop.max_metric: 9 of 'tokens' were reported",
        "Requests from other shells:", "  pause by ann@h: deploy", f"Left undone: {LEFT}", "Without effect:", "  --workers=4: idle",
        "Skipped:", "  5 by accepted: known; too", "  some by claimed",
        "Succeeded by the state that they set, not by their exit code:", "  a / p: DONE, exit 3",
        "Failures by cluster:", f"  {DISK}  2x  disk", f"  {RESET}  1x  reset", "  1 more waits for a retry",
        f"  Try again: inv b.drain --cluster={RESET}", f"  Once fixed: inv b.drain --cluster={DISK}",
        f"  If it is known: inv b.accept --cluster={DISK} --reason='…'",
        "Metric tokens: 9 (4.5 per minute of execution; the budget is 8)", f"Balance: {SUM}", f"Not reached: {NOT_REACHED}",
        "", "Results by Run:", THIN, "  a: 1/1 succeeded", "  r: 0/4 succeeded",
        "Results by Host:", "  h1: 1/2 succeeded", "  h2: 0/1 succeeded",
        "", "Session saved to:", "  new/s.json", RULE, "Exit code 1: so.", "inv b.resume",
    ]  # fmt: skip


def test_each_line_of_the_page() -> None:
    drain, accept = "inv b.drain --cluster=", "inv b.accept --cluster="
    assert lines_of("markdown") == [
        "# Batch drain `s`", "", "| | |", "|---|---|", "| Status | stopped |", "| Started | 2025-12-28T12:00:00Z |",
        "| Completed | 2025-12-28T12:30:00Z |", "| Processed | 5 |", "| Succeeded | 1 |", "| Failed | 4 |", "| Timeouts | 2 |",
        "| Success rate | 20.0% |", "| Wanted rate | 50.0% or more |",
        "| Stopped because | stop.max\\_metric\\: 9 of 'tokens' were reported |", f"| Left undone | {LEFT} |",
        "| Metric tokens | 9 \\(4.5 per minute of execution; the budget is 8\\) |", f"| Balance | {SUM} |", f"| Not reached | {NOT_REACHED} |",
        "| Saved to | `new/s.json` |", "| Continue with | `inv b.resume` |", "| Exit code | 1\\: so. |",
        "", "## Requests from other shells", "", "- pause by ann\\@&#8203;h\\: deploy",
        "", "## Without effect", "", "- \\-\\-workers=4\\: idle",
        "", "## Skipped", "", "| Phases | Rule | Why |", "|---:|---|---|", "| 5 | `accepted` | known; too |", "| some | `claimed` |  |",
        "", "## Results by run", "", "| Run | Succeeded | Of |", "|---|---:|---:|", "| `a` | 1 | 1 |", "| `r` | 0 | 4 |",
        "", "## Results by host", "", "| Host | Succeeded | Of |", "|---|---:|---:|", "| `h1` | 1 | 2 |", "| `h2` | 0 | 1 |",
        "", "## Succeeded by state, not by exit code", "", "| Run | Phase | State |", "|---|---|---|", "| `a` | `p` | DONE, exit 3 |",
        "", "## Worst failures, one of each cluster first", "",
        "| Run | Phase | Error | Took | Cluster | Log |", "|---|---|---|---|---|---|",
        f"| `r` | `u` | disk at u \\[exit 4\\] |  | `{DISK}` |  |",
        f"| `r` | `q` | reset at q \\[exit 4\\] | 90.0 s, try 2 | `{RESET}` | `new/s/logs/r/q.stderr.txt` |",
        "| `r` | `w` | w at w \\[exit 4\\] |  |  |  |",
        f"| `r` | `v` | disk at v \\[exit 4\\] |  | `{DISK}` |  |",
        "", "## Failures by cluster", "",
        "| Cluster | Failures | Failure text | Next | If it is known |", "|---|---:|---|---|---|",
        f"| `{DISK}` | 2 | disk | Once fixed: `{drain}{DISK}` | `{accept}{DISK} --reason='…'` |",
        f"| `{RESET}` | 1 | reset | Try again: `{drain}{RESET}` | `{accept}{RESET} --reason='…'` |",
         "", "and 1 more waits for a retry",
        "", "## Failures", "", "| Run | Phase | State | Category | Error |", "|---|---|---|---|---|",
        "| `r` | `q` |  | transient | reset at q \\[exit 4\\] |", "| `r` | `u` |  | disk | disk at u \\[exit 4\\] |",
        "| `r` | `v` |  | disk | disk at v \\[exit 4\\] |", "| `r` | `w` |  | transient | w at w \\[exit 4\\] |",
    ]  # fmt: skip


def test_each_number_of_the_json_beside_the_session_itself() -> None:
    found = json.loads("\n".join(lines_of("json")))
    assert {name: found[name] for name in ("status", "success_rate", "wanted_success_rate", "exit_code", "forecast_outcome", "left")} == {
        "status": "stopped", "success_rate": 0.2, "wanted_success_rate": 0.5, "exit_code": {"code": 1, "why": "Exit code 1: so."},
        "forecast_outcome": None, "left": [{"phases": 9, "how": "waiting"}, {"phases": 4, "how": "skipped by a rule"}],
    }  # fmt: skip
    assert (found["metrics_per_minute"], found["saved_to"], found["goes_on_with"]) == (
        {"tokens": 4.5},
        "new/s.json",
        "inv b.resume",
    )
    assert found["results_by_run"] == [
        {"run_id": "a", "succeeded": 1, "processed": 1},
        {"run_id": "r", "succeeded": 0, "processed": 4},
    ]
    assert [list(one.values())[:4] for one in found["clusters"]] == [
        [DISK, 2, "disk", "disk"],
        [RESET, 1, "reset", "transient"],
    ]
    assert found["clusters"][0]["drain"] == f"inv b.drain --cluster={DISK}"
    assert found["clusters"][0]["accept"] == f"inv b.accept --cluster={DISK} --reason='…'"
    assert found["worst_failures"][1] == {
        "run_id": "r", "phase_id": "q", "error_message": "reset at q [exit 4]", "category": "transient", "cluster": RESET,
        "duration_s": 90.0, "attempt": 2, "log_path": "new/s/logs/r/q.stderr.txt",
    }  # fmt: skip
    assert found["worst_failures"][2]["cluster"] is None
    assert {"sessions", "balances"}.isdisjoint(found)


def test_a_table_that_takes_no_reasons_is_told_in_place_of_commands() -> None:
    beside = Beside(table_takes_reasons=False)
    told = NOT_BY_CLUSTER
    assert [line for line in lines_of("text", beside=beside) if "--cluster" in line] == [f"  {told}"]
    assert f"| `{DISK}` | 2 | disk | {told} |  |" in lines_of("markdown", beside=beside)
    first = json.loads("\n".join(lines_of("json", beside=beside)))["clusters"][0]
    assert (first["drain"], first["accept"]) == (None, None)


def test_a_session_that_runs_and_has_nothing_says_so_and_nothing_else() -> None:
    empty = session([], completed_at=None, status="running")
    assert lines_of("text", empty, Beside()) == [
        RULE, "BATCH DRAIN SUMMARY", RULE, "Session ID: s", f"Started: {lines_of('text', empty)[4][9:]}",
        "Completed: not yet (running)", "", "Total Processed: 0", "  ✓ Succeeded: 0", "  ✗ Failed: 0", "Success Rate: -",
        "", "Results by Run:", THIN, "  no phase has a result", "", "Session saved to:", "  new/s.json", RULE,
    ]  # fmt: skip
    page = lines_of("markdown", empty, Beside())
    assert [page[at] for at in (4, 6, 11)] == ["| Status | running |", "| Completed | not yet |", "| Success rate | - |"]
    assert page[12:] == [
        "| Saved to | `new/s.json` |",
        "",
        "## Results by run",
        "",
        "no phase has a result",
    ]


def test_of_many_clusters_hosts_and_odd_ends_some_are_shown_and_the_others_counted() -> None:
    odd = [{"run_id": "a", "phase_id": f"{number:02}", "host": f"h{number:02}", "exit_code": 3, **OK} for number in range(21)]
    many = session([*odd, *(failed(f"{number:02}", f"kind-{number:02}x") for number in range(12))], total_failed=12)
    lines = lines_of("text", many)
    for title, shown, more in (
        ("Results by Host:", 20, "  and 1 more"),
        ("Succeeded by the state that they set, not by their exit code:", 10, "  and 11 more"),
        ("Failures by cluster:", 10, "  and 2 more"),
    ):
        start = lines.index(title) + 1
        assert (lines[start + shown], len({*lines[start : start + shown]})) == (more, shown), title
    assert "and 2 more: see Failures" in lines_of("markdown", many)


def test_of_a_chain_each_part_has_its_balance_and_what_is_left_is_that_of_the_last_of_each_kind() -> None:
    def part(name: str, kind: str, waiting: int, processed: int) -> Session:
        balance = {**BALANCE, "waiting": waiting, "not_reached": 13 + waiting}
        return session([], name, kind=kind, balance=balance, total_processed=processed, stopped_because="x", completed_at="2025-12-28T13:00:00Z",
                       status="stopped")  # fmt: skip

    parts = [part("s1", "queued", 1, 3), part("s2", "queued", 2, 4), part("s3", "failed", 5, 6)]
    whole = whole_of(parts, Status.STOPPED)
    lines = lines_of("text", whole, saved_to="1\n2\n3")
    assert lines[3] == "Session ID: s1, s2, s3"
    assert (
        "Total Processed: 13" in lines,
        "Left undone: 7 left for a resume or another drain, 8 skipped by a rule" in lines,
    ) == (
        True,
        True,
    )
    assert [line.split(" + ")[0] for line in lines if line.startswith("Balance")] == [
        "Balance: 30 queued before", "Balance: 30 queued before", "Balance: 30 failed before",
    ]  # fmt: skip
    assert lines[lines.index("Session saved to:") + 1 :][:3] == ["  1", "  2", "  3"]
    page = lines_of("markdown", whole, saved_to="1\n2\n3")
    assert (page[0], "| Saved to | `1`, `2`, `3` |" in page) == ("# Batch drain `s1`, `s2`, `s3`", True)
    assert sum(line.startswith("| Balance | 30 queued before") for line in page) == 2
    found = json.loads("\n".join(lines_of("json", whole, saved_to="1\n2\n3")))
    assert (found["sessions"], [(one["session_id"], one["kind"], one["waiting"]) for one in found["balances"]]) == (
        ["s1", "s2", "s3"],
        [("s1", "queued", 1), ("s2", "queued", 2), ("s3", "failed", 5)],
    )


def test_where_every_failed_phase_waits_for_another_try_the_line_needs_no_clusters() -> None:
    waits = [failed(name, None, retry_at="2025-12-28T13:00:00Z") for name in ("a", "b")]
    assert "2 failed phases wait for a retry" in lines_of("text", session(waits))
    page = lines_of("markdown", session(waits[:1]))
    assert page[page.index("1 failed phase waits for a retry") - 1] == ""
    assert not any(
        "another try" in line for shape in ("text", "markdown") for line in lines_of(shape, session([failed("a", "x")]))
    )


def test_without_a_reason_that_stopped_it_nothing_is_left_by_that() -> None:
    for shape in ("text", "markdown"):
        assert not any("eft by that" in line for line in lines_of(shape, session([], balance=BALANCE)))
