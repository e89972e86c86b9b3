"""What reasons, categories and fingerprints are made of changes only where somebody means it: ledgers and notes keep them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from batchdrain.failures.rule_table import read_rules
from tests.failures.tables import Sums, kept_sums, list_modules, sums_of, sums_of_examples, sums_of_outputs

KEPT = kept_sums()
COUNTS = {
    "collection": 123, "unknown": 8, "timeout": 54, "other": 11, "transient": 188, "deliverable": 18, "patch": 37,
}  # fmt: skip


@pytest.mark.parametrize("module", list_modules())
def test_words_patterns_and_numbers_are_those_that_were_kept(module: str) -> None:
    """After a change that is meant: `python -m tests.failures.tables`, and another VERSION where fingerprints change."""
    assert _changed(module, sums_of(module)) == []


@pytest.mark.parametrize(("corpus", "made"), [("of outputs", sums_of_outputs), ("of rules", sums_of_examples)])
def test_known_texts_have_the_reason_the_category_and_the_fingerprint_that_they_had(
    corpus: str, made: Callable[[], Sums]
) -> None:
    """Each of them, and not nine in ten."""
    assert _changed(corpus, made()) == []


def _changed(name: str, found: Sums) -> list[str]:
    kept = KEPT.get(name, {})
    return [one for one in {**kept, **found} if found.get(one) != kept.get(one)]


def test_no_rule_is_lost() -> None:
    """Each is tried by its own example, which is lost with it."""
    assert Counter(rule.category for rule in read_rules()) == COUNTS
