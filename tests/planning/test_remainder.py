"""What a reading comes to, and what a rule is told with."""

from __future__ import annotations

from collections import Counter

from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.filters import NOT_IN_PLAN
from batchdrain.planning.remainder import Remainder
from batchdrain.planning.skip_rules import by_rule

HELD = Skip("claimed", "another controller holds it")
KNOWN = Skip("accepted", "known (ann)")
SKIPPED = Counter({Skip("--run-id", "not r"): 4, NOT_IN_PLAN: 2, Skip("--plan", "is held"): 1, KNOWN: 8, HELD: 16})


def test_each_row_of_a_reading_is_counted_once() -> None:
    found = Remainder(total=40, attempted=frozenset({PhaseKey("r", "a"), PhaseKey("r", "b")}), skipped=SKIPPED)
    assert (found.filtered, found.accepted, found.by_rules, found.waiting) == (6, 8, 17, 7)
    assert len(found.attempted) + found.filtered + found.accepted + found.by_rules + found.waiting == found.total


def test_people_are_told_of_all_that_they_did_not_ask_to_leave_out() -> None:
    absent = Counter({HELD: 3, Skip("--plan", "is complete"): 1})
    found = Remainder(total=40, skipped=SKIPPED, absent=absent)
    assert found.named == {Skip("--plan", "is held"): 1, KNOWN: 8, HELD: 19, Skip("--plan", "is complete"): 1}


def test_rules_are_told_with_the_most_frequent_first_and_three_of_their_values() -> None:
    skipped = {Skip("few", "z"): 3, HELD: 5, **{Skip("many", letter): 2 for letter in "edcba"}, Skip("plain", ""): 1}
    assert list(by_rule(skipped)) == [
        ("many", 10, "a; b; c and 2 more"),
        ("claimed", 5, "another controller holds it"),
        ("few", 3, "z"),
        ("plain", 1, ""),
    ]
    assert list(by_rule({Skip("many", letter): 1 for letter in "cba"})) == [("many", 3, "a; b; c")]
