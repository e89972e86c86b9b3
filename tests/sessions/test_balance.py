"""The balance of a session adds up and says the truth, whenever and however a session ended."""

from __future__ import annotations

import os
import signal
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.model.phase import Skip
from batchdrain.planning.remainder import Remainder
from batchdrain.sessions.balance import Balance, BalanceCount
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session
from tests.support.workplace import Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")

START = datetime(2025, 12, 28, 12, tzinfo=UTC)
TERMS = ("failed_before", "new", "fixed", "still_failing", "accepted", "not_reached", "taken_elsewhere")
ENDINGS = {
    "fixed": (True, "COMPLETE"),
    "failed": (False, "FAILED"),
    "queued": (False, "QUEUED"),
    "moved": (False, "CANCELLED"),
}


def holds(found: Balance) -> bool:
    """It adds up, and no term is negative."""
    terms = [getattr(found, name) for name in TERMS]
    parts = found.filtered + found.skipped + found.waiting + found.taken_elsewhere
    return found.adds_up and min(terms) >= 0 and parts == found.not_reached


def terms(found: dict[str, Any]) -> tuple[int, ...]:
    assert holds(Balance.model_validate(found))
    return tuple(found[name] for name in TERMS)


STEPS = st.one_of(
    st.tuples(st.just("result"), st.sampled_from(sorted(ENDINGS)), st.integers(0, 9)),
    st.tuples(st.just("weigh"), st.integers(0, 30), st.integers(0, 30)),
    st.tuples(st.just("reopen"), st.none(), st.none()),
)


@given(st.one_of(st.none(), st.integers(0, 30)), st.sampled_from(["FAILED", "QUEUED"]), st.lists(STEPS, max_size=30))
def test_the_balance_adds_up_and_no_term_is_negative_whatever_happened(
    before: int | None, source: str, steps: list[tuple[str, Any, Any]]
) -> None:
    balance = None if before is None else Balance.of(before=before, known=before)
    session = Session(session_id="s", started_at=START, balance=balance)
    balance_count = BalanceCount(session.results, session.balance, "FAILED")
    for what, first, second in steps:
        if what == "result":
            success, word = ENDINGS[first]
            result = Result(run_id="r", phase_id=str(second), initial_state=source, success=success, final_state=word)
            for old in [old for old in session.results if old.key == result.key]:
                session.results.remove(old)
                balance_count.add(old, -1)
            session.results.append(result)
            balance_count.add(result)
        elif what == "weigh":
            skipped = Counter({Skip("accepted", ""): min(first, second)})
            balance_count.weigh(Remainder(total=first, skipped=skipped))
        else:
            session.balance = balance_count.balance()
            balance_count = BalanceCount(session.results, session.balance, "FAILED")
            assert balance_count.balance() is None or session.balance == balance_count.balance()
        found = balance_count.balance()
        assert found is None or holds(found)


@pytest.mark.everyday("sqlite", "postgresql")
def test_the_balance_of_a_killed_session_says_what_it_reached(project: Workplace) -> None:
    project.fail("r/a", "r/b~fail", "r/c~hang", "r/d", "r/e", "r/f")
    drain = project.start("drain", "--policy=run-order")
    wait_for(lambda: project.session_files() and project.session()["total_processed"] == 2, "two results")
    assert terms(project.session()["balance"]) == (6, 0, 1, 1, 0, 4, 0)
    os.kill(drain.pid, signal.SIGKILL)
    drain.communicate()

    said = "Balance: 6 failed before + 0 new = 1 fixed + 1 still failing + 0 accepted + 4 not reached"
    assert said in project.inv("summary").lines
    assert project.inv("recover").code == 0
    assert said in project.inv("summary").lines
    project.session_files()[0].unlink()
    assert said in project.inv("summary").lines


def test_what_others_took_out_of_the_backlog_is_not_reached_and_said(project: Workplace) -> None:
    project.fail("r/a~until=go", "r/b", "r/c", "r/d", "r/e")
    drain = project.start("drain", "--batch-size=1", "--policy=run-order")
    wait_for(lambda: list(project.sessions.glob("*/logs/*/*.stdout.txt")), "the first phase")
    project.sql("UPDATE phases SET state = 'COMPLETE' WHERE phase_id IN ('b', 'c')")
    (project.root / "go").touch()
    out, _ = drain.communicate(timeout=90)

    assert terms(project.session()["balance"]) == (5, 0, 1, 0, 0, 4, 2)
    said = "1 fixed + 0 still failing + 0 accepted + 4 not reached (2 of them were moved or deleted, by a command or by somebody else)"
    assert said in out.decode()
    assert said in project.inv("summary", "--format=markdown").out


def test_a_phase_that_somebody_cancelled_does_not_fail_still(project: Workplace) -> None:
    project.fail("r/a~until=go", "r/b~fail")
    drain = project.start("drain", "--policy=run-order")
    wait_for(lambda: list(project.sessions.glob("*/logs/*/*.stdout.txt")), "the first phase")
    project.sql("UPDATE phases SET state = 'CANCELLED' WHERE phase_id = 'a~until=go'")
    (project.root / "go").touch()
    drain.communicate(timeout=90)

    assert terms(project.session()["balance"]) == (2, 0, 0, 1, 0, 1, 1)
    assert "1 not reached (1 of them was moved or deleted, by a command or by somebody else)" in project.inv("summary").out


def test_a_failed_phase_that_somebody_deleted_later_does_not_fail_still(project: Workplace) -> None:
    project.fail("r/a~fail", "r/b~until=go")
    drain = project.start("drain", "--policy=run-order")
    wait_for(lambda: len(list(project.sessions.glob("*/logs/*/*.stdout.txt"))) == 2, "the second phase")
    project.sql("DELETE FROM phases WHERE phase_id = 'a~fail'")
    (project.root / "go").touch()
    drain.communicate(timeout=90)

    assert terms(project.session()["balance"]) == (2, 0, 1, 0, 0, 1, 1)


def test_phases_that_failed_meanwhile_are_new(project: Workplace) -> None:
    project.fail("r/a~until=go")
    drain = project.start("drain", "--batch-size=1")
    wait_for(lambda: list(project.sessions.glob("*/logs/*/*.stdout.txt")), "the first phase")
    project.add(("s", "b", 0, "FAILED", None), ("s", "c", 0, "FAILED", None))
    (project.root / "go").touch()
    drain.communicate(timeout=90)

    assert terms(project.session()["balance"]) == (1, 2, 1, 0, 0, 2, 0)


def test_a_queued_phase_that_failed_fails_still(project: Workplace) -> None:
    project.add(("r", "a", 0, "QUEUED", None), ("r", "b~fail", 1, "QUEUED", None))

    assert project.inv("drain-queued", "--run-id=r").code == 1
    assert terms(project.session()["balance"]) == (2, 0, 1, 1, 0, 0, 0)
