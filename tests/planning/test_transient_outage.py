"""An outage begins with so many different phases that fail transiently, and each pause of it doubles, up to the longest."""

from __future__ import annotations

import pytest

from batchdrain.config.settings import Retry, Settings
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.transient_outage import TransientOutage


def retry(after: int = 2, initial_s: float = 1.0, max_s: float = 5.0) -> Retry:
    found = {"outage_after": after, "initial_s": initial_s, "max_s": max_s}
    return Settings.model_validate({"retry": found}).retry


def key(number: int) -> PhaseKey:
    return PhaseKey("r", str(number))


def test_each_pause_doubles_up_to_the_longest_and_the_first_other_result_ends_them() -> None:
    outage = TransientOutage(retry())
    assert outage.note(key(0), 10.0, is_transient=True) is None
    assert (outage.is_suspect, outage.is_open, outage.permits(4, 10.0), outage.lasts_s(11.0)) == (True, False, 4, 0.0)
    now, pauses = 10.0, []
    for number in range(1, 6):
        pauses.append(outage.note(key(number), now, is_transient=True))
        assert (outage.pauses, outage.is_open, outage.is_suspect) == (number, True, False)
        assert [outage.permits(4, at) for at in (now, outage.due_s - 0.01, outage.due_s)] == [0, 0, 1]
        now = outage.due_s
    assert (pauses, outage.lasts_s(now)) == ([1.0, 2.0, 4.0, 5.0, 5.0], 17.0)
    assert outage.note(key(9), now, is_transient=False) is None
    assert (outage.is_open, outage.is_suspect, outage.permits(4, now), outage.lasts_s(now)) == (False, False, 4, 0.0)
    outage.note(key(1), 50.0, is_transient=True)
    assert outage.note(key(2), 60.0, is_transient=True) == 1.0
    assert outage.lasts_s(61.0) == 1.0, "one that begins anew lasts from there on"


def test_one_phase_is_no_row_what_began_before_the_pause_prolongs_nothing_and_0_is_off() -> None:
    outage = TransientOutage(retry())
    assert [outage.note(key(0), 1.0, is_transient=True) for _ in range(5)] == [None] * 5
    assert outage.note(key(1), 1.0, is_transient=True) == 1.0
    assert outage.note(key(2), 1.5, is_transient=True) is None
    assert (outage.pauses, outage.due_s) == (1, 2.0)
    assert outage.note(key(2), 2.0, is_transient=True) == 2.0
    off = TransientOutage(retry(after=0))
    assert [off.note(key(number), 1.0, is_transient=True) for number in range(9)] == [None] * 9
    assert (off.is_open, off.is_suspect) == (False, False)


@pytest.mark.parametrize(("initial_s", "max_s", "pause_s"), [(0.001, 5.0, 0.01), (0.5, 5.0, 0.5)])
def test_a_pause_is_never_none_at_all_and_never_longer_than_the_longest(
    initial_s: float, max_s: float, pause_s: float
) -> None:
    outage = TransientOutage(retry(1, initial_s, max_s))
    assert outage.note(key(0), 0.0, is_transient=True) == pause_s


def test_pauses_double_for_as_long_as_the_longest_one_takes() -> None:
    outage, now, pauses = TransientOutage(retry(1, 1.0, 3600.0)), 0.0, []
    for number in range(40):
        pauses.append(outage.note(key(number), now, is_transient=True))
        now = outage.due_s
    assert pauses == [float(min(3600, 2**number)) for number in range(40)]
