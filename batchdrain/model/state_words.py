"""The words that the user's table has for a state: which of them are read as it, and which one is written for it.

A word is a text, and NULL is one too. NULL is kept and shown as `NULL`; a text that is spelt so, in any number of single quotes,
has a pair of them more. So each value of a column has one word, each word is of one value, and nearly all are the text itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

NULL: Final = "NULL"
"""The word of a row whose state is NULL."""


def to_word(value: object) -> str:
    """The word of what a column holds; for bytes, which no word of the user's is, how SQL writes them."""
    if value is None:
        return NULL
    text = f"x'{value.hex()}'" if isinstance(value, bytes) else str(value)
    return f"'{text}'" if _is_spelt_null(text) else text


def to_value(state_word: str) -> str | None:
    """The text that a word stands for; None for NULL."""
    if state_word == NULL:
        return None
    return state_word[1:-1] if _is_spelt_null(state_word) else state_word


def quote_word(state_word: str) -> str:
    """For people: a text in quotes, NULL without."""
    return NULL if state_word == NULL else repr(to_value(state_word))


def list_words(words: Iterable[str]) -> str:
    """For people: 'FAILED' or 'ERROR' or NULL."""
    return " or ".join(map(quote_word, words))


def _is_spelt_null(text: str) -> bool:
    return text.strip("'") == NULL


@dataclass(frozen=True, slots=True)
class StateWords:
    """The words of one state. Made by `of`."""

    read: tuple[str, ...]  #: a row that bears one of them is in the state; none twice
    write: str  #: what batchdrain writes; one of those that are read

    @classmethod
    def of(cls, read: Sequence[str], write: str | None = None) -> StateWords:
        """`write`: None is the first of those that are read. What is written is read too."""
        written = read[0] if write is None else write
        return cls(tuple(dict.fromkeys((*read, written))), written)

    def __contains__(self, state_word: str) -> bool:
        return state_word in self.read

    def __iter__(self) -> Iterator[str]:
        return iter(self.read)

    def __str__(self) -> str:
        """For people, without quotes: FAILED or ERROR."""
        return " or ".join(self.read)
