"""What stop conditions and other rules left out of a session, as people read it."""

from __future__ import annotations

from collections.abc import Iterator

from batchdrain.model.phase import Skip
from batchdrain.planning.skip_rules import by_rule
from batchdrain.sessions.session import Session


def skips_of(session: Session) -> Iterator[tuple[str, str, str]]:
    """(how many phases, the rule, its values) for each rule that acted; 'some' where nobody counted them."""
    counts = {Skip(one.rule, one.value): one.count or 0 for one in session.skipped}
    for rule, count, values in by_rule(counts):
        yield str(count or "some"), rule, values
