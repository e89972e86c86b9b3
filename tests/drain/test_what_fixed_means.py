"""A phase is fixed when an attempt of a drain completes it: every page counts the same phases."""

from __future__ import annotations

import json
from typing import Any

from batchdrain.cli.commands.chain_flags import ChainFlags
from batchdrain.cli.commands.clusters import show_clusters
from batchdrain.cli.commands.drain import drain_failed
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.drain_queued import drain_queued
from batchdrain.cli.commands.explain import ExplainFlags, explain
from batchdrain.cli.commands.summary import show_summary
from tests.support.scripted_project import ScriptedProject, scripted_project

ROWS = [
    ("r", "a~flaky", 0, "FAILED", "boom"),  # fails transiently, then its retry completes it
    ("r", "b~ok", 1, "FAILED", "boom"),
    ("r", "c~flaky", 2, "QUEUED", None),
    ("r", "d~ok", 3, "QUEUED", None),
    ("r", "e~fail", 4, "QUEUED", None),
    ("left", "f~ok", 0, "FAILED", "boom"),
]
RETRY = {"max_attempts": 2, "initial_s": 0.001, "max_s": 0.001}


def fixed_of(it: ScriptedProject) -> int:
    """What the last session's balance says, in its file and in its summary."""
    session = it.session()
    assert session is not None
    balance = session["balance"]["fixed"]
    said = it.call(show_summary, session_id=session["session_id"], format_name="text", output=None)
    assert f" = {balance} fixed + " in said
    assert session["total_success"] == balance
    return int(balance)


def test_fixed_is_one_number_whatever_the_phase_was_before_and_however_often_it_was_tried() -> None:
    with scripted_project(ROWS, {"retry": RETRY}) as it:
        it.call(drain_failed, DrainFlags(exclude_run=("left",)))
        of_failed = fixed_of(it)
        it.call(drain_queued, ChainFlags(settings=(), max_batches=None, stop_on_first_failure=False, run_id="r"))
        of_queued = fixed_of(it)
        told: dict[str, Any] = json.loads(it.call(explain, ExplainFlags(format="json")))
        text = it.call(explain, ExplainFlags())
        found = json.loads(it.call(show_clusters, run_id=None, top=None, format_name="json"))["clusters"]
        table = it.call(show_clusters, run_id=None, top=None, format_name="text")

    assert (of_failed, of_queued) == (2, 2)
    assert told["dispositions"]["fixed"] == 4
    assert "Fixed so far, by drains over all sessions: 4" in text
    [boom] = [one for one in found if one["fingerprint"] == "boom"]
    assert (boom["count"], boom["tried"], boom["fixed"]) == (1, 2, 2), "the retry of the same drain fixed the other one"
    assert [line.split()[3:5] for line in table.splitlines() if "run-specific" in line and " 2 " in line] == [["2", "2"]]
