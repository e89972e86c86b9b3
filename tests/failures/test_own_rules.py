"""A category rule of the user's is one pattern of RE2: what that does not take is refused by name, and with a way to write it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.failures.categories import Categoriser, make_own_rule
from batchdrain.failures.differing_patterns import find_differences
from batchdrain.failures.refused_patterns import PatternRefused
from batchdrain.failures.user_rule import OwnRule

REFUSED = [
    (r"disk(?= full)", "a look-ahead, (?=...)", r"disk(?: full)", "disk full"),
    (r"disk(?! full)", "a negative look-ahead, (?!...)", r"disk(?:[^ ]|\z)", "disk"),
    (r"(?<=no )room", "a look-behind, (?<=...)", r"(?:no )room", "no room"),
    (r"(?<!\d)404", "a negative look-behind, (?<!...)", r"(?:\A|[^0-9])404", "404"),
    (r"(?>a+)b", "an atomic group, (?>...)", r"(?:a+)b", "aab"),
    (r"(a)?(?(1)b|c)", "a conditional, (?(...)...|...)", r"(?:ab|c)", "c"),
    (r"a(?#disk)", "a comment, (?#...)", r"a", "a"),
    (r"(?|a|b)", "a branch reset, (?|...)", r"(?:a|b)", "b"),
    (r"(?'n'a)", "a group with its name in quotes", r"(?:a)", "a"),
    (r"(?R)?a", "a recursion", r"aa?", "a"),
    (r"(?1)(a)", "a recursion", r"aa", "aa"),
    (r"(?&n)", "a recursion", r"a", "a"),
    (r"(?P<n>a)(?P>n)", "a recursion", r"aa", "aa"),
    (r"(?P<n>a|b)(?P=n)", "a back-reference, (?P=...)", r"(?:aa|bb)", "bb"),
    (r"(a|b)\1", "a back-reference", r"(?:aa|bb)", "bb"),
    (r"(a|b)\g<1>", "a back-reference", r"(?:aa|bb)", "bb"),
    (r"(?<n>a|b)\k<n>", "a back-reference", r"(?:aa|bb)", "bb"),
    (r"(?x) a b", "the flag x", r"ab", "ab"),
    (r"(?x: a b)", "the flag x", r"ab", "ab"),
    (r"(?a)\w", "the flag a", r"\w", "a"),
    (r"(?u)\w", "a flag for \\w and the like", r"[\pL\pN_]", "é"),
    (r"(?L)\w", "a flag for \\w and the like", r"[\pL\pN_]", "é"),
    (r"(?V1)a", "a flag other than i, m, s and U", r"a", "a"),
    (r"(?C1)a", "a callout", r"a", "a"),
    (r"(?i", "a group that is not finished", r"\(", "("),
    (r"full\Z", r"\Z", r"full\n?\z", "full\n"),
    (r"[\b]", r"\b between brackets", r"\x08", "\b"),
    (r"\Ga", r"\G", r"\Aa", "a"),
    (r"a\Kb", r"\K", r"ab", "ab"),
    (r"\X", r"\X", r"\PM\pM*", "e\u0301"),
    (r"\R", r"\R", r"(?:\r\n|[\n\r])", "\r\n"),
    (r"\h", r"\h", r"[ \t]", "\t"),
    (r"\H", r"\H", r"[^ \t]", "a"),
    (r"\N{EM DASH}", r"\N", r"\x{2014}", "—"),
    (r"\u2014", r"\u", r"\x{2014}", "—"),
    (r"\U00002014", r"\u", r"\x{2014}", "—"),
    (r"\L<names>", r"\L, a named list", r"(?:a|b)", "b"),
    (r"\mdisk\M", r"\m or \M", r"\bdisk\b", "disk"),
    (r"\e\[31m", r"\e", r"\x1B\[31m", "\x1b[31m"),
    (r"\cA", r"\c", r"\x01", "\x01"),
    (r"\o{101}", "a number of a character that is none", r"\x41", "A"),
    (r"\x4", "a number of a character that is none", r"\x{4}", "\x04"),
    (r"\y", "a backslash before a letter that it does not change", r"y", "y"),
    (r"a*+", "a possessive repetition", r"a*", "a"),
    (r"a++b", "a possessive repetition", r"a+b", "ab"),
    (r"a?+", "a possessive repetition", r"a?", "a"),
    (r"a{2}+", "a possessive repetition", r"a{2}", "aa"),
    (r"a**", "a repetition of a repetition", r"(?:a*)*", "a"),
    (r"a.{0,2000}b", "a repetition above 1000", r"a.{0,1000}.{0,1000}b", "a" + "x" * 2000 + "b"),
    (r"(a{100}){100}", "a repetition above 1000", r"a{1000}", "a" * 1000),
    (r"(?:(?:a{0,100}){0,10}b){0,10}", "a repetition above 1000", r"(?:a*b)*", "aab"),
    (r"(*UTF8)a", "a verb, (*...)", r"a", "a"),
    (r"\p{Alpha}", "an unknown property", r"\p{L}", "é"),
    (r"[[:word:]-[:foo:]]", "an unknown class of POSIX", r"[[:alpha:]]", "a"),
    (r"(?<n-m>a)", "a group's name that is none", r"(?:a)", "a"),
    (r"(?:[^a]{1000}\pL{1000}){1}" * 9, "more than fits into a program of RE2", r"[^a]{1000}", "b" * 1000),
]  # fmt: skip
BROKEN = [
    ("(", "missing ): ("), (")", "unexpected ): )"), ("[a", "missing ]: [a"), ("*a", "no argument for repetition operator: *"),
    ("[z-a]", "invalid character class range: z-a"), ("a\\", "trailing \\"), ("a{3,2}", "invalid repetition size: {3,2}"),
    ("a\ud800", "it has half a surrogate pair"),
]  # fmt: skip
DIFFERING = [
    (r"\d", "٣", r"[0-9]", r"\p{Nd}"),
    (r"^\D", "٣", "^[^0-9]", r"^\P{Nd}"),
    (r"\w", "é", r"[0-9A-Za-z_]", r"[\pL\pN_]"),
    (r"\W", "é", r"[^0-9A-Za-z_]", r"[^\pL\pN_]"),
    (r"\s", "\xa0", r"[ \t\n\f\r]", r"[\t-\r\x1c-\x20\x{85}\pZ]"),
    (r"\S", "\x0b", r"[^ \t\n\f\r]", r"[^\t-\r\x1c-\x20\x{85}\pZ]"),
    (r"\bdisk\b", "édisk", r"(?:\A|[^0-9A-Za-z_])disk(?:[^0-9A-Za-z_]|\z)", r"(?:\A|[^\pL\pN_])disk(?:[^\pL\pN_]|\z)"),
    (r"\Bdisk", "édisk", r"[0-9A-Za-z_]disk", r"[\pL\pN_]disk"),
    ("full$", "full\n", r"full\z", r"full\n?\z"),
    ("[[:alpha:]]", "[b]", r"[A-Za-z]", r"[:[alph]\]"),
    ("^a{,2}b", "aab", r"^a\{,2\}b", "^a{0,2}b"),
    ("(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)\\10", "abcdefghijj", r"abcdefghij\x{8}", "abcdefghijj"),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "name", "instead", "text"), REFUSED, ids=lambda value: ascii(value)[:30])
def test_what_re2_does_not_take_is_refused_by_name_and_can_be_written(
    pattern: str, name: str, instead: str, text: str
) -> None:
    with pytest.raises(PatternRefused, match=re.escape(f"{pattern!r} has {name}")) as refused:
        make_own_rule("patch", pattern)
    assert refused.value.cure
    assert make_own_rule("patch", instead).matches(text)


@pytest.mark.parametrize(("pattern", "told"), BROKEN)
def test_what_no_engine_takes_is_told_as_re2_tells_it(pattern: str, told: str) -> None:
    with pytest.raises(PatternRefused, match=re.escape(f"{pattern!r} is no regular expression: {told}")):
        make_own_rule("patch", pattern)


@pytest.mark.parametrize(("pattern", "text", "narrow", "wide"), DIFFERING)
@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
def test_what_means_something_else_is_listed_with_a_way_to_write_each_meaning(
    pattern: str, text: str, narrow: str, wide: str
) -> None:
    """`narrow` as RE2 means it, `wide` as Python does."""
    in_python, here = re.search(pattern, text, re.IGNORECASE) is not None, OwnRule("patch", pattern).matches(text)
    assert in_python != here
    assert OwnRule("patch", narrow).matches(text) == here
    assert OwnRule("patch", wide).matches(text) == in_python
    assert find_differences(pattern)
    assert find_differences(narrow) == find_differences(wide) == []


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        (r"(?-m)a$", 1), (r"(?m)(?i:a$)", 0), (r"(a)(?m)b$", 0), (r"((?m)a)b$", 1), (r"(?m)(a)b$", 0), (r"(?i:(?m:a$)b$)", 1),
        (r"(?m)a$", 0), (r"(?m:a$)b$", 1), (r"(?m)(?-m:a$)", 1), (r"((?m)a$)$", 1), (r"(?P<n>a$)", 1), (r"(?s)a$", 1),
        (r"[\d$]x", 1), (r"\Q$\d\E", 0), (r"\$", 0), (r"\\d", 0), (r"[:alpha:]", 0), (r"\101", 0), (r"[]\w]\s", 2),
        (r"[^]\W]", 1), (r"[a\]\d]", 1), (r"\d+ of \d+", 1), (r"quota of .* exceeded", 0), (r"[\p{L}\d]", 1), (r"\x{41}", 0),
    ],
)  # fmt: skip
def test_each_difference_is_told_once_and_only_where_it_is_one(pattern: str, count: int) -> None:
    OwnRule("patch", pattern)
    assert len(find_differences(pattern)) == count


_ATOMS = st.sampled_from(
    ["a", "b", "X", "1", " ", ".", "[ab]", "[^a1]", r"\.", r"\n", r"\x41", "^", r"\A", r"[\]x-]", "(?:)"]
)
_PATTERNS = st.recursive(
    _ATOMS,
    lambda part: st.one_of(
        st.tuples(part, part).map("".join),
        st.tuples(part, part).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(part, st.sampled_from(["*", "+", "?", "{2}", "{0,3}", "{1,}", "*?"])).map(
            lambda two: f"(?:{two[0]}){two[1]}"
        ),
        part.map(lambda one: f"({one})"),
        part.map(lambda one: rf"(?s:{one})"),
    ),
    max_leaves=8,
)


@given(_PATTERNS, st.text(alphabet="abAxX1 .\né-]", max_size=12))
def test_where_no_difference_is_listed_a_pattern_means_what_it_means_in_python(pattern: str, text: str) -> None:
    assert find_differences(pattern) == []
    assert OwnRule("patch", pattern).matches(text) == (re.search(pattern, text, re.IGNORECASE) is not None)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(?:.*a){20}$", "(x+x+)+y"])
def test_no_pattern_takes_for_ever(pattern: str) -> None:
    """A search that goes back in the text would not end before the test is given up."""
    assert not OwnRule("patch", pattern).matches("a" * 65_536 + "!")


def test_half_a_surrogate_pair_hides_nothing_from_an_own_rule() -> None:
    own = Categoriser((make_own_rule("patch", "widget"), make_own_rule("deliverable", r"gear\x{fffd}")))
    assert own("\udc80 a WIDGET \ud800") == "patch"
    assert own("a gear\udcff") == "deliverable"


def test_an_own_rule_sees_the_text_as_it_stands_and_the_first_one_decides() -> None:
    own = Categoriser((make_own_rule("patch", "É"), make_own_rule("other", "(?-i:Disk)"), make_own_rule("transient", "disk")))
    assert (own("é"), own("the Disk"), own("the disk"), own("DISK")) == ("patch", "other", "transient", "transient")
