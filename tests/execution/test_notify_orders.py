"""The order for the command that is told of a session's end, and why there may be none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from batchdrain.config.settings import Command, Notify, Settings
from batchdrain.execution import notify_command
from batchdrain.execution.notify_command import EndFacts, make_notify_order, notify_problems_of, notify_refusals_of
from batchdrain.execution.order import TOKEN, Order

FACTS = EndFacts(session_id="s", status="complete", exit_code=1)


@pytest.mark.parametrize(("within_s", "grace_s"), [(30.0, 1.0), (4.0, 1.0), (2.0, 0.5)])
def test_who_is_told_of_an_end_has_the_grace_within_its_time(tmp_path: Path, within_s: float, grace_s: float) -> None:
    """Once the time is over the process of the drain is to be gone, and the command with it."""
    settings = Settings(command=Command(argv=["x"]), notify=Notify(argv=["tell"]))
    order = make_notify_order(settings, tmp_path, tmp_path, FACTS, within_s=within_s)
    assert (order.timeout_s, order.grace_s) == (within_s - grace_s, grace_s)


def test_it_runs_where_the_commands_run_and_gets_nothing_of_the_phase_of_another_drain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A drain may itself run in a command, whose variables it has."""
    monkeypatch.setattr(notify_command, "TAKEN", {"INVOKE_BATCHDRAIN_WORKERS": "3"})
    settings = Settings(
        command=Command(argv=["x"], cwd="sub", env_deny=["SECRET"]),
        notify=Notify(argv=["{python}", "{session_id}"]),
    )
    order = make_notify_order(settings, tmp_path / "root", tmp_path / "files", FACTS, within_s=30.0)
    stem = f"{tmp_path}/files/{order.token}"
    of_executions = ("ATTEMPT", "EPOCH", "FAILURE_REASON", "PHASE_ID", "PHASE_INDEX", "RESULT_FILE", "RUN_ID", "TRIAGE")
    assert order.token.startswith("notify-")
    assert order == Order(
        token=order.token,
        argv=(sys.executable, "s"),
        env={
            "INVOKE_BATCHDRAIN_WORKERS": "3",
            "BATCHDRAIN_SESSION_ID": "s",
            "BATCHDRAIN_STATUS": "complete",
            "BATCHDRAIN_EXIT_CODE": "1",
            TOKEN: order.token,
        },
        without=frozenset(
            {"SECRET", "DATABASE_URL", "INVOKE_BATCHDRAIN_DATABASE_URL", *(f"BATCHDRAIN_{name}" for name in of_executions)}
        ),
        cwd=f"{tmp_path}/root/sub",
        stdout_path=f"{stem}.stdout.txt",
        stderr_path=f"{stem}.stderr.txt",
        result_path=f"{stem}.result.json",
        stdin_path=f"{stem}.summary.json",
        timeout_s=29.0,
        grace_s=1.0,
        log_max_bytes=1_000_000,
        limit_rule="notify",
    )


UNKNOWN = "1: {run_id} is no placeholder (known: session_id, python); double the braces that are your own"
ABSENT = "0: './absent' is no program that can be executed; name one by its path, or {python} for the interpreter that runs batchdrain"


@pytest.mark.parametrize(
    ("argv", "refusals", "problems"),
    [
        ([], [], []),
        (["sh", "{session_id}", "{python}"], [], []),
        (["sh", "{run_id}"], [UNKNOWN], [UNKNOWN]),
        (["./absent"], [], [ABSENT]),
    ],
)
def test_no_drain_begins_with_a_text_that_can_not_be_filled_in_and_a_program_that_is_missing_is_told(
    tmp_path: Path, argv: list[str], refusals: list[str], problems: list[str]
) -> None:
    settings = Settings(command=Command(argv=["no-such-program"]), notify=Notify(argv=argv))
    assert notify_refusals_of(settings) == [f"batchdrain.notify.argv.{line}" for line in refusals]
    assert notify_problems_of(settings, tmp_path) == [f"batchdrain.notify.argv.{line}" for line in problems]
