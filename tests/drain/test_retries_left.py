"""A retry that a drain did not get to, because it was ending, belongs to its session: a resume executes it."""

from __future__ import annotations

import json

import pytest

from batchdrain.cli.commands.drain import drain_failed
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.resume import resume_session
from batchdrain.cli.commands.resume_flags import ResumeFlags
from tests.support.scripted_project import scripted_project

RETRY = {"max_attempts": 2, "initial_s": 0.001, "max_s": 0.001}


@pytest.mark.parametrize("rows", [1, 3])
def test_a_transient_failure_after_ctrl_c_is_tried_again_by_the_resume(rows: int) -> None:
    """With `finish_current` the command ends by itself, and fails as any other."""
    phases = [("r", f"{number}~flaky", number, "FAILED", None) for number in range(rows)]
    with scripted_project(phases, {"finish_current": True, "retry": RETRY}, {0: "interrupt"}) as it:
        said = it.call(drain_failed, DrainFlags())
        left = it.session()
        again = it.call(resume_session, ResumeFlags())
        done = it.session()

    assert left is not None
    assert done is not None
    assert left["status"] == "interrupted"
    assert [one["retry_at"] is not None for one in left["results"]] == [True]
    assert "r / 0~flaky: transient failure, try 2 of 2: not now, as the drain ends" in said
    assert "inv resume" in said
    assert (done["status"], done["total_success"], done["total_failed"]) == ("complete", rows, 0), again


def test_a_stop_condition_leaves_a_retry_too_and_counts_no_failure_twice() -> None:
    phases = [("r", "a~alike", 0, "FAILED", None), ("s", "b~flaky", 0, "FAILED", None)]
    section = {"workers": 2, "retry": RETRY, "stop": {"max_consecutive_failures": 1, "max_repeats": 0}}
    with scripted_project(phases, section) as it:
        it.call(drain_failed, DrainFlags())
        left = it.session()
        assert left is not None
        it.call(resume_session, ResumeFlags(session_id=left["session_id"]))
        done = it.session()

    assert done is not None
    assert left["status"] == "stopped"
    assert (done["total_success"], done["total_failed"]) == (1, 1)
    assert {one["phase_id"]: one["attempt"] for one in done["results"]} == {"a~alike": 1, "b~flaky": 2}


@pytest.mark.parametrize("is_gone", [True, False], ids=["its file is gone", "its file lacks the failure"])
@pytest.mark.parametrize("most", [2, 1])
def test_a_retry_of_which_only_the_ledger_knows_is_executed_too(most: int, *, is_gone: bool) -> None:
    """A controller that is killed may have recorded a failure that its file does not have yet."""
    phases = [("r", "a~flaky", 0, "FAILED", None), ("s", "b~ok", 0, "FAILED", None)]
    with scripted_project(phases, {"retry": {**RETRY, "max_attempts": most}}, {0: "interrupt"}) as it:
        it.call(drain_failed, DrainFlags())
        [path] = (it.root / "sessions").glob("*.json")
        if is_gone:
            path.unlink()
        else:
            path.write_text(json.dumps({**json.loads(path.read_text()), "results": []}))
        it.call(resume_session, ResumeFlags(session_id=path.stem))
        done = it.session()

    assert done is not None
    assert {one["phase_id"]: (one["attempt"], one["success"]) for one in done["results"]} == {
        "a~flaky": (most, most == 2),
        "b~ok": (1, True),
    }
    assert [one["retry_at"] for one in done["results"]] == [None, None]
