"""What is asked of a chain between its two parts is heeded by the next one, and by no other controller."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from batchdrain.drain.chain.between_parts import read_running
from tests.drain.chaining import end_in, queue
from tests.support.opened import opened
from tests.support.workplace import DEADLINE_S, Ran, Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite", "postgresql")

SELDOM_S = 20.0  # no beat comes while a test runs: what is heard is heard as a part begins
WAITS = """
import pathlib, sys, time
from invoke.main import program
from batchdrain.drain.chain import run as chain_run

first = chain_run.begin
def begin(project, request, *more):
    if request.kind.value == "failed":
        pathlib.Path("between").touch()
        while not pathlib.Path("next").exists():
            time.sleep(0.02)
    return first(project, request, *more)
chain_run.begin = begin
sys.argv[0] = "inv"
program.run(sys.argv)
"""
NOTHING = "No session of table 'phases' runs."


@contextmanager
def between(project: Workplace, beat_s: float = SELDOM_S) -> Iterator[subprocess.Popen[str]]:
    """A chain whose queued part is over, and whose failed one begins once the test is done with it."""
    project.configure(lease={"ttl_s": 60, "beat_s": beat_s, "margin_s": 0.5})
    queue(project, "r/q")
    project.fail("s/f")
    with subprocess.Popen(
        [sys.executable, "-c", WAITS, "drain-all"],
        cwd=project.root, env=project.environ(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as chain:  # fmt: skip
        try:
            wait_for((project.root / "between").exists, "the end of the queued part")
            yield chain
        finally:
            (project.root / "next").touch()
            if chain.poll() is None and chain.stdout is not None and not chain.stdout.closed:
                chain.kill()


def go_on(project: Workplace, chain: subprocess.Popen[str]) -> tuple[int, str]:
    (project.root / "next").touch()
    out, err = chain.communicate(timeout=DEADLINE_S)
    assert "Traceback" not in err, err
    return chain.returncode, out


def asked_of(project: Workplace, number: int) -> list[str]:
    return [one["ask"] for one in project.session(number)["asked"]]


def is_left(project: Workplace) -> None:
    """Nothing of the failed part was executed, and `resume` goes on with it, whatever was asked of the one before."""
    assert project.states() == {"r/q": "COMPLETE", "s/f": "FAILED"}
    assert project.inv("resume").code == 0
    assert set(project.states().values()) == {"COMPLETE"}
    assert project.sql("SELECT status FROM batchdrain_chain") == [("complete",)]


def test_a_stop_between_the_parts_keeps_the_next_one_from_taking_anything(project: Workplace) -> None:
    with between(project) as chain:
        [row] = project.inv("status", "--format=json").json()
        text = project.inv("status").out
        stopped = project.inv("stop", "--reason=enough")
        again = project.inv("pause")
        code, out = go_on(project, chain)

    assert (row["state"], row["kind"], row["processed"], row["alive"]) == ("between", "queued", 1, True)
    assert f"{row['session_id']}  between on " in text
    assert "Its chain is between its parts: the next part follows this as it begins." in stopped.out, stopped
    assert again.out.startswith("It is ending already, asked by "), again
    assert (code, asked_of(project, 0), asked_of(project, 1)) == (0, [], ["stop"]), out
    assert ": enough" in project.session(1)["stopped_because"]
    assert project.inv("status").lines == [NOTHING]
    is_left(project)


def test_a_stop_now_between_the_parts_ends_the_next_one_as_it_begins(project: Workplace) -> None:
    with between(project) as chain:
        assert project.inv("stop", "--now").code == 0
        code, out = go_on(project, chain)

    assert (code, asked_of(project, 1)) == (128 + signal.SIGTERM, ["stop-now"]), out
    assert "inv stop --now" in project.session(1)["stopped_because"]
    is_left(project)


def test_a_pause_between_the_parts_holds_the_next_one_until_it_is_told_to_go_on(sqlite_project: Workplace) -> None:
    project = sqlite_project
    with between(project, beat_s=0.2) as chain:
        assert project.inv("pause", "--reason=lunch").code == 0
        (project.root / "next").touch()

        def shown() -> list[tuple[str, str]]:
            return [(row["kind"], row["state"]) for row in project.inv("status", "--format=json").json()]

        wait_for(lambda: shown() == [("failed", "paused")], "the next part, which is paused")
        held = project.states()["s/f"]
        project.inv("continue")
        code, out = go_on(project, chain)

    assert (held, code, project.states()["s/f"]) == ("FAILED", 0, "COMPLETE"), out
    assert asked_of(project, 1) == ["pause", "continue"]


def test_what_was_asked_last_between_the_parts_counts(project: Workplace) -> None:
    with between(project) as chain:
        for ask in ("pause", "continue"):
            assert project.inv(ask).code == 0
        code, out = go_on(project, chain)

    assert (code, asked_of(project, 1), project.states()["s/f"]) == (0, ["continue"], "COMPLETE"), out


def killed(project: Workplace) -> list[Ran]:
    with between(project) as chain:
        asked = project.inv("stop")
        chain.kill()
        chain.wait()
    return [asked, project.inv("status"), project.inv("stop")]


def test_a_chain_that_was_killed_between_its_parts_runs_no_more_and_its_resume_heeds_nothing_of_before(
    project: Workplace,
) -> None:
    asked, *after = killed(project)

    assert asked.out.startswith("Request sent to "), asked
    assert [ran.lines for ran in after] == [[NOTHING], [NOTHING]]
    is_left(project)


def test_a_chain_that_was_left_in_its_first_part_is_not_between_its_parts_for_another_host_either(project: Workplace) -> None:
    queue(project, "r/q~while=stays", "t/last")
    project.fail("s/f")
    assert end_in(project, "r/q", signal.SIGINT, "drain-all") == 130
    with opened(project) as looked_from_elsewhere:
        assert read_running(looked_from_elsewhere, lambda _: None) == []


LOSES = """
import os, sqlite3, sys
if os.environ["BATCHDRAIN_RUN_ID"] == "r":
    with sqlite3.connect(sys.argv[1], timeout=30) as ledger:
        ledger.execute("UPDATE batchdrain_claim SET epoch = epoch + 1 WHERE owner IS NOT NULL")
"""


def test_a_chain_whose_first_part_ended_by_an_error_is_between_its_parts(sqlite_project: Workplace) -> None:
    """The next part follows all the same, and heeds what is asked meanwhile."""
    project = sqlite_project
    project.configure(command={"argv": ["{python}", "-c", LOSES, project.url.removeprefix("sqlite:///")]})
    with between(project) as chain:
        shown = [(row["state"], row["kind"]) for row in project.inv("status", "--format=json").json()]
        asked = project.inv("stop")
        code, out = go_on(project, chain)
    assert (shown, asked.lines[0].startswith("Request sent to ")) == ([("between", "queued")], True), (asked, out)
    assert (code, asked_of(project, 1), project.states()["s/f"]) == (76, ["stop"], "FAILED"), out
