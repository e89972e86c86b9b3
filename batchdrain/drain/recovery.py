"""Recovery: what dead controllers held is recorded if its result was spooled, and otherwise given back.

The order matters. If controller and guardian both live, nothing is done: the guardian itself ends its command in time. A guardian
that lives alone is awaited: it is ending its command, or saving its result. Then everything that is left of the command on this
machine is killed. Then the spool is read. Only then is the claim freed: so a second execution never begins while the first still
runs.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import Final

from batchdrain.database.driver_errors import RowLocked, RowRefused
from batchdrain.database.ledger.give_back import Recovered, give_back, try_give_back
from batchdrain.database.ledger.held_claims import Held
from batchdrain.database.storage import can_be_tried
from batchdrain.drain.liveness import is_alive, is_due, is_gone, is_over, never_began
from batchdrain.drain.project import Project
from batchdrain.drain.ran_under import command_of
from batchdrain.drain.remapped import Remapped
from batchdrain.drain.spooled_result import record_spooled
from batchdrain.execution import lost_executions, orphans, process_identity, spool_reader, tickets
from batchdrain.model.errors import BadData, BatchDrainError, ConfigError, DatabaseUnavailable

_KILL_WITHIN_S: Final = 10.0
_SLACK_S: Final = 6.0


def recover(project: Project) -> list[Recovered]:
    """Settle every claim whose controller and guardian are dead, or whose lease has ended by the database's clock. May be repeated,
    and run by several processes at once. Raises DatabaseUnavailable."""
    found, claims, remapped = [], project.store.history.read_held(), Remapped(project)
    if not all(held.has_attempt for held in claims):
        with contextlib.suppress(ConfigError):  # the results go to the table of attempts, which may have been dropped
            project.store.ledger.create(project.store.database)
    for held in map(with_session, claims):
        if not (is_due(held) or is_over(held)):
            continue
        gone = is_gone(held) or held.lease_left_ms >= 0
        settled = _settle(held, project.settings.command.grace_s)
        if settled is None:
            continue
        if (problem := remapped.find_problem(held)) is not None:
            found.append(_unsettled(held, str(problem), code=problem.exit_code))
            continue
        try:
            recovered = record_spooled(project, held, settled.record) or give_back(
                project.store, command_of(held, project.settings.command), held, gone=gone, began=not never_began(held)
            )
        except RowLocked as error:
            found.append(_unsettled(held, str(error)))
            continue
        except (ConfigError, BadData) as error:  # one row that the table does not take must not keep all others waiting
            found.append(_unsettled(held, str(error), code=error.exit_code))
            continue
        if recovered is not None:
            if is_alive(held) is not True:  # a living one may work for a copy of the database, and need the spool
                spool_reader.discard(held.spool_dir, held.token)
            found.append(replace(recovered, ended_processes=settled.met))
    return found


def find_block(project: Project, held: Held) -> BatchDrainError | None:
    """Why the table does not take back a phase that nobody alive holds; None if it does. This is tried and rolled back. Raises
    DatabaseUnavailable."""
    store = project.store
    if (problem := Remapped(project).find_problem(held)) is not None:
        return ConfigError(f"{held.key}: {problem.message}", remedy=problem.remedy)
    if not can_be_tried(store.database, (store.table.table, store.ledger.claim, store.ledger.attempt)):
        return None
    command = command_of(held, project.settings.command)
    try:
        try_give_back(store, command, held)
    except (RowRefused, BadData) as error:
        return error
    except RowLocked:
        return None
    return None


def with_session(held: Held) -> Held:
    """If the attempt of a claim was deleted, find its session, and so its token, in the spool."""
    if held.session_uid:
        return held
    return replace(held, session_uid=spool_reader.find_session(held.spool_dir, f".{held.token.partition('.')[2]}.json"))


def _unsettled(held: Held, problem: str, code: int = DatabaseUnavailable.exit_code) -> Recovered:
    state = held.held_state or held.prior_state
    return Recovered(key=held.key, epoch=held.epoch, state=state, problem=problem, code=code)


def _settle(held: Held, grace_s: float) -> orphans.Settled | None:
    """Make sure that nobody of this claim lives on this machine. None if somebody does: the claim stays held until the next
    time."""
    if held.guardian is None:
        return _settle_delivered(held)
    if not process_identity.is_here(held.controller.host_id):
        return orphans.Settled(met=0, record=spool_reader.read(held.spool_dir, held.token))
    abandoned = orphans.Abandoned(token=held.token, spool_dir=held.spool_dir, guardian=held.guardian)
    return orphans.settle(abandoned, guardian_ends_in_s=grace_s + _SLACK_S, within_s=_KILL_WITHIN_S)


def _settle_delivered(held: Held) -> orphans.Settled | None:
    """Settle a claim of a foreign engine. The engine may still come to the order: drawing the ticket withdraws it. Once the lease
    has ended, whoever drew the ticket has ended the command, on whichever machine."""
    folder = tickets.folder_of(held.spool_dir, held.token)
    with contextlib.suppress(OSError):  # its files are not on this machine: only the lease tells
        tickets.draw(folder, held.token, None)
    ticket = tickets.read(folder, held.token)
    if ticket is not None and ticket.guardian is None:
        return orphans.Settled(met=0, record=None)
    settled = lost_executions.settle_lost(ticket, held.token, held.spool_dir)
    if settled is not None or held.lease_left_ms >= 0:
        return settled
    # Its guardian may serve another order by now: only processes that bear the token are ended.
    left = orphans.Abandoned(token=held.token, spool_dir=held.spool_dir, guardian=None)
    return orphans.settle(left, guardian_ends_in_s=None, within_s=_KILL_WITHIN_S)
