"""Small drains leave what they left with bd1f117: exit codes, events and their fields, fields of a session, states."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.compatibility import happening
from tests.compatibility.conftest import kept
from tests.support.workplace import Workplace

HAPPENED: dict[str, dict[str, Any]] = kept("happened.json")


@pytest.mark.parametrize("drain", happening.DRAINS, ids=lambda drain: drain.__name__)
def test_a_drain_leaves_what_it_left_with_bd1f117(tmp_path: Path, drain: Callable[[Workplace], int]) -> None:
    work = happening.fresh(tmp_path / drain.__name__)
    now, then = happening.left_by(work, drain(work)), HAPPENED[drain.__name__]

    assert {name: now[name] for name in ("exit_code", "events", "states")} == {
        name: then[name] for name in ("exit_code", "events", "states")
    }
    for event, fields in then["fields"].items():
        assert set(fields) <= set(now["fields"][event]), event
    for place in ("session", "result"):
        assert set(then[place]) <= set(now[place]), place


def test_these_drains_bring_every_event_and_every_exit_code() -> None:
    """So that none can be renamed unseen."""
    assert len({event for drain in HAPPENED.values() for event in drain["events"]}) == 16
    codes = {drain["exit_code"] for drain in HAPPENED.values()}
    assert codes == {0, 1, 2, 65, 73, 74, 75, 76, 78, 129, 130, 143}
    assert set(HAPPENED) == {drain.__name__ for drain in happening.DRAINS}
