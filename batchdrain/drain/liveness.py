"""Whether the holder of a claim lives, and how that is described."""

from __future__ import annotations

from batchdrain.database.ledger.give_back import Recovered
from batchdrain.database.ledger.held_claims import Held, Stray
from batchdrain.execution import guardian_client, lost_executions, process_identity, tickets
from batchdrain.runtime.text import agree, count_of, count_times


def is_alive(held: Held) -> bool | None:
    """Whether the controller of a claim runs. None if that can't be told: it is on another machine, or hidden from this process."""
    return process_identity.is_alive(held.controller)


def is_gone(held: Held) -> bool:
    """Whether nobody renews or watches the claim any more. Without a guardian on this machine the command may run elsewhere,
    whatever has become of the controller: then only the lease decides."""
    return held.guardian is not None and is_alive(held) is False


def is_due(held: Held) -> bool:
    """Whether a claim is to be settled. While its controller and guardian both live here it is not, whatever its lease says. Then
    the database's clock has jumped, or this is a copy of the database for which they work."""
    if is_gone(held):
        return True
    if held.lease_left_ms >= 0:
        return False
    return not (
        is_alive(held) and held.guardian is not None and guardian_client.is_guardian_alive(held.guardian) is not False
    )


def is_over(held: Held) -> bool:
    """Whether an order that a foreign engine executed for a dead controller has ended or never began. Then its lease need not be
    awaited. Ends nothing."""
    if held.guardian is not None or is_alive(held) is not False:
        return False
    return never_began(held) or lost_executions.is_over(_ticket_of(held), held.token, held.spool_dir)


def never_began(held: Held) -> bool:
    """Whether a foreign engine was given the order, nobody has begun it, and nobody can begin it any more. Ends nothing."""
    return held.guardian is None and tickets.can_be_withdrawn(tickets.folder_of(held.spool_dir, held.token), held.token)


def _ticket_of(held: Held) -> tickets.Ticket | None:
    return tickets.read(tickets.folder_of(held.spool_dir, held.token), held.token)


def describe_held(held: Held, *, cure: bool = True) -> str:
    """Describe a claim in one line, for people. `cure`: whether to name the command that settles it."""
    alive, is_over = is_alive(held), held.lease_left_ms < 0
    command = ": `inv recover` releases it" if is_over and is_due(held) else ""
    if alive:
        description = "runs"
    elif is_gone(held):
        description, command = f"is dead{': `inv recover` releases it' if cure else ''}", ""
    elif alive is False:
        description = "is dead, but its command may still run elsewhere: it is held until its lease expires"
    elif process_identity.is_here(held.controller.host_id) or not process_identity.sees_processes():
        description = (
            "can't be seen from here: it is another user's, or there is no /proc: it is held until its lease expires"
        )
    else:
        description = "is of another machine"
        command = command or ": if it died, `inv recover` releases it there at once, and here after that"
    if not held.has_attempt:
        description += "; its attempt is not in the ledger any more"
    left_s = abs(held.lease_left_ms) / 1000
    lease = f"its lease ended {left_s:.0f} s ago" if is_over else f"its lease lasts {left_s:.0f} s"
    return (
        f"{held.key}: attempt {held.attempt}, process {held.controller.pid} {description}; {lease}{command if cure else ''}"
    )


def describe_stray(stray: Stray) -> str:
    """Describe, for people, a phase whose state is executing although no claim holds it."""
    stray_text = f"No claim holds {stray.key}, which is {stray.state}"
    if stray.initial_state is None:
        return f"{stray_text}: batchdrain will not change it. If no worker of your own executes it, set its state yourself"
    return (
        f"{stray_text}, and its attempt never ended: its row of batchdrain_claim was deleted. Once nobody executes it, set its state "
        f"back to {stray.initial_state!r} yourself"
    )


def describe_recovered(back: Recovered) -> str:
    """Describe, for people, what became of a phase that a dead controller held."""
    if back.problem:
        return f"Can't be settled now: {back.key}: {back.problem}; the next command tries again"
    ended = (
        f"; {count_of(back.ended_processes, 'process', 'processes')} of it {agree(back.ended_processes, 'was', 'were')} ended"
        if back.ended_processes
        else ""
    )
    if back.recorded is not None:
        noted = f"; it was left so: {back.note}" if back.note else ""
        return f"Recorded: {back.key}: its command had ended ({back.recorded.value}); it is {back.state}{noted}{ended}"
    if not back.began:
        noted = f"; {back.note}" if back.note else ""
        return f"Released: {back.key}: it is {back.state}, because its command never started{noted}{ended}"
    often = count_times(back.orphanings) + (" in a row" if back.orphanings > 1 else "")
    noted = f"; {back.note}" if back.note else ""
    return f"Released: {back.key}: it is {back.state}, orphaned {often}{noted}{ended}"
