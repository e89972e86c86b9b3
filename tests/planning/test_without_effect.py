"""What was asked for and changes nothing is told, each by what would have to be otherwise; what changes something is not."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.database.run_counts import RunCounts
from batchdrain.failures.categories import categorise
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.model.failure import Failure
from batchdrain.planning.filters import Filters
from batchdrain.planning.seen_kinds import SeenKinds
from batchdrain.planning.without_effect import (
    describe_no_run,
    find_idle_kinds,
    find_idle_policies,
    find_idle_runs,
    find_idle_workers,
    nearest_of,
)

RUNS = [RunCounts(run_id="build-1", failed=2), RunCounts(run_id="build-2", queued=1), RunCounts(run_id="done-1", complete=3),
        RunCounts(run_id="done-2", complete=1, other=1)]  # fmt: skip
BOOM, LOST = Failure.of("boom", categorise), Failure.of("connection reset by peer", categorise)
OF_BOOM, OF_LOST = cluster_id_of(BOOM.fingerprint), cluster_id_of(LOST.fingerprint)


@pytest.mark.parametrize(
    ("flags", "states", "lines"),
    [
        ({}, ["failed"], []),
        ({"run_id": "build-1"}, ["failed"], []),
        ({"run_id": "build-*"}, ["failed"], []),
        ({"run_id": "build-1"}, ["queued"], ["--run-id=build-1: is a run without queued phases"]),
        ({"run_id": "build-1"}, ["failed", "queued"], []),
        ({"run_id": "done-*"}, ["failed", "queued"], ["--run-id=done-*: matches 2 runs, all without failed or queued phases"]),
        ({"run_id": "biuld-1"}, ["failed"], ["--run-id=biuld-1: there is no such run (did you mean 'build-1'?)"]),
        ({"run_id": "zzz*"}, ["failed"], ["--run-id=zzz*: no run matches it; `inv list-run-counts` lists the runs"]),
        (
            {"run_id": "zzz", "run_id_is_glob": False}, ["failed"],
            ["--run-id=zzz: there is no such run; `inv list-run-counts` lists the runs"],
        ),
        ({"exclude_runs": ["build-1"]}, ["failed"], []),
        ({"exclude_runs": ["build-2"]}, ["failed"], ["--exclude-run=build-2: is a run without failed phases"]),
        ({"exclude_runs": ["zzz"]}, ["failed"], ["--exclude-run=zzz: no run matches it; `inv list-run-counts` lists the runs"]),
        (
            {"run_id": "build-1", "exclude_runs": ["build-2", "zzz"]}, ["failed"],
            [
                "--exclude-run=build-2: leaves out no run of --run-id=build-1",
                "--exclude-run=zzz: no run matches it; `inv list-run-counts` lists the runs",
            ],
        ),
        ({"run_id": "build-*", "exclude_runs": ["build-1"]}, ["failed"], []),
        ({"run_id": "build-*", "exclude_runs": ["build-2"]}, ["failed"], ["--exclude-run=build-2: is a run without failed phases"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_filter_of_runs_that_changes_nothing_is_told_by_what_there_is(
    flags: dict[str, Any], states: list[str], lines: list[str]
) -> None:
    assert list(find_idle_runs(Filters.of(**flags), RUNS, *states)) == lines
    assert list(find_idle_runs(Filters.of(**flags), [], *states)) == [], "of an empty table nothing can be said"


@pytest.mark.parametrize(
    ("flags", "seen", "states", "lines"),
    [
        ({"categories": ["transient"]}, [LOST, BOOM], ["failed"], []),
        ({"categories": ["patch"]}, [LOST, BOOM], ["failed"], ["--category=patch: no failed phase has this category; there are other, transient"]),
        ({"categories": ["patch"]}, [], ["queued"], ["--category=patch: no queued phase has this category; none has failed yet"]),
        ({"cluster": OF_BOOM}, [BOOM], ["failed"], []),
        ({"cluster": OF_BOOM}, [LOST], ["failed", "queued"], [f"--cluster={OF_BOOM}: no failed or queued phase is in this cluster; `inv clusters` shows the ids that there are"]),
        ({"categories": ["transient"]}, [BOOM], ["failed"], ["--category=transient: no failed phase has this category; there are other"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_filter_of_failures_that_no_phase_meets_is_told_by_what_was_seen(
    flags: dict[str, Any], seen: list[Failure], states: list[str], lines: list[str]
) -> None:
    filters = Filters.of(**flags)
    kinds = SeenKinds(filters)
    for failure in seen:
        kinds.add(failure)
    assert list(find_idle_kinds(filters, kinds, *states)) == lines


def test_what_was_not_asked_for_is_not_told_and_clusters_come_in_their_order() -> None:
    done = [RunCounts(run_id="d", complete=1), RunCounts(run_id="e", failed=1)]
    assert list(find_idle_runs(Filters(), done[:1], "failed")) == []
    assert list(find_idle_runs(Filters.of(exclude_runs=["[de]"]), done, "failed")) == []
    ids = [f"{number:x}" * 10 for number in range(6)]
    filters = Filters.of(cluster=",".join(reversed(ids)))
    assert [line[10:20] for line in find_idle_kinds(filters, SeenKinds(filters), "failed")] == ids


def test_only_kinds_that_are_asked_for_are_kept() -> None:
    for filters in (Filters(), Filters.of(run_id="r")):
        seen = SeenKinds(filters)
        seen.add(BOOM)
        assert (seen.categories, seen.clusters) == (set(), set())
    seen = SeenKinds(Filters.of(cluster=OF_BOOM))
    seen.add(LOST)
    seen.add(BOOM)
    assert (seen.categories, seen.clusters) == (set(), {OF_BOOM})


IDLE = "has no effect here: it ranks all runs equally, or an entry before it has decided"


@pytest.mark.parametrize(
    ("ranks", "steady", "idle"),
    [
        ([(1, 1, "a"), (1, 2, "b"), (1, 3, "c")], {"one", "two"}, ["one"]),
        ([(1, 1, "a"), (2, 1, "b")], {"one", "two"}, ["two"]),
        ([(1, 1, "a"), (2, 5, "b"), (2, 6, "c")], {"one", "two"}, []),
        ([(1, 1, "a"), (1, 1, "b")], {"one", "two"}, ["one", "two"]),
        ([(1, 1, "a"), (1, 1, "b")], {"two"}, ["two"]),
        ([(2, 1, "a"), (1, 2, "b"), (2, 3, "c")], {"one", "two"}, []),
        ([(1, 1, "a")], {"one", "two"}, []),
        ([], {"one", "two"}, []),
        ([(1, "x", "a"), (1, 2, "b")], {"one", "two"}, []),
    ],
)  # fmt: skip
def test_a_policy_that_tells_no_two_lanes_apart_is_told_if_nothing_will_change_that(
    ranks: list[Any], steady: set[str], idle: list[str]
) -> None:
    assert list(find_idle_policies(["one", "two"], ranks, steady)) == [f"--policy: {name} {IDLE}" for name in idle]


@pytest.mark.parametrize(
    ("workers", "runs", "said"), [(2, 1, "1 run has"), (4, 3, "3 runs have"), (3, 3, ""), (1, 1, ""), (2, 0, "")]
)
def test_more_workers_than_runs_are_told(workers: int, runs: int, said: str) -> None:
    found = list(find_idle_workers(workers, runs))
    assert found == (
        [f"--workers={workers}: {said} phases to drain, and those of one run are executed one after the other"]
        if said
        else []
    )


def test_the_run_that_may_be_meant_is_quoted_and_of_very_many_or_long_names_only_some_are_compared() -> None:
    assert describe_no_run("odd\x1bname", [RunCounts(run_id="odd\x1bnames")], is_glob=False) == (
        "there is no such run (did you mean 'odd\\x1bnames'?)"
    )
    assert nearest_of("build", iter([*map(str, range(1_999)), "build1", "build"])) == "build1"
    assert nearest_of("b" * 100, iter(["b" * 81])) is None
    assert nearest_of("b" * 100, iter(["b" * 80])) == "b" * 80
