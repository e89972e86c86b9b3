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

from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.remainder import Remainder
from batchdrain.sessions.balance import Balance, BalanceCount, Ends, Skips
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session
from tests.sessions.files import result
from tests.support.workplace import Workplace, wait_for

FAILED = frozenset({"FAILED"})

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
    balance_count = BalanceCount(session.results, session.balance, FAILED)
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
            balance_count = BalanceCount(session.results, session.balance, FAILED)
            assert balance_count.balance() is None or session.balance == balance_count.balance()
        found = balance_count.balance()
        assert found is None or holds(found)


@pytest.mark.parametrize(
    ("before", "known", "ends", "skips", "expected"),
    [
        (10, 10, Ends(), Skips(), {"waiting": 10}),
        (10, 10, Ends(fixed=2, failing=3), Skips(), {"fixed": 2, "still_failing": 3, "waiting": 5}),
        (10, 12, Ends(fixed=2), Skips(), {"new": 2, "fixed": 2, "waiting": 10}),
        (10, 7, Ends(fixed=2), Skips(), {"fixed": 2, "waiting": 5, "taken_elsewhere": 3}),
        (10, 10, Ends(moved=3, gone=1), Skips(), {"waiting": 7, "taken_elsewhere": 3, "gone_since": 1}),
        (10, 1, Ends(fixed=2), Skips(), {"fixed": 2, "taken_elsewhere": 8}),
        (9, 9, Ends(fixed=1), Skips(accepted=1, filtered=2, by_rules=3), {
            "fixed": 1, "accepted": 1, "filtered": 2, "skipped": 3, "waiting": 2,
        }),
        (3, 3, Ends(), Skips(accepted=9, filtered=9, by_rules=9), {"accepted": 3}),
        (3, 3, Ends(), Skips(accepted=1, filtered=9, by_rules=9), {"accepted": 1, "filtered": 2}),
        (3, 3, Ends(), Skips(filtered=1, by_rules=9), {"filtered": 1, "skipped": 2}),
    ],
)  # fmt: skip
def test_each_phase_of_the_backlog_stands_in_the_term_that_is_its_own(
    before: int, known: int, ends: Ends, skips: Skips, expected: dict[str, int]
) -> None:
    found = Balance.of(before=before, known=known, ends=ends, skips=skips)
    parts = sum(expected.get(name, 0) for name in ("filtered", "skipped", "waiting", "taken_elsewhere"))
    assert found == Balance(failed_before=before, not_reached=parts, **expected)
    assert holds(found)


def test_a_failed_phase_that_left_the_backlog_and_came_back_is_counted_where_it_stands() -> None:
    results = [
        Result(run_id="r", phase_id=name, initial_state="FAILED", success=state == "COMPLETE", final_state=state)
        for name, state in (("a", "FAILED"), ("b", "FAILED"), ("c", "CANCELLED"), ("d", "QUEUED"), ("e", "COMPLETE"))
    ]
    count = BalanceCount(results, Balance.of(before=7, known=7), FAILED)
    for attempted, gone in ((("a", "b"), 0), (("a",), 1), ((), 2), (("a", "b"), 0)):
        there = frozenset(PhaseKey("r", name) for name in attempted)
        count.weigh(Remainder(total=len(there) + 2, attempted=there))
        found = count.balance()
        assert found is not None
        assert (found.still_failing, found.gone_since, found.taken_elsewhere, found.waiting) == (2 - gone, gone, 2 + gone, 2)
        assert (found.fixed, found.failed_before, found.new) == (1, 7, 0)
        assert BalanceCount(results, found, FAILED).balance() == found


@pytest.mark.everyday("sqlite", "postgresql")
@pytest.mark.parametrize(
    ("taken", "says"), [(0, ""), (1, " (1 of them was moved or deleted, "), (2, " (2 of them were moved or deleted, ")]
)
def test_what_was_taken_is_said_where_something_was(taken: int, says: str) -> None:
    said = Balance(taken_elsewhere=taken).said_of_taken
    assert said == (f"{says}by a command, another drain or somebody else)" if says else "")


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
    said = "1 fixed + 0 still failing + 0 accepted + 4 not reached (2 of them were moved or deleted, by a command, another drain or somebody else)"
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
    assert (
        "1 not reached (1 of them was moved or deleted, by a command, another drain or somebody else)"
        in project.inv("summary").out
    )


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


def test_a_queued_phase_that_failed_twice_fails_still_and_was_not_moved(project: Workplace) -> None:
    project.add(("r", "a", 0, "QUEUED", None), ("r", "b~transient=9", 1, "QUEUED", None))

    assert project.inv("drain-queued", "--run-id=r").code == 1
    assert project.session()["results"][1]["attempt"] == 2
    assert terms(project.session()["balance"]) == (2, 0, 1, 1, 0, 0, 0)


def test_how_many_there_were_at_the_start_stays_whatever_comes_later() -> None:
    count = BalanceCount([], Balance.of(before=3, known=3), FAILED)
    count.weigh(Remainder(total=5))
    found = count.balance()
    assert found is not None
    assert (found.failed_before, found.new, found.waiting) == (3, 2, 5)
    nobody_counted = BalanceCount([], None, FAILED)
    assert nobody_counted.balance() is None
    for total in (4, 6):
        nobody_counted.weigh(Remainder(total=total))
    later = nobody_counted.balance()
    assert later is not None
    assert (later.failed_before, later.new) == (4, 2)


@pytest.mark.parametrize(
    ("initial", "final", "takes_failed", "is_gone"),
    [
        ("FAILED", "FAILED", True, True), ("FAILED", "BROKEN", True, True), ("QUEUED", "FAILED", True, False), ("QUEUED", "FAILED", False, False),
        ("FAILED", "FAILED", False, False), ("QUEUED", "BROKEN", False, False),
    ],
)  # fmt: skip
def test_only_a_phase_that_had_gone_back_to_the_backlog_can_have_left_it_since(
    initial: str, final: str, takes_failed: bool, is_gone: bool
) -> None:
    """By any word of its state; a queued phase that failed is in the backlog of the failed ones."""
    failed = result(1, success=False, initial_state=initial, final_state=final)
    before, words = Balance.of(before=1, known=1), frozenset({"FAILED", "BROKEN"})
    count = BalanceCount([failed], before, words, takes_failed=takes_failed)
    count.weigh(Remainder(total=0))
    found = count.balance()
    assert found is not None
    assert (found.still_failing, found.gone_since, found.taken_elsewhere) == ((0, 1, 1) if is_gone else (1, 0, 0))
    assert found.adds_up


def test_what_was_taken_is_told_behind_what_was_not_reached() -> None:
    whole = Balance.of(before=9, known=8, skips=Skips(accepted=1, filtered=2, by_rules=3))
    assert whole.said_of_taken.startswith(" (1 of them was moved or deleted")
    assert Balance().said_of_taken == ""
    assert Balance(not_reached=2, taken_elsewhere=2).said_of_taken.startswith(" (2 of them were moved or deleted")


def test_a_session_that_nobody_reads_again_keeps_what_its_last_reading_left_out_each_by_its_cause() -> None:
    before = Balance.of(before=9, known=9, skips=Skips(accepted=1, filtered=2, by_rules=3))
    assert BalanceCount([], before, FAILED).balance() == before


def test_the_last_reading_says_what_is_left_out() -> None:
    count = BalanceCount([], Balance.of(before=3, known=3, skips=Skips(by_rules=3)), frozenset({"FAILED"}))
    count.weigh(Remainder(total=3, skipped=Counter({Skip("accepted", "known"): 1, Skip("--run-id", "not r"): 1})))
    found = count.balance()
    assert found is not None
    assert (found.accepted, found.filtered, found.skipped, found.waiting) == (1, 1, 0, 1)
