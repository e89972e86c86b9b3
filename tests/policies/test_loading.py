"""A policy of one's own: how it is loaded, and how it is told when that fails."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from batchdrain.database.phases.pages import Row
from batchdrain.model.errors import ConfigError
from batchdrain.model.lane import Lane
from batchdrain.policies.ranking import ranking_of
from tests.planning.backlogs import NOW, backlog_of, lane
from tests.support.workplace import Workplace


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    module = types.ModuleType("acme_policies")
    monkeypatch.setitem(sys.modules, "acme_policies", module)
    return module


def test_a_policy_of_ones_own_is_loaded_by_its_path_with_parameters(own: types.ModuleType) -> None:
    def first(lane: Lane, now: datetime, *, run: str = "a") -> bool:
        return lane.run_id != run

    own.first = first  # type: ignore[attr-defined]
    ranking = ranking_of([{"name": "acme_policies:first", "run": "z"}, "smart"])
    assert ranking(lane(run_id="z"), NOW) < ranking(lane(run_id="a"), NOW)
    assert ranking.names == ("acme_policies:first", "smart")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("smrt", "is not known (did you mean 'smart'?)"),
        ("acme_policies:missing", "has no 'missing'"),
        ("no_such_module:x", "can't be imported: ModuleNotFoundError"),
        ("acme_policies:number", "expected a callable, got int"),
        ("acme_policies:wrong", "is no policy: it must take (lane, now)"),
        ({"name": "smart", "oops": 1}, "has no parameter 'oops' (it has none)"),
        ({"prior": 1}, "has no name"),
    ],
)
def test_what_can_not_be_loaded_is_told_apart(own: types.ModuleType, entry: Any, said: str) -> None:
    own.number, own.wrong = 3, lambda: 0  # type: ignore[attr-defined]
    with pytest.raises(ConfigError) as caught:
        ranking_of([entry])
    assert said in str(caught.value)


@pytest.mark.parametrize("policy", [lambda lane, now: 1 / 0, lambda lane, now: "x" if lane.run_id == "r" else 1])
def test_a_policy_that_fails_is_named(own: types.ModuleType, policy: Callable[[Lane, datetime], Any]) -> None:
    own.bad = policy  # type: ignore[attr-defined]
    backlog = backlog_of([Row(run_id=run, phase_id="p", phase_index=0, reason=None) for run in "rs"], ["acme_policies:bad"])
    with pytest.raises(ConfigError, match="acme_policies:bad"):
        backlog.refresh(NOW)


def test_keys_of_two_categories_that_can_not_be_compared_end_a_drain_that_takes_nothing(sqlite_project: Workplace) -> None:
    """Within a category they can: it shows no sooner than at the first choice."""
    (sqlite_project.root / "mine.py").write_text("def policy(lane, now): return 'x' if lane.category == 'timeout' else 1\n")
    sqlite_project.fail("a/p", reason="timed out after 60 s")
    sqlite_project.fail("b/p", reason="quite different")
    sqlite_project.configure(policy=["mine:policy"])

    ran = sqlite_project.inv("drain", env={"PYTHONDONTWRITEBYTECODE": "1"})

    assert (ran.code, set(sqlite_project.states().values())) == (78, {"FAILED"}), ran
    assert "batchdrain.policy: mine:policy: the keys of two lanes can't be compared: " in ran.err
