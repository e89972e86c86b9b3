"""inv reopen: a quarantine or a verdict is lifted once, by somebody with a reason, and the drain takes the phase."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batchdrain.failures.fingerprints import cluster_id_of, fingerprint
from tests.drain.diagnosing import HOPELESS, PROMISING, diagnose, verdicts
from tests.support.workplace import Ran, Workplace

BOOM = "ValueError: no luck"


def suspect(place: Workplace, *names: str) -> None:
    """As three dead controllers leave phases that were tried before: what the ledger has of them is a claim with its count."""
    place.fail(*names, reason=BOOM)
    place.inv("drain")
    place.sql("UPDATE phases SET state = 'FAILED', last_failure_reason = :r", [{"r": BOOM}])
    place.sql("UPDATE batchdrain_claim SET orphan_count = 3")


def notes(place: Workplace) -> list[dict[str, Any]]:
    rows = place.sql("SELECT value FROM batchdrain_meta WHERE name LIKE 'reopened/%'")
    return [json.loads(value) for (value,) in rows]


def orphanings(place: Workplace) -> list[int]:
    return [count for (count,) in place.sql("SELECT orphan_count FROM batchdrain_claim ORDER BY orphan_count")]


def reopen(place: Workplace, *argv: str) -> Ran:
    return place.inv("reopen", *argv, "--reason=more memory")


def test_a_quarantined_phase_is_reopened_and_drained_and_nothing_else_is(project: Workplace) -> None:
    suspect(project, "a/p", "a/q", "b/p")
    before = project.phases()
    assert len(project.inv("reopen").lines) == 4
    assert project.inv("dry-run", "--format=json").json()["would_drain"] == 0

    ran = reopen(project, "--run-id=a", "--phase-id=p")

    assert (ran.code, ran.out) == (0, "Reopened: a / p (was quarantined: orphaned 3 times in a row)\n")
    assert (project.phases(), orphanings(project)) == (before, [0, 3, 3])
    [note] = notes(project)
    assert (note["said"]["reason"], note["said"]["run_id"], note["said"]["phase_id"]) == ("more memory", "a", "p")
    assert [phase["phase_id"] for phase in project.inv("dry-run", "--format=json").json()["phases"]] == ["p"]
    project.inv("drain")
    assert project.taken() == ["a/p"]


@pytest.mark.parametrize(
    ("argv", "left"),
    [(["--run-id=a"], 1), (["--run-id=*"], 0), ([f"--cluster={cluster_id_of(fingerprint(BOOM))}"], 0)],
    ids=["run", "glob", "cluster"],
)
@pytest.mark.everyday("sqlite")
def test_a_run_a_glob_or_a_cluster_is_reopened(project: Workplace, argv: list[str], left: int) -> None:
    suspect(project, "a/p", "a/q", "b/p")
    assert reopen(project, *argv).code == 0
    assert (orphanings(project).count(3), len(notes(project))) == (left, 3 - left)


def test_a_hopeless_phase_is_reopened_and_a_promising_one_keeps_its_verdict(project: Workplace) -> None:
    project.fail("a/1", "a/2", reason=BOOM)
    diagnose(project, {"a/1": HOPELESS, "a/2": PROMISING})
    assert project.inv("triage").code == 0

    ran = reopen(project, "--run-id=a")

    assert (ran.code, ran.out) == (0, "Reopened: a / 1 (was hopeless: the branch is gone)\n")
    assert verdicts(project) == {"a/2": "promising"}
    project.inv("drain")
    assert sorted(project.taken()) == ["a/1", "a/2"]


def test_what_is_held_in_this_moment_stays_as_it_is(project: Workplace) -> None:
    """Its holder is about to count the next orphaning, or its end."""
    suspect(project, "a/p", "a/q")
    held = "owner = 'somebody', host_id = 'elsewhere', lease_until_ms = 99999999999999"
    [(last,)] = project.sql('SELECT max("key") FROM batchdrain_claim')
    project.sql(f'UPDATE batchdrain_claim SET {held} WHERE "key" = :k', [{"k": last}])

    for argv in (("--dry", "reopen"), ("reopen",)):
        ran = project.inv(*argv, "--run-id=a", "--reason=x", "--format=json")
        problems = [one["problem"] for one in ran.json()["reopened"]]
        assert ran.code == 75, ran
        assert [problem is None for problem in problems].count(True) == 1
        assert "a controller holds it" in next(problem for problem in problems if problem)
    assert (orphanings(project), len(notes(project))) == ([0, 3], 1)


def test_a_dry_reopen_writes_nothing(project: Workplace) -> None:
    suspect(project, "a/p")
    ran = project.inv("--dry", "reopen", "--run-id=a", "--reason=x")
    assert (ran.code, ran.out) == (0, "Would reopen: a / p (was quarantined: orphaned 3 times in a row)\n")
    assert (orphanings(project), notes(project)) == ([3], [])


@pytest.mark.everyday("sqlite")
def test_who_asks_twice_is_told_and_what_else_leaves_a_phase_out_too(project: Workplace) -> None:
    suspect(project, "a/p")
    project.inv("accept", "--run-id=a", "--reason=known")

    first, again = (reopen(project, "--run-id=a", "--phase-id=p") for _ in range(2))

    assert first.lines[1].startswith("  ! it is still skipped: accepted: known (")
    assert (again.code, len(notes(project))) == (2, 1)
    assert "--run-id=a --phase-id=p: neither a quarantine nor a diagnosis skips it" in again.err
    assert "reopened it on 20" in again.err


@pytest.mark.everyday("sqlite")
def test_what_can_be_reopened_is_listed(project: Workplace) -> None:
    assert project.inv("reopen").out.startswith("No phase is skipped by a quarantine or a diagnosis in ")
    suspect(project, "a/p\x1b[31m")
    listed = project.inv("reopen")
    assert listed.lines[1] == "  a / p\\x1b[31m (quarantined: orphaned 3 times in a row)"
    [one] = project.inv("reopen", "--format=json").json()["can_be_reopened"]
    assert (one["phase_id"], one["still_left_out_by"]) == ("p\x1b[31m", None)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--run-id=a"], "--reason: is required"),
        (["--reason=x"], "--run-id: is required, or --cluster"),
        (["--phase-id=p", "--reason=x"], "--phase-id: identifies no phase without --run-id"),
        (["--run-id=a", "--cluster=0123456789", "--reason=x"], "--cluster: applies to every run"),
        (["--run-id=a", "--reason=x"], "neither a quarantine nor a diagnosis skips it"),
    ],
)
@pytest.mark.everyday("sqlite")
def test_what_says_nothing_together_is_refused(project: Workplace, argv: list[str], told: str) -> None:
    project.fail("a/p")
    ran = project.inv("reopen", *argv)
    assert (ran.code, told in ran.err) == (2, True), ran
