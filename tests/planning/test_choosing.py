"""The planner and its policies: a total order, without side effects, the same plan twice."""

from __future__ import annotations

import sys
import types
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.config.settings import Dependency, Settings, Stop, Timeout
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Page, Row
from batchdrain.failures.categories import CATEGORIES, categorise
from batchdrain.failures.fingerprints import cluster_id_of, fingerprint
from batchdrain.model.claim import Choice
from batchdrain.model.errors import ConfigError
from batchdrain.model.lane import Lane
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import Acceptance, Acceptances, Subject
from batchdrain.planning.filters import Filters
from batchdrain.planning.lane_backlog import LaneBacklog, Reading
from batchdrain.planning.limits import TimeLimits
from batchdrain.planning.plan import explained, plan
from batchdrain.planning.planner import Selection
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.planning.stop import Progress
from batchdrain.planning.verdicts import Verdict, VerdictKind
from batchdrain.policies.explaining import explained_by
from batchdrain.policies.ranking import ranking_of

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REASONS = {
    "unknown": None, "transient": "connection reset by peer", "collection": "ImportError: x", "deliverable": "missing deliverables",
    "patch": "patch does not apply", "other": "boom", "timeout": "timed out after 5 s",
}  # fmt: skip
ROWS = st.lists(
    st.builds(
        lambda run, phase, index, reason: Row(run_id=run, phase_id=phase, phase_index=index, reason=reason),
        st.sampled_from("rst"), st.text("abc", min_size=1, max_size=3), st.none() | st.integers(-3, 3),
        st.sampled_from(list(REASONS.values())),
    ),
    max_size=40,
    unique_by=lambda row: (row.run_id, row.phase_id),
)  # fmt: skip


def backlog_of(
    rows: Iterable[Row], policy: list[Any] | None = None, rules: SkipRules | None = None, reads: list[int] | None = None
) -> LaneBacklog:
    found = list(rows)
    seen = rules or SkipRules(filters=Filters(), settings=Settings(), past=Past())

    def read() -> Reading:
        if reads is not None:
            reads.append(len(found))
        return Reading(pages=iter([Page.of(found)]), rules=seen)

    return LaneBacklog(
        read,
        ranking_of(policy or ["smart"]),
        state=PhaseState.FAILED,
        categorise=categorise,
        run_type=lambda run_id: "default",
    )


def all_of(backlog: LaneBacklog) -> list[Choice]:
    backlog.refresh(NOW)
    choices = []
    while (choice := backlog.next(NOW)) is not None:
        choices.append(choice)
    return choices


def names(choices: Iterable[Choice]) -> list[str]:
    return [f"{choice.phase.run_id}/{choice.phase.phase_id}" for choice in choices]


@given(ROWS)
def test_smart_is_the_order_of_the_design_over_all_phases(rows: list[Row]) -> None:
    failed = Counter(row.run_id for row in rows)

    def key(row: Row) -> tuple[object, ...]:
        category = CATEGORIES.index(categorise(row.reason))
        return (category, row.phase_index is None, row.phase_index or 0, failed[row.run_id], row.run_id, row.phase_id)

    assert names(all_of(backlog_of(rows))) == [f"{row.run_id}/{row.phase_id}" for row in sorted(rows, key=key)]


def test_smart_takes_the_categories_in_this_order() -> None:
    rows = [Row(run_id="r", phase_id=name, phase_index=0, reason=reason) for name, reason in REASONS.items()]
    order = ["unknown", "transient", "collection", "deliverable", "patch", "other", "timeout"]
    assert [choice.phase.phase_id for choice in all_of(backlog_of(rows))] == order == list(CATEGORIES)


def test_fewest_failures_finishes_a_run_before_the_next() -> None:
    rows = [
        Row(run_id=run, phase_id=str(n), phase_index=n, reason=None)
        for run, count in (("a", 3), ("b", 2))
        for n in range(count)
    ]
    assert names(all_of(backlog_of(rows, ["fewest-failures", "smart"]))) == ["b/0", "b/1", "a/0", "a/1", "a/2"]


def test_run_order_is_strict_inside_a_run_whatever_the_categories() -> None:
    reasons = [REASONS["timeout"], None, "boom"]
    rows = [Row(run_id="r", phase_id=str(n), phase_index=n, reason=reason) for n, reason in enumerate(reasons)]
    assert names(all_of(backlog_of(rows, ["run-order"]))) == ["r/0", "r/1", "r/2"]


def test_untried_first_goes_before_what_was_tried() -> None:
    rows = [Row(run_id="r", phase_id=name, phase_index=n, reason=None) for n, name in enumerate("abc")]
    tried = {PhaseKey("r", "a").digest: 2, PhaseKey("r", "b").digest: 1}
    past = Past(attempts=tried, names=frozenset({("r", "a"), ("r", "b")}))
    rules = SkipRules(filters=Filters(), settings=Settings(), past=past)
    assert names(all_of(backlog_of(rows, ["untried-first", "smart"], rules))) == ["r/c", "r/b", "r/a"]


def half(lane: Lane, now: datetime, *, of: int = 2) -> str:
    return f"half of {lane.phase_id} is\n1/{of}"


@explained_by(half)
def halving(lane: Lane, now: datetime, *, of: int = 2) -> int:
    return of


def test_a_policy_that_explains_itself_is_heard_in_the_reason_of_each_choice() -> None:
    rows = [Row(run_id="r", phase_id=name, phase_index=n, reason=None) for n, name in enumerate("ab")]
    policy: list[str | dict[str, Any]] = [{"name": f"{__name__}:halving", "of": 3}, "sample-first", "best-yield"]
    first, second = (choice.reason for choice in all_of(backlog_of(rows, policy)))

    said = "half of a is\\x0a1/3, a sample of its run, 30% to complete in 60 s"
    names_ = f"{__name__}:halving > sample-first > best-yield"
    assert first == f"unknown, never tried, phase_index 0, 2 failed in its run, {said} (policy {names_})"
    assert "half of b is\\x0a1/3, its run is sampled, 30% to" in second


def test_hints_put_a_run_before_or_behind_the_rest() -> None:
    rows = [Row(run_id=run, phase_id="p", phase_index=0, reason=REASONS["timeout"]) for run in "abc"]
    priorities = {"c": 2, "a": -1}
    rules = SkipRules(
        filters=Filters(), settings=Settings(), past=Past(), hints=lambda run: priorities.get(run, 0),
    )  # fmt: skip
    choices = all_of(backlog_of(rows, Settings().policy, rules))
    assert names(choices) == ["c/p", "b/p", "a/p"]
    assert [choice.reason.partition(", ")[0] for choice in choices] == ["hint +2", "timeout", "hint -1"]


def test_a_busy_run_is_passed_over_and_comes_later() -> None:
    backlog = backlog_of(Row(run_id=run, phase_id="p", phase_index=0, reason=None) for run in "ab")
    backlog.refresh(NOW)
    first, second, third = backlog.next(NOW, {"a"}), backlog.next(NOW, {"a"}), backlog.next(NOW)
    assert [first.phase.run_id if first else None, second, third.phase.run_id if third else None] == ["b", None, "a"]


def test_a_choice_reads_nothing_until_a_lane_has_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchdrain.planning.lane_builder.KEPT", 8)
    reads: list[int] = []
    rows = [Row(run_id="r", phase_id=f"{n:03}", phase_index=n, reason=None) for n in range(30)]
    attempted: set[PhaseKey] = set()
    rules = SkipRules(filters=Filters(), settings=Settings(), past=Past(), attempted=attempted)
    backlog = backlog_of(reversed(rows), rules=rules, reads=reads)
    backlog.refresh(NOW)
    taken = []
    while backlog.waiting:
        choice = backlog.next(NOW)
        if choice is None:
            assert backlog.stale
            backlog.refresh(NOW)
            continue
        taken.append(choice.phase.phase_id)
        attempted.add(choice.phase.key)
    assert taken == [row.phase_id for row in rows]
    assert len(reads) == 4


def test_a_plan_goes_on_where_a_lane_has_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchdrain.planning.lane_builder.KEPT", 8)
    rows = [Row(run_id="r", phase_id=f"{n:03}", phase_index=n, reason=None) for n in range(30)]
    attempted: set[PhaseKey] = set()
    rules = SkipRules(filters=Filters(), settings=Settings(), past=Past(), attempted=attempted)
    limits = TimeLimits(lambda *_: [], Timeout(), lambda _: "default")
    made = plan(backlog_of(rows, rules=rules), limits, most=20, now=NOW, attempted=attempted)
    assert [planned.choice.phase.phase_id for planned in made.phases] == [row.phase_id for row in rows[:20]]
    assert (made.total, made.left, made.skipped.total()) == (30, 10, 0)


def test_only_the_first_phases_of_a_lane_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchdrain.planning.lane_builder.KEPT", 40)
    backlog = backlog_of(Row(run_id=f"r{n % 20}", phase_id=str(n), phase_index=n, reason=None) for n in range(4000))
    backlog.refresh(NOW)
    assert sum(len(buffer.kept) for buffers in backlog._lanes_of.values() for buffer in buffers) <= 2 * 40 + 20 * 4
    assert backlog.waiting == 4000


def test_a_cluster_that_is_parked_while_it_waits_is_not_chosen() -> None:
    repeats: dict[str, int] = {}
    rules = SkipRules(
        filters=Filters(),
        settings=Settings(stop=Stop(max_repeats=2)),
        past=Past(),
        progress=lambda: Progress(repeats=repeats),
    )
    backlog = backlog_of([Row(run_id=run, phase_id="p", phase_index=0, reason=f"boom {run}{n}") for n, run in enumerate("abcd")] +
                         [Row(run_id="z", phase_id="p", phase_index=9, reason="quite different")], rules=rules)  # fmt: skip
    backlog.refresh(NOW)
    first = backlog.next(NOW)
    assert first is not None
    repeats[first.failure.fingerprint] = 2
    rest = []
    while (choice := backlog.next(NOW)) is not None:
        rest.append(choice.phase.run_id)
    assert rest == ["z"]
    assert {skip.rule: count for skip, count in backlog.skipped.items()} == {"stop.max_repeats": 3}


TEXTS = st.sampled_from([reason for reason in REASONS.values() if reason is not None])
FILTERS = st.builds(
    Filters,
    exclude_runs=st.sampled_from([(), (), (), ("r",)]),
    categories=st.sampled_from([(), (), (), ("other", "unknown", "transient")]),
    include_quarantined=st.booleans(),
)
SETTINGS = st.builds(
    lambda cap, queued_first, waits: Settings(
        stop=Stop(max_attempts_per_phase=cap, max_repeats=2, skip_runs_with_queued=queued_first),
        depends_on=[Dependency(run="s", after=["t"])] if waits else [],
    ),
    st.integers(0, 2), st.booleans(), st.booleans(),
)  # fmt: skip
PROGRESS = st.builds(
    lambda texts, runs: Progress(repeats={fingerprint(text): 2 for text in texts}, timeouts=dict.fromkeys(runs, 2)),
    st.sets(TEXTS, max_size=2), st.sets(st.sampled_from("rst"), max_size=1),
)  # fmt: skip


@st.composite
def pasts(draw: st.DrawFn, keys: list[PhaseKey]) -> Past:
    """What the ledger knows: each of its phases by name."""
    known = draw(st.sets(st.sampled_from(keys)))
    some = st.sets(st.sampled_from(sorted(known)), max_size=3) if known else st.just(set())
    return Past(
        attempts={key.digest: draw(st.integers(0, 3)) for key in known},
        held=frozenset(key.digest for key in draw(some)),
        waits_ms={key.digest: 5 for key in draw(some)},
        orphanings={key.digest: draw(st.sampled_from([3, 4, 2])) for key in draw(some)},
        names=frozenset((key.run_id, key.phase_id) for key in known),
    )


@st.composite
def backlogs(draw: st.DrawFn) -> tuple[list[Row], SkipRules]:
    """Rows, and everything that can leave some of them out, in whatever combination."""
    rows = draw(ROWS)
    reasons = {PhaseKey(row.run_id, row.phase_id): row.reason for row in rows} or {PhaseKey("r", "a"): None}
    keys, marks = list(reasons), TEXTS.map(fingerprint)
    subjects = st.one_of(
        st.sampled_from(keys).map(lambda key: Subject(run_id=key.run_id, phase_id=key.phase_id)),
        st.sampled_from([Subject(run_id="r*"), Subject(run_id="t")]),
        marks.map(lambda mark: Subject(cluster=cluster_id_of(mark))),
    )
    acceptances = [Acceptance(subject=subject, reason="known") for subject in draw(st.lists(subjects, max_size=2))]
    progress, verdicts = draw(PROGRESS), {}
    for key in draw(st.sets(st.sampled_from(keys), max_size=4)):  # of the failure as it stands, or of another
        mark, word = draw(st.just(fingerprint(reasons[key])) | marks), draw(st.sampled_from(VerdictKind))
        verdicts[key] = Verdict(key=key, kind=word, reason="so said", until=NOW, fingerprint=mark, attempts=0)
    rules = SkipRules(
        filters=draw(FILTERS),
        settings=draw(SETTINGS),
        past=draw(pasts(keys)),
        queued=draw(st.sampled_from([{}, {"r": 2}])),
        unfinished=dict.fromkeys("rst", 1),
        attempted=draw(st.sets(st.sampled_from(keys), max_size=3)),
        progress=lambda: progress,
        accepted=Acceptances(acceptances) if acceptances else None,
        verdicts=verdicts,
    )
    return [*rows, UNNAMED_ROW] if draw(st.booleans()) else rows, rules


LIMITS = TimeLimits(lambda *_: [], Timeout(), lambda _: "default")
UNNAMED_ROW = Row(run_id="r", phase_id="", phase_index=1, reason=None)


@given(backlogs(), st.none() | st.integers(0, 10))
def test_every_phase_has_exactly_one_reason(found: tuple[list[Row], SkipRules], batch: int | None) -> None:
    """Chosen, left out by one rule, or the batch is full: the numbers of a dry run add up to the backlog."""
    rows, rules = found
    attempted = set(rules.attempted)
    backlog = backlog_of(rows, ["untried-first", "smart"], replace(rules, attempted=attempted))
    made = plan(backlog, LIMITS, most=batch, now=NOW, attempted=attempted)

    told = list(explained(cast("Selection", Again(rows, replace(rules, attempted=attempted))), made))

    assert sorted(map(repr, rows)) == sorted(repr(row) for row, _, _ in told)
    assert len(rows) == made.total == len(made.phases) + made.left + made.skipped.total()
    assert all(bool(reason) is (skip is None) for _, reason, skip in told)
    assert sorted(names(one.choice for one in made.phases)) == sorted(
        f"{row.run_id}/{row.phase_id}" for row, _, skip in told if skip is None
    )
    skips = Counter(skip for _, _, skip in told if skip is not None)
    assert sum(count for skip, count in skips.items() if skip.rule == "batch is full") == made.left >= 0
    assert Counter({skip: count for skip, count in skips.items() if skip.rule != "batch is full"}) == made.skipped
    assert batch is not None or made.left == 0


@dataclass(frozen=True)
class Again:
    """A selection whose backlog is looked at a second time, as `dry-run --explain` does."""

    rows: list[Row]
    rules: SkipRules

    def reading(self) -> Reading:
        return Reading(pages=[Page.of(self.rows)], rules=self.rules)

    def backlog(self) -> LaneBacklog:
        return backlog_of(self.rows, rules=self.rules)


def lane(**facts: Any) -> Lane:
    base: dict[str, Any] = {"run_id": "r", "run_type": "default", "category": "other", "attempts": 0, "phase_index": 1,
                            "phase_id": "p", "waiting": 1, "failed": 1, "queued": 0}  # fmt: skip
    return Lane(**{**base, **facts})


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    module = types.ModuleType("acme_policies")
    monkeypatch.setitem(sys.modules, "acme_policies", module)
    return module


def test_a_policy_of_ones_own_is_loaded_by_its_path_with_parameters(own: types.ModuleType) -> None:
    def first(lane: Lane, now: datetime, *, run: str = "a") -> bool:
        return lane.run_id != run

    own.first = first  # type: ignore[attr-defined]
    ranking = ranking_of([{"name": "acme_policies:first", "run": "z"}, "smart"])
    assert ranking(lane(run_id="z"), NOW) < ranking(lane(run_id="a"), NOW)
    assert ranking.names == ("acme_policies:first", "smart")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("smrt", "is not known (did you mean 'smart'?)"),
        ("acme_policies:missing", "has no 'missing'"),
        ("no_such_module:x", "can't be imported: ModuleNotFoundError"),
        ("acme_policies:number", "expected a callable, got int"),
        ("acme_policies:wrong", "is no policy: it must take (lane, now)"),
        ({"name": "smart", "oops": 1}, "is no policy: it must take (lane, now)"),
        ({"prior": 1}, "has no name"),
    ],
)
def test_what_can_not_be_loaded_is_told_apart(own: types.ModuleType, entry: Any, said: str) -> None:
    own.number, own.wrong = 3, lambda: 0  # type: ignore[attr-defined]
    with pytest.raises(ConfigError) as caught:
        ranking_of([entry])
    assert said in str(caught.value)


@pytest.mark.parametrize("policy", [lambda lane, now: 1 / 0, lambda lane, now: "x" if lane.run_id == "r" else 1])
def test_a_policy_that_fails_is_named(own: types.ModuleType, policy: Callable[[Lane, datetime], Any]) -> None:
    own.bad = policy  # type: ignore[attr-defined]
    backlog = backlog_of([Row(run_id=run, phase_id="p", phase_index=0, reason=None) for run in "rs"], ["acme_policies:bad"])
    with pytest.raises(ConfigError, match="acme_policies:bad"):
        backlog.refresh(NOW)


def test_a_lane_tells_how_often_its_fingerprint_was_seen() -> None:
    found = lane(reason="boom 7", fingerprint="boom *", repeats={"boom *": 4})
    assert (found.fingerprint, found.fingerprint_count) == ("boom *", 4)
