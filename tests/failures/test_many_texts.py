"""Many texts at once are of the categories that each of them has alone."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batchdrain.failures.categories import Categoriser, are_whole, make_own_rule
from batchdrain.failures.excerpt import LONGEST, excerpt, excerpt_with_end
from batchdrain.failures.rule_table import read_rules

TAKEN = [text for rule in read_rules() for text in (rule.takes, rule.leaves)]
ODD = [
    "",
    " ",
    "\n",
    "\r",
    "\r\n",
    "\t",
    "\x1c",
    "\x85",
    "\u2028",
    "\x00",
    "\ud800",
    "Σ",
    "İ",
    "]",
    " [exit 1]",
    " [signal 9: KILL]",
    "x" * 9_000,
]
TEXTS = st.lists(
    st.tuples(st.sampled_from(ODD), st.sampled_from(["", "ΑΣ", *TAKEN]), st.sampled_from(ODD)).map("".join), max_size=8
)
RULES = (make_own_rule("patch", "merge|end$"), make_own_rule("transient", "(?-i:Error)"))


@pytest.mark.parametrize("own", [(), RULES], ids=["built-in rules", "own rules too"])
@given(texts=TEXTS)
@example(texts=["a.py: needs merge\x1c [signal 9: KILL]"])
@example(texts=["task failed\r", "import error"])
@example(texts=[" [exit 1]", "  [exit 1]", ""])
def test_many_texts_at_once_are_of_the_categories_that_each_has_alone(own: tuple, texts: list[str]) -> None:  # type: ignore[type-arg]
    categorise = Categoriser(own)
    assert categorise.all(texts) == [categorise(text) for text in texts]


@pytest.mark.parametrize(
    ("texts", "are"),
    [
        ([], True),
        (["", "a]\nb", "c \nd"], True),  # an inner line may end as our suffix does
        (["a", "b]"], False),
        (["b ", ""], False),
        (["x" * LONGEST] * 2, True),
        (["a", "x" * (LONGEST + 1)], False),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_texts_are_whole_where_nothing_is_cut_from_any_of_them(texts: list[str], *, are: bool) -> None:
    assert are_whole(texts) is are
    assert not are or all(cut(text) == text for text in texts for cut in (excerpt, excerpt_with_end))
