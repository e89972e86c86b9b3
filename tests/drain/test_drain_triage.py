"""drain --triage: what comes next is diagnosed while phases drain one after the other."""

from __future__ import annotations

import json
import signal
import time
from contextlib import closing
from typing import Any

import psutil
import pytest

from batchdrain.cli.commands.drain import _with_triage
from batchdrain.config.load import load
from batchdrain.config.settings import Settings
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.triage.runner import Triage
from batchdrain.execution.guardian_pool import GuardianPool
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind
from tests.drain.diagnosing import HOPELESS, PROMISING, WAIT, diagnose, diagnosed, verdicts
from tests.support.workplace import Workplace, ended, wait_for

pytestmark = pytest.mark.everyday("sqlite")


def told(place: Workplace) -> dict[str, str | None]:
    """'run/phase' -> the verdict of its event."""
    return {
        f"{event['run_id']}/{event['phase_id']}": event["verdict"]
        for event in place.events()
        if event["event"] == "phase.diagnosed"
    }


@pytest.mark.parametrize(
    ("policy", "then"),
    [
        (["hints", "smart"], ["hints", "promising-first", "smart"]),
        ([{"name": "hints"}, "smart"], [{"name": "hints"}, "promising-first", "smart"]),
        (["smart", "hints"], ["promising-first", "smart", "hints"]),
        (["smart", "promising-first"], ["smart", "promising-first"]),
    ],
)
def test_what_a_diagnosis_calls_promising_goes_behind_the_hints_of_people(policy: list[Any], then: list[Any]) -> None:
    asked = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=Settings(policy=policy))
    found = _with_triage(asked)
    assert (found.triage, found.settings.policy, asked.settings.policy) == (True, then, policy)


@pytest.mark.everyday("sqlite", "postgresql")
def test_verdicts_that_arrive_are_heeded_before_their_phase_is_chosen(project: Workplace) -> None:
    diagnose(project, {"a/2": HOPELESS, "a/3": {"exit": 1}, "a/4": WAIT, "a/5": PROMISING})
    project.fail("a/1~until=go", "a/2", "a/3", "a/4", "a/5")
    drain = project.start("drain", "--triage")
    wait_for(lambda: len(diagnosed(project)) == 4 and len(verdicts(project)) == 3, "verdicts while the first phase runs")
    pids = [int(line.rpartition(" ")[2]) for line in (project.root / "diagnosed.txt").read_text().splitlines()]
    wait_for(lambda: not any(map(psutil.pid_exists, pids)), "the last diagnosis to end")
    assert project.states()["a/1~until=go"] == "EXECUTING"

    (project.root / "go").touch()
    code, out = ended(drain)

    assert code == 0, out
    assert project.taken() == ["a/1~until=go", "a/5", "a/3"]
    assert {name: state for name, state in project.states().items() if state == "FAILED"} == {
        "a/2": "FAILED",
        "a/4": "FAILED",
    }
    assert told(project) == {"a/2": "hopeless", "a/3": None, "a/4": "wait", "a/5": "promising"}
    assert "  ! Diagnosed a / 2: hopeless: the branch is gone" in out
    assert "  ! No verdict on a / 3: " in out
    assert project.session()["policy"][:2] == ["hints", "promising-first"]


def test_draining_stays_sequential_while_diagnoses_run_side_by_side(project: Workplace) -> None:
    diagnose(project, {"*": {"meet": 2}}, workers=2)
    project.fail("a/1~until=go", "b/2~until=go", "c/3~until=go", "d/4~until=go")
    drain = project.start("drain", "--triage")
    wait_for(lambda: len(verdicts(project)) >= 2, "two diagnoses that met")
    assert list(project.states().values()).count("EXECUTING") == 1

    (project.root / "go").touch()
    assert ended(drain)[0] == 0

    running = 0
    for event in project.events():
        running += {"phase.started": 1, "phase.finished": -1}.get(event["event"], 0)
        assert running <= 1
    assert set(project.states().values()) == {"COMPLETE"}


def test_what_the_batch_has_no_room_for_is_not_diagnosed(sqlite_project: Workplace) -> None:
    diagnose(sqlite_project, {})
    sqlite_project.fail("a/1~until=go", "b/2", "c/3", "d/4")
    drain = sqlite_project.start("drain", "--triage", "--batch-size=2")
    wait_for(lambda: verdicts(sqlite_project), "the only diagnosis")

    (sqlite_project.root / "go").touch()

    assert ended(drain)[0] == 0
    assert (diagnosed(sqlite_project), sqlite_project.taken()) == (["b/2"], ["a/1~until=go", "b/2"])


def test_a_drain_takes_the_same_phases_in_the_same_order_whether_it_looks_ahead_or_not(sqlite_project: Workplace) -> None:
    names = [
        f"r{number % 3}/p{number}~{act}" for number, act in enumerate(["ok", "fail", "ok", "silent", "ok", "fail", "ok"])
    ]
    sqlite_project.fail(*names)
    planned = [f"{p['run_id']}/{p['phase_id']}" for p in sqlite_project.inv("dry-run", "--format=json").json()["phases"]]
    diagnose(sqlite_project, {"*": {"exit": 1}})

    sqlite_project.inv("drain", "--triage")

    assert sqlite_project.taken() == planned


def test_a_phase_is_never_diagnosed_while_it_is_executed(project: Workplace) -> None:
    diagnose(project, {"*": {"hang": True}}, workers=1)
    project.fail("a/1~until=hangs", "a/2")

    ran = project.inv("drain", "--triage")

    assert ran.code == 0
    assert (diagnosed(project), told(project), verdicts(project)) == (["a/2"], {}, {})
    pid = int((project.root / "diagnosed.txt").read_text().split()[-1])
    assert not psutil.pid_exists(pid)


def test_the_end_of_a_diagnosis_that_is_not_wanted_any_more_is_waited_for_and_not_asked_for_all_the_time(
    sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sqlite_project.fail("a/1")
    settings = load({"database_url": sqlite_project.url, "triage": {"argv": ["sleep", "600"]}}, {})
    project = Project.open(settings, {}, sqlite_project.root)
    project.store.ledger.create(project.store.database)
    asked: list[str] = []
    end = GuardianPool.end

    def counted(pool: GuardianPool, token: str) -> None:
        asked.append(token)
        end(pool, token)

    monkeypatch.setattr(GuardianPool, "end", counted)
    phase = Phase(run_id="a", phase_id="1", phase_index=0, state=PhaseState.FAILED, failure=Failure("it broke", "other"))
    with closing(Triage(project, settings, sqlite_project.root / "triage", "triage")) as triage:
        future = triage.ask(phase)
        assert future is not None
        wait_for(lambda: list((sqlite_project.root / "triage").rglob("*.stdout.txt")), "the diagnosis")
        began = time.monotonic()
        triage.cancel(phase.key)
        took_s = time.monotonic() - began
        assert future.done()
    assert 1 <= len(asked) <= 1 + took_s / 0.05


@pytest.mark.parametrize("finish", [[], ["--finish-current"]])
def test_ctrl_c_ends_the_diagnoses_too(project: Workplace, finish: list[str]) -> None:
    diagnose(project, {"*": {"daemon": True, "hang": True}}, workers=1)
    project.fail("a/1~until=go", "b/2", "c/3", reason="it broke")
    drain = project.start("drain", "--triage", *finish)
    wait_for((project.root / "hangs").exists, "a diagnosis that hangs")
    pids = [int(line.rpartition(" ")[2]) for line in (project.root / "diagnosed.txt").read_text().splitlines()]
    pids.append(int((project.root / "daemon.pid").read_text()))

    drain.send_signal(signal.SIGINT)

    wait_for(lambda: not any(map(psutil.pid_exists, pids)), "the diagnosis to end")
    (project.root / "go").touch()
    assert ended(drain)[0] == 130
    first = ("COMPLETE", None) if finish else ("FAILED", "it broke")
    assert project.phases() == {"a/1~until=go": first, "b/2": ("FAILED", "it broke"), "c/3": ("FAILED", "it broke")}
    assert diagnosed(project) == ["b/2"]


def test_diagnoses_die_with_a_drain_that_is_killed(sqlite_project: Workplace) -> None:
    diagnose(sqlite_project, {"*": {"daemon": True, "hang": True}}, workers=1)
    sqlite_project.fail("a/1~hang", "b/2")
    drain = sqlite_project.start("drain", "--triage")
    wait_for((sqlite_project.root / "hangs").exists, "a diagnosis that hangs")
    pids = [
        int((sqlite_project.root / "diagnosed.txt").read_text().split()[-1]),
        int((sqlite_project.root / "daemon.pid").read_text()),
    ]

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
def test_triage_that_breaks_is_told_once_and_the_drain_goes_on(sqlite_project: Workplace, breaks: str, said: str) -> None:
    diagnose(sqlite_project, {})
    module, _, name = breaks.partition(":")
    broken = f"import {module} as m\ndef broken(*_, **__):\n  open('broke', 'w')\n  1 / 0\nm.{name} = broken\n"
    (sqlite_project.root / "tasks.py").write_text(broken + (sqlite_project.root / "tasks.py").read_text())
    sqlite_project.fail("a/1~until=broke", "b/2", "c/3")

    ran = sqlite_project.inv("drain", "--triage")

    assert ran.code == 0, ran.err
    assert set(sqlite_project.states().values()) == {"COMPLETE"}
    assert ran.out.count(said) == 1


def test_a_resumed_session_goes_on_diagnosing(sqlite_project: Workplace) -> None:
    diagnose(sqlite_project, {"c/3": HOPELESS})
    sqlite_project.fail("a/1~while=flag", "b/2~until=go", "c/3")
    (sqlite_project.root / "flag").touch()
    drain = sqlite_project.start("drain", "--triage")
    wait_for(
        lambda: sqlite_project.session_files() and list(sqlite_project.sessions.glob("*/logs/*/*.stdout.txt")),
        "the first phase",
    )
    wait_for(lambda: "hanging" in next(sqlite_project.sessions.glob("*/logs/*/*.stdout.txt")).read_text(), "it to hang")
    drain.send_signal(signal.SIGTERM)
    assert ended(drain)[0] == 143
    (sqlite_project.root / "flag").unlink()
    sqlite_project.sql("DELETE FROM batchdrain_meta WHERE name LIKE 'verdict/%'")

    resumed = sqlite_project.start("resume")
    wait_for(lambda: verdicts(sqlite_project).get("c/3") == "hopeless", "a verdict")
    (sqlite_project.root / "go").touch()

    assert ended(resumed)[0] == 0
    assert sqlite_project.states()["c/3"] == "FAILED"


def test_events_of_diagnoses_have_these_fields(sqlite_project: Workplace) -> None:
    diagnose(sqlite_project, {"b/2": HOPELESS})
    sqlite_project.fail("a/1~until=go", "b/2")
    drain = sqlite_project.start("drain", "--triage")
    wait_for(lambda: verdicts(sqlite_project), "a verdict")
    (sqlite_project.root / "go").touch()
    ended(drain)

    [event] = [event for event in sqlite_project.events() if event["event"] == "phase.diagnosed"]
    own: dict[str, Any] = {key: event[key] for key in ("run_id", "phase_id", "verdict", "reason")}
    assert own == {"run_id": "b", "phase_id": "2", "verdict": "hopeless", "reason": "the branch is gone"}
    assert set(event) - set(own) == {"timestamp", "event", "session_id", "session_uid", "until", "log_path", "duration_s"}
    assert json.dumps(event["until"]).endswith('Z"')
    logs = list((sqlite_project.sessions / sqlite_project.session()["session_id"] / "triage").glob("b/2.stdout.txt"))
    assert [path.read_text() for path in logs] == ["looking at 'b/2'\n"]
