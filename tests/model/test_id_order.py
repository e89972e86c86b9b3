"""Ids that are numbers by their type are ordered as numbers, all others as texts."""

from __future__ import annotations

import itertools

from batchdrain.model.id_order import IdOrder, as_number, as_parts, as_text
from batchdrain.model.phase import PhaseKey


def test_numbers_come_in_the_order_of_their_values_and_texts_behind_them() -> None:
    texts = ["", ".5", "10x", "1e1000000", "1e5x", "2.", "legacy-1", "١٢"]
    expected = ["-10", "-2", "-1.5E-1", "0", "2", "2.5", "10", "1e3", str(2**80), str(2**80 + 1), "1e+999999", *texts]
    for some in (expected[::-1], sorted(expected)):
        assert sorted(some, key=as_number) == expected


def test_texts_stay_in_the_order_of_their_signs() -> None:
    assert sorted(["2", "10", "1"], key=as_text) == ["1", "10", "2"]


def test_an_id_of_several_columns_is_ordered_by_one_after_the_other() -> None:
    order = as_parts([as_text, as_number])
    expected = ["acme/2", "acme/10", "acme/x", "b\\/c/1", "of another mapping", "of/another/mapping"]
    for some in itertools.islice(itertools.permutations(expected), 100):
        assert sorted(some, key=order) == expected


def test_phases_are_ordered_by_their_runs_first() -> None:
    keys = [PhaseKey("10", "b"), PhaseKey("2", "c"), PhaseKey("2", "b")]
    assert sorted(keys, key=IdOrder(run=as_number).of_key) == [PhaseKey("2", "b"), PhaseKey("2", "c"), PhaseKey("10", "b")]
