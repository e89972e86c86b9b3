"""A drain that is imagined goes as a drain goes: what it begins, when, and what ends it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from batchdrain.planning.failing_anew import Way
from batchdrain.planning.imagined_drain import Beginning, ImaginedDrain
from batchdrain.planning.retry_model import Drawn, Expected
from batchdrain.planning.stop import Progress

LIMIT_S = 1_000.0
RESET = Way("reset", "transient")


class Script:
    """How phases fail, by how they failed before: as before, unless it says otherwise."""

    def __init__(self, ways: Mapping[str, Callable[[int], Way]]) -> None:
        self.ways = ways
        self.failures = 0

    def fail(self, before: Way) -> Way:
        self.failures += 1
        return self.ways[before.fingerprint](self.failures) if before.fingerprint in self.ways else before


def phase(
    number: int, *, run: str = "", cluster: str = "boom", does: str = "fails", took_s: float = 1.0, big: bool = False
) -> Drawn:
    """A run of its own, unless it is named."""
    category = "transient" if cluster == "reset" else "other"
    of = Expected(
        phase=Phase(
            run_id=run or f"r{number}", phase_id=f"p{number}", phase_index=number, state=PhaseState.FAILED,
            failure=Failure(None, category).as_fingerprint(cluster),
        ),
        cluster=cluster, run_odds=1.0, fixed_s=took_s, failed_s=took_s, limit_s=LIMIT_S, timed_out=Way("timed out", "timeout"),
        run_type="default", is_canary=big,
    )  # fmt: skip
    return Drawn(of, float(does == "is fixed"), took_s, LIMIT_S if does == "hangs" else took_s)


def imagine(
    *phases: Drawn,
    most: int = 99,
    ways: Mapping[str, Callable[[int], Way]] | None = None,
    first_failure_ends: bool = False,
    progress: Progress | None = None,
    **section: Any,
) -> tuple[int, int, float]:
    """(failures, phases fixed, seconds). Retries and pauses are off unless they are asked for."""  # fmt: skip
    asked: dict[str, Any] = {"retry": {"max_attempts": 1, "outage_after": 0}, **section}
    script: Any = Script(ways or {})
    beginning = Beginning(
        settings=Settings.model_validate(asked),
        most=most,
        progress=progress or Progress(),
        first_failure_ends=first_failure_ends,
    )
    drain = ImaginedDrain(beginning, iter(phases), script, Random(1))
    drain.run()
    return script.failures, drain.fixed, drain.ended_s


def one_by_one(failures: int) -> Way:
    return Way(f"way {failures}", "other")


def test_a_cluster_is_parked_by_what_its_phases_fail_with_and_not_by_what_they_had_failed_with() -> None:
    phases = [phase(number) for number in range(9)]
    assert imagine(*phases)[0] == 3
    assert imagine(*phases, ways={"boom": one_by_one})[0] == 9
    others = [phase(number, cluster=f"old {number}") for number in range(9)]
    assert (
        imagine(*others, *phases, ways=dict.fromkeys((f"old {n}" for n in range(9)), lambda _: Way("boom", "other")))[0] == 5
    ), "the command fails the same way whatever the phase"
    off: dict[str, Any] = {"same_new_failure": 0}
    assert (
        imagine(
            *others, *phases, ways=dict.fromkeys((f"old {n}" for n in range(9)), lambda _: Way("boom", "other")), stop=off
        )[0]
        == 9
    )


def test_results_that_are_still_to_come_park_nothing() -> None:
    phases = [phase(number) for number in range(30)]
    assert [imagine(*phases, workers=workers)[0] for workers in (1, 2, 10)] == [3, 4, 12]


def test_phases_that_time_out_alike_are_a_cluster_too() -> None:
    phases = [phase(number, cluster="timed out", does="hangs") for number in range(9)]
    assert imagine(*phases)[2] == 3 * LIMIT_S
    assert (
        imagine(*(phase(number, cluster=f"old {number}", does="hangs") for number in range(9)), stop={"same_new_failure": 0})[
            2
        ]
        == 9 * LIMIT_S
    )


def test_failures_that_read_transient_are_no_row_where_outages_are_looked_for() -> None:
    phases = [phase(number, cluster=f"old {number}") for number in range(9)]
    ways = dict.fromkeys((f"old {number}" for number in range(9)), lambda _: RESET)
    retry: dict[str, Any] = {"max_attempts": 1}
    assert imagine(*phases, ways=ways, retry={**retry, "outage_after": 0})[0] == 5
    assert imagine(*phases, ways=ways, retry={**retry, "outage_after": 50})[0] == 9


def test_a_run_that_timed_out_twice_is_left_alone() -> None:
    phases = [phase(number, run="a", cluster=f"old {number}", does="hangs") for number in range(9)]
    assert imagine(*phases)[2] == 2 * LIMIT_S


@pytest.mark.parametrize(
    ("section", "failures"),
    [
        ({"stop": {"max_consecutive_failures": 4}}, 4),
        ({"stop": {"success_floor": 0.5, "success_floor_after": 6}}, 6),
        ({"stop": {"max_total_minutes": 7 / 60}}, 7),
        ({"stop": {"same_new_failure": 0}}, 9),
        ({}, 9),
    ],
)  # fmt: skip
def test_each_stop_condition_ends_it_where_it_ends_a_drain(section: dict[str, Any], failures: int) -> None:
    assert imagine(*(phase(number) for number in range(9)), ways={"boom": one_by_one}, **section)[0] == failures


def test_a_first_failure_ends_it_where_that_is_asked_for() -> None:
    phases = [phase(0, does="is fixed"), phase(1), phase(2)]
    assert imagine(*phases, first_failure_ends=True)[:2] == (1, 1)
    assert imagine(*phases)[:2] == (2, 1)


def test_the_phases_of_a_busy_run_let_others_go_first_and_begin_when_it_is_free() -> None:
    phases = [
        *(phase(number, run="a", does="is fixed", took_s=2.0) for number in range(3)),
        phase(3, run="b", does="is fixed"),
    ]
    assert imagine(*phases, workers=2) == (0, 4, 6.0)
    assert imagine(*phases, workers=2, most=2) == (0, 2, 2.0), "the second one that it takes is of the other run"


def test_a_failure_that_reads_transient_is_tried_again_whatever_stood_there_before() -> None:
    retries: dict[str, Any] = {"retry": {"max_attempts": 3, "initial_s": 0.0, "outage_after": 0}}
    assert imagine(phase(0), ways={"boom": lambda _: RESET}, **retries)[0] == 3
    assert imagine(phase(0, cluster="reset"), **retries)[0] == 3
    assert imagine(phase(0, cluster="reset"), ways={"reset": one_by_one}, **retries)[0] == 1


def test_a_retry_is_counted_as_what_it_ends_with_and_waits_as_long_as_a_drain_lets_it() -> None:
    retries: dict[str, Any] = {"retry": {"max_attempts": 2, "initial_s": 100.0, "outage_after": 0}}
    failures, _, took_s = imagine(*(phase(number, cluster="reset") for number in range(9)), **retries)
    assert failures == 9 + 9, "a cluster that is parked keeps no retry back"
    assert 2.0 < took_s < 9 + 100 + 9


def test_where_what_the_phases_need_is_out_of_reach_it_pauses_and_probes_until_its_patience_is_over() -> None:
    asked: dict[str, Any] = {
        "retry": {"max_attempts": 1, "initial_s": 10.0, "max_s": 40.0, "outage_after": 5},
        "patience": {"outage_s": 100.0},
    }
    phases = [phase(number, cluster="reset") for number in range(20)]
    failures, fixed, took_s = imagine(*phases, stop={"max_repeats": 0}, **asked)
    assert (failures, fixed) == (5 + 4, 0), "after 10, 20, 40 and 40 seconds one probe each"
    assert 100 < took_s < 130
    well = [phase(20, does="is fixed")]
    assert imagine(*phases[:4], *well, *phases[4:8], stop={"max_repeats": 0}, **asked)[2] == 9.0, (
        "what is fixed between them ends it"
    )


def test_a_canary_that_fails_again_parks_its_big_cluster_and_its_successes_let_more_run_side_by_side() -> None:
    stop: dict[str, Any] = {"canary": True, "canary_size": 2}
    assert imagine(*(phase(number, big=True) for number in range(9)), workers=9, stop=stop)[0] == 1
    good = [phase(number, big=True, does="is fixed") for number in range(7)]
    assert imagine(*good, workers=9, stop=stop) == (0, 7, 3.0), "one, two, four"
    assert imagine(*(phase(number, does="is fixed") for number in range(7)), workers=9)[2] == 1.0


def test_what_was_before_it_in_its_chain_counts() -> None:
    phases = [phase(number) for number in range(9)]
    assert imagine(*phases, progress=Progress(repeats={"boom": 2}))[0] == 1
    assert imagine(*phases, progress=Progress(elapsed_s=60.0), stop={"max_total_minutes": 1.0})[0] == 0


def test_minutes_begin_no_sooner_than_the_pace_allows() -> None:
    phases = [phase(number, does="is fixed") for number in range(4)]
    assert imagine(*phases, workers=4, command={"argv": ["true"], "runs_per_minute": 2})[2] == 91.0


def test_only_a_transient_failure_is_tried_again_and_no_more_often_than_it_may() -> None:
    for cluster, failures in (("boom", 1), ("reset", 3)):
        assert imagine(phase(1, cluster=cluster), retry={"max_attempts": 3, "outage_after": 0})[0] == failures
