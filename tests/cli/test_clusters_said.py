"""Each line and each field of `inv clusters`, of one backlog."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.cli.commands.clusters import show_clusters
from batchdrain.failures.fingerprints import cluster_id_of, fingerprint
from tests.cli.called import invocation_of, json_of, lines_of
from tests.support.opened import opened
from tests.support.workplace import Workplace

Capsys = pytest.CaptureFixture[str]
DISK, TABLE = "no space left on device", "tax table is missing"
NAMES = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo", "lima", "mike",
         "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform"]  # fmt: skip


@pytest.fixture
def place(sqlite_project: Workplace) -> Workplace:
    sqlite_project.fail("a/p", "b/p", "c/p", reason=DISK)
    sqlite_project.fail("a/q", "a/r", reason=TABLE)
    sqlite_project.fail("b/n", reason=None)
    return sqlite_project


def shown(place: Workplace, capsys: Capsys, *, run_id: str | None = None, top: int | None = None) -> list[str]:
    show_clusters(invocation_of(place), run_id=run_id, top=top, format_name="text")
    return lines_of(capsys)


HEAD = "  COUNT   RUNS  CATEGORY      TRIED  FIXED  SCOPE         --cluster="


def rows_of(count: int, runs: int, category: str, scope: str, text: str, example: str) -> list[str]:
    return [
        f"{count:>7} {runs:>6}  {category:<12} {0:>6} {0:>6}  {scope:<13} {cluster_id_of(fingerprint(text) if text else '')}",
        f"        {fingerprint(text) if text else '(no reason)'}",
        f"        e.g. {example}",
    ]


def test_each_cluster_is_told_with_its_count_its_scope_and_an_example(place: Workplace, capsys: Capsys) -> None:
    with opened(place, with_ledger=False) as project:
        where = project.store.where
    disk = rows_of(3, 3, "disk", "systemic", DISK, f"{DISK} (a / p)")
    lines = shown(place, capsys)
    category = lines[2].split()[2]
    disk[0] = disk[0].replace(f"{'disk':<12}", f"{category:<12}")
    table = rows_of(2, 1, lines[5].split()[2], "run-specific", TABLE, f"{TABLE} (a / q)")
    none = rows_of(1, 1, lines[8].split()[2], "no cluster", "", "b / n")
    assert lines == [f"6 failed phases in 2 clusters, 1 without a reason: {where}", HEAD, *disk, *table, *none]
    assert shown(place, capsys, top=1)[5:] == ["and 1 more cluster and 1 phase without a reason (--top=3 shows all)"]
    assert shown(place, capsys, top=2)[8:] == ["and 1 phase without a reason (--top=3 shows all)"]
    of_a = shown(place, capsys, run_id="a")
    assert of_a[0] == f"3 failed phases of run a in 2 clusters: {where}"
    assert "        in all runs: 3 failed phases in 3 runs" in of_a
    assert [line for line in shown(place, capsys, run_id="q*") if "No failed" in line] == [
        f"No failed phases of run q* in {where}."
    ]


def test_a_long_example_is_cut_with_a_sign_and_its_phase_can_be_read(sqlite_project: Workplace, capsys: Capsys) -> None:
    text = "psycopg.errors.DeadlockDetected: deadlock detected\nDETAIL:  Process 4711 waits for ShareLock on transaction 815"
    sqlite_project.fail("alder-2026w14/load-1", reason=text)
    sqlite_project.fail("b" * 90 + "/p", reason="\x1b" * 40)
    shown_lines = [line for line in shown(sqlite_project, capsys) if "e.g." in line]
    assert (
        "        e.g. psycopg.errors.DeadlockDetected: deadlock detected DETAIL:… (alder-2026w14 / load-1)" in shown_lines
    ), shown_lines
    [hostile] = [line for line in shown_lines if r"\x1b" in line]
    assert hostile.endswith("…")
    assert max(map(len, shown_lines)) <= 100


def test_twenty_clusters_are_shown_and_one_more_is_counted(sqlite_project: Workplace, capsys: Capsys) -> None:
    for number, name in enumerate(NAMES):
        sqlite_project.add((f"r{number}", "p", 0, "FAILED", f"{name} failed"))
    lines = shown(sqlite_project, capsys)
    assert len([line for line in lines if line.startswith("        e.g. ")]) == 20
    assert lines[-1] == "and 1 more cluster (--top=21 shows all)"


def test_the_same_is_told_as_json(place: Workplace, capsys: Capsys) -> None:
    def found(**how: Any) -> dict[str, Any]:
        show_clusters(invocation_of(place), **{"run_id": None, "top": None, "format_name": "json", **how})
        told: dict[str, Any] = json_of(capsys)
        return told

    whole = found()
    assert (whole["failed"], whole["total"], whole["without_reason"], len(whole["clusters"]), whole["without_effect"]) == (
        6,
        3,
        1,
        3,
        [],
    )
    assert [one["count"] for one in whole["clusters"]] == [3, 2, 1]
    first = whole["clusters"][0]
    first.pop("category")
    disk = cluster_id_of(fingerprint(DISK))
    assert first == {
        "cluster": disk, "ids": [disk], "count": 3, "runs": 3, "all_runs": {"count": 3, "runs": 3}, "scope": "systemic",
        "fingerprint": fingerprint(DISK), "example": {"run_id": "a", "phase_id": "p", "text": DISK}, "tried": 0, "fixed": 0, "accepted": 0,
    }  # fmt: skip
    cut = found(top=1)
    assert (cut["failed"], cut["total"], cut["without_reason"], len(cut["clusters"])) == (6, 3, 1, 1), "only the list is cut"
    of_b = found(run_id="b")
    assert sorted((one["count"], one["all_runs"]["count"], one["all_runs"]["runs"]) for one in of_b["clusters"]) == [
        (1, 1, 1),
        (1, 3, 3),
    ]
    assert found(run_id="z*")["without_effect"] == ["--run-id=z*: no run matches it; `inv list-run-counts` lists the runs"]
