"""Policies that learn, as a user drains with them, on every database."""

from __future__ import annotations

import re

import pytest

from tests.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")


def planned(work: Workplace, *flags: str) -> list[str]:
    """The phases of a dry run, in order."""
    said = work.inv("dry-run", "--batch-size=20", *flags)
    assert said.code == 0, said.err
    return [f"{run}/{phase}" for run, phase in re.findall(r"(\w+) / (\w+)", said.out)]


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_second_drain_sets_out_from_what_the_first_one_learnt(work: Workplace) -> None:
    work.configure(command={"argv": ["sh", "-c", 'case "$1" in mended) exit 0;; *) echo "gear $2 is broken" >&2; exit 1;; esac', "x",
                                     "{run_id}", "{phase_id}"]}, stop={"max_repeats": 0})  # fmt: skip
    work.fail(*(f"broken/a{n}" for n in range(4)), reason="gear 7 is broken")
    work.fail(*(f"mended/b{n}" for n in range(4)), reason="cog 7 was bent")
    assert planned(work, "--policy=best-yield,run-order")[0] == "broken/a0"

    assert work.inv("drain", "--policy=sample-first", "--batch-size=2").code == 1

    assert sorted(work.taken()) == ["broken/a0", "mended/b0"]
    assert planned(work, "--policy=best-yield,run-order")[:3] == ["mended/b1", "mended/b2", "mended/b3"]


def test_triage_looks_at_each_run_once_and_parks_what_failed_alike(work: Workplace) -> None:
    work.configure(command={"argv": ["sh", "-c", 'echo "disk full on node 7" >&2; exit 1']})
    work.fail("a/1", "a/2", "b/1", "b/2", reason="disk full on node 9")
    work.fail("c/1", "c/2", reason="quite its own trouble")

    ran = work.inv("drain", "--profile=triage", "--batch-size=20")

    assert ran.code == 1
    assert work.taken() == ["a/1", "c/1", "c/2"]
    assert "Parking every phase that failed alike" in ran.out


def test_throughput_leaves_timeouts_for_the_end(work: Workplace) -> None:
    work.configure(command={"argv": ["true"]}, timeout={})
    work.fail("a/1", reason="timed out after 60 s")
    work.fail("b/1", reason="boom")
    said = work.inv("dry-run", "--profile=throughput")
    assert re.findall(r"\w / 1", said.out)[:2] == ["b / 1", "a / 1"]
    assert "Timeout: 120 s" in said.out
    assert work.inv("drain", "--profile=throughput").code == 0
    assert work.taken() == ["b/1", "a/1"]
