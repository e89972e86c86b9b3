"""inv clusters: what the backlog fails with, in how many runs, and what retries did about it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from batchdrain.database.phases.pages import Page, Row
from batchdrain.failures.categories import categorise
from batchdrain.failures.fingerprints import cluster_id_of, fingerprint
from batchdrain.planning import cluster_reading as counting
from batchdrain.planning.cluster_counts import cluster_counts
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")

DISK = "no space left on /dev/sda7"
STEP = "step build of package web failed"
OTHER_STEP = "step test of package web failed"


def reasons(project: Workplace, **texts: str) -> None:
    for run, text in texts.items():
        project.sql("UPDATE phases SET last_failure_reason = :t WHERE run_id = :r", [{"t": text, "r": run}])


def by_mark(project: Workplace, *argv: str) -> dict[str, dict[str, Any]]:
    ran = project.inv("clusters", "--format=json", *argv)
    assert ran.code == 0, ran
    return {one["fingerprint"]: one for one in ran.json()["clusters"]}


def test_failures_are_grouped_over_runs_the_most_frequent_first(project: Workplace) -> None:
    project.fail("a/p", "a/q", "b/p", "c/p", "d/p", "e/p")
    project.add(("f", "p", 0, "COMPLETE", DISK), ("g", "p", 0, "QUEUED", DISK))
    reasons(project, a=DISK, b=DISK.replace("7", "8"), c=DISK, d="quite different \x1b[31m")

    found = project.inv("clusters", "--format=json").json()

    assert (found["failed"], found["total"]) == (6, 3)
    disk, *rest = found["clusters"]
    assert (disk["count"], disk["runs"], disk["scope"], disk["category"]) == (4, 3, "systemic", "other")
    assert (disk["fingerprint"], disk["cluster"]) == (fingerprint(DISK), cluster_id_of(fingerprint(DISK)))
    assert disk["example"] == {"run_id": "a", "phase_id": "p", "text": DISK}
    assert [(one["fingerprint"], one["runs"], one["scope"]) for one in rest] == [
        ("", 1, "no cluster"), ("quite different", 1, "run-specific"),
    ]  # fmt: skip
    assert project.sql("SELECT DISTINCT note FROM phases") == [("untouched",)]


def test_the_table_fits_a_hundred_columns_whatever_the_failures_say(project: Workplace) -> None:
    project.fail("a/p", "b/p", "c/" + "p" * 150)
    reasons(project, a="boom \x1b[31m " * 30, b="\u202e" * 200, c="x")
    lines = project.inv("clusters").lines
    assert lines[0].startswith("3 failed phases in 3 clusters: ")
    assert all(len(line) <= 100 for line in lines[1:]), lines
    assert not any("\x1b" in line or "\u202e" in line for line in lines)
    assert lines[1].split() == ["COUNT", "RUNS", "CATEGORY", "TRIED", "FIXED", "SCOPE", "--cluster="]


def test_top_cuts_the_list_and_says_how_many_are_left(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/p", "b/p", "c/p")
    reasons(sqlite_project, a="one", b="two", c="three")
    assert sqlite_project.inv("clusters", "--top=1").lines[-1] == "and 2 more clusters (--top=3 shows all)"
    sqlite_project.add(*(("d", f"p{number}", number, "FAILED", None) for number in range(4)))
    header, *_, last = sqlite_project.inv("clusters", "--top=1").lines
    assert "7 failed phases in 3 clusters, 4 without a reason" in header
    assert last == "and 3 more clusters (--top=4 shows all)", "those without a reason are shown above, and are no cluster"
    sqlite_project.add(*(("e", f"p{number}", number, "FAILED", "one") for number in range(5)))
    assert sqlite_project.inv("clusters", "--top=1").lines[-1] == (
        "and 2 more clusters and 4 phases without a reason (--top=4 shows all)"
    )
    shown = sqlite_project.inv("clusters", "--format=json").json()
    assert (shown["without_reason"], len(shown["clusters"])) == (4, 4)
    assert len(by_mark(sqlite_project, "--top=2")) == 2


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_cluster_tells_what_retries_of_it_did(project: Workplace) -> None:
    project.configure(stop={"max_repeats": 0})
    project.fail("a/p", "b/p~fail", "c/p~fail", "d/p")
    reasons(project, a=DISK, b=DISK, c=DISK, d="unlike")
    project.inv("drain", "--batch-size=3", f"--cluster={cluster_id_of(fingerprint(DISK))}")
    assert sorted(project.sql("SELECT outcome FROM batchdrain_attempt")) == [("complete",), ("failed",), ("failed",)]
    project.fail("e/p")
    reasons(project, e=DISK)

    found = by_mark(project)

    assert (found[fingerprint(DISK)]["tried"], found[fingerprint(DISK)]["fixed"]) == (3, 1)
    assert (found["unlike"]["tried"], found["unlike"]["fixed"]) == (0, 0)
    assert {(one["tried"], one["fixed"]) for mark, one in found.items() if "luck" in mark} == {(0, 0)}


def test_a_merged_cluster_is_drained_and_accepted_by_the_value_that_is_shown(project: Workplace) -> None:
    project.fail("a/p", "a/q", "b/p", "c/p")
    reasons(project, a=STEP, b=OTHER_STEP, c="unlike")

    merged, _ = project.inv("clusters", "--format=json").json()["clusters"]
    assert merged["ids"] == [cluster_id_of(fingerprint(STEP)), cluster_id_of(fingerprint(OTHER_STEP))]
    assert (merged["count"], merged["runs"]) == (3, 2)
    shown = project.inv("clusters").lines[2].split()[-1]
    assert shown == merged["cluster"] == ",".join(merged["ids"])

    project.inv("drain", f"--cluster={merged['ids'][1]}")
    assert project.taken() == ["b/p"]
    project.inv("drain", f"--cluster={shown}")
    assert sorted(project.taken()) == ["a/p", "a/q"]
    project.fail("d/p", "e/p")
    reasons(project, d=STEP, e=OTHER_STEP)
    assert project.inv("accept", f"--cluster={shown}", "--reason=known").out.endswith("(2 failed phases now)\n")
    assert project.inv("accept", "--run-id=d", "--phase-id=p", "--reason=known by name too").code == 0
    assert [one["accepted"] for one in project.inv("clusters", "--format=json").json()["clusters"]] == [2, 0]
    assert "        accepted: all of them" in project.inv("clusters").lines
    assert project.inv("clusters").out.count("accepted") == 1
    project.inv("drain")
    assert project.taken() == ["c/p"]


def test_many_ids_get_a_line_of_their_own(sqlite_project: Workplace) -> None:
    sqlite_project.fail(*(f"{run}/p" for run in "abcdef"))
    reasons(sqlite_project, **{run: f"step {run}ing of package web failed" for run in "abcdef"})
    row, _, _, ids = sqlite_project.inv("clusters").lines[2:6]
    assert row.endswith("(below, 6 alike)")
    sqlite_project.inv("drain", f"--cluster={ids.strip()}")
    assert len(sqlite_project.taken()) == 6


def test_the_clusters_of_a_run_count_its_own_phases_and_attempts_and_tell_of_all_runs_apart(project: Workplace) -> None:
    project.configure(stop={"max_repeats": 0})
    project.fail("a/p~fail", "a/q~fail", "b/p", "b/q", "c/p", "d/p")
    reasons(project, a=DISK, b=DISK, c=DISK, d="unlike")
    project.inv("drain", "--run-id=a")
    reasons(project, a=DISK)

    found = by_mark(project, "--run-id=b")

    assert list(found) == [fingerprint(DISK)]
    disk = found[fingerprint(DISK)]
    assert (disk["count"], disk["runs"], disk["tried"], disk["fixed"]) == (2, 1, 0, 0)
    assert (disk["all_runs"], disk["scope"]) == ({"count": 5, "runs": 3}, "systemic")
    assert disk["example"]["run_id"] == "b"
    assert by_mark(project, "--run-id=a")[fingerprint(DISK)]["tried"] == 2
    header, _, row, *rest = project.inv("clusters", "--run-id=b").lines
    assert header.startswith("2 failed phases of run b in 1 cluster: ")
    assert row.split()[:2] == ["2", "1"]
    assert "        in all runs: 5 failed phases in 3 runs" in rest


def test_a_merged_cluster_shows_an_example_of_the_run_that_is_asked_for_and_is_left_out_where_that_has_none(
    project: Workplace,
) -> None:
    project.fail("a/p", "b/p", "c/p")
    reasons(project, a=STEP, b=OTHER_STEP, c="unlike")

    [merged] = by_mark(project, "--run-id=b").values()
    assert (len(merged["ids"]), merged["example"]["run_id"]) == (2, "b")
    assert list(by_mark(project, "--run-id=c")) == [fingerprint("unlike")]


@pytest.mark.parametrize(
    ("argv", "said"),
    [([], "No failed phases in "), (["--run-id=zz*"], r"No failed phases of run zz\* in ")],
)
def test_nothing_to_show_says_which_database_that_is(project: Workplace, argv: list[str], said: str) -> None:
    first, second = project.inv("clusters", *argv).lines
    assert re.match(rf"{said}(sqlite|postgresql|mysql)", first)
    assert second == "The database holds no phases at all: is it the right one?"
    project.add(("r", "p", 0, "COMPLETE", None))
    assert project.inv("clusters", *argv).lines[1] == "It holds 0 failed, 0 queued, 1 complete, 0 other in 1 run."
    assert project.inv("clusters", "--format=json").json()["clusters"] == []


def test_what_is_accepted_is_told_by_cluster(project: Workplace) -> None:
    project.fail("a/p", "b/p", "c/p", "d/p")
    reasons(project, a=DISK, b=DISK, c=STEP, d="quite different")
    project.inv("accept", "--run-id=a", "--reason=known")
    project.inv("accept", "--run-id=c", "--reason=known")

    assert {mark: one["accepted"] for mark, one in by_mark(project).items()} == {
        fingerprint(DISK): 1, fingerprint(STEP): 1, "quite different": 0,
    }  # fmt: skip
    assert {mark: one["accepted"] for mark, one in by_mark(project, "--run-id=b").items()} == {fingerprint(DISK): 0}
    told = [line.strip() for line in project.inv("clusters").lines if "accepted:" in line]
    assert told == ["accepted: 1 of them", "accepted: all of them"]


@pytest.mark.parametrize("argv", [["--top=0"], ["--top=x"], ["--format=tsv"], ["--run-id="]])
def test_flags_that_can_not_be_are_refused(sqlite_project: Workplace, argv: list[str]) -> None:
    ran = sqlite_project.inv("clusters", *argv)
    assert (ran.code, argv[0].partition("=")[0] in ran.err) == (2, True), ran


@pytest.mark.parametrize("text", ["", "abc,", "0123456789,zz", "0123456789a", "1234"])
def test_an_id_that_is_none_is_refused(sqlite_project: Workplace, text: str) -> None:
    ran = sqlite_project.inv("drain", f"--cluster={text}")
    assert (ran.code, "--cluster: " in ran.err) == (2, True), ran


def test_memory_grows_with_the_clusters_and_not_with_the_phases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "RUNS", 50)
    rows = [Row(run_id=f"r{number}", phase_id="p", phase_index=0, reason=f"{DISK} {number}") for number in range(3000)]

    reading = counting.ClusterReading(categorise, str, None, None)
    pages = [Page.of(rows[start : start + 7]) for start in range(0, len(rows), 7)]
    reading.read(pages)
    (by_category,) = reading.counts.values()
    (found,) = cluster_counts(pages, categorise, str, {})

    assert [len(count.runs) for count in by_category.values()] == [50]
    assert (found.count, found.runs) == (3000, 50)
