"""A name that nothing bears is refused by the tasks that look at one thing or keep something of it: a typo is no answer."""

from __future__ import annotations

import pytest

from batchdrain.failures.fingerprints import cluster_id_of, fingerprint
from tests.support.workplace import Workplace

ABSENT = "0123456789"
TOLD = "there is no such run (did you mean 'delta-1'?)"


@pytest.fixture
def filled(project: Workplace) -> Workplace:
    project.add(("delta-1", "a", 0, "FAILED", "disk full"), ("delta-1", "b", 1, "COMPLETE", None))
    return project


@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (f"accept --reason=x --cluster={ABSENT}", f"--cluster={ABSENT}: no phase fails with it, and no drain has seen it"),
        ("accept --reason=x --run-id=delta-9", f"--run-id=delta-9: {TOLD}"),
        ("accept --reason=x --run-id=delta-9 --phase-id=a", f"--run-id=delta-9: {TOLD}"),
        ("accept --reason=x --run-id=delta-1 --phase-id=z", "--phase-id=z: run delta-1 has no such phase"),
        ("hint --priority=1 --run-id=delta-9", f"--run-id=delta-9: {TOLD}"),
        ("reopen --reason=x --run-id=delta-9", f"--run-id=delta-9: {TOLD}"),
        ("reopen --reason=x --run-id=delta-1 --phase-id=z", "--phase-id=z: run delta-1 has no such phase"),
        (f"reopen --reason=x --cluster={ABSENT}", "neither a quarantine nor a diagnosis skips it"),
        ("explain --run-id=delta-9", f"--run-id=delta-9: {TOLD}"),
        ("explain --run-id=delta-9 --phase-id=a", f"--run-id=delta-9: {TOLD}"),
        ("explain --run-id=delta-1 --phase-id=z", "--phase-id=z: run delta-1 has no such phase"),
        ("clusters --run-id=delta-9", f"--run-id=delta-9: {TOLD}"),
    ],
)
@pytest.mark.parametrize("flags", [[], ["--format=json"]], ids=["text", "json"])
def test_it_exits_with_2_and_keeps_nothing(filled: Workplace, argv: str, said: str, flags: list[str]) -> None:
    ran = filled.inv(*argv.split(), *flags)
    assert (ran.code, said in ran.err) == (2, True), ran
    assert [filled.inv(task, "--format=json").json()[name] for task, name in (("accept", "accepted"), ("hint", "hints"))] == [
        [], [],
    ]  # fmt: skip


@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize("argv", ["accept --reason=x", "hint --priority=1", "explain", "clusters"])
def test_a_glob_that_no_run_matches_is_told_as_it_is_of_runs_that_come_later_too(filled: Workplace, argv: str) -> None:
    ran = filled.inv(*argv.split(), "--run-id=echo*")
    assert (ran.code, "--run-id=echo*: no run matches it" in ran.out) == (0, True), ran


def test_a_cluster_that_a_drain_has_met_is_accepted_though_no_phase_fails_with_it_now(filled: Workplace) -> None:
    cluster = cluster_id_of(fingerprint("disk full"))
    assert filled.inv("drain").code == 0
    ran = filled.inv("accept", f"--cluster={cluster}", "--reason=x")
    assert (ran.code, ran.lines) == (0, [f"Accepted: cluster {cluster} (no failed phase now)"]), ran


def test_of_several_clusters_each_is_there_or_none_is_kept(filled: Workplace) -> None:
    there = cluster_id_of(fingerprint("disk full"))
    ran = filled.inv("accept", f"--cluster={there},{ABSENT}", "--reason=x")
    assert (ran.code, f"--cluster={ABSENT}: " in ran.err) == (2, True), ran
    assert filled.inv("accept", "--format=json").json()["accepted"] == []


def test_a_priority_of_0_has_no_sign(filled: Workplace) -> None:
    for priority, shown in ((0, "0"), (5, "+5"), (-5, "-5")):
        assert f"have priority {shown} (" in filled.inv("hint", "--run-id=delta-1", f"--priority={priority}").out
        assert filled.inv("hint").lines[1].startswith(f"  {shown}  delta-1 ("), shown


def test_a_cluster_that_a_drain_ended_with_is_known_though_nothing_set_out_from_it(filled: Workplace) -> None:
    filled.fail("echo/x~fail")
    assert filled.inv("drain", "--run-id=echo").code == 1
    [cluster] = [one["cluster"] for one in filled.inv("clusters", "--run-id=echo", "--format=json").json()["clusters"]]
    filled.sql("UPDATE phases SET state = 'COMPLETE' WHERE run_id = 'echo'")
    ran = filled.inv("accept", f"--cluster={cluster}", "--reason=x")
    assert ran.code == 0, ran
