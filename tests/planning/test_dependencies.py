"""Runs that wait for others."""

from __future__ import annotations

import pytest

from batchdrain.config.settings import Dependency
from batchdrain.model.errors import ConfigError
from batchdrain.planning.dependencies import waits_for


def test_a_run_waits_while_an_upstream_run_has_unfinished_phases() -> None:
    rules = [Dependency(run="release-*", after=["build-*"])]
    assert waits_for({"release-1": 2, "build-1": 1, "build-2": 0}, rules) == {"release-1": "build-1"}
    assert waits_for({"release-1": 2, "build-1": 0}, rules) == {}


@pytest.mark.parametrize(
    ("rules", "cycle"),
    [
        ([("a", "b"), ("b", "c"), ("c", "a")], "a -> b -> c -> a"),
        ([("a", "a")], "a -> a"),
        ([("*", "b")], "b -> b"),
    ],
)
def test_a_cycle_is_refused_and_named(rules: list[tuple[str, str]], cycle: str) -> None:
    unfinished = {"a": 1, "b": 1, "c": 1}
    with pytest.raises(ConfigError) as caught:
        waits_for(unfinished, [Dependency(run=run, after=[after]) for run, after in rules])
    assert caught.value.message == f"batchdrain.depends_on: runs wait for each other: {cycle}"
    assert caught.value.remedy == "correct the globs so that no run waits for itself"


def test_of_several_runs_the_first_in_the_order_of_ids_is_told() -> None:
    rules = [Dependency(run="r", after=["1*", "9"])]
    unfinished = {"r": 1, "9": 1, "10": 1, "1": 0}
    assert waits_for(unfinished, rules) == {"r": "10"}
    assert waits_for(unfinished, rules, lambda run_id: int(run_id) if run_id.isdecimal() else 99) == {"r": "9"}
    assert waits_for({"a": 1, "b": 1}, [Dependency(run="b", after=["a"]), Dependency(run="x", after=["b"])]) == {"b": "a"}
