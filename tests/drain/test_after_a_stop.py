"""After each stop the command that is suggested takes more phases, until nothing is left."""

from __future__ import annotations

import inspect
import re
import shlex
from collections.abc import Mapping
from typing import Any

import pytest

from batchdrain.cli.commands.chain_flags import ChainFlags
from batchdrain.cli.commands.drain import drain_failed
from batchdrain.cli.commands.drain_all import drain_all
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.drain_queued import drain_queued
from batchdrain.cli.commands.go_on import AFTER_STOP, NextStep
from batchdrain.cli.commands.resume import resume_session
from batchdrain.cli.commands.resume_flags import ResumeFlags
from batchdrain.drain import judgements
from batchdrain.planning import stop
from tests.support.scripted_project import ScriptedProject, scripted_project

STOPS: Mapping[str, Mapping[str, Any]] = {
    "stop.max_consecutive_failures": {"max_consecutive_failures": 2},
    "stop.same_new_failure": {"same_new_failure": 2},
    "stop.success_floor": {"success_floor": 0.5, "success_floor_after": 2},
    "stop.max_without_metric": {"metric": "tokens", "max_without_metric": 2},
}
NONE: Any = {"settings": (), "max_batches": None, "stop_on_first_failure": False}


def phases(state: str) -> list[Any]:
    return [(f"r{number}", "p~alike", 0, state, f"{'other ' * number}boom") for number in range(5)]


def attempts(project: ScriptedProject) -> int:
    [(count,)] = project.sql("SELECT count(*) FROM batchdrain_attempt")
    return int(count)


def type_in(project: ScriptedProject, command: str) -> str:
    """Do what was suggested."""
    _, task, *flags = shlex.split(command)
    given = dict(flag.removeprefix("--").split("=", 1) for flag in flags)
    if task == "resume":
        return project.call(resume_session, ResumeFlags(session_id=given.get("session-id")))
    if task == "drain-all":
        return project.call(drain_all, ChainFlags(**NONE))
    assert (task, given) == ("drain", {})
    return project.call(drain_failed, DrainFlags())


@pytest.mark.parametrize("rule", STOPS)
@pytest.mark.parametrize("is_chain", [False, True], ids=["drain", "drain-all"])
def test_what_is_suggested_after_a_stop_takes_more_phases(rule: str, is_chain: bool) -> None:
    section = {"stop": {"max_repeats": 0, "same_new_failure": 0, **STOPS[rule]}}
    with scripted_project(phases("QUEUED" if is_chain else "FAILED"), section) as it:
        said = it.call(drain_all, ChainFlags(**NONE)) if is_chain else it.call(drain_failed, DrainFlags())
        before, session = attempts(it), it.session()
        assert before == 2
        assert session is not None
        assert session["stopped_because"].startswith(f"{rule}: "), session["stopped_because"]
        again = type_in(it, said.splitlines()[-1])
        assert attempts(it) > before, (said, again)


def test_a_chain_counts_failures_in_a_row_over_both_parts_and_a_resume_begins_anew() -> None:
    rows = [("q", "p~alike", 0, "QUEUED", None), ("q", "p2~alike", 1, "QUEUED", None), *phases("FAILED")]
    section = {"stop": {"max_repeats": 0, "same_new_failure": 0, "max_consecutive_failures": 3}}
    with scripted_project(rows, section) as it:
        said = it.call(drain_all, ChainFlags(**NONE))
        assert attempts(it) == 3, "two of the first part, one of the second"
        type_in(it, said.splitlines()[-1])
        assert attempts(it) == 6


def test_a_drain_that_ended_at_its_first_failure_goes_on_behind_it() -> None:
    with scripted_project(phases("QUEUED"), {}) as it:
        said = it.call(drain_queued, ChainFlags(**{**NONE, "stop_on_first_failure": True, "run_id": "r*"}))
        before = attempts(it)
        type_in(it, said.splitlines()[-1])
        assert attempts(it) == before + 1


def test_each_rule_that_ends_a_session_says_what_goes_on() -> None:
    """Read from the code that stops: a new rule can't be forgotten."""
    told = re.findall(r'"((?:stop|retry)\.\w+)"', inspect.getsource(stop.session_stop))
    told += re.findall(r'Skip\("([\w.]+)"', inspect.getsource(judgements))
    assert {*told, stop.SAME_NEW_FAILURE} <= AFTER_STOP.keys()
    assert set(AFTER_STOP.values()) == set(NextStep)
