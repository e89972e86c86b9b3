"""Each row of a reading goes to one place, by what is known of its run, its ids and its text, whether phases are chosen or only
counted, and however the rows are spread over pages."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from batchdrain.config.settings import Settings
from batchdrain.config.stop_settings import Stop
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Page, Row
from batchdrain.database.phases.singly import Unreadable
from batchdrain.failures.categories import categorise
from batchdrain.failures.fingerprints import fingerprint
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.lane_buffer import LAST
from batchdrain.planning.lane_builder import LaneBuilder
from batchdrain.planning.skip_rules import ATTEMPTED, BAD_DATA, IN_THIS_SESSION, SkipRules
from batchdrain.planning.stop import Progress
from batchdrain.planning.usable_ids import UNNAMED
from batchdrain.planning.verdicts import Verdict, VerdictKind
from tests.planning.backlogs import NOW

EXCLUDED, TRIED = Skip("--exclude-run", "s"), Skip("stop.max_attempts_per_phase", "tried 5 times")
MINE, TORN = Skip(ATTEMPTED, IN_THIS_SESSION), Skip(BAD_DATA, "r / torn: no text, ***")
PLACES: dict[tuple[str, str, str | None], Skip | None] = {
    ("r", "open", "boom"): None,
    ("r", "bare", None): None,
    ("r", "named", "boom"): TRIED,
    ("r", "mine", "boom"): MINE,
    ("r", "torn", Unreadable("r / torn: no text, tok3n")): TORN,
    ("r", "", "boom"): UNNAMED,
    ("s", "a", "boom"): EXCLUDED,
    ("s", "", "boom"): EXCLUDED,
    ("s", "named", "boom"): EXCLUDED,
    ("s", "p" * 100_001, "boom"): EXCLUDED,
    ("", "p", "boom"): UNNAMED,
    ("\0s", "p", "boom"): UNNAMED,
    ("pruned", "known", "boom"): TRIED,
    ("pruned", "new", "boom"): None,
}
PAST = Past(
    attempts={PhaseKey(*ids).digest: 5 for ids in (("r", "named"), ("s", "named"), ("pruned", "known"))},
    names=frozenset({("r", "named"), ("s", "named")}),
    summed_runs=frozenset({"pruned"}),
)
RULES = SkipRules(
    filters=Filters(exclude_runs=("s", "?s")),
    settings=Settings(stop=Stop(max_attempts_per_phase=5)),
    past=PAST,
    attempted=frozenset({PhaseKey("r", "mine")}),
)
ROWS = [Row(run_id, phase_id, 1, reason) for run_id, phase_id, reason in PLACES]


def pages(size: int) -> list[Page]:
    return [Page.of(ROWS[start : start + size]) for start in range(0, len(ROWS), size)]


def built(rules: SkipRules = RULES, size: int = 99, *, counts_only: bool = False) -> LaneBuilder:
    builder = LaneBuilder(rules, categorise, lambda text: text.replace("tok3n", "***"), counts_only=counts_only)
    builder.read(pages(size))
    return builder


@pytest.mark.parametrize("counts_only", [False, True], ids=["chosen", "counted"])
@pytest.mark.parametrize("size", [1, 3, 99])
def test_each_row_is_counted_once_where_it_belongs(size: int, *, counts_only: bool) -> None:
    found = built(size=size, counts_only=counts_only)
    assert found.skipped == Counter(skip for skip in PLACES.values() if skip is not None)
    assert found.rows_of == Counter(run_id for run_id, *_ in PLACES)
    remainder = found.remainder
    assert (remainder.total, remainder.attempted, remainder.waiting) == (len(ROWS), frozenset({PhaseKey("r", "mine")}), 3)
    assert MINE not in remainder.skipped
    if not counts_only:
        assert Counter(buffer.run_id for buffer in found.buffers for _ in buffer.kept) == {"r": 2, "pruned": 1}


@pytest.mark.parametrize("counts_only", [False, True], ids=["chosen", "counted"])
@pytest.mark.parametrize("size", [1, 3, 99])
def test_the_rule_of_each_row_is_told_with_it(size: int, *, counts_only: bool) -> None:
    builder = LaneBuilder(RULES, categorise, lambda text: text.replace("tok3n", "***"), counts_only=counts_only)
    told = [skip for page in pages(size) for skip in builder.skips_of(page)]
    assert told == list(PLACES.values())


def test_a_phase_that_another_session_of_the_chain_attempted_is_none_of_this_one() -> None:
    found = built(replace(RULES, in_chain=frozenset({PhaseKey("r", "mine")})))
    assert found.remainder.attempted == frozenset()
    assert found.skipped[Skip(ATTEMPTED, "in this chain")] == 1
    elsewhere = built(replace(RULES, in_chain=frozenset({PhaseKey("r", "mine")}), filters=Filters(run_id="other")))
    assert elsewhere.skipped[Skip(ATTEMPTED, "in this chain")] == 1, "whatever else leaves it out"


def test_a_row_that_is_there_twice_was_attempted_once() -> None:
    builder = LaneBuilder(RULES, categorise)
    builder.read([Page.of([Row("r", "mine", 1, "boom")] * 2)])
    assert (builder.skipped[MINE], builder.remainder.attempted, builder.remainder.waiting) == (
        1,
        frozenset({PhaseKey("r", "mine")}),
        1,
    )


def test_a_phase_that_is_known_by_name_waits_with_those_of_as_many_attempts_and_of_its_verdict() -> None:
    ids = {name: PhaseKey("r", name) for name in ("a", "b", "c")}
    past = Past(
        attempts={ids["a"].digest: 2, ids["b"].digest: 2, ids["c"].digest: 1}, names=frozenset({("r", "a"), ("r", "b")})
    )
    verdict = Verdict(
        key=ids["b"], kind=VerdictKind.PROMISING, reason="", until=NOW, fingerprint=fingerprint("boom"), attempts=2
    )
    builder = LaneBuilder(replace(RULES, past=past, verdicts={ids["b"]: verdict}, attempted=frozenset()), categorise)
    builder.read([Page.of([Row("r", "a", None, None), Row("r", "b", 3, "boom"), Row("r", "c", 0, "boom")])])
    found = {(one.category, one.attempts, one.promising): [kept[:2] for kept in one.kept] for one in builder.buffers}
    assert found == {("unknown", 2, False): [(LAST, "a")], ("other", 2, True): [(3, "b")], ("other", 0, False): [(0, "c")]}


@pytest.mark.parametrize(
    ("canary", "counts_only", "alike"), [(True, False, 12), (False, False, 0), (True, True, 0)], ids=["on", "off", "counted"]
)
def test_rows_are_counted_by_their_failures_where_canaries_are_sent_ahead(
    canary: bool, alike: int, *, counts_only: bool
) -> None:
    rules = replace(RULES, settings=Settings(stop=Stop(canary=canary, max_attempts_per_phase=5)))
    assert built(rules, counts_only=counts_only).alike[fingerprint("boom")] == alike


def test_a_parked_cluster_is_counted_with_its_rule_though_nothing_is_chosen() -> None:
    rules = replace(RULES, progress=lambda: Progress(repeats={fingerprint("boom"): 9}))
    parked = Skip("stop.max_repeats", "3 equal failures: boom")
    for counts_only in (False, True):
        assert built(rules, counts_only=counts_only).skipped[parked] == 2


def test_what_kinds_of_failures_there_are_is_noted_and_a_phase_that_never_failed_is_none() -> None:
    for state, categories in ((PhaseState.FAILED, {"other", "unknown"}), (PhaseState.QUEUED, {"other"})):
        filters = Filters(categories=("other", "unknown"))
        assert set(built(replace(RULES, state=state, filters=filters)).seen.categories) == categories
