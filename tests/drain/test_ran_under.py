"""What a recovery finds is judged as it would have been when it was claimed, whatever is configured since."""

from __future__ import annotations

import signal
import sys

import pytest

from tests.chaos.faults import fault
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

ENDS = (
    "import os, sys, time; open('begun', 'w')\nwhile not os.path.exists('go'): time.sleep(0.02)\nsys.exit(int(sys.argv[1]))"
)


def spooled(project: Workplace, code: int, **command: object) -> None:
    """A command that ended while its controller was stopped, and whose controller died then."""
    argv = [sys.executable, "-c", ENDS, str(code)]
    project.configure(command={"argv": argv, **command})
    project.fail("a/p", reason="before")
    drain = project.start("drain")
    wait_for((project.root / "begun").exists, "the command to begin")
    drain.send_signal(signal.SIGSTOP)
    (project.root / "go").touch()
    wait_for(
        lambda: any('"by"' in path.read_text() for path in project.sessions.glob("*/spool/*.json")), "the result to be kept"
    )
    drain.send_signal(signal.SIGKILL)
    drain.communicate(timeout=DEADLINE_S)
    project.configure(command={"argv": argv})


@fault(73)
@pytest.mark.parametrize(
    ("code", "under", "now", "state"),
    [(3, [0, 3], [0], "COMPLETE"), (3, [0], [0, 3], "FAILED"), (0, [3], [0], "FAILED")],
)
def test_a_spooled_result_is_judged_by_the_success_codes_that_it_ran_under(
    project: Workplace, code: int, under: list[int], now: list[int], state: str
) -> None:
    spooled(project, code, success_exit_codes=under)
    project.configure(command={**project.settings["command"], "success_exit_codes": now})

    ran = project.inv("recover")

    assert (ran.lines[-1], project.states()) == ("1 recovered, 0 still held.", {"a/p": state}), ran


@pytest.mark.everyday("sqlite")
@fault(73)
def test_a_spooled_result_is_judged_by_who_set_states_when_it_ran(project: Workplace) -> None:
    spooled(project, 0)
    project.configure(command={**project.settings["command"], "result_from": "database"})

    ran = project.inv("recover")

    assert (ran.lines[-1], project.states()) == ("1 recovered, 0 still held.", {"a/p": "COMPLETE"}), ran


@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize("codes", [None, "nonsense", "[]", '["0"]', "[1e300]"])
def test_success_codes_that_are_none_are_the_configured_ones(project: Workplace, codes: str | None) -> None:
    spooled(project, 3, success_exit_codes=[0])
    project.sql("UPDATE batchdrain_claim SET success_codes = :codes", [{"codes": codes}])
    project.configure(command={**project.settings["command"], "success_exit_codes": [0, 3]})

    assert (project.inv("recover").code, project.states()) == (0, {"a/p": "COMPLETE"})
