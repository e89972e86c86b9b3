"""Every key, variable, task and flag of bd1f117 is still there, and means what it meant."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import batchdrain
from batchdrain.failures import categorise
from batchdrain.failures.former_fingerprints import former_fingerprint, renew_former
from tests.compatibility import configuring
from tests.compatibility.asking import lacks
from tests.compatibility.conftest import kept
from tests.compatibility.happening import fresh

READ: dict[str, Any] = kept("settings.json")


def test_every_default_is_the_one_of_bd1f117() -> None:
    assert lacks(batchdrain.Settings().model_dump(), READ["defaults"]) == []


def test_every_key_is_read_as_bd1f117_read_it() -> None:
    assert lacks(batchdrain.Settings.model_validate(configuring.section()).model_dump(), READ["every key"]) == []


def test_no_key_of_the_section_is_left_out_and_none_has_its_default() -> None:
    """Else one that nobody reads any more would not be missed."""
    given, defaults = dict(configuring.leaves(READ["every key"])), dict(configuring.leaves(READ["defaults"]))
    assert set(given) == set(defaults) == {path for path, _ in configuring.leaves(configuring.section())}
    assert [path for path, value in given.items() if value == defaults[path]] == []


@pytest.mark.parametrize("way", ["by file", "by environment"])
def test_a_drain_goes_by_every_key(tmp_path: Path, way: str) -> None:
    ways: dict[str, Callable[[Path], Any]] = {"by file": configuring.by_file, "by environment": configuring.by_environment}
    assert lacks(ways[way](tmp_path / "project"), READ[way]) == []


def test_a_drain_goes_by_every_flag(tmp_path: Path) -> None:
    assert lacks(configuring.by_flags(fresh(tmp_path / "project")), READ["by flags"]) == []


def test_every_task_of_bd1f117_has_every_flag_that_it_had(tmp_path: Path) -> None:
    """`--policy` and `--cluster` took commas alone, and take repetition too."""
    before = {
        task: {name: _since(name, takes) for name, takes in flags.items()} for task, flags in kept("flags.json").items()
    }
    assert lacks(configuring.said_by(configuring.FLAGS, tmp_path), before) == []


def _since(name: str, takes: str) -> str:
    return "list" if name in {"policy", "cluster"} else takes


def test_every_policy_and_engine_has_its_name() -> None:
    for group, names in kept("names.json")["plugins"].items():
        assert set(names) <= {point.name for point in importlib.metadata.entry_points(group=group)}


def test_a_failure_text_has_the_category_and_the_fingerprint_that_the_ledger_knows() -> None:
    """Acceptances, verdicts, plans and what was learnt go by them."""
    for text, category, mark in kept("names.json")["failures"]:
        assert (categorise(text), former_fingerprint(text)) == (category, renew_former(mark)), text
