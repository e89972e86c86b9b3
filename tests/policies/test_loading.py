"""A policy of one's own: how it is loaded, and how it is told when that fails."""

from __future__ import annotations

import signal
import sys
import types
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from batchdrain.database.phases.pages import Row
from batchdrain.model.errors import ConfigError
from batchdrain.model.lane import Lane
from batchdrain.policies.explaining import explained_by
from batchdrain.policies.ranking import STEADY, ranking_of
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
    ],
)
def test_what_can_not_be_loaded_is_told_apart(own: types.ModuleType, entry: Any, said: str) -> None:
    own.number = 3  # type: ignore[attr-defined]
    with pytest.raises(ConfigError) as caught:
        ranking_of([entry])
    assert str(caught.value).startswith("batchdrain.policy: ")
    assert said in str(caught.value)


SHAPE = "it must take (lane, now) and its parameters as keywords"
PAGE = "see docs/choosing.md of batchdrain, policies of your own"


@pytest.mark.parametrize(
    ("entry", "said", "remedy"),
    [
        ({"prior": 1}, "{'prior': 1} has no name", "write {name: …, parameter: value}"),
        ({"name": ""}, "{'name': ''} has no name", "write {name: …, parameter: value}"),
        ({"name": 3}, "{'name': 3} has no name", "write {name: …, parameter: value}"),
        ({"name": "smart", "oops": 1}, "'smart' has no parameter 'oops' (it has none)", "fix it, or remove it"),
        ({"name": "smart", "lane": 1}, "'smart' has no parameter 'lane' (it has none)", "fix it, or remove it"),
        (
            {"name": "best-yield", "strength": 1, "priors": 1, "oops": 2},
            "'best-yield' has no parameter 'priors' (did you mean 'prior'?)",
            "fix it, or remove it",
        ),
        ({"name": "acme_policies:others", "oops": 1}, f"'acme_policies:others' is no policy: {SHAPE}: got an unexpected keyword argument 'oops'", PAGE),
        ({"name": "acme_policies:rest", "oops": 1}, "'acme_policies:rest' has no parameter 'oops' (it has none)", "fix it, or remove it"),
        ("acme_policies:wrong", f"'acme_policies:wrong' is no policy: {SHAPE}: too many positional arguments", PAGE),
        ({"name": "acme_policies:one", "x": 1}, f"'acme_policies:one' is no policy: {SHAPE}: multiple values for argument 'x'", PAGE),
        ("acme_policies:more", f"'acme_policies:more' is no policy: {SHAPE}: missing a required argument: 'more'", PAGE),
    ],
    ids=str,
)  # fmt: skip
def test_a_policy_that_does_not_take_what_it_is_given_is_told_with_its_remedy(
    own: types.ModuleType, entry: Any, said: str, remedy: str
) -> None:
    vars(own).update(
        wrong=lambda: 0, one=lambda x: 0, others=lambda *others: 0, rest=lambda lane, *rest: 0, more=lambda lane, now, more: 0
    )
    with pytest.raises(ConfigError) as caught:
        ranking_of([entry])
    assert (caught.value.message, caught.value.remedy) == (f"batchdrain.policy: {said}", remedy)


class Unlike:
    """A callable whose signature nobody can read."""

    @property
    def __signature__(self) -> Any:
        raise ValueError("no signature found")

    def __call__(self, *_: Any, **parameters: Any) -> Any:
        return sorted(parameters)


@pytest.mark.parametrize("name", ["any", "keywords", "unlike"])
def test_a_policy_that_takes_any_parameter_gets_each(own: types.ModuleType, name: str) -> None:
    def keywords(lane: Lane, now: datetime, **given: int) -> list[str]:
        return sorted(given)

    vars(own).update(any=lambda *_, **given: sorted(given), keywords=keywords, unlike=Unlike())
    assert ranking_of([{"name": f"acme_policies:{name}", "b": 1, "a": 2}])(lane(), NOW)[0] == ["a", "b"]


def test_a_policy_that_changes_how_signals_are_handled_when_it_is_imported_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "acme_loud.py").write_text(
        "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ndef policy(lane, now): return 0\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        before = signal.getsignal(signal.SIGTERM)
        ranking_of(["acme_loud:policy"])
        assert signal.getsignal(signal.SIGTERM) == before
    sys.modules.pop("acme_loud", None)


def test_lanes_are_told_apart_by_index_run_and_phase_where_the_policies_can_not(own: types.ModuleType) -> None:
    vars(own)["alike"] = lambda lane, now: 7
    ranking = ranking_of(["acme_policies:alike", "acme_policies:alike"])
    assert ranking(lane(phase_index=3, run_order=4, phase_order=5), NOW) == (7, 7, False, 3, 4, 5)
    assert ranking(lane(phase_index=None), NOW) == (7, 7, True, 0, "r", "p")
    assert {"hints", "untried-first", "smart", "fewest-failures", "run-order"} == STEADY


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit("bad")])
def test_whatever_a_policy_raises_is_told_with_its_name_and_the_run(own: types.ModuleType, error: BaseException) -> None:
    def fail(*_: Any) -> Any:
        raise error

    vars(own).update(fine=explained_by(fail)(lambda lane, now: 0), fail=fail)
    said = f"failed on a lane of run 'r': {type(error).__name__}: bad"
    ranking = ranking_of(["acme_policies:fine", "acme_policies:fail"])
    for ask, name in ((ranking, "fail"), (ranking.explain, "fine")):
        with pytest.raises(ConfigError) as caught:
            ask(lane(), NOW)
        assert caught.value.message == f"batchdrain.policy: 'acme_policies:{name}' {said}"
        assert caught.value.remedy == "fix the policy, or remove it"


def test_of_what_a_policy_explains_200_characters_are_told(own: types.ModuleType) -> None:
    vars(own)["wordy"] = explained_by(lambda lane, now, size: "x" * size)(lambda lane, now, size: 0)
    told = [ranking_of([{"name": "acme_policies:wordy", "size": size}]).explain(lane(), NOW) for size in (200, 201)]
    assert told == [["x" * 200], ["x" * 199 + "…"]]


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
