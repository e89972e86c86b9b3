"""The doctor's checks of held phases, and of what can be given back.
Each yields findings; whatever a check tries is rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.database.ledger.migration import find_way_to_add
from batchdrain.database.phases.dry_give_back import find_ways_back_blocked
from batchdrain.database.phases.relation import Relation
from batchdrain.drain.liveness import describe_held, describe_stray, is_alive, is_due
from batchdrain.drain.project import Project
from batchdrain.drain.recovery import find_block
from batchdrain.drain.remapped import find_left_elsewhere, read_strays
from batchdrain.model.state_words import to_word
from batchdrain.model.states import PhaseState
from batchdrain.planning.skip_rules import QUARANTINE
from batchdrain.runtime.text import agree, count_of

_SHOWN: Final = 10
_MADE_ANEW: Final = ("batchdrain_session", "batchdrain_group")
"""Dropping only these loses nothing that was executed or is held."""


def check_claims(project: Project) -> Iterator[Finding]:
    """Tell what is held now, and whether the table takes back what nobody alive holds."""
    held = project.store.history.read_held()
    for claim in held[:_SHOWN]:
        blocked = find_block(project, claim) if is_due(claim) else None
        if blocked is not None:
            yield Finding("claims", ok=False, message=blocked.message, cure=blocked.remedy)
        else:
            warns = is_due(claim) or is_alive(claim) is False or not claim.has_attempt
            yield Finding("claims", ok=True, is_warning=warns, message=f"held now: {describe_held(claim)}")
    if len(held) > _SHOWN:
        yield Finding(
            "claims",
            ok=True,
            is_warning=any(map(is_due, held[_SHOWN:])),
            message=f"and {len(held) - _SHOWN} more {agree(len(held) - _SHOWN, 'is', 'are')} held",
        )
    for line in find_left_elsewhere(project):
        yield Finding("claims", ok=True, is_warning=True, message=line)
    quarantined = sum(count >= QUARANTINE for count in project.store.history.read_past().orphanings.values())
    if quarantined:
        yield Finding(
            "quarantine", ok=True, is_warning=True,
            message=f"{count_of(quarantined, 'phase')} {agree(quarantined, 'was', 'were')} orphaned at least {QUARANTINE} times in a row and "
            f"{agree(quarantined, 'is', 'are')} skipped; `inv drain --include-quarantined` takes {agree(quarantined, 'it', 'them')}",
            cure="`inv reopen` lists them, and lifts the quarantine",
        )  # fmt: skip


def check_ledger_shape(project: Project) -> Iterator[Finding]:
    """Check whether tables or columns of batchdrain's own were dropped."""
    tables = project.store.ledger.tables
    with project.store.database.read() as connection:
        inspector = sa.inspect(connection)
        there = [table for table in tables if inspector.has_table(table.name, schema=table.schema)]
        lacking = {}
        for table in there:
            known = {column["name"] for column in inspector.get_columns(table.name, schema=table.schema)}
            columns = [name for name in table.columns.keys() if name not in known]  # noqa: SIM118
            lacking[table.name] = columns, find_way_to_add(connection, table, columns)
    missing = [table.name for table in tables if table not in there]
    if missing and there:
        yield Finding(
            "ledger", ok=False, message=f"{' and '.join(missing)} was dropped, but batchdrain's other tables exist",
            cure="restore it from a backup; or end all drains, and let `inv recover` settle what is held: "
            "the next drain creates it again, empty",
        )  # fmt: skip
    for table_name, (columns, statements) in lacking.items():
        if columns:
            cure = f"restore it, or add it empty: {statements}" if statements else "restore it: drains and recovery need it"
            if statements is None and table_name in _MADE_ANEW:
                cure = f"restore it; or end all drains, and DROP TABLE {table_name}: the next drain creates it again, empty"
            yield Finding(
                "ledger", ok=False, message=f"{table_name} has no column {' and '.join(columns)}: it was dropped or renamed",
                cure=cure,
            )  # fmt: skip


def check_strays(project: Project) -> Iterator[Finding]:
    """Tell which phases stand as executing although nobody holds them."""
    for stray in read_strays(project, _SHOWN):
        is_ours = stray.initial_state is not None
        yield Finding("strays", ok=not is_ours, is_warning=not is_ours, message=describe_stray(stray), code=65)


def check_source_kind(project: Project) -> Iterator[Finding]:
    """Tell what a view prevents if the command sets the states itself,
    and whether a row that a view hides may count as deleted."""
    relation = project.store.relation
    if project.settings.source.gone_is == "complete" and not project.store.shows_every_row:
        yield Finding(
            "source.gone_is", ok=True, is_warning=True,
            message=f"the source is a {relation}: a row that it does not show may still exist, and counts as failed",
            cure="map the table itself in batchdrain.source.table, or a view of it alone, without a condition",
        )  # fmt: skip
    if project.settings.command.result_from != "database":
        return
    stuck = project.settings.command.stuck_states
    states = project.store.table.states
    words = (
        [str(states[one]) for one in (PhaseState.EXECUTING, PhaseState.QUEUED)]
        if stuck is None
        else list(map(to_word, stuck))
    )
    if project.store.table.writability.problem:
        yield Finding("view", ok=True, message="results are read from the source, and nothing is written to it")
    for problem in find_ways_back_blocked(project.store.database, project.store.table, relation) if words else ():
        yield Finding(
            "view", ok=True, is_warning=True,
            message=f"a phase that its command leaves in {' or '.join(words)} stays in that state, and is not released: {problem}",
            cure=_cure_of_blocked(relation),
        )  # fmt: skip
    if stuck is None:
        yield Finding(
            "stuck_states", ok=True,
            message=f"after a crash of the command its phase is released from {words[0]} and {words[1]}; "
            "name others in command.stuck_states",
        )  # fmt: skip


def _cure_of_blocked(relation: Relation) -> str:
    cure = "make sure that the command leaves no phase there"
    return cure if relation is Relation.TABLE else f"map the table behind the view, or {cure}"
