"""What is written of an end that the table, or the ledger's character set, does not take: less and less of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.attempt import Attempt
from batchdrain.model.errors import BatchDrainError
from batchdrain.model.failure import Failure
from batchdrain.model.states import GIVEN_BACK, Outcome

PLAIN_CHARS: Final = 250
"""What of a reason a column is offered that did not take the whole: MySQL's TINYTEXT holds 255 bytes."""
_REFUSAL_CHARS: Final = 1_000
Version = Callable[[BatchDrainError | None], Attempt]  #: of the first refusal


def fallbacks(attempt: Attempt, table: PhaseTable) -> Iterator[Version]:
    """The end as it is; with a reason that any column takes; last, given back, with the refusal as its reason. The next one
    is asked for when the former was refused."""
    yield lambda _: attempt
    if attempt.success and table.takes_null:
        table.takes_null = False  # a view, or a CHECK, may say no where the column says yes: '' is empty too
        yield lambda _: attempt
        table.takes_null = True
    if attempt.reason is not None:
        yield lambda _: replace(
            attempt,
            reason=_to_plain(attempt.reason or "", PLAIN_CHARS),
            failure=attempt.failure.as_fingerprint(_to_plain(attempt.fingerprint)),
        )
    if attempt.outcome not in GIVEN_BACK:
        yield lambda refusal: _to_refused(attempt, refusal)


def _to_refused(attempt: Attempt, refusal: BatchDrainError | None) -> Attempt:
    was = "the command completed" if attempt.success else attempt.reason or "the command failed"
    reason = _to_plain(f"{was}, but {'' if refusal is None else refusal.message}", _REFUSAL_CHARS)
    return replace(attempt, outcome=Outcome.REFUSED, reason=reason, failure=Failure.uncategorised(reason))


def _to_plain(text: str, most: int | None = None) -> str:
    return text.encode("ascii", "replace").decode()[:most]
