"""What reasons, categories and fingerprints are made of changes only where somebody means it: ledgers and notes keep them."""

from __future__ import annotations

from collections import Counter

import pytest

from batchdrain.failures.rule_table import read_rules
from tests.failures.tables import kept_sums, list_modules, sums_of

KEPT = kept_sums()
COUNTS = {
    "collection": 123, "unknown": 8, "timeout": 54, "other": 11, "transient": 188, "deliverable": 18, "patch": 37,
}  # fmt: skip


@pytest.mark.parametrize("module", sorted({*KEPT, *list_modules()}))
def test_words_patterns_and_numbers_are_those_that_were_kept(module: str) -> None:
    """After a change that is meant: `python -m tests.failures.tables`, and another VERSION where fingerprints change."""
    found, kept = sums_of(module), KEPT.get(module, {})
    assert [name for name in {**kept, **found} if found.get(name) != kept.get(name)] == []


def test_no_rule_is_lost() -> None:
    """Each is tried by its own example, which is lost with it."""
    assert Counter(rule.category for rule in read_rules()) == COUNTS
