"""Decides which of a table's words mean which state: by the words themselves, else by the failure texts beside them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, State
from batchdrain.cli.commands.init.vocabulary import WORDS, looks_failed, place_of, state_of, to_plain
from batchdrain.runtime.text import agree, count_of

OURS: Final = tuple(WORDS)
_SHOWN: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class StateWords:
    """The value for `source.states`."""

    words: Mapping[str, object]  #: a word, a list of words, or None if the user has to choose
    sure: frozenset[str]  #: the states whose word was found, not assumed
    known: tuple[State, ...] = ()  #: all words of the column, if no others can be assumed
    doubts: tuple[str, ...] = field(default=())


def choose_words(column: ColumnFacts, with_text: Sequence[State] | None = None) -> StateWords:
    """Choose the words. `with_text`: the values whose rows alone have a failure text; None: no column shows it."""
    counts = dict(column.counts or {})
    declared = [_to_value(term, column) for term in (*column.words, *column.meanings)]
    found: list[State] = list(dict.fromkeys([*counts, *declared]))
    chosen: dict[str, object] = {}
    doubts: list[str] = []
    for ours in OURS:
        chosen[ours] = _choose(ours, [one for one in found if _state_of(one, column) == ours], counts, column)
    if chosen["failed"] is None:
        chosen["failed"], told = _choose_unnamed(found, column, with_text)
        doubts += told
    if chosen["queued"] is None and counts.get(None) and any(words is not None for words in chosen.values()):
        chosen["queued"] = [None]
        doubts.append(f"rows without a state (NULL, {counts[None]} of them) are taken for queued: a guess")
    doubts += _find_others_that_failed(found, chosen["failed"], column)
    doubts += _find_joined(chosen["failed"])
    sure = frozenset(ours for ours, words in chosen.items() if words is not None)
    is_unknown = not sure and any(rows for value, rows in counts.items() if value is not None)
    is_closed = bool(column.words) or column.kind is not Kind.TEXT or bool(column.meanings) or is_unknown
    if is_closed and chosen["failed"] is None and any(counts.values()):
        doubts.append(
            f"{column.name} holds {describe_counts(counts)}, and nothing tells which of them means failed: set source.states"
        )
    if not is_closed:
        chosen = {ours: _assume(ours, found, column) if words is None else words for ours, words in chosen.items()}
    is_closed = is_closed or None in chosen.values()
    known: list[State] = [
        *sorted(one for one in found if isinstance(one, int)),
        *(one for one in found if isinstance(one, str)),
    ]
    return StateWords(words=chosen, sure=sure, known=tuple(known if is_closed else ()), doubts=tuple(doubts))


def _to_value(term: str, column: ColumnFacts) -> State:
    return int(term) if column.kind is Kind.WHOLE and term.lstrip("-").isdecimal() else term


def meaning_of(value: object, column: ColumnFacts) -> str:
    """What a state value says: a code by its name in a table or a comment, any other value as it is."""
    text = str(value)
    return column.meanings.get(text, text)


def _state_of(value: State, column: ColumnFacts) -> str | None:
    return None if value is None else state_of(meaning_of(value, column))


def _choose(ours: str, alike: list[State], counts: Mapping[State, int], column: ColumnFacts) -> object:
    """The words for one state. For failed and complete all, the likeliest first, since the first is written. For queued the
    likeliest with its other spellings. For executing one."""
    ranked = sorted(alike, key=lambda one: (place_of(meaning_of(one, column), WORDS[ours]), -counts.get(one, 0), str(one)))
    if not ranked:
        return None
    if ours == "executing":
        return ranked[0]
    first = to_plain(meaning_of(ranked[0], column))
    if ours == "queued":
        ranked = [one for one in ranked if to_plain(meaning_of(one, column)) == first]
    elif any(isinstance(one, str) and one.strip() != one for one in ranked):
        ranked.sort(key=lambda one: isinstance(one, str) and one.strip() != one)
    return _bare(ranked)


def _choose_unnamed(
    found: Sequence[State], column: ColumnFacts, with_text: Sequence[State] | None
) -> tuple[object, list[str]]:
    """Words that may mean failed, if none says so plainly."""
    suspects = [one for one in found if one is not None and looks_failed(meaning_of(one, column))]
    if suspects:
        return _bare(suspects), [
            f"no word says plainly that a phase failed; {_list(suspects)} may: check source.states.failed"
        ]
    if with_text and all(_state_of(one, column) is None for one in with_text):
        chosen, only = sorted(with_text, key=str), agree(len(with_text), "is the only one", "are the only ones")
        they_are = agree(len(with_text), "it is", "they are")
        return _bare(chosen), [f"{_list(chosen)} {only} with failure texts, so {they_are} taken for failed: a guess"]
    return None, []


def _bare(words: Sequence[State]) -> object:
    return words[0] if len(words) == 1 else list(words)


def _find_others_that_failed(found: Sequence[State], failed: object, column: ColumnFacts) -> list[str]:
    mapped = failed if isinstance(failed, list) else [failed]
    others = [one for one in found if one is not None and one not in mapped and looks_failed(meaning_of(one, column))]
    if not others:
        return []
    return [
        (
            f"{_list(others)} may mean failed too, and a drain ignores {_them(others)}: add {_them(others)} to "
            f"source.states.failed if {agree(len(others), 'it does', 'they do')}"
        )
    ]


def _find_joined(words: object) -> list[str]:
    if not isinstance(words, list):
        return []
    others = words[1:]
    taken = f"{_list(others)} {agree(len(others), 'looks', 'look')} failed as well, and a drain takes {_them(others)} with {words[0]!r}"
    return [f"{taken}: remove from source.states.failed what you do not mean"]


def _assume(ours: str, found: Sequence[State], column: ColumnFacts) -> str | None:
    """The usual word that the column has room for, in the spelling of the words that the table has. None if no word fits."""
    texts = [one for one in found if isinstance(one, str) and one.upper() != one.lower()]
    room = column.most_chars or max(map(len, WORDS[ours]))
    term = next((one for one in WORDS[ours] if len(one) <= room), None)
    if term is None:
        return None
    if not texts or any(text.isupper() for text in texts):
        return term.upper()
    return term.capitalize() if all(text[:1].isupper() for text in texts) else term


def describe_counts(counts: Mapping[State, int]) -> str:
    """Values with their rows, numbers in their order: 0 (2 rows), 4 (1 row)."""
    by_value = sorted(
        counts.items(), key=lambda one: (not isinstance(one[0], int), one[0] if isinstance(one[0], int) else 0, -one[1])
    )
    shown = [f"{'NULL' if value is None else repr(value)} ({count_of(rows, 'row')})" for value, rows in by_value if rows]
    return ", ".join(shown[:_SHOWN]) + (f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else "")


def _them(values: Sequence[object]) -> str:
    return agree(len(values), "it", "them")


def _list(values: Sequence[State]) -> str:
    shown = ", ".join(repr(value) for value in values[:_SHOWN])
    return shown + (f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else "")
