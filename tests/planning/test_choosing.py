"""The planner and its policies: a total order, without side effects, the same plan twice."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.config.settings import Dependency, Settings
from batchdrain.config.stop_settings import Stop
from batchdrain.config.timeout_settings import Timeout
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Row
from batchdrain.failures.fingerprints import cluster_id_of, fingerprint
from batchdrain.model.lane import Lane
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.acceptances import Acceptance, Acceptances, Subject
from batchdrain.planning.filters import Filters
from batchdrain.planning.limits import TimeLimits
from batchdrain.planning.plan import ImaginedClaims, explain_rows, plan
from batchdrain.planning.skip_rules import SkipRules
from batchdrain.planning.stop import Progress
from batchdrain.planning.verdicts import Verdict, VerdictKind
from batchdrain.policies.explaining import explained_by
from tests.planning.backlogs import NOW, REASONS, ROWS, all_of, backlog_of, lane, names


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


@pytest.mark.parametrize(
    ("counted", "tried"), [(None, "never tried, "), (0, "never tried to an end, "), (2, "tried 2x, ")],
    ids=["the ledger does not know it", "its attempts were released or orphaned", "counted attempts"],
)  # fmt: skip
def test_a_choice_says_whether_its_phase_was_tried_and_whether_to_an_end(counted: int | None, tried: str) -> None:
    key = PhaseKey("r", "p")
    known = frozenset() if counted is None else frozenset({("r", "p")})
    past = Past(names=known, attempts={key.digest: counted} if counted else {})
    rules = SkipRules(filters=Filters(), settings=Settings(), past=past)
    [choice] = all_of(backlog_of([Row(run_id="r", phase_id="p", phase_index=0, reason=None)], ["smart"], rules))
    assert choice.reason.startswith(f"unknown, {tried}phase_index 0, ")


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
    backlog = backlog_of(rows, rules=rules)
    backlog.refresh(NOW)
    made = plan(backlog, limits, most=20, now=NOW, claims=ImaginedClaims(take=attempted.add))
    assert [planned.choice.phase.phase_id for planned in made.phases] == [row.phase_id for row in rows[:20]]
    assert (made.total, made.left, made.skipped.total()) == (30, 10, 0)


def test_only_the_first_phases_of_a_lane_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batchdrain.planning.lane_builder.KEPT", 40)
    backlog = backlog_of(Row(run_id=f"r{n % 20}", phase_id=str(n), phase_index=n, reason=None) for n in range(4000))
    backlog.refresh(NOW)
    assert sum(len(buffer.kept) for n in range(20) for buffer in backlog._at_hand.of_run(f"r{n}")) <= 40 + 20
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
    backlog.refresh(NOW)
    made = plan(backlog, LIMITS, most=batch, now=NOW, claims=ImaginedClaims(take=attempted.add))

    told = list(explain_rows(backlog_of(rows, rules=replace(rules, attempted=attempted)).why_not(), made))

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


def test_a_lane_tells_how_often_its_fingerprint_was_seen() -> None:
    found = lane(reason="boom 7", fingerprint="boom *", repeats={"boom *": 4})
    assert (found.fingerprint, found.fingerprint_count) == ("boom *", 4)


@pytest.mark.parametrize(
    ("column", "index", "told"),
    [("phase_index", 3, ", phase_index 3, "), ("phase_index", None, ", no phase_index, "), (None, None, None)],
    ids=["mapped", "mapped and empty", "a table without one"],
)
def test_a_table_without_a_phase_index_is_not_told_so_in_each_reason(
    column: str | None, index: int | None, told: str | None
) -> None:
    settings = Settings.model_validate({"source": {"columns": {"phase_index": column}}})
    rules = SkipRules(filters=Filters(), settings=settings, past=Past())
    [choice] = all_of(backlog_of([Row(run_id="r", phase_id="p", phase_index=index, reason="boom")], ["smart"], rules))
    assert (told or "never tried, 1 failed in its run") in choice.reason
    assert told is not None or "phase_index" not in choice.reason
