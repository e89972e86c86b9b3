"""What is left over when a session ends before its backlog does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from batchdrain.sessions.session import Session
from batchdrain.sessions.whole import parts_of

_SHOWN: Final = {"waiting": "left for another drain"}
"""As the balance says it to people."""


def left_over(session: Session) -> Iterator[tuple[int, str]]:
    """(phases, why they are left) if something ended the session before its backlog was drained."""
    if not session.stopped_because:
        return
    latest = {part.kind: part.balance for part in parts_of(session) if part.balance is not None}
    for count, what in (
        (sum(one.waiting for one in latest.values()), "waiting"),
        (sum(one.skipped for one in latest.values()), "skipped by a rule"),
    ):
        if count:
            yield count, what


def describe_left(session: Session) -> str:
    """'45 left for another drain, 3 skipped by a rule'; '' if nothing is left."""
    return ", ".join(f"{count} {_SHOWN.get(what, what)}" for count, what in left_over(session))
