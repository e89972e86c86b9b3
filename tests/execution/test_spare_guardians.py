"""On a worker a guardian executes one order after another, as long as its lease lasts, and nothing of it stays for longer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution import worker_code
from batchdrain.execution.guardian import system
from tests.execution.test_worker_code import answered, order
from tests.support.workplace import wait_for

BEAT: dict[str, Any] = {"v": 1, "do": "beat", "heard": [], "wants": [], "starve": [], "kill": [], "say": "", "grants": {}}


def grant(session: str, *, for_ms: int) -> None:
    here = answered({**BEAT, "session": session})
    answered({**BEAT, "session": session, "grants": {here["where"]["worker"]: here["boot_ms"] + for_ms}})


def executed(folder: Path, session: str, token: str, **fields: Any) -> tuple[dict[str, Any], list[int]]:
    """How it ended, and its guardian."""
    found = answered(order(folder, session=session, token=token, **fields))
    assert found["kind"] == "ended", found
    ending: dict[str, Any] = found["ending"]
    guardian: list[int] = json.loads((folder / "tickets" / token).read_text())["guardian"]
    return ending, guardian


def test_the_next_order_is_executed_by_the_same_guardian_and_has_an_end_of_its_own(tmp_path: Path) -> None:
    grant("spare", for_ms=60_000)
    codes = [0, 3, 0]
    found = [
        executed(tmp_path, "spare", f"s.{number}.1", lease_s=60.0, argv=["PY", "-c", f"raise SystemExit({code})"])
        for number, code in enumerate(codes)
    ]
    assert [ending["exit_code"] for ending, _ in found] == codes
    assert len({tuple(guardian) for _, guardian in found}) == 1
    assert all("stays" not in ending for ending, _ in found)


def test_a_guardian_that_had_to_end_its_command_for_the_lease_gets_no_other_order(tmp_path: Path) -> None:
    grant("over", for_ms=2_000)
    ending, before = executed(tmp_path, "over", "o.0.1", lease_s=60.0, argv=["sleep", "60"], grace_s=0.1)
    grant("over", for_ms=60_000)
    _, after = executed(tmp_path, "over", "o.1.1", lease_s=60.0)
    assert (ending["by"], before == after) == ("lease", False)


@pytest.mark.parametrize("lease_s", [60.0, None], ids=["its lease is over", "it has none"])
def test_a_guardian_that_gets_no_other_order_is_gone_once_its_lease_is_over(tmp_path: Path, lease_s: float | None) -> None:
    grant("short", for_ms=3_000)
    _, (pid, start) = executed(tmp_path, "short", f"g.{lease_s}.1", lease_s=lease_s)
    wait_for(lambda: system.start_of(pid) != start, "the guardian to leave")


def test_a_guardian_that_may_leave_while_the_ticket_is_drawn_gets_no_other_order(tmp_path: Path) -> None:
    """A scheduler may take its time for that: then nobody would execute what is drawn."""
    grant("late", for_ms=5_000)
    _, (pid, start) = executed(tmp_path, "late", "l.0.1", lease_s=60.0)
    grant("late", for_ms=60_000)

    def first(token: str) -> bool:
        wait_for(lambda: system.start_of(pid) != start, "the guardian of the order before to leave")
        return True

    raw = json.dumps(order(tmp_path, session="late", token="l.1.1", lease_s=60.0)).encode()
    ending = json.loads(worker_code.make_call(first)(raw))["ending"]
    assert (ending["by"], ending["exit_code"]) == ("exit", 0)
