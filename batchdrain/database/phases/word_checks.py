"""Checks by the type of the state column whether it can hold the mapped words. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from batchdrain.config.settings import Source
from batchdrain.database.phases.declared_types import DeclaredType, Family
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.errors import did_you_mean
from batchdrain.model.state_words import NULL, to_value
from batchdrain.model.states import PhaseState

_WRITTEN: Final = (PhaseState.FAILED, PhaseState.COMPLETE)
_BETWEEN: Final = (PhaseState.QUEUED, PhaseState.EXECUTING)
_DEFAULTS: Final = Source().states
_BOOLEAN: Final = frozenset({"bool", "boolean"})
_TRUTHS: Final = ("true", "false")


def find_unfit_words(table: PhaseTable, *, writes: bool) -> list[str]:
    """One line, with its setting, for each word that no row can have. `writes`: whether the drain writes states. A state that
    nobody mapped and nothing writes may be one that the table does not have: it is told only beside others."""
    unfit = {state: list(_find_unfit(table, state, writes=writes)) for state in table.states}
    needed = [state for state, found in unfit.items() if found and not _may_lack(table, state, writes=writes)]
    return [line for found in unfit.values() for line in found] if needed else []


def _may_lack(table: PhaseTable, state: PhaseState, *, writes: bool) -> bool:
    """Whether the table may lack the state: nothing writes it, and the word is the default, not the user's."""
    is_written = state in _WRITTEN or (state is PhaseState.EXECUTING and writes)
    return not is_written and table.states[state] == _DEFAULTS.words_of(state.value)


def _find_unfit(table: PhaseTable, state: PhaseState, *, writes: bool) -> Iterator[str]:
    column, words = table.source.columns.state, table.states[state]
    declared = table.declared[column]
    if _is_truth(declared) and state in _BETWEEN and not writes:
        return
    for state_word in words:
        if (problem := _problem_of(table, declared, column, state_word)) is not None:
            yield f"batchdrain.source.states.{state.value}: {problem}"
    if state in _WRITTEN and words.write == NULL and not table.state.column.nullable:
        yield f"batchdrain.source.states.{state.value}: NULL can't be written: the column {column!r} is NOT NULL"


def no_value_of(state_word: str, declared: DeclaredType, column: str) -> str:
    """A message for people: the column can't hold a word. For a boolean column it says what the column holds."""
    text = to_value(state_word)
    if _is_truth(declared):
        return (
            f"{text!r} is no value of the boolean column {column!r}: it holds only true and false; map a column of text or of "
            "numbers, or let the command set the state (command.result_from: database)"
        )
    if declared.base in _BOOLEAN or declared.name == "tinyint(1)":
        return (
            f"{text!r} is no value of the boolean column {column!r}: it holds true as 1 and false as 0; map these, and other "
            "numbers for the states between"
        )
    return f"{text!r} is no value of the {declared.name} column {column!r}"


def _is_truth(declared: DeclaredType) -> bool:
    """Whether it is PostgreSQL's boolean; in other databases such a column holds numbers."""
    return declared.base == "bool" and declared.family is Family.SPELT


def _problem_of(table: PhaseTable, declared: DeclaredType, column: str, state_word: str) -> str | None:
    text = to_value(state_word)
    if text is None:
        return None
    if declared.words and text not in declared.words:
        return f"{text!r} is not a value of the enum column {column!r}{did_you_mean(text, declared.words)}"
    if _is_truth(declared) and text not in _TRUTHS:
        return no_value_of(state_word, declared, column)
    try:
        table.state.parameters("the_state", state_word)
        is_spelt_so = declared.family is not Family.WHOLE or str(int(text)) == text
    except ValueError:
        is_spelt_so = False
    return None if is_spelt_so else no_value_of(state_word, declared, column)
