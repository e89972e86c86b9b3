"""What people accepted while a drain runs is known after `refresh_s`, and stays known while the database is away."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.drain import known_failures
from batchdrain.drain.known_failures import KnownFailures
from batchdrain.model.errors import DatabaseUnavailable
from batchdrain.model.phase import Skip
from tests.drain.judging import ending, judged, settings_of
from tests.drain.test_whom_a_result_stops import Drained

ATTEMPT = judged(settings_of(), ending(exit_code=1))
KNOWN = Skip("accepted", "the vendor mends it")


class Accepted:
    def skip(self, key: object, failure: object) -> Skip | None:
        return KNOWN if (key, failure) == (ATTEMPT.phase.key, ATTEMPT.failure) else None


def test_acceptances_are_read_at_the_first_failure_and_again_once_they_are_old(monkeypatch: pytest.MonkeyPatch) -> None:
    now, reads = [0.0], list[float]()
    answers: list[Any] = [None, Accepted(), DatabaseUnavailable("away"), None]

    def read() -> Any:
        reads.append(now[0])
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(known_failures, "monotonic", lambda: now[0])
    known = KnownFailures(read, 60.0)
    told = []
    for now[0] in (5.0, 64.9, 65.0, 70.0, 125.0, 130.0, 185.0):
        told.append(known.skip_of(ATTEMPT))

    assert reads == [5.0, 65.0, 125.0, 185.0]
    assert told == [None, None, KNOWN, KNOWN, KNOWN, KNOWN, None]


@pytest.mark.parametrize(("ok", "waits", "is_told"), [(False, False, True), (False, True, False), (True, False, False)])
def test_a_failure_that_people_know_is_told_once_it_is_one(ok: bool, waits: bool, is_told: bool) -> None:
    """One that is tried again may still succeed."""
    drained = Drained()
    drained.known.skip_of = lambda _: KNOWN
    told = drained.note(ok=ok, waits=waits)
    assert ("r / p failed in a known way, accepted: the vendor mends it" in told) is is_told
