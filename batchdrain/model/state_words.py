"""The words that the user's table has for a state: which of them are read as the state, and which one is written for it.

A word is a text, and NULL has a word too. NULL is stored and shown as `NULL`. A text that is itself spelt NULL, within any
number of single quotes, gets one more pair of quotes. So each value of a column has exactly one word, each word belongs to
one value, and nearly all words are the text itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

NULL: Final = "NULL"
"""The word for a state that is NULL."""


def to_word(value: object) -> str:
    """The word for a value of the column. Bytes, which are never one of the user's words, get their SQL notation."""
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
    """The word for people: a text in quotes, NULL without."""
    return NULL if state_word == NULL else repr(to_value(state_word))


def list_words(words: Iterable[str]) -> str:
    """The words for people: 'FAILED' or 'ERROR' or NULL."""
    return " or ".join(map(quote_word, words))


def _is_spelt_null(text: str) -> bool:
    return text.strip("'") == NULL


@dataclass(frozen=True, slots=True)
class StateWords:
    """The words of one state. Make it with `of`."""

    read: tuple[str, ...]  #: a row with one of these is in the state; without duplicates
    write: str  #: the word that batchdrain writes; one of `read`

    @classmethod
    def of(cls, read: Sequence[str], write: str | None = None) -> StateWords:
        """`write`: None means the first word of `read`. The written word is added to `read`."""
        written = read[0] if write is None else write
        return cls(tuple(dict.fromkeys((*read, written))), written)

    def __contains__(self, state_word: str) -> bool:
        return state_word in self.read

    def __iter__(self) -> Iterator[str]:
        return iter(self.read)

    def __str__(self) -> str:
        """The words for people, without quotes: FAILED or ERROR."""
        return " or ".join(self.read)
