"""Other ways to record an attempt's end if the table or the ledger's character set refuses it;
each writes less than the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from batchdrain.database.ledger.claim_tables import ClaimTables
from batchdrain.database.ledger.way_back import WayBack, ways_back
from batchdrain.failures.suffix import fit, strip_suffix
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Claim
from batchdrain.model.errors import BatchDrainError
from batchdrain.model.failure import Failure
from batchdrain.model.states import GIVEN_BACK, Outcome

PLAIN_CHARS: Final = 250
"""How many characters of a reason are offered to a column that refused the whole: MySQL's TINYTEXT holds 255 bytes."""
_REFUSAL_CHARS: Final = 1_000


class Version(NamedTuple):
    """One way to record an end."""

    of: Callable[[BatchDrainError | None], Attempt]  #: makes the attempt to record from the first refusal
    way: WayBack = WayBack.PRIOR  #: how the phase is given back


def fallbacks(attempt: Attempt, claim: Claim, tables: ClaimTables) -> Iterator[Version]:
    """First the end unchanged; then with a reason that any column takes; then given back, with the refusal as its reason;
    last, given back in another way. The caller asks for the next version only after a refusal."""
    table = tables.phases
    first, *others = ways_back(claim.prior_state, claim.held_state, tables)
    yield Version(lambda _: attempt, first)
    if attempt.success and table.takes_null:
        table.takes_null = False  # a view or a CHECK may refuse NULL although the column takes it: '' is an empty reason too
        yield Version(lambda _: attempt, first)
        table.takes_null = True
    if attempt.reason is not None:
        yield Version(lambda _: _with_plain_reason(attempt), first)
    if attempt.outcome not in GIVEN_BACK and claim.held_state is not None:
        yield Version(lambda refusal: _to_refused(attempt, refusal), first)
    for way in others:
        if way is WayBack.FAILED:
            yield Version(lambda refusal: _to_refused(attempt, refusal), way)
        else:
            yield Version(lambda refusal: replace(attempt, unwritten="" if refusal is None else refusal.message), way)
            yield Version(lambda refusal: _with_plain_reason(_to_refused(attempt, refusal)), way)


def with_text_of_row(attempt: Attempt, tables: ClaimTables) -> Attempt:
    """The attempt with the failure that the next reading of its row will find: a column may hold only a part of the reason."""
    reason, table = attempt.reason, tables.phases
    if reason is None or table.reason is None or table.fit(reason) == reason:
        return attempt
    return replace(attempt, failure=Failure.of_category(table.fit(reason), attempt.category))


def _with_plain_reason(attempt: Attempt) -> Attempt:
    """The fingerprint is that of the text that the row will hold, since the next drain reads it from there."""
    reason = _to_plain(attempt.reason or "", PLAIN_CHARS)
    return replace(attempt, reason=reason, failure=Failure.of_category(reason, attempt.category))


def _to_refused(attempt: Attempt, refusal: BatchDrainError | None) -> Attempt:
    was = "the command completed" if attempt.success else attempt.reason or "the command failed"
    if attempt.outcome is Outcome.RELEASED:
        was = "it was to be released"
    words = strip_suffix(was)
    reason = _to_plain(f"{words}, but {'' if refusal is None else refusal.message}{was[len(words) :]}", _REFUSAL_CHARS)
    return replace(attempt, outcome=Outcome.REFUSED, reason=reason, failure=Failure.uncategorised(reason))


def _to_plain(text: str, most: int | None = None) -> str:
    plain = text.encode("ascii", "replace").decode()
    return plain if most is None else fit(plain, most)
