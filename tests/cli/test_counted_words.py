"""What is counted of failed phases is told with its numbers where they belong: by disposition, and by cluster."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from batchdrain.cli.commands.clusters import _fields_of, _render_table
from batchdrain.cli.commands.explain_counts import _render, _to_fields
from batchdrain.drain.project import Project
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.cluster_counts import Cluster
from batchdrain.planning.cluster_reading import RUNS
from batchdrain.planning.disposition import DispositionKind
from batchdrain.planning.disposition_counts import NAMED, DispositionCounts
from batchdrain.reports.beside import Beside
from tests.support.opened import opened
from tests.support.workplace import Workplace

UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
KNOWN, TOO, WAITS = Skip("accepted", "known (ann)"), Skip("accepted", "too (bob)"), Skip("depends_on", "waits for run q")
DEAD, HOPELESS, TIRED = (
    Skip("quarantined", "3 times"),
    Skip("triage", "hopeless: gone"),
    Skip("stop.max_attempts_per_phase", "5 times", UNTIL),
)
WAIT = Skip("triage", "wait until 2026-03-01: the mirror is down")
BESIDE = Beside(mount="b.")


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    with opened(sqlite_project, with_ledger=False) as found:
        yield found


def counted() -> DispositionCounts:
    found = DispositionCounts()
    for number, (skip, attempts) in enumerate(
        [
            (None, 0),
            (None, 0),
            (None, 3),
            (KNOWN, 0),
            (KNOWN, 0),
            (TOO, 0),
            (WAITS, 0),
            (TIRED, 0),
            (TIRED, 0),
            (DEAD, 0),
            (HOPELESS, 0),
            (WAIT, 0),
        ]
    ):
        found.add(("r", f"p {number}"), skip, attempts)
    return found


def test_each_disposition_is_told_with_its_count_and_those_that_are_left_out_by_their_rules(project: Project) -> None:
    assert [*_render(project, counted(), 4, BESIDE)] == [
        f"12 failed phases: {project.store.where}",
        "      2 open         no drain has tried them",
        "      1 retried      tried, and failed again: the next drain may take them",
        "      3 accepted     known failures: drains skip them",
        "            2: known (ann)",
        "            1: too (bob)",
        "      1 quarantined  skipped, because the processes that ran them died: `inv reopen` lifts it",
        "            inv b.explain --run-id=r '--phase-id=p 9'",
        "      3 parked       skipped by another rule",
        "            2 by stop.max_attempts_per_phase: 5 times",
        "            1 by depends_on: waits for run q",
        "      1 hopeless     skipped, because of a diagnosis: `inv reopen` lifts its verdict",
        "            inv b.explain --run-id=r '--phase-id=p 10'",
        "      1 waiting      skipped until the time that a diagnosis named: `inv reopen` lifts its verdict",
        "            1: until 2026-03-01: the mirror is down",
        "Fixed so far, by drains over all sessions: 4",
    ]
    assert [*_render(project, DispositionCounts(), 0, BESIDE)] == [
        f"0 failed phases: {project.store.where}", "Fixed so far, by drains over all sessions: 0",
    ]  # fmt: skip


def test_programs_read_every_disposition_and_every_rule_the_most_frequent_first(project: Project) -> None:
    found = _to_fields(project, counted(), 4)
    assert (found["failed"], found["dispositions"]) == (
        12,
        {"open": 2, "retried": 1, "fixed": 4, "accepted": 3, "quarantined": 1, "parked": 3, "hopeless": 1, "waiting": 1},
    )
    assert [(one["disposition"], one["rule"], one["value"], one["count"], one["until"]) for one in found["left_out"]] == [
        ("accepted", "accepted", "known (ann)", 2, None), ("accepted", "accepted", "too (bob)", 1, None),
        ("parked", "stop.max_attempts_per_phase", "5 times", 2, "2026-03-01T00:00:00Z"), ("parked", "depends_on", "waits for run q", 1, None),
        ("quarantined", "quarantined", "3 times", 1, None), ("hopeless", "triage", "hopeless: gone", 1, None), ("waiting", "triage", WAIT.value, 1, None),
    ]  # fmt: skip
    assert found["named"] == [
        {"run_id": "r", "phase_id": "p 9", "disposition": "quarantined"},
        {"run_id": "r", "phase_id": "p 10", "disposition": "hopeless"},
    ]


def test_ten_of_a_kind_are_named_at_most_the_first_ones() -> None:
    found = DispositionCounts()
    for number in range(NAMED + 2):
        found.add(("r", str(number)), DEAD, 0)
    assert found.counts == Counter({DispositionKind.QUARANTINED: 12})
    assert found.named[DispositionKind.QUARANTINED] == [PhaseKey("r", str(number)) for number in range(10)]


def cluster(**more: Any) -> Cluster:
    facts: dict[str, Any] = {
        "fingerprint": "boom tok3n", "ids": ("0123456789",), "count": 4, "runs": 3, "all_count": 4, "all_runs": 3, "category": "disk",
        "example": ("r", "p", "boom tok3n at 7"), "tried": 6, "fixed": 5, "accepted": 0,
        **more,
    }  # fmt: skip
    return Cluster(**facts)


def redact(text: str) -> str:
    return text.replace("tok3n", "***")


HEAD = "  COUNT   RUNS  CATEGORY      TRIED  FIXED  SCOPE         --cluster="


def table(project: Project, *found: Cluster, most: int = 20, run_id: str | None = None) -> list[str]:
    return [*_render_table(project, list(found), most, redact, run_id, None)]


def test_a_cluster_is_a_row_with_what_is_to_be_known_of_it_below(project: Project) -> None:
    where = project.store.where
    assert table(project, cluster()) == [
        f"4 failed phases in 1 cluster: {where}", HEAD,
        "      4      3  disk              6      5  systemic      0123456789", "        boom ***", "        e.g. boom *** at 7 (r / p)",
    ]  # fmt: skip
    more = {"accepted": 4, "all_count": 9, "all_runs": RUNS, "runs": RUNS}
    assert table(project, cluster(**more), run_id="r\x1b")[0] == f"4 failed phases of run r\\x1b in 1 cluster: {where}"
    assert table(project, cluster(**more))[2:] == [
        f"      4 {RUNS}+  disk              6      5  systemic      0123456789", "        boom ***", "        accepted: all of them",
        f"        in all runs: 9 failed phases in {RUNS}+ runs", "        e.g. boom *** at 7 (r / p)",
    ]  # fmt: skip
    some = table(project, cluster(accepted=3, all_count=5, all_runs=1))
    assert some[4:6] == ["        accepted: 3 of them", "        in all runs: 5 failed phases in 1 run"]


def test_phases_without_a_reason_are_no_cluster_and_are_counted_apart(project: Project) -> None:
    bare = cluster(fingerprint="", example=("r", "q", ""), count=2, all_count=2, runs=1)
    lines = table(project, cluster(), bare)
    assert lines[0] == f"6 failed phases in 1 cluster, 2 without a reason: {project.store.where}"
    assert lines[5:] == [
        "      2      1  disk              6      5  no cluster    0123456789", "        (no reason)", "        e.g. r / q",
    ]  # fmt: skip
    shown = table(project, cluster(), bare, cluster(), cluster(), most=1)
    assert shown[-1] == "and 2 more clusters and 2 phases without a reason (--top=4 shows all)"
    assert table(project, cluster(), bare, most=1)[-1] == "and 2 phases without a reason (--top=2 shows all)"
    assert table(project, cluster(), cluster(), most=1)[-1] == "and 1 more cluster (--top=2 shows all)"
    assert table(project, cluster(), cluster(), most=2)[-1].startswith("        e.g.")


def test_a_line_is_never_wider_than_100_and_ids_that_do_not_fit_have_their_own(project: Project) -> None:
    room = 100 - len("      4      3  disk              6      5  systemic      ")
    fits = "1234567890," * 3 + "x" * (room - 33)
    assert len(table(project, cluster(ids=(fits,)))[2]) == 100
    wide = table(project, cluster(ids=(fits, "")))
    assert (wide[2].endswith("  systemic      (below, 2 alike)"), wide[-1]) == (True, f"        {fits},")
    assert {
        len(line) for line in table(project, cluster(fingerprint="\u202e" * 300, example=("r", "p", "\u202e" * 300)))[3:]
    } == {92, 97}


def test_programs_read_the_same_of_a_cluster_without_secrets() -> None:
    assert _fields_of(cluster(ids=("0123456789", "abcdef0123"), all_count=9, all_runs=8, accepted=1), redact) == {
        "cluster": "0123456789,abcdef0123", "ids": ["0123456789", "abcdef0123"], "count": 4, "runs": 3,
        "all_runs": {"count": 9, "runs": 8}, "scope": "systemic", "category": "disk", "fingerprint": "boom ***",
        "example": {"run_id": "r", "phase_id": "p", "text": "boom *** at 7"}, "tried": 6, "fixed": 5, "accepted": 1,
    }  # fmt: skip
    alone = _fields_of(cluster(runs=1, all_runs=1), redact)
    assert alone["scope"] == "run-specific"
