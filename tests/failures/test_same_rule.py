"""A page of lines is asked about as one text where the page before had one rule, and the answer is that of each line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import re2
from hypothesis import example, given
from hypothesis import strategies as st

from batchdrain.failures.rule_set import RuleSet
from batchdrain.failures.rule_table import in_lines, join, read_rules
from batchdrain.failures.same_rule import SameRule

RULES = read_rules()
LINES = [text for rule in RULES for text in (rule.takes, rule.leaves) if len(text.splitlines()) == 1]
RESET = "] connection reset by peer: "
WIDE = "expected output {} not found"
"""The gap of this rule has a greatest length, which its pattern in the set has not."""
ODD = st.sampled_from(["{odd}", "{odd}: {line}", "{line} {odd}", "{odd}{line}", "{line}x", "x{line}", "{line}"])
PAGES = st.lists(
    st.tuples(st.sampled_from(["{line}", "job {n}: {line}", "{line} of host-{n}", "{n}"]), st.integers(0, 24), ODD, st.sampled_from(LINES)),
    min_size=2, max_size=5,
)  # fmt: skip


def page_of(line: str, shape: str, place: int, odd_shape: str, odd: str) -> list[str]:
    """25 lines alike but for a number, and an odd one among them."""
    lines = [shape.format(line=line, n=number) for number in range(25)]
    lines[place] = odd_shape.format(odd=odd, line=lines[place])
    return lines


@given(line=st.sampled_from(LINES), pages=PAGES)
@example(
    line=RESET, pages=[("job {n}: {line}", 7, "task {line} failed with code 1", "")]
)  # a rule for whole texts goes first
@example(line=WIDE.format("of a long line " * 20), pages=[("{line} of host-{n}", 0, "{line}", "")])
def test_lines_of_pages_have_the_categories_that_each_has_alone(line: str, pages: list[Any]) -> None:
    rules = RuleSet(RULES)
    for page in pages:
        lines = page_of(line, *page)
        alike = [page[0].format(line=line, n=number) for number in range(25)]
        rules.find_all(alike)  # so that the next page is expected to be of the same rule
        assert rules.find_all(lines) == [rules.find(one) for one in lines]


@pytest.mark.parametrize(
    "rule", [rule for rule in RULES if in_lines(rule.core) != rule.core], ids=lambda rule: rule.pattern[:50]
)
@pytest.mark.parametrize("shape", ["{}\nand more", "first this\n{}", "first this\n{}\nand more"])
def test_what_a_rule_takes_as_a_whole_text_it_takes_in_a_line_of_one_only_if_its_own_pattern_does(
    rule: Any, shape: str
) -> None:
    text = shape.format(rule.takes).lower()
    is_taken = re2.search(join([rule.core], rule.edges), text) is not None
    assert (RuleSet([rule]).find(text) is not None) is is_taken


class Asked:
    """A set of two patterns, and what it was asked about."""

    def __init__(self) -> None:
        self.texts: list[bytes] = []

    def match(self, text: bytes) -> Sequence[int]:
        self.texts.append(text)
        return [0, *(number for number, word in ((1, b"refused"), (2, b"denied")) if word in text)]


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def same(asked: Asked) -> Callable[[str], int | None]:
    """What is said of 20 lines of a shape, after a page in which all were refused."""
    found = SameRule(asked.match, ["", "refused", "denied"])
    found.note([1] * 20, exact=True)
    return lambda shape: found.of_all("\n".join(shape.format(number) for number in range(20)))


def test_a_page_of_the_same_rule_is_told_by_one_match(same: Callable[[str], int | None], asked: Asked) -> None:
    assert same("job {} is refused by a host") == 1
    assert len(asked.texts) == 1


@pytest.mark.parametrize("shape", ["job {} is done", "job {} is denied", "it is refused, job {} is denied"])
def test_a_page_of_another_rule_is_not_told(same: Callable[[str], int | None], shape: str) -> None:
    assert same("job {} is refused by a host") == 1
    assert same(shape) is None


def test_a_page_is_not_told_by_a_part_that_looks_at_what_stands_beside_it() -> None:
    found = SameRule(Asked().match, ["", r"\brefused\b", "denied"])
    found.note([1] * 20, exact=True)
    assert found.of_all("it is refused by a host") == 1
    assert found.of_all("it was refused\nit is unrefused by a host") is None


@pytest.mark.parametrize(
    ("numbers", "exact", "then"),
    [([0] * 20, True, 0), ([0] * 19, True, None), ([0] * 19 + [1], True, None), ([0] * 20, False, None)],
    ids=["all alike", "few", "one is not", "a rule is narrower than its pattern"],
)
def test_only_many_lines_of_one_rule_let_expect_more_of_it(numbers: list[int], exact: bool, then: int | None) -> None:
    found = SameRule(Asked().match, ["", "refused", "denied"])
    found.note([0] * 20, exact=True)
    found.note(numbers, exact)
    assert found.of_all("it is done") == (0 if then == 0 else None)


def test_a_rule_whose_lines_share_no_part_is_expected_three_times(asked: Asked) -> None:
    found = SameRule(asked.match, ["", r"refused \d+ by", "denied"])
    for page in range(5):
        lines = [f"it is refused {page}{number} by a host" for number in range(20)]
        assert found.of_all("\n".join(lines)) is None
        assert (found._number is None) is (page in {0, 4})
        found.note([1] * 20, exact=True)
