"""The built-in rules: a line a rule, each with a text that it takes and one that it leaves."""

from __future__ import annotations

import re
from collections import Counter

import pytest
import re2
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.failures.categories import CATEGORIES, categorise
from batchdrain.failures.excerpt import gist_of
from batchdrain.failures.rule_set import RuleSet
from batchdrain.failures.rule_table import BuiltInRule, join, read_rules

RULES = read_rules()
FAR = "expected output " + "of a long line " * 20


def _rule(pattern: str) -> BuiltInRule:
    return BuiltInRule(category="patch", pattern=pattern, takes="", leaves="")


def _takes(pattern: str, text: str) -> bool:
    return RuleSet([_rule(pattern)]).find(text) is not None


@pytest.mark.parametrize("place", range(len(RULES)), ids=lambda place: RULES[place].pattern[:50])
def test_a_rule_is_the_first_to_take_its_example(place: int) -> None:
    """So a rule that others make superfluous is found, and so is one that stands in the wrong place."""
    rule = RULES[place]
    text = gist_of(rule.takes)
    assert RuleSet(RULES[:place]).find(text) is None
    assert RuleSet([rule]).find(text) == categorise(rule.takes) == rule.category


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.pattern[:50])
def test_a_rule_leaves_what_only_looks_like_it(rule: BuiltInRule) -> None:
    assert RuleSet([rule]).find(gist_of(rule.leaves)) is None
    assert rule.category == "other" or categorise(rule.leaves) != rule.category


def test_a_line_is_a_category_a_pattern_and_two_texts() -> None:
    assert {rule.category for rule in RULES} == set(CATEGORIES)
    assert all(field.strip() == field != "" for rule in RULES for field in (rule.pattern, rule.takes, rule.leaves))
    assert [pattern for pattern, times in Counter(rule.pattern for rule in RULES).items() if times > 1] == []
    letters = [re.sub(r"\\p?[A-Za-z]", "", rule.pattern) for rule in RULES]
    assert [pattern for pattern in letters if pattern != pattern.lower()] == []  # they are searched in texts in lower case


def test_an_edge_stands_beside_a_word_and_nowhere_else() -> None:
    assert [rule.pattern for rule in RULES if r"\<" in rule.pattern[1:] or r"\>" in rule.pattern[:-2]] == []
    edged = [r"\<import\>", r"\<import", r"import\>"]
    for text, taken in {"an import!": 3, "_import_": 3, "import": 3, "important": 1, "reimport": 1, "1import2": 0}.items():
        assert sum(_takes(pattern, text) for pattern in edged) == taken, text


def test_a_gap_is_as_short_as_its_rule_says_though_the_set_looks_further() -> None:
    assert categorise("expected output a.csv not found") == "deliverable"
    assert categorise(f"{FAR} not found") == "other"
    assert categorise(f"{FAR} not found, and no module named a") == "collection"
    assert categorise("Command failed with exit code 1") == "unknown"
    assert categorise("In this build a command failed with exit code 1") == "other"


def test_a_gap_does_not_cross_a_line() -> None:
    assert categorise("expected output a.csv:\nnot found") == "other"


def test_half_a_surrogate_pair_hides_nothing() -> None:
    """As bytes that are no UTF-8 leave behind. It is neither a letter nor a digit."""
    half = "\udcff"
    assert categorise(f"{half}connection refused{half}") == "transient"
    assert categorise(f"{half} failed {half}") == "unknown"
    assert categorise(f"KeyError: {half}") == "other"


def test_a_set_that_has_no_memory_left_is_no_text_without_a_category() -> None:
    rules = RuleSet(RULES)
    assert rules.find("a text that no rule takes") is None
    rules._match = lambda _: []  # as RE2 answers then: with nothing, and without an error
    with pytest.raises(MemoryError, match="a failure text of 6 bytes"):
        rules.find("a text")
    with pytest.raises(MemoryError, match="a failure text of 6 bytes"):
        rules.find_all(["a text"])


def test_case_does_not_matter_nor_do_letters_of_other_scripts() -> None:
    assert categorise("CONNECTION REFUSED") == categorise("éconnection refusedé") == "transient"
    assert categorise("ошибка failed") == "other"
    assert categorise("✗ failed ✗") == "unknown"


@given(st.sampled_from(RULES), st.sampled_from(RULES), st.text(alphabet="ab1 _é—\n.", max_size=6), st.integers(0, 40))
def test_what_a_rule_takes_is_found_by_the_set_too(one: BuiltInRule, other: BuiltInRule, text: str, cut: int) -> None:
    """Its patterns are wider than those of the file, and never narrower."""
    text = f"{one.takes[cut:]}{text}{other.takes}".lower()
    if re2.search(join([one.core], one.edges), text) is not None:
        assert re2.search(join([one.wide_core], one.edges), text) is not None


EXACT_IN_ASCII = [rule for rule in RULES if rule.core != rule.wide_core and rule.is_exact_in_ascii]


@given(
    st.sampled_from(EXACT_IN_ASCII),
    st.text(alphabet="ab1 _.-!", max_size=6),
    st.integers(0, 60),
    st.sampled_from(["", " a", FAR]),
)
def test_in_ascii_a_pattern_that_is_wider_for_letters_alone_takes_what_its_rule_takes(
    rule: BuiltInRule, beside: str, at: int, between: str
) -> None:
    text = f"{beside}{rule.takes[:at]}{between}{rule.takes[at:]}{beside}".lower()
    if text.isascii():
        exact, wide = (re2.search(join([core], rule.edges), text) for core in (rule.core, rule.wide_core))
        assert (exact is None) == (wide is None)


TRACE = "Traceback (most recent call last):\n  File 'a.py', line 3, in <module>\n    import patch\n"


@pytest.mark.parametrize(
    ("text", "category"),
    [
        (f"{TRACE}KeyError: 'tax'\nERROR: Job failed: exit code 1", "other"),
        (f"{TRACE}KeyError: 'tax'\nError: Process completed with exit code 1.", "other"),
        (f"{TRACE}ConnectionRefusedError: [Errno 111]\nError: Process completed with exit code 1.", "transient"),
        ("step 2\nImportError: tax\nJob 12 finished with status: FAILED", "collection"),
        ("step 2\nJob 12 finished with status: FAILED", "unknown"),
        ("ERROR: Job failed: exit code 1", "unknown"),
    ],
)
def test_a_wrapper_that_says_only_that_something_failed_hides_no_line_that_says_what(text: str, category: str) -> None:
    assert categorise(text) == category
