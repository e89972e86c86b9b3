"""The flags of a resume that narrow what the session itself was asked for."""

from __future__ import annotations

from typing import Any, Final

from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.open import settings_of
from batchdrain.cli.invocation import Invocation
from batchdrain.drain.narrowing import NARROWED, Narrowing
from batchdrain.model.errors import UsageError

FINISH_CURRENT: Final = "--finish-current"
_BATCH_SIZE: Final = "--batch-size"


def require_narrow(flags: DrainFlags) -> None:
    """Raises UsageError for a flag that the session already determines, or that would widen it."""
    widening = [one.flag for one in flags.settings if one.flag not in {_BATCH_SIZE, FINISH_CURRENT, *NARROWED}]
    widening += [f"--{name}" for name in ("plan", "triage", "group") if getattr(flags, name)]
    if widening:
        raise UsageError(
            f"{widening[0]}: --resume continues the session as it was begun",
            remedy="leave the flag out, or leave out --resume",
        )


def narrowing_of(invocation: Invocation, flags: DrainFlags) -> Narrowing:
    """What the flags request in addition to the session's own request. Raises UsageError for a wrong value."""
    asked = settings_of(invocation, flags.settings)
    limits: dict[str, Any] = {}
    for flag, (path, _) in NARROWED.items():
        if flags.sets(flag):
            value: Any = asked
            for name in path:
                value = getattr(value, name)
            limits[flag] = value
    return Narrowing(batch_size=asked.batch_size if flags.sets(_BATCH_SIZE) else None, filters=flags.filters, limits=limits)
