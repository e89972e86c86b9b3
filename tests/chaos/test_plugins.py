"""Plugins that fail, hang, leave, or close what is not theirs; rules that never end. Nothing is lost to them."""

from __future__ import annotations

import signal
import subprocess

import pytest

from tests.chaos.checker import violations
from tests.chaos.faults import repeated
from tests.chaos.watching import started, watched
from tests.support.workplace import DEADLINE_S, INV, Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")

POLICIES = """
import os, sys, time
from pathlib import Path

looks = 0

def raising(lane, now):
    raise ValueError("cannot rank")

def leaving(lane, now):
    sys.exit(7)

def late(lane, now):
    '''Fails once the drain is under way.'''
    global looks
    looks += 1
    if looks > 5:
        raise ValueError("cannot rank any more")
    return 0

def hanging(lane, now):
    global looks
    looks += 1
    if looks > 4:
        Path("hangs").touch()
        while True:
            time.sleep(0.01)
    return 0

def closing(lane, now):
    global looks
    looks += 1
    if looks == 3:
        os.close(1)
    return 0

def taking(lane, now):
    global looks
    looks += 1
    if looks == 3:
        os.close(1)
        kept.append(open("own", "x"))  # it gets the number 1
    return 0

kept = []
"""


NAMES = [f"r{number % 3}/p{number}~ms=1" for number in range(9)]
"""Three lanes: they are ranked before the session begins, and again with each choice."""


def using(place: Workplace, policy: str) -> dict[str, str]:
    (place.root / "bad.py").write_text(POLICIES)
    place.configure(policy=[f"bad:{policy}", "smart"])
    return {"PYTHONPATH": str(place.root)}


@repeated(46)
@pytest.mark.parametrize(("policy", "said"), [("raising", "ValueError: cannot rank"), ("leaving", "SystemExit: 7")])
def test_a_policy_that_fails_is_told_and_nothing_is_claimed(sqlite_project: Workplace, policy: str, said: str) -> None:
    sqlite_project.fail("a/p")
    ran = sqlite_project.inv("drain", env=using(sqlite_project, policy))
    assert ran.code == 78
    assert f"'bad:{policy}' failed on a lane of run 'a': {said}" in ran.err
    assert "Traceback" not in ran.err
    assert sqlite_project.states() == {"a/p": "FAILED"}


@repeated(46, cases=3)
def test_a_policy_that_fails_halfway_ends_the_drain_in_order(project: Workplace) -> None:
    witness = watched(project, *NAMES)
    ran = project.inv("drain", env=using(project, "late"))
    assert ran.code == 78
    assert "cannot rank any more" in ran.err
    assert violations(project, witness, ran.out) == []
    assert project.session()["status"] == "interrupted"
    project.configure(policy=["smart"])
    assert project.inv("drain").code == 0
    assert set(project.states().values()) == {"COMPLETE"}


@repeated(46, cases=2)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_policy_that_hangs_is_ended_by_the_first_signal(
    sqlite_project: Workplace, number: signal.Signals, code: int
) -> None:
    witness = watched(sqlite_project, *NAMES)
    drain = sqlite_project.start("drain", env=using(sqlite_project, "hanging"))
    wait_for((sqlite_project.root / "hangs").exists, "the policy to hang")
    drain.send_signal(number)
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert drain.returncode == code, (out, err)
    assert b"Traceback" not in err
    assert violations(sqlite_project, witness, out.decode()) == []
    assert "EXECUTING" not in sqlite_project.states().values()
    assert sqlite_project.session()["status"] == "interrupted"


@repeated(46)
def test_a_policy_that_closes_stdout_costs_the_output_alone(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~ms=1", "b/p~ms=1")
    ran = sqlite_project.inv("drain", env=using(sqlite_project, "closing"))
    assert violations(sqlite_project, witness, "") == []
    assert set(sqlite_project.states().values()) == {"COMPLETE"}, (ran.code, ran.err)
    assert sqlite_project.session()["status"] == "complete"


@repeated(46)
def test_a_file_that_takes_the_place_of_stdout_is_not_written_to(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~ms=1", "b/p~ms=1")
    with (sqlite_project.root / "output").open("w") as output:  # a regular file: it is written through the number itself
        subprocess.run(
            [*INV, "drain"],
            cwd=sqlite_project.root,
            env=sqlite_project.environ(using(sqlite_project, "taking")),
            stdout=output,
            timeout=DEADLINE_S,
            check=True,
        )
    assert violations(sqlite_project, witness, "") == []
    assert set(sqlite_project.states().values()) == {"COMPLETE"}
    assert (sqlite_project.root / "own").read_bytes() == b""


@repeated(46)
def test_a_rule_of_yours_that_would_go_back_for_ever_decides_like_any_other(sqlite_project: Workplace) -> None:
    sqlite_project.configure(
        categories=[{"match": "(a+)+$", "category": "patch"}, {"match": "zebra", "category": "collection"}]
    )
    sqlite_project.add(
        ("r", "evil", 1, "FAILED", "a" * 5_000 + "!"), ("r", "good", 2, "FAILED", "a zebra!"),
        ("r", "taken", 3, "FAILED", "a" * 5_000),
    )  # fmt: skip
    ran = sqlite_project.inv("drain")

    assert ran.code == 0, ran
    found = {result["phase_id"]: result["category"] for result in sqlite_project.session()["results"]}
    assert found == {"evil": "other", "good": "collection", "taken": "patch"}
    assert set(sqlite_project.states().values()) == {"COMPLETE"}


def test_a_hanging_policy_starves_no_running_command_of_its_lease(sqlite_project: Workplace) -> None:
    """While it hangs the heart goes on beating: what runs is neither ended nor taken."""
    witness = watched(
        sqlite_project, "a/p~hang", *(name for name in NAMES if name[:2] != "r2"), lease={"ttl_s": 60, "beat_s": 0.3}
    )
    drain = sqlite_project.start("drain", "--workers=2", env=using(sqlite_project, "hanging"))
    started(witness, 1)
    wait_for((sqlite_project.root / "hangs").exists, "the policy to hang")
    before = sqlite_project.sql("SELECT max(lease_until_ms) FROM batchdrain_claim WHERE owner IS NOT NULL")
    wait_for(
        lambda: sqlite_project.sql("SELECT max(lease_until_ms) FROM batchdrain_claim WHERE owner IS NOT NULL") > before,
        "a beat while the policy hangs",
    )
    drain.send_signal(signal.SIGINT)
    out, _ = drain.communicate(timeout=DEADLINE_S)
    assert drain.returncode == 130
    assert violations(sqlite_project, witness, out.decode()) == []
