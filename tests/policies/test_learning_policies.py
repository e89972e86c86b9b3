"""Policies that learn, as a user drains with them, on every database."""

from __future__ import annotations

import re

import pytest

from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")


def planned(project: Workplace, *flags: str) -> list[str]:
    """The phases of a dry run, in order."""
    said = project.inv("dry-run", "--batch-size=20", *flags)
    assert said.code == 0, said.err
    return [f"{run}/{phase}" for run, phase in re.findall(r"(\w+) / (\w+)", said.out)]


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_second_drain_sets_out_from_what_the_first_one_learnt(project: Workplace) -> None:
    project.configure(command={"argv": ["sh", "-c", 'case "$1" in mended) exit 0;; *) echo "gear $2 is broken" >&2; exit 1;; esac', "x",
                                     "{run_id}", "{phase_id}"]}, stop={"max_repeats": 0})  # fmt: skip
    project.fail(*(f"broken/a{n}" for n in range(4)), reason="gear 7 is broken")
    project.fail(*(f"mended/b{n}" for n in range(4)), reason="cog 7 was bent")
    assert planned(project, "--policy=best-yield,run-order")[0] == "broken/a0"

    assert project.inv("drain", "--policy=sample-first", "--batch-size=2").code == 1

    assert sorted(project.taken()) == ["broken/a0", "mended/b0"]
    assert planned(project, "--policy=best-yield,run-order")[:3] == ["mended/b1", "mended/b2", "mended/b3"]


def test_triage_looks_at_each_run_once_and_parks_what_failed_alike(project: Workplace) -> None:
    project.configure(command={"argv": ["sh", "-c", 'echo "disk full on node 7" >&2; exit 1']})
    project.fail("a/1", "a/2", "b/1", "b/2", reason="disk full on node 9")
    project.fail("c/1", "c/2", reason="quite its own trouble")

    ran = project.inv("drain", "--profile=triage", "--batch-size=20")

    assert ran.code == 1
    assert project.taken() == ["a/1", "c/1", "c/2"]
    assert "Parking every phase that failed the same way" in ran.out


def test_throughput_leaves_timeouts_for_the_end(project: Workplace) -> None:
    project.configure(command={"argv": ["true"]}, timeout={})
    project.fail("a/1", reason="timed out after 60 s")
    project.fail("b/1", reason="boom")
    said = project.inv("dry-run", "--profile=throughput")
    assert re.findall(r"\w / 1", said.out)[:2] == ["b / 1", "a / 1"]
    assert "Timeout: 120 s" in said.out
    assert project.inv("drain", "--profile=throughput").code == 0
    assert project.taken() == ["b/1", "a/1"]
