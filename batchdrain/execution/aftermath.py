"""An engine gave an error instead of an ending: what can still be known of the command, and the end of what is left of it."""

from __future__ import annotations

import errno
from typing import Final

from batchdrain.execution import guardian_client, orphans, process_identity, spool_reader
from batchdrain.execution.order import EndedBy, Ending, Order
from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.runtime.resources import shortage_of

_WITHIN_S: Final = 5.0


def found_out(order: Order, guardian: ProcessIdentity | None, error: Exception) -> Ending | None:
    """The ending that its guardian kept; else how it is given back, as nothing of it is left. None where something is, or may
    be: then nobody must execute the phase. `guardian`: where it is one of ours."""
    if (kept := _kept(order)) is not None:
        return kept
    if guardian is not None and guardian_client.stands(guardian) is not False:  # its command dies with it
        process_identity.kill(guardian)
        if not process_identity.await_end(guardian, _WITHIN_S):
            return None
    left = orphans.end(order.token, spool_reader.command_of(order.spool_dir, order.token), within_s=_WITHIN_S)
    if left.alive:
        return None
    if not left.met and (kept := _kept(order)) is not None:
        return kept
    said = f"{type(error).__name__}: {error}"
    if (shortage := shortage_of(error)) is not None:
        return Ending(by=EndedBy.INTERRUPT, left_over=left.met, errno=errno.ENOMEM, message=shortage.message)
    return Ending(by=EndedBy.LOST, left_over=left.met, message=said)


def _kept(order: Order) -> Ending | None:
    record = spool_reader.read(order.spool_dir, order.token)
    if record is None:
        return None
    paths = {"stdout_path": order.stdout_path, "stderr_path": order.stderr_path}
    return spool_reader.ending_of(record, result_path=order.result_path, **paths)
