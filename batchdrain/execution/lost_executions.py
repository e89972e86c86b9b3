"""Proves that a command is over after its engine has lost it."""

from __future__ import annotations

from typing import Final

from batchdrain.execution import guardian_client, orphans, spool_reader, tickets
from batchdrain.execution.guardian_report import SpoolRecord
from batchdrain.execution.order import EndedBy, Ending, Order
from batchdrain.execution.tickets import Ticket

_WITHIN_S: Final = 5.0


def find_end(folder: str, order: Order, what: str) -> Ending | None:
    """How an order ended whose ticket was drawn; None if that can't be told yet. `folder`: the folder of tickets; `what`: what its
    engine said.

    On this machine the proof is that the guardian, which the ticket names, is dead, and the command's tree with it. On another
    machine, which we can't see, it is a record in the spool that says that nothing was left of the tree.
    """
    ticket = tickets.read(folder, order.token)
    if ticket is not None and ticket.guardian is None:
        return Ending(by=EndedBy.NOT_TAKEN, message=what)
    settled = settle_lost(ticket, order.token, order.spool_dir)
    if settled is None:
        return None
    if settled.record is not None:
        return spool_reader.ending_of(settled.record.report, order.files)
    return Ending(by=EndedBy.LOST, left_over=settled.met, message=what)


def settle_lost(ticket: Ticket | None, token: str, spool_dir: str) -> orphans.Settled | None:
    """Make sure that nothing of the execution lives. None if something may. `ticket`: None if it can't be read."""
    record = read_whole(spool_dir, token)
    if ticket is None or ticket.guardian is None or not ticket.is_of_here:
        return None if record is None else orphans.Settled(met=0, record=record)
    if record is None and guardian_client.is_guardian_alive(ticket.guardian) is not False:
        return None
    abandoned = orphans.Abandoned(token=token, spool_dir=spool_dir, guardian=ticket.guardian)
    return orphans.settle(abandoned, guardian_ends_in_s=None, within_s=_WITHIN_S)


def is_over(ticket: Ticket | None, token: str, spool_dir: str) -> bool:
    """Whether `settle_lost` would settle it, as far as can be told without ending anything."""
    if read_whole(spool_dir, token) is not None:
        return True
    guardian = None if ticket is None or not ticket.is_of_here else ticket.guardian
    return guardian is not None and guardian_client.is_guardian_alive(guardian) is False


def read_whole(spool_dir: str, token: str) -> SpoolRecord | None:
    """The record of an ending that left nothing of the command's tree; None if there is none."""
    record = spool_reader.read(spool_dir, token)
    return None if record is None or spool_reader.command_of(spool_dir, token) is not None else record
