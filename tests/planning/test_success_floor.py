"""When too few phases succeed for the session to go on."""

from __future__ import annotations

import pytest

from batchdrain.config.stop_settings import Stop
from batchdrain.planning.stop import Progress, session_stop

FLOOR = Stop(success_floor=0.5, success_floor_after=4)


@pytest.mark.parametrize(
    ("results", "successes", "stops"),
    [(4, 2, False), (4, 1, True), (5, 2, True), (5, 3, False), (3, 0, False), (4, 0, True), (0, 0, False), (20, 10, False)],
)
def test_a_session_stops_below_its_floor_and_not_on_it(results: int, successes: int, stops: bool) -> None:
    found = session_stop(Progress(results=results, successes=successes), FLOOR)
    assert (found is not None and found.rule == "stop.success_floor") is stops


@pytest.mark.parametrize(("without", "stops"), [(1, False), (2, True), (3, True)])
def test_a_session_stops_at_the_last_result_in_a_row_that_brought_nothing(without: int, stops: bool) -> None:
    stop = Stop(metric="tokens", max_without_metric=2)
    assert (session_stop(Progress(without_metric=without), stop) is not None) is stops
    assert session_stop(Progress(without_metric=99), Stop(max_without_metric=2)) is None
