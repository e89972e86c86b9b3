"""Searches for garbage are rare while rows are read, and afterwards as frequent as before, whoever ends first."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from batchdrain.runtime.collector import rare_collections


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_contexts_that_overlap_leave_the_collector_as_it_was() -> None:
    gc.set_threshold(700, 10, 10)
    first, second = rare_collections(), rare_collections()
    first.__enter__()
    second.__enter__()
    assert gc.get_threshold() == (50_000, 10, 1_000)
    first.__exit__(None, None, None)
    assert gc.get_threshold() == (50_000, 10, 1_000)
    second.__exit__(None, None, None)
    assert gc.get_threshold() == (700, 10, 10)


def test_an_error_ends_it_too() -> None:
    gc.set_threshold(700, 10, 10)
    with pytest.raises(KeyError), rare_collections():
        raise KeyError
    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("chosen", [(0, 10, 10), (100_000, 5, 2_000)], ids=["switched off", "rarer"])
def test_what_is_rarer_already_stays_so(chosen: tuple[int, int, int]) -> None:
    gc.set_threshold(*chosen)
    with rare_collections():
        assert gc.get_threshold() == chosen
    assert gc.get_threshold() == chosen
