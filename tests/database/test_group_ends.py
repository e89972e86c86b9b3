"""Why a group takes nothing more: what stopped it comes before its time, and that before its size."""

from __future__ import annotations

import pytest

from batchdrain.database.ledger.groups import GROUP, GroupState, _require_alike
from batchdrain.model.claim import Group
from batchdrain.model.errors import UsageError

NIGHT = Group("night")


@pytest.mark.parametrize(
    ("taken", "is_over", "stopped", "because", "is_full"),
    [
        (4, False, None, None, False),
        (5, False, None, "night has taken its 5", True),
        (6, False, None, "night has taken its 5", True),
        (5, True, None, "the minutes of night are over", False),
        (0, True, None, "the minutes of night are over", False),
        (5, True, "too many", "another drain of night was stopped: too many", False),
        (0, False, "", "another drain of night was stopped: ", False),
    ],
)
def test_a_group_says_why_it_takes_nothing_more(
    taken: int, is_over: bool, stopped: str | None, because: str | None, is_full: bool
) -> None:
    end = GroupState(most=5, taken=taken, is_over=is_over, stopped=stopped).find_end(NIGHT)
    if because is None:
        assert end is None
        return
    assert end is not None
    assert (end.because.rule, end.because.value, end.is_full) == (GROUP, because, is_full)
    assert str(end) == str(end.because)


@pytest.mark.parametrize(
    ("begun", "asked", "says"),
    [
        (None, {"--limit": 5}, None),
        ({"--limit": 5}, {"--limit": 5}, None),
        ({}, {"--limit": 5}, None),
        ({"--limit": 5, "--other": 1}, {"--limit": 5}, None),
        ({"--limit": 5}, {"--limit": 6}, "night was begun with --limit 5, and this drain asks for 6"),
        ({"--minutes": 1.50}, {"--minutes": 2.0}, "night was begun with --minutes 1.5, and this drain asks for 2"),
    ],
)
def test_all_drains_of_a_group_ask_for_the_same(
    begun: dict[str, object] | None, asked: dict[str, object], says: str | None
) -> None:
    if says is None:
        _require_alike(NIGHT, begun, asked)
        return
    with pytest.raises(UsageError, match=says) as caught:
        _require_alike(NIGHT, begun, asked)
    assert "or give it another name" in str(caught.value.remedy)
