"""The doctor's checks of words that a mapping leaves out, and of words that the table would refuse. Reads only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

import sqlalchemy as sa

from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.cli.commands.init.vocabulary import WORDS, looks_failed, to_plain
from batchdrain.database.phases.check_constraints import read_checks
from batchdrain.database.phases.declared_words import find_meanings, find_words
from batchdrain.database.phases.relation import Relation
from batchdrain.database.phases.row_counts import count_by_run_and_state, read_ambiguous_ids
from batchdrain.database.phases.some_rows import find_some_in
from batchdrain.database.quiet_look import look_quietly
from batchdrain.drain.project import Project
from batchdrain.model.state_words import NULL
from batchdrain.model.states import PhaseState
from batchdrain.runtime.text import agree, count_of

_SHOWN: Final = 8
_TRIED: Final = 20
_AMBIGUOUS: Final = 1_000
_WRITTEN: Final = (PhaseState.FAILED, PhaseState.EXECUTING, PhaseState.COMPLETE)


def check_left_out(project: Project) -> Iterator[Finding]:
    """Warn of rows that look failed but have no mapped word, except those that `check_states` reports."""
    found = count_words(project)
    mapped = project.store.table.states
    every = {term for words in mapped.values() for term in words}
    failed = mapped[PhaseState.FAILED]
    others = {term: count for term, count in found.items() if term not in every and looks_failed(term)}
    if any(found[term] for term in failed):
        told = {term for term in others if to_plain(term) in set(map(to_plain, failed))}
    else:
        told = {term for term in others if to_plain(term) in WORDS["failed"]}
    left = Counter({term: count for term, count in others.items() if term not in told})
    if left:
        rows = ", ".join(f"{count_of(count, 'row')} with {term!r}" for term, count in left.most_common(_SHOWN))
        more = f" and {len(left) - _SHOWN} more words" if len(left) > _SHOWN else ""
        yield Finding(
            "states", ok=True, is_warning=True,
            message=f"{rows}{more} {agree(left.total(), 'looks', 'look')} failed and {agree(left.total(), 'is', 'are')} not mapped",
            cure=f"add {agree(len(left), 'it', 'them')} to batchdrain.source.states.failed if {agree(len(left), 'it is', 'they are')}",
        )  # fmt: skip


def check_written(project: Project) -> Iterator[Finding]:
    """Check the words that a drain writes: whether a constraint forbids them, and whether any row or constraint has them."""
    if project.settings.command.result_from != "exit_code":
        return
    mapped, found = project.store.table.states, count_words(project)
    written = {state.value: mapped[state].write for state in _WRITTEN if mapped[state].write != NULL}
    column, allowed, meanings = project.settings.source.columns.state, _read_allowed(project), _read_meanings(project)
    unknown = []
    for name, term in written.items():
        if found[term] or term in meanings:
            continue
        if allowed and _fold(term) not in set(map(_fold, allowed)):
            yield Finding(
                "words", ok=False,
                message=f"a drain writes {term!r} (states.{name}), and a constraint of the table allows only "
                f"{', '.join(map(repr, allowed[:_SHOWN]))} in {column!r}",
                cure=f"map one of these in batchdrain.source.states.{name}",
            )  # fmt: skip
        elif not allowed:
            unknown.append(f"{term!r} (states.{name})")
    if unknown and found:
        yield Finding(
            "words", ok=True,
            message=f"a drain writes {' and '.join(unknown)}: no row has {agree(len(unknown), 'it', 'them')}, and no constraint "
            f"names {agree(len(unknown), 'it', 'them')}",
        )  # fmt: skip


def find_untriable(project: Project) -> Finding | None:
    """The finding that no write can be tried, if all rows that were looked at share their ids with others; else None."""
    table = project.store.table
    with project.store.database.read() as connection:
        ambiguous = read_ambiguous_ids(connection, table, most=_AMBIGUOUS)
        if not ambiguous:
            return None
        keys = [
            key for state in (PhaseState.FAILED, PhaseState.QUEUED) for key in find_some_in(connection, table, state, _TRIED)
        ]
    if not keys or any((key.run_id, key.phase_id) not in ambiguous for key in keys):
        return None
    return Finding(
        "writes", ok=True, is_warning=True, message=f"were not tried: ids name several rows, as {keys[0]} does",
        cure="map columns that are unique together",
    )  # fmt: skip


def count_words(project: Project) -> Counter[str]:
    """Count the rows by the word of their state, sorted by word."""
    found: Counter[str] = Counter()
    with project.store.database.read() as connection:
        for (_, state), count in count_by_run_and_state(connection, project.store.table).items():
            found[state] += count
    return Counter(dict(sorted(found.items())))


def _read_meanings(project: Project) -> Mapping[str, str]:
    """The codes that the comment of the state column explains; {} if it has none."""
    table, column = project.store.table, project.settings.source.columns.state
    if project.store.relation is not Relation.TABLE:
        return {}
    with project.store.database.read() as connection, look_quietly():
        columns = sa.inspect(connection).get_columns(table.table.name, schema=table.schema)
    return next((find_meanings(one.get("comment") or "") for one in columns if one["name"] == column), {})


def _fold(term: str) -> str:
    return term.rstrip().casefold()


def _read_allowed(project: Project) -> tuple[str, ...]:
    """All words that an enum, a CHECK or a foreign key allows for the state; () if none limits them."""
    table, column = project.store.table, project.settings.source.columns.state
    if table.declared[column].words:
        return table.declared[column].words
    if project.store.relation is not Relation.TABLE:
        return ()
    name, schema = table.table.name, table.schema
    with project.store.database.read() as connection:
        inspector = sa.inspect(connection)
        checks = read_checks(connection, schema, str(name))
        if words := find_words(column, [one.text for one in checks]):
            return words
        for key in inspector.get_foreign_keys(name, schema=schema):
            if key["constrained_columns"] == [column] and key["referred_columns"]:
                [parent] = key["referred_columns"]
                source = sa.table(key["referred_table"], sa.column(parent), schema=key["referred_schema"])
                rows = connection.execute(sa.select(source.c[parent]).limit(_AMBIGUOUS)).scalars()
                return tuple(str(one) for one in rows)
    return ()
