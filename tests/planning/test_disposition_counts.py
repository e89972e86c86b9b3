"""What has become of the failed phases of a reading, counted: open ones by their attempts, the others by their rule."""

from __future__ import annotations

from collections import Counter

from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Page, Row
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.disposition import DispositionKind
from batchdrain.planning.disposition_counts import NAMED, DispositionCounts, count_dispositions
from batchdrain.planning.filters import NOT_IN_PLAN

HELD, KNOWN = Skip("claimed", "another controller holds it"), Skip("accepted", "known (ann)")
PAST = Past(
    names=frozenset({("r", "begun"), ("r", "tried"), ("r", "held")}),
    attempts={PhaseKey(*ids).digest: 2 for ids in (("r", "tried"), ("pruned", "tried"), ("r", "held"), ("r", "unnamed"))},
    summed_runs=frozenset({"pruned"}),
)
ROWS: dict[tuple[str, str], Skip | None] = {
    ("r", "new"): None, ("r", "unnamed"): None, ("r", "begun"): None, ("r", "tried"): None, ("pruned", "tried"): None,
    ("pruned", "new"): None, ("r", "held"): HELD, ("r", "known"): KNOWN, ("s", "a"): Skip("--run-id", "not r"), ("s", "b"): NOT_IN_PLAN,
}  # fmt: skip


def page_of(ids: list[tuple[str, str]]) -> Page:
    return Page.of([Row(*one, 1, "boom") for one in ids])


def test_each_row_is_counted_once_unless_the_users_own_filter_leaves_it_out() -> None:
    ids = [*ROWS]
    reasons = ((page_of(part), [ROWS[one] for one in part]) for part in (ids[:4], ids[4:]))
    found = count_dispositions(reasons, PAST)
    kinds = DispositionKind
    assert found.counts == {kinds.OPEN: 4, kinds.RETRIED: 3, kinds.ACCEPTED: 1}
    assert found.unfinished == 1, "one that a drain began, and that no attempt counts for"
    assert found.skips == {kinds.RETRIED: Counter({HELD: 1}), kinds.ACCEPTED: Counter({KNOWN: 1})}
    assert found.named == {kinds.RETRIED: [PhaseKey("r", "held")], kinds.ACCEPTED: [PhaseKey("r", "known")]}


def test_ten_phases_of_each_kind_are_named_and_all_are_counted() -> None:
    found = DispositionCounts()
    for number in range(12):
        found.add(("r", str(number)), KNOWN, 0)
    found.add(("r", "x"), HELD, 0)
    assert (NAMED, found.counts.total(), found.skips[DispositionKind.ACCEPTED][KNOWN]) == (10, 13, 12)
    assert [key.phase_id for key in found.named[DispositionKind.ACCEPTED]] == [str(number) for number in range(10)]
    assert found.named[DispositionKind.RETRIED] == [PhaseKey("r", "x")]
