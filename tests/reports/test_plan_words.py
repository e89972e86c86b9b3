"""A plan as people and programs read it: every phase once, sums that add up, and what only results can tell."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from batchdrain.database.phases.pages import Page, Row
from batchdrain.model.claim import Choice, TimeLimit
from batchdrain.model.failure import NO_REASON, Failure
from batchdrain.model.id_order import TEXTS
from batchdrain.model.phase import Phase, PhaseKey, Skip
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.planning import plan as planning
from batchdrain.planning.filters import NOT_IN_PLAN, Filters
from batchdrain.planning.forecast import Forecast
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan import FULL, ExplainedPage, Plan, Planned, explain_in_order
from batchdrain.planning.plan_file import as_file
from batchdrain.planning.remainder import Remainder
from batchdrain.planning.skip_rules import DEPENDS_ON
from batchdrain.reports.chain_plan_json import render_chain_json
from batchdrain.reports.chain_plan_text import render_chain_plan
from batchdrain.reports.plan_json import render_json
from batchdrain.reports.plan_text import render_counts, render_explanation, render_phases, render_recovery
from batchdrain.sessions.session import Kind

WAITS, TIRED, KNOWN = (
    Skip(DEPENDS_ON, "waits for run q"),
    Skip("stop.max_attempts_per_phase", "tried 5 times"),
    Skip("accepted", "known"),
)
BACK = [
    GivenBack(key=PhaseKey("r", "a"), digest="1", stands="BROKEN"),
    GivenBack(key=PhaseKey("r", "b"), digest="2", stands="DONE", recorded=Outcome.COMPLETE),
]


def planned(run_id: str, phase_id: str, failure: Failure = NO_REASON) -> Planned:
    phase = Phase(run_id=run_id, phase_id=phase_id, phase_index=1, state=PhaseState.FAILED, failure=failure)
    return Planned(choice=Choice(phase=phase, reason="oldest first"), limit=TimeLimit(seconds=90.0, rule="timeout.default_s"))


def made(*phases: Planned, waiting: int = 0, **more: Any) -> Plan:
    """`waiting`: of the total, beside the planned and the skipped ones; they do not fit into the batch."""
    skipped, again = more.pop("skipped", {}), len(more.get("retries", ()))
    remainder = Remainder(
        total=len(phases) + sum(skipped.values()) + waiting + again,
        skipped=Counter(skipped),
        attempted=frozenset(one.choice.phase.key for one in more.get("retries", ())),
        absent=Counter(more.pop("absent", {})),
    )
    return Plan(phases=phases, remainder=remainder, **more)


A, B = planned("r", "a"), planned("q", "b")
COUNTS: list[tuple[Plan, list[str]]] = [
    (made(A), ["Would drain 1 of X: 0 are skipped, 0 do not fit into the batch"]),
    (
        made(A, waiting=1, skipped={TIRED: 2, KNOWN: 1}),
        ["Would drain 1 of X: 3 are skipped, 1 does not fit into the batch",
         "  2 skipped by stop.max_attempts_per_phase: tried 5 times", "  1 skipped by accepted: known"],
    ),
    (
        made(A, skipped={KNOWN: 1}, absent={Skip("complete", "by now"): 2}),
        ["Would drain 1 of X: 1 is skipped, 0 do not fit into the batch", "  1 skipped by accepted: known",
         "  2 of the plan not there, by complete: by now"],
    ),
    (
        made(A, B, retries=(A,), waiting=1, workers=2, may_end_by=("stop.max_repeats", "stop.canary")),
        ["Would drain up to 3 of X: 0 are skipped, 1 does not fit into the batch",
         "  with 2 workers others may be among them: two phases of one run are never executed at the same time",
         "  fewer if results make it end sooner: stop.max_repeats, stop.canary"],
    ),
    (made(A, workers=2), ["Would drain 1 of X: 0 are skipped, 0 do not fit into the batch"]),
    (made(A, waiting=1, workers=2), ["Would drain 1 of X: 0 are skipped, 1 does not fit into the batch"]),
    (
        made(A, may_refuse=("a trigger\n", "a rule")),
        ["Would drain up to 1 of X: 0 are skipped, 0 do not fit into the batch",
         "  fewer if the table refuses a write: a trigger\\x0a, a rule; `inv doctor` tries them on a row"],
    ),
    (made(A, B, workers=2), ["Would drain 2 of X: 0 are skipped, 0 do not fit into the batch"]),
    (
        made(A, skipped={WAITS: 1}),
        ["Would drain up to 2 of X: 1 is skipped, 0 do not fit into the batch", "  1 skipped by depends_on: waits for run q",
         "  1 of them is among the skipped, and follows once the runs are complete that it waits for (depends_on)"],
    ),
    (
        made(A, skipped={WAITS: 3}, room=2),
        ["Would drain up to 3 of X: 3 are skipped, 0 do not fit into the batch", "  3 skipped by depends_on: waits for run q",
         "  2 of them are among the skipped, and follow once the runs are complete that they wait for (depends_on)"],
    ),
    (
        made(A, forecast=Forecast(planned=25, fixed=14, fixed_low=10, fixed_high=18, minutes=38, minutes_low=25, minutes_high=60)),
        ["Would drain 1 of X: 0 are skipped, 0 do not fit into the batch", "Forecast: 10 to 18 of 25 fixed (median 14) in 25 to 60 min (median 38 min)"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("plan", "lines"), COUNTS)
def test_the_sums_of_a_plan_are_told_and_what_makes_it_no_promise(plan: Plan, lines: list[str]) -> None:
    assert [*render_counts(plan, "X")] == lines
    skipped = sum(plan.skipped.values())
    assert plan.total == len(plan.phases) + len(plan.retries) + plan.left + skipped


def test_what_recovery_does_first_is_told_of_each_phase() -> None:
    assert [*render_recovery([])] == []
    assert [*render_recovery(BACK)] == [
        "Recovery first: 2 held by a dead controller",
        "  r / a is released: it is BROKEN then",
        "  r / b is recorded as complete, as its command had ended: it is DONE then",
    ]


def test_what_recovery_finds_is_told_in_lines_of_its_own() -> None:
    odd = GivenBack(key=PhaseKey("r\n", "a\x1b"), digest="1", stands="B\n")
    assert [*render_recovery([odd])][1:] == ["  r\\x0a / a\\x1b is released: it is B\\x0a then"]


def test_each_planned_phase_is_told_with_its_place_of_all_its_reason_its_cluster_and_its_limit() -> None:
    lines = [*render_phases(made(B, retries=(planned("r", "a", Failure.of("boom", lambda _: "disk")),)))]
    assert lines[0] == "[1/2] r / a"
    assert lines[2].startswith("  Failed with: boom (cluster ")
    assert [*lines[1:2], *lines[3:]] == [
        "  Why: oldest first", "  Timeout: 90 s (timeout.default_s)", "[2/2] q / b", "  Why: oldest first",
        "  Timeout: 90 s (timeout.default_s)", "",
    ]  # fmt: skip
    assert [*render_phases(made())] == [""]


def explained() -> list[ExplainedPage]:
    full = Skip(FULL, "1 phase comes first")
    return [
        ExplainedPage(Page.of([Row("r", "c", 0, None), Row("r", "b", 0, None)]), {1: "oldest"}, [KNOWN, full]),
        ExplainedPage(
            Page.of([Row("q", "a", 0, None), Row("q", "d", 0, None), Row("a", "e", 0, None)]), {}, [KNOWN, full, TIRED]
        ),
    ]


SUMS = [
    "        1 chosen",
    "        2 accepted",
    "        1 does not fit into the batch",
    "        1 stop.max_attempts_per_phase",
    "        5 failed in all",
]


def test_every_phase_is_explained_once_and_the_sums_are_those_of_the_lines() -> None:
    told = "\n".join(render_explanation(explained(), "failed")).splitlines()
    assert told == [
        "",
        "Every failed phase, once:",
        "  - r / c: skipped by accepted: known",
        "  + r / b: chosen: oldest",
        "  - q / a: skipped by accepted: known",
        "  - q / d: does not fit into the batch: 1 phase comes first",
        "  - a / e: skipped by stop.max_attempts_per_phase: tried 5 times",
        "",
        *SUMS,
    ]
    quiet = [*render_explanation(explained(), "failed", quiet=True)]
    assert quiet == ["", "Every failed phase, by the rule that selects it or skips it:", *SUMS]
    assert [*render_explanation([], "queued")][-2:] == ["", "        0 queued in all"]


def test_a_list_that_somebody_may_read_from_its_top_is_in_the_order_of_the_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    [page] = explain_in_order(explained(), TEXTS)
    assert [*page.page.ids] == [("a", "e"), ("q", "a"), ("q", "d"), ("r", "b"), ("r", "c")]
    assert (dict(page.reasons), [skip.rule for skip in page.skips]) == (
        {3: "oldest"},
        [TIRED.rule, KNOWN.rule, FULL, FULL, KNOWN.rule],
    )
    monkeypatch.setattr(planning, "ORDERED", 5)
    assert len([*explain_in_order(explained(), TEXTS)]) == 1
    monkeypatch.setattr(planning, "ORDERED", 4)
    assert [*explain_in_order(explained(), TEXTS)] == explained()
    monkeypatch.setattr(planning, "ORDERED", 1)
    assert [*explain_in_order(explained(), TEXTS)] == explained(), "the rest follows"
    assert [*explain_in_order([], TEXTS)] == []


def as_json(plan: Plan, **more: Any) -> dict[str, Any]:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    file = as_file(plan, now=at, database={"url": "x"}, filters=Filters().as_fields(), without_effect=["a filter"])
    facts: dict[str, Any] = {"recovery": [], "nothing": "", "problems": [], "rows": None, **more}
    found: dict[str, Any] = json.loads(render_json(file, plan, **facts))
    return found


def test_json_has_the_same_sums_and_says_which_skips_were_asked_for() -> None:
    asked = Skip("--run-id", "not r")
    plan = made(A, B, retries=(A,), waiting=4, skipped={KNOWN: 1, asked: 2, NOT_IN_PLAN: 2, WAITS: 1}, absent={TIRED: 3}, workers=3,
                may_end_by=("stop.canary",))  # fmt: skip
    found = as_json(plan, recovery=BACK, problems=["no rights"])
    assert {name: found[name] for name in ("total", "would_drain", "is_upper_bound", "may_end_by", "workers", "may_follow")} == {
        "total": 13, "would_drain": 3, "is_upper_bound": True, "may_end_by": ["stop.canary"], "workers": 3, "may_follow": 1,
    }  # fmt: skip
    assert found["batch_full"] == 4
    assert found["skipped"] == [
        {"rule": "--plan", "value": "is not in it", "count": 2, "by_filter": True},
        {"rule": "--run-id", "value": "not r", "count": 2, "by_filter": True},
        {"rule": "accepted", "value": "known", "count": 1, "by_filter": False},
        {"rule": "depends_on", "value": "waits for run q", "count": 1, "by_filter": False},
    ]
    assert [(one["rule"], one["count"]) for one in found["not_there"]] == [(TIRED.rule, 3)]
    assert found["recovery"] == [
        {"run_id": "r", "phase_id": "a", "state": "BROKEN", "recorded": None},
        {"run_id": "r", "phase_id": "b", "state": "DONE", "recorded": "complete"},
    ]
    assert (found["problems"], found["without_effect"], found["forecast"]) == (["no rights"], ["a filter"], None)
    assert [(one["run_id"], one["phase_id"], one["timeout_s"], one["cluster"]) for one in found["phases"]] == [
        ("r", "a", 90.0, ""), ("r", "a", 90.0, ""), ("q", "b", 90.0, ""),
    ]  # fmt: skip
    assert {"nothing_selected", "explanation"}.isdisjoint(found)
    assert not as_json(made(A))["is_upper_bound"]


def test_json_tells_why_nothing_was_selected_and_explains_each_row_where_that_was_asked_for() -> None:
    found = as_json(
        made(), nothing="one\ntwo", rows=[(Row("r", "a", 1, None), "oldest", None), (Row("r", "b", 2, None), "", KNOWN)]
    )
    assert found["nothing_selected"] == ["one", "two"]
    assert found["explanation"] == [
        {"run_id": "r", "phase_id": "a", "phase_index": 1, "chosen": True, "rule": None, "reason": "oldest"},
        {"run_id": "r", "phase_id": "b", "phase_index": 2, "chosen": False, "rule": "accepted", "reason": "known"},
    ]
    assert as_json(made(), rows=[])["explanation"] == []


def test_a_chain_is_told_a_line_a_run_and_then_the_sums_of_each_part() -> None:
    plans = {Kind.QUEUED: made(A, A, B, waiting=2), Kind.FAILED: made(A)}
    full = "0 are skipped, 2 do not fit into the batch"
    assert [*render_chain_plan(plans)] == [
        "  r: 2 queued, then 1 failed", "  q: 1 queued", "",
        f"Would drain 3 of 5 queued: {full}", "Would drain 1 of 1 failed: 0 are skipped, 0 do not fit into the batch",
    ]  # fmt: skip
    assert [*render_chain_plan({Kind.FAILED: made()})] == [
        "Would drain 0 of 0 failed: 0 are skipped, 0 do not fit into the batch"
    ]
    found = json.loads(render_chain_json("db", plans, ["a filter"], BACK[:1], ["no rights"]))
    assert found == {
        "database": "db",
        "parts": [
            {"kind": "queued", "total": 5, "would_drain": 3,
             "phases": [{"run_id": "r", "phase_id": "a"}, {"run_id": "r", "phase_id": "a"}, {"run_id": "q", "phase_id": "b"}]},
            {"kind": "failed", "total": 1, "would_drain": 1, "phases": [{"run_id": "r", "phase_id": "a"}]},
        ],
        "recovery": [{"run_id": "r", "phase_id": "a", "state": "BROKEN", "recorded": None}],
        "problems": ["no rights"],
        "without_effect": ["a filter"],
    }  # fmt: skip


@pytest.mark.parametrize(("skip", "counts"), [(replace(WAITS, value="x"), True), (KNOWN, False)])
def test_only_what_waits_for_runs_may_follow(skip: Skip, counts: bool) -> None:
    plan = made(A, skipped={skip: 5})
    assert (plan.may_follow, plan.most) == ((5, "up to 6") if counts else (0, "1"))
    assert plan.describe_most("phase") == ("up to 6 phases" if counts else "1 phase")


def test_programs_read_what_may_refuse_a_write_and_skips_in_one_order() -> None:
    skips = {Skip("b", "2"): 1, Skip("b", "1"): 1, Skip("a", "9"): 1, Skip("c", "0"): 2}

    def read(plan: Plan) -> dict[str, Any]:
        file = as_file(plan, now=datetime(2026, 1, 1, tzinfo=UTC), database={}, filters={}, without_effect=[])
        found: dict[str, Any] = json.loads(render_json(file, plan, [], nothing="", problems=[], rows=None))
        return found

    found = read(made(A, may_refuse=("a trigger",), skipped=skips))
    assert (found["is_upper_bound"], found["may_refuse"], found["may_end_by"]) == (True, ["a trigger"], [])
    assert [(one["rule"], one["value"], one["count"]) for one in found["skipped"]] == [
        ("c", "0", 2), ("a", "9", 1), ("b", "1", 1), ("b", "2", 1),
    ]  # fmt: skip
    plain = read(made(A))
    assert (plain["is_upper_bound"], plain["may_refuse"]) == (False, [])


def test_a_run_of_a_chain_has_one_line_whatever_it_is_called() -> None:
    lines = [*render_chain_plan({Kind.QUEUED: made(planned("r\n", "a")), Kind.FAILED: made(planned("r\n", "b"), B)})]
    assert lines[:3] == ["  r\\x0a: 1 queued, then 1 failed", "  q: 1 failed", ""]
