"""A state's word is what a column holds, as a text: NULL and a text that reads NULL are told apart, and each is found again."""

from __future__ import annotations

import pytest

from batchdrain.model.state_words import NULL, StateWords, list_words, quote_word, to_value, to_word


@pytest.mark.parametrize(
    ("value", "word", "shown"),
    [
        (None, "NULL", "NULL"), ("NULL", "'NULL'", "'NULL'"), ("'NULL'", "''NULL''", "\"'NULL'\""), ("null", "null", "'null'"),
        ("FAILED", "FAILED", "'FAILED'"), ("", "", "''"), ("'x'", "'x'", "\"'x'\""), (" NULL", " NULL", "' NULL'"), (7, "7", "'7'"),
        (b"\x00\xff", "x'00ff'", '"x\'00ff\'"'), (True, "True", "'True'"),
    ],
)  # fmt: skip
def test_each_value_has_a_word_of_its_own_that_leads_back_to_it(value: object, word: str, shown: str) -> None:
    assert (to_word(value), quote_word(word)) == (word, shown)
    if value is None or isinstance(value, str):
        assert to_value(word) == value
    assert (word == NULL) is (value is None)


def test_what_is_written_is_read_too_and_the_first_is_written_where_nothing_else_is_said() -> None:
    words = StateWords.of(["a", "b", "a"])
    assert (words.read, words.write, [*words], "b" in words, "c" in words) == (("a", "b"), "a", ["a", "b"], True, False)
    other = StateWords.of(["a", "b"], "c")
    assert (other.read, other.write, str(other)) == (("a", "b", "c"), "c", "a or b or c")
    assert StateWords.of(["a", "b"], "b").read == ("a", "b")
    assert list_words(["FAILED", NULL]) == "'FAILED' or NULL"
