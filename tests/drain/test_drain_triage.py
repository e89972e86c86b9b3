"""drain --triage: what comes next is diagnosed while phases drain one after the other."""

from __future__ import annotations

import json
import signal
from typing import Any

import psutil
import pytest

from tests.drain.diagnosing import HOPELESS, PROMISING, WAIT, diagnose, diagnosed, verdicts
from tests.workplace import Workplace, ended, wait_for

pytestmark = pytest.mark.everyday("sqlite")


def told(place: Workplace) -> dict[str, str | None]:
    """'run/phase' -> the verdict of its event."""
    return {
        f"{event['run_id']}/{event['phase_id']}": event["verdict"]
        for event in place.events()
        if event["event"] == "phase.diagnosed"
    }


@pytest.mark.everyday("sqlite", "postgresql")
def test_verdicts_that_arrive_are_heeded_before_their_phase_is_chosen(work: Workplace) -> None:
    diagnose(work, {"a/2": HOPELESS, "a/3": {"exit": 1}, "a/4": WAIT, "a/5": PROMISING})
    work.fail("a/1~until=go", "a/2", "a/3", "a/4", "a/5")
    drain = work.start("drain", "--triage")
    wait_for(lambda: len(diagnosed(work)) == 4 and len(verdicts(work)) == 3, "verdicts while the first phase runs")
    pids = [int(line.rpartition(" ")[2]) for line in (work.root / "diagnosed.txt").read_text().splitlines()]
    wait_for(lambda: not any(map(psutil.pid_exists, pids)), "the last diagnosis to end")
    assert work.states()["a/1~until=go"] == "EXECUTING"

    (work.root / "go").touch()
    code, out = ended(drain)

    assert code == 0, out
    assert work.taken() == ["a/1~until=go", "a/5", "a/3"]
    assert {name: state for name, state in work.states().items() if state == "FAILED"} == {"a/2": "FAILED", "a/4": "FAILED"}
    assert told(work) == {"a/2": "hopeless", "a/3": None, "a/4": "wait", "a/5": "promising"}
    assert "  ! Diagnosed a / 2: hopeless: the branch is gone" in out
    assert "  ! No verdict on a / 3: exit code 1: " in out
    assert work.session()["policy"][:2] == ["hints", "promising-first"]


def test_draining_stays_sequential_while_diagnoses_run_side_by_side(work: Workplace) -> None:
    diagnose(work, {"*": {"meet": 2}}, workers=2)
    work.fail("a/1~until=go", "b/2~until=go", "c/3~until=go", "d/4~until=go")
    drain = work.start("drain", "--triage")
    wait_for(lambda: len(verdicts(work)) >= 2, "two diagnoses that met")
    assert list(work.states().values()).count("EXECUTING") == 1

    (work.root / "go").touch()
    assert ended(drain)[0] == 0

    running = 0
    for event in work.events():
        running += {"phase.started": 1, "phase.finished": -1}.get(event["event"], 0)
        assert running <= 1
    assert set(work.states().values()) == {"COMPLETE"}


def test_what_the_batch_has_no_room_for_is_not_diagnosed(lite: Workplace) -> None:
    diagnose(lite, {})
    lite.fail("a/1~until=go", "b/2", "c/3", "d/4")
    drain = lite.start("drain", "--triage", "--batch-size=2")
    wait_for(lambda: verdicts(lite), "the only diagnosis")

    (lite.root / "go").touch()

    assert ended(drain)[0] == 0
    assert (diagnosed(lite), lite.taken()) == (["b/2"], ["a/1~until=go", "b/2"])


def test_a_drain_takes_the_same_phases_in_the_same_order_whether_it_looks_ahead_or_not(lite: Workplace) -> None:
    names = [
        f"r{number % 3}/p{number}~{act}" for number, act in enumerate(["ok", "fail", "ok", "silent", "ok", "fail", "ok"])
    ]
    lite.fail(*names)
    planned = [f"{p['run_id']}/{p['phase_id']}" for p in lite.inv("dry-run", "--format=json").json()["phases"]]
    diagnose(lite, {"*": {"exit": 1}})

    lite.inv("drain", "--triage")

    assert lite.taken() == planned


def test_a_phase_is_never_diagnosed_while_it_is_executed(work: Workplace) -> None:
    diagnose(work, {"*": {"hang": True}}, workers=1)
    work.fail("a/1~until=hangs", "a/2")

    ran = work.inv("drain", "--triage")

    assert ran.code == 0
    assert (diagnosed(work), told(work), verdicts(work)) == (["a/2"], {}, {})
    pid = int((work.root / "diagnosed.txt").read_text().split()[-1])
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize("finish", [[], ["--finish-current"]])
def test_ctrl_c_ends_the_diagnoses_too(work: Workplace, finish: list[str]) -> None:
    diagnose(work, {"*": {"daemon": True, "hang": True}}, workers=1)
    work.fail("a/1~until=go", "b/2", "c/3", reason="it broke")
    drain = work.start("drain", "--triage", *finish)
    wait_for((work.root / "hangs").exists, "a diagnosis that hangs")
    pids = [int(line.rpartition(" ")[2]) for line in (work.root / "diagnosed.txt").read_text().splitlines()]
    pids.append(int((work.root / "daemon.pid").read_text()))

    drain.send_signal(signal.SIGINT)

    wait_for(lambda: not any(map(psutil.pid_exists, pids)), "the diagnosis to end")
    (work.root / "go").touch()
    assert ended(drain)[0] == 130
    first = ("COMPLETE", None) if finish else ("FAILED", "it broke")
    assert work.phases() == {"a/1~until=go": first, "b/2": ("FAILED", "it broke"), "c/3": ("FAILED", "it broke")}
    assert diagnosed(work) == ["b/2"]


def test_diagnoses_die_with_a_drain_that_is_killed(lite: Workplace) -> None:
    diagnose(lite, {"*": {"daemon": True, "hang": True}}, workers=1)
    lite.fail("a/1~hang", "b/2")
    drain = lite.start("drain", "--triage")
    wait_for((lite.root / "hangs").exists, "a diagnosis that hangs")
    pids = [int((lite.root / "diagnosed.txt").read_text().split()[-1]), int((lite.root / "daemon.pid").read_text())]

    drain.kill()
    drain.communicate()

    wait_for(lambda: not any(map(psutil.pid_exists, pids)), "the diagnosis to end")


@pytest.mark.parametrize(
    ("breaks", "said"),
    [
        ("batchdrain.drain.triage.runner:make_diagnosis_order", "Triage has ended: ZeroDivisionError"),
        ("batchdrain.drain.triage.runner:LocalEngine", "Triage has ended: ZeroDivisionError"),
    ],
)
def test_triage_that_breaks_is_told_once_and_the_drain_goes_on(lite: Workplace, breaks: str, said: str) -> None:
    diagnose(lite, {})
    module, _, name = breaks.partition(":")
    broken = f"import {module} as m\ndef broken(*_, **__):\n  open('broke', 'w')\n  1 / 0\nm.{name} = broken\n"
    (lite.root / "tasks.py").write_text(broken + (lite.root / "tasks.py").read_text())
    lite.fail("a/1~until=broke", "b/2", "c/3")

    ran = lite.inv("drain", "--triage")

    assert ran.code == 0, ran.err
    assert set(lite.states().values()) == {"COMPLETE"}
    assert ran.out.count(said) == 1


def test_a_resumed_session_goes_on_diagnosing(lite: Workplace) -> None:
    diagnose(lite, {"c/3": HOPELESS})
    lite.fail("a/1~while=flag", "b/2~until=go", "c/3")
    (lite.root / "flag").touch()
    drain = lite.start("drain", "--triage")
    wait_for(lambda: lite.session_files() and list(lite.sessions.glob("*/logs/*.stdout.txt")), "the first phase")
    wait_for(lambda: "hanging" in next(lite.sessions.glob("*/logs/*.stdout.txt")).read_text(), "it to hang")
    drain.send_signal(signal.SIGTERM)
    assert ended(drain)[0] == 143
    (lite.root / "flag").unlink()
    lite.sql("DELETE FROM batchdrain_meta WHERE name LIKE 'verdict/%'")

    resumed = lite.start("resume")
    wait_for(lambda: verdicts(lite).get("c/3") == "hopeless", "a verdict")
    (lite.root / "go").touch()

    assert ended(resumed)[0] == 0
    assert lite.states()["c/3"] == "FAILED"


def test_events_of_diagnoses_have_these_fields(lite: Workplace) -> None:
    diagnose(lite, {"b/2": HOPELESS})
    lite.fail("a/1~until=go", "b/2")
    drain = lite.start("drain", "--triage")
    wait_for(lambda: verdicts(lite), "a verdict")
    (lite.root / "go").touch()
    ended(drain)

    [event] = [event for event in lite.events() if event["event"] == "phase.diagnosed"]
    own: dict[str, Any] = {key: event[key] for key in ("run_id", "phase_id", "verdict", "reason")}
    assert own == {"run_id": "b", "phase_id": "2", "verdict": "hopeless", "reason": "the branch is gone"}
    assert set(event) - set(own) == {"timestamp", "event", "session_id", "session_uid", "until", "duration_s"}
    assert json.dumps(event["until"]).endswith('Z"')
    logs = list((lite.sessions / lite.session()["session_id"] / "triage").glob("*.stdout.txt"))
    assert [path.read_text() for path in logs] == ["looking at 'b/2'\n"]
