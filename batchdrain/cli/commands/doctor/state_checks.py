"""The doctor's checks of the state's words: those that the table has, and those that a drain would write.
Whatever is tried is rolled back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.cli.commands.doctor.state_doubts import DRAINED, judge_words
from batchdrain.cli.commands.doctor.word_checks import check_written, count_words, find_untriable
from batchdrain.database.phases.check_constraints import read_checks
from batchdrain.database.phases.dry_write import dry_write
from batchdrain.database.phases.row_counts import count_all
from batchdrain.database.storage import can_be_tried
from batchdrain.drain.project import Project
from batchdrain.model.state_words import quote_word, to_value
from batchdrain.runtime.text import agree, count_of

_BY_CONSTRAINT: Final = re.compile(r"(?i)check constraint|constraint \S+ failed|foreign key")


def check_states(project: Project) -> Iterator[Finding]:
    """Tell which rows have a word that is not mapped, and which mapped words no row has."""
    found = count_words(project)
    mapped = project.store.table.states
    if not found and project.settings.source.where:  # `check_condition` reports that
        return
    if not found:
        yield Finding(
            "states", ok=True, is_warning=True,
            message="the table has no rows to compare the mapped words with",
            cure="run `inv doctor` again once there are some: is this the right table and database?",
        )  # fmt: skip
        return
    writes = project.settings.command.result_from == "exit_code"
    yield from judge_words(found, mapped, writes=writes, is_declared=lambda text: _is_declared(project, text))


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
        checks = read_checks(connection, table.schema, str(table.table.name))
        keys = inspector.get_foreign_keys(table.table.name, schema=table.schema)
    quoted = "'" + (to_value(text) or "").replace("'", "''") + "'"
    return any(quoted in check.text for check in checks) or any(column in key["constrained_columns"] for key in keys)


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
        for state in DRAINED
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
    if not states and not any(one.of_rows for one in tried.values()):
        yield Finding(
            "writes", ok=True, is_warning=True,
            message=f"were not tried: no row is {' or '.join(str(table.states[one]) for one in DRAINED)} and free",
            cure="run `inv doctor` again once there is one",
        )  # fmt: skip
    elif states and not any(one.problems for one in tried.values()):
        reason = "" if table.reason is None else " and a reason"
        yield Finding(
            "writes", ok=True,
            message=f"the table accepts every state{reason} (tried on a row that is {' and on one that is '.join(states)}, and rolled back)",
        )  # fmt: skip
