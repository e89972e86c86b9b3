"""What rules left out of a session, kept in its file for the summary."""

from __future__ import annotations

from typing import Final

from batchdrain.model.phase import Skip
from batchdrain.sessions.session import Session, Skipped

NOTED: Final = 50
"""So many rules with their values are kept; those that acted first."""


def note(session: Session, skip: Skip, count: int | None) -> None:
    """A rule acted on `count` phases (None: nobody counted them). A later count takes the place of a former one."""
    for one in session.skipped:
        if (one.rule, one.value) == (skip.rule, skip.value):
            one.count = one.count if count is None else count
            return
    if len(session.skipped) < NOTED:
        session.skipped.append(Skipped(rule=skip.rule, value=skip.value, count=count))
