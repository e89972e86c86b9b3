"""What an imagined drain counts, and what ends it, at the bounds of each."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from batchdrain.planning.failing_anew import Way
from batchdrain.planning.imagined_results import FORESEEN_ENDS
from batchdrain.planning.retry_model import Drawn
from batchdrain.planning.stop import Progress
from tests.planning.test_imagined_drain import RESET, imagine, one_by_one, phase

NEW = Way("as all others", "other")
FIXED, FAILS = "is fixed", "fails"


def phases(*does: str) -> list[Drawn]:
    return [phase(number, cluster=f"old {number}", does=one) for number, one in enumerate(does)]


def test_where_there_is_nothing_to_do_nothing_is_done() -> None:
    assert imagine() == (0, 0, 0.0)
    assert imagine(phase(0), most=0) == (0, 0, 0.0)


def test_a_phase_takes_as_long_as_what_it_comes_to() -> None:
    fixed, failed = phase(0, does=FIXED).of, phase(1, cluster="bang").of
    drawn = [Drawn(fixed, 1.0, 3.0, 5.0), Drawn(failed, 0.0, 7.0, 11.0)]
    assert [imagine(one)[2] for one in drawn] == [3.0, 11.0]
    assert imagine(*drawn) == (1, 1, 14.0)


def test_a_retry_comes_though_an_outage_is_suspected_where_nothing_new_waits() -> None:
    retry: dict[str, Any] = {"max_attempts": 3, "initial_s": 0.0, "outage_after": 50}
    assert imagine(phase(0, cluster="reset"), retry=retry)[0] == 3


def test_a_retry_waits_for_a_random_part_of_a_time_that_doubles_up_to_the_longest() -> None:
    retry: dict[str, Any] = {"max_attempts": 5, "initial_s": 100.0, "max_s": 350.0, "outage_after": 0}
    dice, ends_s = Random(1), 0.0
    for longest_s in (100.0, 200.0, 350.0, 350.0, 0.0):
        dice.random()  # whether the attempt completes
        ends_s += 1.0 + (dice.random() * longest_s if longest_s else 0.0)
    failures, fixed, took_s = imagine(phase(0, cluster="reset"), retry=retry)
    assert (failures, fixed) == (5, 0)
    assert took_s == pytest.approx(ends_s)


def test_a_retry_whose_run_is_busy_waits_for_it_and_is_not_lost() -> None:
    retry: dict[str, Any] = {"max_attempts": 2, "initial_s": 0.0, "outage_after": 50}
    some = [phase(0, run="a", cluster="reset"), phase(1, run="a", does=FIXED, took_s=2.0)]
    assert imagine(*some, workers=2, retry=retry) == (2, 1, 4.0)


def test_an_outage_of_short_pauses_is_taken_to_last_after_so_many_probes() -> None:
    asked: dict[str, Any] = {
        "retry": {"max_attempts": 1, "initial_s": 1.0, "max_s": 1.0, "outage_after": 5},
        "patience": {"outage_s": 9_999.0},
    }
    some = [phase(number, cluster="reset") for number in range(9)]
    assert imagine(*some, stop={"max_repeats": 0}, **asked)[0] == 5 + 52


def test_failures_that_are_no_outage_are_a_row_though_outages_are_looked_for() -> None:
    ways = {f"old {number}": lambda _: NEW for number in range(9)}
    assert imagine(*phases(*[FAILS] * 9), ways=ways, retry={"max_attempts": 1, "outage_after": 50})[0] == 5


def test_phases_without_a_reason_had_not_failed_in_one_way() -> None:
    some = [phase(number, cluster="") for number in range(9)]
    assert imagine(*some, ways={"": lambda _: NEW}, stop={"max_repeats": 0})[0] == 5


@pytest.mark.parametrize(
    ("does", "stop", "progress", "failures"),
    [
        ("fail fail", {"max_consecutive_failures": 4}, Progress(consecutive_failures=4), 0),
        ("fail fail", {"max_consecutive_failures": 4}, Progress(consecutive_failures=3), 1),
        ("fail fix fail fix fail fail fail", {"max_consecutive_failures": 2}, Progress(), 4),
        ("fix fail fix fail fix fail fail fail", {"success_floor": 0.5, "success_floor_after": 4}, Progress(), 4),
        ("fail fail", {"success_floor": 0.5, "success_floor_after": 4}, Progress(results=9, successes=9), 2),
        ("fail fail", {"success_floor": 0.5, "success_floor_after": 4}, Progress(results=3, successes=2), 2),
        ("fail fail", {"success_floor": 0.5, "success_floor_after": 4}, Progress(results=3, successes=1), 1),
    ],
)  # fmt: skip
def test_rows_and_rates_go_on_from_what_was_before_and_a_success_ends_a_row(
    does: str, stop: dict[str, Any], progress: Progress, failures: int
) -> None:
    words = {"fail": FAILS, "fix": FIXED}
    ways = {f"old {number}": one_by_one for number in range(9)}
    assert imagine(*phases(*map(words.__getitem__, does.split())), ways=ways, stop=stop, progress=progress)[0] == failures


def test_minutes_end_it_while_it_waits_for_its_turn() -> None:
    pace: dict[str, Any] = {"command": {"argv": ["true"], "runs_per_minute": 1}}
    assert imagine(*phases(*[FIXED] * 3), stop={"max_total_minutes": 1.0}, **pace) == (0, 1, 1.0)
    assert imagine(*phases(*[FIXED] * 3), stop={"max_total_minutes": 1.1}, **pace) == (0, 2, 61.0)


def test_timeouts_before_it_count_for_their_own_run() -> None:
    some = [phase(0, run="a"), phase(1, run="b", cluster="bang")]
    assert imagine(*some, progress=Progress(timeouts={"a": 2}))[0] == 1
    assert imagine(*some, progress=Progress(timeouts={"a": 1}))[0] == 2


def test_what_may_end_it_early_is_told_by_these_rules() -> None:
    assert {
        "stop.max_total_minutes", "stop.max_consecutive_failures", "stop.same_new_failure", "stop.success_floor", "retry.outage_after",
        "--stop-on-first-failure",
    } == FORESEEN_ENDS  # fmt: skip


def test_a_transient_failure_of_an_outage_is_given_back_and_counted_once_it_is_over() -> None:
    ways = {"reset": lambda count: RESET if count <= 3 else NEW}
    retry: dict[str, Any] = {"max_attempts": 1, "initial_s": 10.0, "max_s": 10.0, "outage_after": 2}
    some = [phase(number, cluster="reset") for number in range(3)]
    assert imagine(*some, ways=ways, retry=retry) == (4, 0, 24.0)
