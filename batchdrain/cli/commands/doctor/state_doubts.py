"""Judges the words that a table has against those that are mapped: rows that a drain does not take although they may be meant,
and words that it would write although nobody knows them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.cli.commands.init.vocabulary import WORDS, to_plain
from batchdrain.model.state_words import NULL, StateWords, list_words, quote_word
from batchdrain.model.states import PhaseState
from batchdrain.runtime.text import agree, count_of

States = Mapping[PhaseState, StateWords]
DRAINED: Final = (PhaseState.FAILED, PhaseState.QUEUED)
_SHOWN: Final = 8
_CURE: Final = "map it in batchdrain.source.states, if it is the one"


def judge_words(
    found: Counter[str], mapped: States, *, writes: bool, is_declared: Callable[[str], bool]
) -> Iterator[Finding]:
    """The findings about a table with rows. `found`: how many rows have each word; `writes`: whether a drain writes the states;
    `is_declared`: whether the table itself declares a word, so that no row needs to have it."""
    others = Counter({text: count for text, count in found.items() if not any(text in words for words in mapped.values())})
    if len(others) == len(found):
        yield Finding(
            "states", ok=False, message=f"no row has one of the mapped words; the table has {_describe(others)}",
            cure="map them in batchdrain.source.states",
        )  # fmt: skip
        return
    missed = _find_missed(found, others, mapped, is_declared)
    doubts = [*missed, *_find_invented(found, others, mapped, writes=writes, is_declared=is_declared)]
    yield from doubts
    if others:
        yield Finding("states", ok=True, message=f"the table also has {_describe(others)}, which batchdrain ignores")
    elif not doubts:
        yield Finding("states", ok=True, message="every word of the table is mapped")


def _find_missed(
    found: Counter[str], others: Counter[str], mapped: States, is_declared: Callable[[str], bool]
) -> Iterator[Finding]:
    """Warn of rows that a drain does not take although they may be meant."""
    for state in DRAINED:
        words, count = mapped[state], sum(found[state_word] for state_word in mapped[state])
        alike, text = _find_alike(state, mapped, others), list_words(words)
        same = [one for one in alike if any(to_plain(one) == to_plain(state_word) for state_word in words)]
        if count and same:
            exist, these = agree(sum(others[one] for one in same), "exists", "exist"), agree(count, "that one", "these")
            yield _warn(
                f"{_describe(others, same)} {exist} beside {count} {text} (states.{state.value}): a drain takes only {these}"
            )
        elif not count and (alike or state is PhaseState.FAILED) and (meant := alike or _find_unlike(mapped, others)):
            yield _warn(f"no row is {text} (states.{state.value}); not mapped: {_describe(others, meant)}")
        elif count:  # an unused word beside used ones may be misspelt
            unborne = [
                state_word
                for state_word in words
                if not found[state_word] and state_word != words.write and not is_declared(state_word)
            ]
            if unborne:
                yield _note(f"no row is {list_words(unborne)} (states.{state.value}) now")


def _find_invented(
    found: Counter[str], others: Counter[str], mapped: States, *, writes: bool, is_declared: Callable[[str], bool]
) -> Iterator[Finding]:
    """Warn of words that a drain writes or waits for, but that neither a row nor the table's own declarations have."""
    written = (PhaseState.EXECUTING, PhaseState.COMPLETE) if writes else (PhaseState.COMPLETE,)
    if writes and len(mapped[PhaseState.FAILED].read) > 1:  # `_find_missed` is content if rows have another of its words
        written = (PhaseState.FAILED, *written)
    for state in written:
        text, meant = mapped[state].write, _find_alike(state, mapped, others)
        if state is PhaseState.COMPLETE:
            meant = meant or _find_unlike(mapped, others)
        is_strange = all(_style_of(one) is not _style_of(text) for one in found)
        borne = any(found[state_word] for state_word in mapped[state]) if not writes else found[text]
        if borne or text == NULL or not (meant or is_strange) or is_declared(text):
            continue
        what = (
            f"a drain writes {quote_word(text)}"
            if writes
            else f"a phase counts as done when it is {list_words(mapped[state])}"
        )
        rows = f"not mapped: {_describe(others, meant)}" if meant else f"rows have {_describe(found)}"
        yield _warn(f"{what} (states.{state.value}), a word that no row has and no CHECK of the table allows; {rows}")


def _style_of(text: str) -> bool | None:
    """How a word is spelt: True in capitals, False in other letters, None without letters, as a code is."""
    return text.isupper() if text.upper() != text.lower() else None


def _note(message: str) -> Finding:
    return Finding("states", ok=True, message=message)


def _warn(message: str) -> Finding:
    return Finding("states", ok=True, is_warning=True, message=message, cure=_CURE)


def _find_alike(state: PhaseState, mapped: States, others: Counter[str]) -> list[str]:
    """The unmapped words that look like one of this state."""
    likely = {*WORDS[state.value], *map(to_plain, mapped[state])}
    return [one for one in others if to_plain(one) in likely]


def _find_unlike(mapped: States, others: Counter[str]) -> list[str]:
    """The unmapped words that look like no state's, so that they may mean any state."""
    alike = {one for state in mapped for one in _find_alike(state, mapped, others)}
    return [one for one in others if one not in alike]


def _describe(counts: Counter[str], chosen: list[str] | None = None) -> str:
    """Words with their counts, the most frequent first: 'DONE' (12 rows), 'odd' (1 row)."""
    rows = [(text, count) for text, count in counts.most_common() if chosen is None or text in chosen]
    shown = [f"{quote_word(text)} ({count_of(count, 'row')})" for text, count in rows[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else "")
