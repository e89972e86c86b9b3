"""Every failed phase has exactly one disposition, by the very rule that leaves it out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Page
from batchdrain.database.phases.singly import Unreadable
from batchdrain.failures.categories import categorise
from batchdrain.failures.fingerprints import VERSION
from batchdrain.model.failure import Failure
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning import skip_rules
from batchdrain.planning.acceptances import Acceptance, Acceptances, Subject
from batchdrain.planning.disposition import Disposition, DispositionKind, disposition, kind_of
from batchdrain.planning.disposition_counts import count_dispositions
from batchdrain.planning.filters import Filters
from batchdrain.planning.reading import Reading
from batchdrain.planning.reopenable import find_reopenable
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.planning.verdicts import Verdict, VerdictKind

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=7)
BOOM = Failure.of("boom", categorise)
NAMES = ("open", "retried", "accepted", "quarantined", "hopeless", "wait", "tried", "held", "waits")


def key(name: str) -> PhaseKey:
    return PhaseKey("r", name)


def verdict(name: str, kind: VerdictKind, reason: str = "the branch is gone") -> Verdict:
    return Verdict(
        key=key(name), kind=kind, reason=reason, until=LATER, fingerprint=BOOM.fingerprint, attempts=0, version=VERSION
    )


def reading(**more: Any) -> Reading:
    """A phase for each rule, and one more of another run."""
    past = Past(
        names=frozenset(("r", name) for name in NAMES[1:]),
        attempts={key("retried").digest: 1, key("tried").digest: 9},
        orphanings={key("quarantined").digest: 3},
        held=frozenset({key("held").digest}),
        waits_ms={key("waits").digest: 5},
    )
    accepted = Acceptances(
        [Acceptance(subject=Subject(run_id="r", phase_id="accepted"), reason="known", by="ann", until=LATER)]
    )
    verdicts = {one.key: one for one in (verdict("hopeless", VerdictKind.HOPELESS), verdict("wait", VerdictKind.WAIT))}
    rules: dict[str, Any] = {"filters": Filters(), "past": past, "accepted": accepted, "verdicts": verdicts, **more}
    settings = Settings.model_validate({"stop": {"max_attempts_per_phase": 9}})
    page = Page.of([("r", name, 0, "boom") for name in NAMES] + [("s", "open", 0, "boom")])
    return Reading(pages=[page], rules=SkipRules(settings=settings, **rules))


def dispositions(of: Reading) -> dict[str, Disposition | None]:
    [(page, skips)] = of.why_not(categorise)
    attempts = of.rules.past.attempts
    return {
        f"{run}/{phase}": disposition(PhaseState.FAILED, skip, attempts.get(PhaseKey(run, phase).digest, 0))
        for (run, phase), skip in zip(page.ids, skips, strict=True)
    }


def test_each_phase_has_the_disposition_of_the_rule_that_leaves_it_out_and_its_reason() -> None:
    found = {name: str(one) for name, one in dispositions(reading()).items()}
    assert found == {
        "r/open": "open: no drain has tried it",
        "r/retried": "retried: tried once, may be tried again",
        "r/accepted": "accepted: known (ann, until 2026-03-08T12:00:00Z)",
        "r/quarantined": "quarantined: orphaned 3 times in a row; --include-quarantined takes it",
        "r/hopeless": "hopeless: the branch is gone",
        "r/wait": "waiting: until 2026-03-08T12:00:00Z: the branch is gone",
        "r/tried": "parked: stop.max_attempts_per_phase: tried 9 times",
        "r/held": "retried: another controller holds it",
        "r/waits": "retried: another controller tries it again later",
        "s/open": "open: no drain has tried it",
    }


def test_what_ends_by_itself_says_when() -> None:
    ends = {name for name, one in dispositions(reading()).items() if one is not None and one.until == LATER}
    assert ends == {"r/accepted", "r/hopeless", "r/wait"}
    assert Skip("accepted", "x", LATER) == Skip("accepted", "x"), "it tells no rule from another"


def test_the_counts_are_of_the_same_rules_and_of_what_was_asked_for() -> None:
    def counted(of: Reading) -> dict[str, int]:
        found = count_dispositions(of.why_not(categorise), of.rules.past)
        assert found.counts.total() == sum(map(Counter.total, found.skips.values())) + found.counts[DispositionKind.OPEN] + (
            found.counts[DispositionKind.RETRIED] - found.skips[DispositionKind.RETRIED].total()
        )
        assert found.named[DispositionKind.QUARANTINED] == [key("quarantined")] * bool(
            found.counts[DispositionKind.QUARANTINED]
        )
        assert found.unfinished == 0, "none of them was tried"
        return {kind.value: count for kind, count in found.counts.items()}

    assert counted(reading()) == {
        "open": 2,
        "retried": 3,
        "accepted": 1,
        "quarantined": 1,
        "hopeless": 1,
        "waiting": 1,
        "parked": 1,
    }
    assert counted(reading(filters=Filters(run_id="s"))) == {"open": 1}


@pytest.mark.parametrize(
    ("state", "attempts", "was_completed", "expected"),
    [
        (PhaseState.COMPLETE, 2, True, "fixed: its last attempt completed it"),
        (PhaseState.COMPLETE, 2, False, "fixed: complete since its last attempt, which did not do it"),
        (PhaseState.COMPLETE, 0, False, "None"),
        (PhaseState.QUEUED, 2, False, "None"),
        (PhaseState.EXECUTING, 2, False, "None"),
        (None, 2, True, "None"),
    ],
)
def test_what_is_complete_is_fixed_and_what_never_failed_has_none(
    state: PhaseState | None, attempts: int, was_completed: bool, expected: str
) -> None:
    assert str(disposition(state, None, attempts, was_completed=was_completed)) == expected


@pytest.mark.parametrize(
    ("attempts", "uncounted", "expected"),
    [
        (0, (), "open: no drain has tried it"),
        (0, ("orphaned",), "open: tried once, never to an end (orphaned), may be tried again"),
        (
            0,
            ("released", "not_started", "released"),
            "open: tried 3 times, never to an end (not started, released), may be tried again",
        ),
        (1, ("orphaned",), "retried: tried once, may be tried again"),
    ],
    ids=["never", "orphaned", "released", "tried to an end too"],
)
def test_a_phase_whose_attempts_did_not_come_to_an_end_is_not_called_untried(
    attempts: int, uncounted: tuple[str, ...], expected: str
) -> None:
    assert str(disposition(PhaseState.FAILED, None, attempts, uncounted=uncounted)) == expected


def test_no_rule_but_those_of_people_quarantine_and_diagnosis_is_anything_but_parked_or_retried() -> None:
    """A new rule parks until somebody says otherwise here."""
    rules = {name: value for name, value in vars(skip_rules).items() if name.isupper() and isinstance(value, str)}
    kinds = {name: kind_of(Skip(value, "x"), 0) for name, value in rules.items()}
    assert {name: kind.value for name, kind in kinds.items() if kind is not DispositionKind.PARKED} == {
        "QUARANTINED": "quarantined", "CLAIMED": "retried", "RETRY_WAITS": "retried",
    }  # fmt: skip


def test_a_verdict_without_words_is_hopeless_all_the_same() -> None:
    silent = verdict("p", VerdictKind.HOPELESS, reason="").skip
    assert str(disposition(PhaseState.FAILED, silent, 0)) == "hopeless: a diagnosis says so"


def test_what_can_be_reopened_is_told_with_what_leaves_it_out_besides() -> None:
    phases = {
        one.key.phase_id: (one.lifted, None if one.still is None else one.still.rule)
        for one in find_reopenable(reading(), categorise, lambda *_: True)
    }
    assert phases == {
        "quarantined": (["quarantined: orphaned 3 times in a row"], None),
        "hopeless": (["hopeless: the branch is gone"], None),
        "wait": (["wait until 2026-03-08T12:00:00Z: the branch is gone"], None),
    }
    parked = Acceptances([Acceptance(subject=Subject(run_id="r"), reason="known")])
    found = list(find_reopenable(reading(accepted=parked), categorise, lambda named, _: named == key("quarantined")))
    assert [str(one.still) for one in found] == ["accepted: known ()"]


def test_returns_that_are_too_few_for_a_quarantine_are_not_lifted_and_both_are_told_where_both_hold() -> None:
    past = Past(names=frozenset(("r", name) for name in NAMES), orphanings={key("hopeless").digest: 2, key("wait").digest: 3,
                key("open").digest: 2})  # fmt: skip
    found = {
        one.key.phase_id: (one.orphanings, one.lifted)
        for one in find_reopenable(reading(past=past), categorise, lambda *_: True)
    }
    assert found == {
        "hopeless": (0, ["hopeless: the branch is gone"]),
        "wait": (3, ["quarantined: orphaned 3 times in a row", "wait until 2026-03-08T12:00:00Z: the branch is gone"]),
    }
    promising = {key("quarantined"): verdict("quarantined", VerdictKind.PROMISING)}
    [only] = find_reopenable(reading(verdicts=promising), categorise, lambda *_: True)
    assert (only.lifted, only.verdict) == (["quarantined: orphaned 3 times in a row"], None)


def test_a_row_that_can_not_be_read_is_not_reopened_and_a_run_is_read_alone_where_that_is_possible() -> None:
    whole, asked = reading(), list[str]()

    def pages_of(run_id: str) -> Iterator[Page]:
        asked.append(run_id)
        yield Page.of([("r", "hopeless", 0, "boom"), ("r", "quarantined", 0, Unreadable("r / quarantined: no text"))])

    assert len(list(find_reopenable(whole, categorise, lambda *_: True, "r"))) == 3, "this one can't be read by its runs"
    by_run = replace(reading(), pages_of=pages_of)
    assert [one.key.phase_id for one in find_reopenable(by_run, categorise, lambda *_: True, "r")] == ["hopeless"]
    assert asked == ["r"]
    assert len(list(find_reopenable(by_run, categorise, lambda *_: True))) == 3
    pages = [Page.of([("q", "open", 0, "boom")]), *whole.pages, Page.of([("q", "last", 0, "boom")])]
    assert len(list(find_reopenable(replace(whole, pages=pages), categorise, lambda *_: True))) == 3, "of whichever page"
