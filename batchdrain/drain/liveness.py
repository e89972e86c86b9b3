"""Whether whoever holds a claim lives, and what is said of that."""

from __future__ import annotations

from batchdrain.database.ledger.give_back import Recovered
from batchdrain.database.ledger.held_claims import Held, Stray
from batchdrain.execution import guardian_client, process_identity
from batchdrain.runtime.text import count_times


def is_alive(held: Held) -> bool | None:
    """Whether the controller of a claim runs; None where we can't tell: it is of another machine, or hidden from us."""
    return process_identity.is_alive(held.controller)


def is_gone(held: Held) -> bool:
    """Whether nobody renews or watches it any more. Without a guardian of this machine the command may run elsewhere, whatever
    became of the controller: then the lease alone decides."""
    return held.guardian is not None and is_alive(held) is False


def is_due(held: Held) -> bool:
    """Whether a claim is to be settled. While controller and guardian both live here it is not, whatever its lease says: the
    database's clock jumped, or this is a copy of the database that they work for."""
    if is_gone(held):
        return True
    if held.lease_left_ms >= 0:
        return False
    return not (
        is_alive(held) and held.guardian is not None and guardian_client.is_guardian_alive(held.guardian) is not False
    )


def describe_held(held: Held) -> str:
    """A claim in one line, for people."""
    alive = is_alive(held)
    if alive:
        description = "runs"
    elif is_gone(held):
        description = "is dead: `inv recover` gives it back"
    elif alive is False:
        description = "is dead, but its command may run on elsewhere: its lease decides"
    elif process_identity.is_here(held.controller.host_id) or not process_identity.sees_processes():
        description = "can't be seen from here: it is another user's, or there is no /proc: its lease decides"
    else:
        description = "is of another machine"
    if not held.has_attempt:
        description += "; its attempt is not in the ledger any more"
    left_s = held.lease_left_ms / 1000
    lease = f"its lease lasts {left_s:.0f} s" if left_s >= 0 else f"its lease ended {-left_s:.0f} s ago"
    return f"{held.key}: attempt {held.attempt}, process {held.controller.pid} {description}; {lease}"


def describe_stray(stray: Stray) -> str:
    """A phase that stands as executing and that no claim holds, for people."""
    stray_text = f"No claim holds {stray.key}, which stands as {stray.state}"
    if stray.initial_state is None:
        return f"{stray_text}: nothing of batchdrain's moves it on. Where no worker of your own executes it, set its state yourself"
    return (
        f"{stray_text}, and its attempt never ended: its row of batchdrain_claim was deleted. Once nobody executes it, set its state "
        f"back to {stray.initial_state!r} yourself"
    )


def describe_recovered(back: Recovered) -> str:
    """What became of a phase that a dead controller held, for people."""
    if back.problem:
        return f"Can't be settled now: {back.key}: {back.problem}; the next command tries again"
    ended = f"; {back.ended_processes} processes of it were ended" if back.ended_processes else ""
    if back.recorded is not None:
        noted = f"; it was left so: {back.note}" if back.note else ""
        return f"Recorded: {back.key}: its command had ended ({back.recorded.value}); it is {back.state}{noted}{ended}"
    often = count_times(back.orphanings) + (" in a row" if back.orphanings > 1 else "")
    noted = f"; {back.note}" if back.note else ""
    return f"Given back: {back.key}: it is {back.state}, orphaned {often}{noted}{ended}"
