"""The doctor's checks of the state's words: those that the table has, and those that a drain would write.
Whatever is tried is rolled back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import sqlalchemy as sa

from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.cli.commands.doctor.word_checks import check_written, count_words, find_untriable
from batchdrain.cli.commands.init.vocabulary import WORDS, to_plain
from batchdrain.database.phases.dry_write import dry_write
from batchdrain.database.phases.row_counts import count_all
from batchdrain.database.storage import can_be_tried
from batchdrain.drain.project import Project
from batchdrain.model.state_words import NULL, StateWords, list_words, quote_word, to_value
from batchdrain.model.states import PhaseState
from batchdrain.runtime.text import agree, count_of

_DRAINED: Final = (PhaseState.FAILED, PhaseState.QUEUED)
_SHOWN: Final = 8
_BY_CONSTRAINT: Final = re.compile(r"(?i)check constraint|constraint \S+ failed|foreign key")
_CURE: Final = "map it in batchdrain.source.states, if it is the one"


def check_states(project: Project) -> Iterator[Finding]:
    """Tell which rows have a word that is not mapped, and which mapped words no row has."""
    found = count_words(project)
    mapped = project.store.table.states
    others = Counter({text: count for text, count in found.items() if not any(text in words for words in mapped.values())})
    if not found and project.settings.source.where:  # `check_condition` reports that
        return
    if not found:
        yield Finding(
            "states", ok=True, is_warning=True,
            message="the table has no rows to compare the mapped words with",
            cure="run `inv doctor` again once there are some: is this the right table and database?",
        )  # fmt: skip
        return
    if len(others) == len(found):
        yield Finding(
            "states", ok=False, message=f"no row has one of the mapped words; the table has {_describe(others)}",
            cure="map them in batchdrain.source.states",
        )  # fmt: skip
        return
    doubts = [*_find_missed(project, found, others, mapped), *_find_invented(project, found, others)]
    yield from doubts
    if others:
        yield Finding("states", ok=True, message=f"the table also has {_describe(others)}, which batchdrain ignores")
    elif not doubts:
        yield Finding("states", ok=True, message="every word of the table is mapped")


def _find_missed(
    project: Project, found: Counter[str], others: Counter[str], mapped: Mapping[PhaseState, StateWords]
) -> Iterator[Finding]:
    """Warn of rows that a drain does not take although they may be meant."""
    for state in _DRAINED:
        words, count = mapped[state], sum(found[state_word] for state_word in mapped[state])
        alike, text = _find_alike(state, mapped, others), list_words(words)
        same = [one for one in alike if any(to_plain(one) == to_plain(state_word) for state_word in words)]
        if count and same:
            yield _warn(
                f"{_describe(others, same)} exist beside {count} {text} (states.{state.value}): a drain takes only these"
            )
        elif not count and (alike or state is PhaseState.FAILED) and (meant := alike or _find_unlike(mapped, others)):
            yield _warn(f"no row is {text} (states.{state.value}); not mapped: {_describe(others, meant)}")
        elif count:  # an unused word beside used ones may be misspelt
            unborne = [
                state_word
                for state_word in words
                if not found[state_word] and state_word != words.write and not _is_declared(project, state_word)
            ]
            if unborne:
                yield _note(f"no row is {list_words(unborne)} (states.{state.value}) now")


def _find_invented(project: Project, found: Counter[str], others: Counter[str]) -> Iterator[Finding]:
    """Warn of words that a drain writes or waits for, but that neither a row nor the table's own declarations have."""
    mapped, writes = project.store.table.states, project.settings.command.result_from == "exit_code"
    written = (PhaseState.EXECUTING, PhaseState.COMPLETE) if writes else (PhaseState.COMPLETE,)
    if writes and len(mapped[PhaseState.FAILED].read) > 1:  # `_find_missed` is content if rows have another of its words
        written = (PhaseState.FAILED, *written)
    for state in written:
        text, meant = mapped[state].write, _find_alike(state, mapped, others)
        if state is PhaseState.COMPLETE:
            meant = meant or _find_unlike(mapped, others)
        is_strange = all(one.isupper() is not text.isupper() for one in found if one.upper() != one.lower())
        borne = any(found[state_word] for state_word in mapped[state]) if not writes else found[text]
        if borne or text == NULL or not (meant or is_strange) or _is_declared(project, text):
            continue
        what = (
            f"a drain writes {quote_word(text)}"
            if writes
            else f"a phase counts as done when it is {list_words(mapped[state])}"
        )
        rows = f"not mapped: {_describe(others, meant)}" if meant else f"rows have {_describe(found)}"
        yield _warn(f"{what} (states.{state.value}), a word that no row has and no CHECK of the table allows; {rows}")


def _note(message: str) -> Finding:
    return Finding("states", ok=True, message=message)


def _warn(message: str) -> Finding:
    return Finding("states", ok=True, is_warning=True, message=message, cure=_CURE)


def _find_alike(state: PhaseState, mapped: Mapping[PhaseState, StateWords], others: Counter[str]) -> list[str]:
    """The unmapped words that look like one of this state."""
    likely = {*WORDS[state.value], *map(to_plain, mapped[state])}
    return [one for one in others if to_plain(one) in likely]


def _find_unlike(mapped: Mapping[PhaseState, StateWords], others: Counter[str]) -> list[str]:
    """The unmapped words that look like no state's, so that they may mean any state."""
    alike = {one for state in mapped for one in _find_alike(state, mapped, others)}
    return [one for one in others if one not in alike]


def _describe(counts: Counter[str], chosen: list[str] | None = None) -> str:
    """Words with their counts, the most frequent first: 'DONE' (12 rows), 'odd' (1 row)."""
    rows = [(text, count) for text, count in counts.most_common() if chosen is None or text in chosen]
    shown = [f"{quote_word(text)} ({count_of(count, 'row')})" for text, count in rows[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else "")


def _is_declared(project: Project, text: str) -> bool:
    """Whether an enum, a CHECK or a foreign key of the table declares the word `text`;
    the table refuses words that these do not allow."""
    table = project.store.table
    column = table.source.columns.state
    if table.declared[column].words:
        return True
    with project.store.database.read() as connection:
        inspector = sa.inspect(connection)
        if table.table.name not in inspector.get_table_names(schema=table.schema):
            return False
        checks = inspector.get_check_constraints(table.table.name, schema=table.schema)
        keys = inspector.get_foreign_keys(table.table.name, schema=table.schema)
    quoted = "'" + (to_value(text) or "").replace("'", "''") + "'"
    return any(quoted in str(check["sqltext"]) for check in checks) or any(
        column in key["constrained_columns"] for key in keys
    )


def check_condition(project: Project) -> Iterator[Finding]:
    """Tell how many rows of the table match source.where."""
    if not project.settings.source.where:
        return
    with project.store.database.read() as connection:
        count = count_all(connection, project.store.table)
    left = count_words(project).total()
    if count and not left:
        yield Finding(
            "source.where", ok=True, is_warning=True,
            message=f"{agree(count, 'the one row does not match', f'none of the {count} rows matches')} the condition: a drain finds nothing",
            cure="fix batchdrain.source.where, or remove it",
        )  # fmt: skip
    else:
        yield Finding(
            "source.where",
            ok=True,
            message=f"{left} of {count_of(count, 'row')} {agree(left, 'matches', 'match')} the condition",
        )


def _without_told(project: Project, problems: list[str]) -> list[str]:
    """Without the refusals of constraints that `check_written` told already: at most one constraint for each word that it found,
    whichever rows were tried."""
    words, told, found = sum(not one.ok for one in check_written(project)), set[str](), list[str]()
    for problem in dict.fromkeys(problems):
        refusal = problem.partition(": ")[2].partition("; ")[0]
        if _BY_CONSTRAINT.search(problem) and (refusal in told or len(told) < words):
            told.add(refusal)
        else:
            found.append(problem)
    return found


def check_writes(project: Project) -> Iterator[Finding]:
    """Try each write of a drain on one row, and roll it back."""
    if project.settings.command.result_from != "exit_code":
        return
    database, table = project.store.database, project.store.table
    if not can_be_tried(database, (table.table,)):
        yield Finding(
            "writes", ok=True, is_warning=True, message="were not tried: what is written to this table cannot be rolled back"
        )
        return
    if (untriable := find_untriable(project)) is not None:
        yield untriable
        return
    tried = {
        (state, one): dry_write(database, table, state, one if len(table.states[state].read) > 1 else None)
        for state in _DRAINED
        for one in table.states[state]
    }
    problems = _without_told(project, [problem for one in tried.values() for problem in one.problems])
    for row in dict.fromkeys(row for one in tried.values() for row in one.of_rows):
        yield Finding("rows", ok=True, is_warning=True, message=f"a drain skips this row, and continues: {row}")
    for problem in problems:
        yield Finding("writes", ok=False, message=problem)
    states = [
        state.value if len(table.states[state].read) == 1 else quote_word(state_word)
        for (state, state_word), one in tried.items()
        if one.is_tried
    ]
    if not states:
        yield Finding(
            "writes", ok=True, is_warning=True,
            message=f"were not tried: no row is {' or '.join(str(table.states[one]) for one in _DRAINED)} and free",
            cure="run `inv doctor` again once there is one",
        )  # fmt: skip
    elif not any(one.problems for one in tried.values()):
        reason = "" if table.reason is None else " and a reason"
        yield Finding(
            "writes", ok=True,
            message=f"the table accepts every state{reason} (tried on a row that is {' and on one that is '.join(states)}, and rolled back)",
        )  # fmt: skip
