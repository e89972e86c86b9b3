"""What stop conditions and other rules left out of a session, for people."""

from __future__ import annotations

from collections.abc import Iterator

from batchdrain.model.phase import Skip
from batchdrain.planning.skip_rules import by_rule
from batchdrain.sessions.session import Session


def skips_of(session: Session) -> Iterator[tuple[str, str, str]]:
    """(number of phases, rule, its values) for each rule that applied; 'some' if the phases were not counted."""
    counts = {Skip(one.rule, one.value): one.count or 0 for one in session.skipped}
    for rule, count, values in by_rule(counts):
        yield str(count or "some"), rule, values
