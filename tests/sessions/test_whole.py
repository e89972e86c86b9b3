"""The sessions of a chain as one, and what one of them counts of the others."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from batchdrain.model.phase import PhaseKey
from batchdrain.sessions.balance import Balance
from batchdrain.sessions.kept_forecast import KeptForecast
from batchdrain.sessions.progress import ResultCounts, counts_of
from batchdrain.sessions.session import Kind, Session, Skipped, Status
from batchdrain.sessions.whole import balances_of, kind_of, parts_of, paths_of, whole_of
from tests.sessions.files import START, result

LATER = START + timedelta(minutes=9)


def part(name: str = "s1", status: Status = Status.COMPLETE, **fields: Any) -> Session:
    over: datetime | None = None if status in {Status.INTERRUPTED, Status.RUNNING} else START + timedelta(minutes=1)
    base: dict[str, Any] = {"session_id": name, "started_at": START, "status": status, "completed_at": over}
    return Session(**{**base, **fields})


@pytest.mark.parametrize(
    ("first", "second", "ended", "status", "is_over"),
    [
        (Status.COMPLETE, Status.COMPLETE, Status.COMPLETE, Status.COMPLETE, True),
        (Status.COMPLETE, Status.STOPPED, Status.STOPPED, Status.STOPPED, True),
        (Status.STOPPED, Status.COMPLETE, Status.COMPLETE, Status.STOPPED, True),
        (Status.COMPLETE, Status.COMPLETE, Status.STOPPED, Status.STOPPED, True),
        (Status.COMPLETE, Status.INTERRUPTED, None, Status.INTERRUPTED, False),
        (Status.COMPLETE, Status.COMPLETE, None, Status.INTERRUPTED, False),
        (Status.STOPPED, Status.COMPLETE, None, Status.INTERRUPTED, False),
        (Status.INTERRUPTED, Status.COMPLETE, Status.COMPLETE, Status.INTERRUPTED, False),
        (Status.COMPLETE, Status.RUNNING, None, Status.RUNNING, False),
    ],
)
def test_a_chain_stands_as_its_parts_and_its_own_end_say(
    first: Status, second: Status, ended: Status | None, status: Status, is_over: bool
) -> None:
    found = whole_of([part("s1", first), part("s2", second, started_at=LATER)], ended)
    assert (found.status, found.completed_at is not None) == (status, is_over)
    assert (found.session_id, found.started_at) == ("s2", START)


@pytest.mark.parametrize(
    ("status", "ended", "is_itself"),
    [
        (Status.COMPLETE, Status.COMPLETE, True),
        (Status.INTERRUPTED, None, True),
        (Status.COMPLETE, None, False),
        (Status.COMPLETE, Status.STOPPED, False),
    ],
)
def test_of_one_part_that_stands_as_its_chain_does_the_chain_is_the_part(
    status: Status, ended: Status | None, is_itself: bool
) -> None:
    only = part(status=status)
    found = whole_of([only], ended)
    assert (found is only) is is_itself
    assert parts_of(found) == [only]
    assert paths_of(found, "a\nb") == (["a\nb"] if is_itself else ["a", "b"])


def test_what_a_chain_did_is_the_sum_of_its_parts_and_each_word_is_said_once() -> None:
    one, two = (
        part(
            name, started_at=began, completed_at=began + timedelta(minutes=2), active_s=seconds, total_processed=count,
            total_success=count - 1, total_failed=1, total_timeouts=count - 2, metrics={"t": seconds, name: 1.0},
            fingerprint_counts={"boom": count}, balance=Balance(failed_before=count, fixed=count - 1, still_failing=1),
            results=[result(count)], stopped_because=because, without_effect=["--workers=4: x", f"--max-attempts={count}: y", name],
            skipped=[Skipped(rule="accepted", value="v", count=count), Skipped(rule="only", value=name, count=None)],
        )
        for name, began, seconds, count, because in (("s1", START, 1.5, 3, "why"), ("s2", LATER, 2.5, 4, "why"))
    )  # fmt: skip
    found = whole_of([one, two], Status.COMPLETE, "between")

    assert (found.completed_at, found.active_s) == (LATER + timedelta(minutes=2), 4.0)
    totals = (found.total_processed, found.total_success, found.total_failed, found.total_timeouts)
    assert totals == (7, 5, 2, 3)
    assert found.metrics == {"t": 4.0, "s1": 1.0, "s2": 1.0}
    assert found.fingerprint_counts == {"boom": 7}
    assert found.balance == Balance(failed_before=7, fixed=5, still_failing=2)
    assert [one.phase_id for one in found.results] == ["p3", "p4"]
    assert found.stopped_because == "why; between"
    assert found.without_effect == ["--workers=4: x", "s1", "--max-attempts=4: y", "s2"]
    assert [(one.rule, one.value, one.count) for one in found.skipped] == [
        ("accepted", "v", 7), ("only", "s1", None), ("only", "s2", None),
    ]  # fmt: skip


def test_a_chain_of_which_no_part_has_a_balance_has_none() -> None:
    assert whole_of([part("s1"), part("s2")], Status.COMPLETE).balance is None


def test_what_another_session_of_the_chain_did_counts_towards_the_limits_and_not_as_done_here() -> None:
    boom: dict[str, Any] = {"success": False, "fingerprint": "boom", "timed_out": True}
    other = part("s1", kind=Kind.QUEUED, active_s=30.0)
    other.results = [result(0, **boom, metrics={"t": 2.0}), result(1, metrics={"t": 3.0}), result(2, **boom, retry_at=START)]
    counts = ResultCounts(metric="t")
    counts.follow(other)
    found = counts.progress()

    assert (found.results, found.successes, found.consecutive_failures, found.without_metric) == (2, 1, 0, 0)
    assert (dict(found.spent), dict(found.timeouts), dict(found.repeats)) == ({"t": 5.0}, {"r": 2}, {"boom": 1})
    assert found.elapsed_s >= 30.0
    assert (counts.places, counts.fixed) == ({}, {})
    assert set(counts.attempted) == set(counts.in_chain) == {PhaseKey("r", f"p{number}") for number in range(3)}

    again = counts_of(part("s2", results=[result(3, success=False)]), counts)
    assert again is counts
    assert (counts.places, counts.progress().results) == ({PhaseKey("r", "p3"): 0}, 3)
    assert len(counts.attempted) == 4


def test_a_queued_phase_that_failed_stands_once_in_the_sum_though_the_failed_part_met_it_again() -> None:
    """Of 40 failed and 8 queued ones; two of three queued ones failed, and stand in the backlog of the failed part too."""
    queued = part("s1", balance=Balance(failed_before=8, fixed=1, still_failing=2, not_reached=5, waiting=5))
    failed = part(
        "s2", balance=Balance(failed_before=42, fixed=4, not_reached=38, skipped=2, waiting=36),
        skipped=[Skipped(rule="already attempted", value="in this chain", count=2), Skipped(rule="x", value="", count=1)],
    )  # fmt: skip
    whole = whole_of([queued, failed], Status.COMPLETE)
    assert whole.balance == Balance(failed_before=48, fixed=5, still_failing=2, not_reached=41, skipped=0, waiting=41)
    assert whole.balance.adds_up
    assert [balance for _, balance in balances_of(whole)] == [
        queued.balance, Balance(failed_before=40, fixed=4, not_reached=36, skipped=0, waiting=36),
    ], "of the parts too, and of each"  # fmt: skip
    assert [(one.rule, one.count) for one in whole.skipped] == [("x", 1)], "it is in no sum, so it is no skip of the chain"


@pytest.mark.parametrize("kinds", [[Kind.QUEUED], [Kind.FAILED], [Kind.QUEUED, Kind.FAILED]], ids=str)
def test_a_chain_is_called_a_chain_whichever_of_its_parts_there_are(kinds: list[Kind]) -> None:
    parts = [part(f"s{place}", kind=kind, chain_uid="c") for place, kind in enumerate(kinds)]
    assert kind_of(whole_of(parts, Status.COMPLETE)) == "chain"
    assert kind_of(part(kind=kinds[0])) == kinds[0]


def test_a_chain_has_the_forecast_of_the_part_that_had_one() -> None:
    forecast = KeptForecast(planned=9, fixed=4, fixed_low=2, fixed_high=6, minutes=3, minutes_low=2, minutes_high=4)
    for parts in ([part("a"), part("b", forecast=forecast)], [part("a", forecast=forecast), part("b")]):
        assert whole_of(parts, Status.COMPLETE).forecast == forecast
    assert whole_of([part("a"), part("b")], Status.COMPLETE).forecast is None
