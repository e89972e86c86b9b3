"""Which rule leaves a phase out, and which goes before which."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import Past
from batchdrain.database.ledger.notes import Note
from batchdrain.database.phases.pages import Row
from batchdrain.failures.categories import categorise
from batchdrain.failures.fingerprints import VERSION, cluster_id_of
from batchdrain.model.failure import NO_REASON, Failure
from batchdrain.model.phase import Phase, PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import Acceptance, Acceptances, Subject
from batchdrain.planning.filters import Filters
from batchdrain.planning.skip_rules import QUARANTINE, SkipRules, by_rule, by_value
from batchdrain.planning.stop import Progress
from batchdrain.planning.usable_ids import UsableIds
from batchdrain.planning.verdicts import Verdict, VerdictKind
from tests.planning.backlogs import NOW, all_of, backlog_of, names

BOOM = Failure.of("boom", categorise)
CLUSTER = cluster_id_of(BOOM.fingerprint)
KEY = PhaseKey("r", "p")
OF_PHASE, OF_RUN, OF_GLOB, OF_CLUSTER = (
    Subject(run_id="r", phase_id="p"),
    Subject(run_id="r"),
    Subject(run_id="[q-s]"),
    Subject(cluster=CLUSTER),
)


def accepted(*subjects: Subject) -> Acceptances:
    """Each says what it is of."""
    return Acceptances([Acceptance(subject=subject, reason=f"the {subject}", by="ann") for subject in subjects])


def rules(past: Past | None = None, settings: dict[str, Any] | None = None, **more: Any) -> SkipRules:
    found = {"filters": Filters(), **more}
    return SkipRules(settings=Settings.model_validate(settings or {}), past=past or Past(), **found)


def why(seen: SkipRules, name: str = "r/p", reason: str = "boom") -> list[str]:
    """What is told of the only phase there is; [] where it is chosen."""
    run_id, _, phase_id = name.partition("/")
    backlog = backlog_of([Row(run_id=run_id, phase_id=phase_id, phase_index=0, reason=reason)], rules=seen)
    chosen = names(all_of(backlog))
    found = [str(skip) for skip in backlog.skipped.elements()]
    assert len(chosen) + len(found) == 1, (chosen, found)
    return found


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize(
    ("subjects", "first"),
    [
        ((OF_PHASE, OF_RUN), OF_PHASE),
        ((OF_PHASE, OF_GLOB), OF_PHASE),
        ((OF_PHASE, OF_CLUSTER), OF_PHASE),
        ((OF_RUN, OF_CLUSTER), OF_RUN),
        ((OF_GLOB, OF_CLUSTER), OF_GLOB),
        ((OF_PHASE, OF_RUN, OF_CLUSTER), OF_PHASE),
    ],
    ids=str,
)
def test_a_phases_own_acceptance_goes_before_its_runs_and_that_before_its_clusters(
    subjects: tuple[Subject, ...], first: Subject, is_turned: bool
) -> None:
    """Whoever reads the report sees the reason that was given for this phase, and who gave it."""
    found = accepted(*(reversed(subjects) if is_turned else subjects))
    expected = f"accepted: the {first} (ann)"
    assert why(rules(accepted=found)) == [expected]
    assert str(rules(accepted=found).phase(KEY, KEY.digest, BOOM)) == expected


def test_what_was_accepted_is_told_before_a_parked_cluster_and_a_filter_before_both() -> None:
    parked: dict[str, Any] = {"progress": lambda: Progress(repeats={"boom": 9})}
    assert why(rules(accepted=accepted(OF_RUN), **parked)) == ["accepted: the run r (ann)"]
    assert why(rules(accepted=accepted(OF_CLUSTER), **parked)) == [f"accepted: the cluster {CLUSTER} (ann)"]
    by_category = Filters(categories=("transient",))
    assert why(rules(accepted=accepted(OF_RUN), filters=by_category)) == ["--category: is other, not transient"]


def test_a_phase_whose_retry_another_controller_waits_for_is_not_chosen() -> None:
    """To claim it would be refused until then, again and again."""
    assert why(rules(past_of("p", waits_ms={KEY.digest: 1}))) == ["retry waits: another controller tries it again later"]


def past_of(phase_id: str, **facts: Any) -> Past:
    return Past(names=frozenset({("r", phase_id)}), **facts)


@pytest.mark.parametrize(("orphanings", "is_skipped"), [(QUARANTINE - 1, False), (QUARANTINE, True), (QUARANTINE + 1, True)])
def test_a_phase_is_quarantined_from_its_third_orphaning_in_a_row_on(orphanings: int, is_skipped: bool) -> None:
    past = past_of("p", orphanings={KEY.digest: orphanings})
    assert QUARANTINE == 3
    assert [text.partition(":")[0] for text in why(rules(past))] == ["quarantined"] * is_skipped
    assert why(rules(past, filters=Filters(include_quarantined=True))) == []


@pytest.mark.parametrize(("attempts", "most", "is_skipped"), [(1, 2, False), (2, 2, True), (3, 2, True), (99, 0, False)])
def test_a_phase_is_left_out_once_it_was_tried_so_often(attempts: int, most: int, is_skipped: bool) -> None:
    past = past_of("p", attempts={KEY.digest: attempts})
    found = why(rules(past, {"stop": {"max_attempts_per_phase": most}}))
    assert found == [f"stop.max_attempts_per_phase: tried {attempts} times"] * is_skipped


def test_a_phase_that_somebody_holds_is_not_chosen() -> None:
    assert why(rules(past_of("p", held=frozenset({KEY.digest})))) == ["claimed: another controller holds it"]


def test_of_the_rules_for_a_run_the_users_own_filter_is_told_first() -> None:
    settings = {"stop": {"skip_runs_with_queued": True}, "depends_on": [{"run": "r", "after": ["a"]}]}
    facts: dict[str, Any] = {
        "queued": {"r": 3},
        "unfinished": {"r": 1, "a": 1},
        "progress": lambda: Progress(timeouts={"r": 2}),
    }
    skip = rules(settings=settings, filters=Filters(exclude_runs=("r",)), **facts).runs()
    assert skip("r") == Skip("--exclude-run", "r")
    assert rules(settings=settings, **facts).runs()("r") == Skip("depends_on", "waits for run a")
    queued = rules(settings={"stop": settings["stop"]}, **facts).runs()("r")
    assert queued == Skip("stop.skip_runs_with_queued", "run r has 3 queued")
    assert rules(**facts).runs()("r") == Skip("stop.max_timeouts_per_run", "run r timed out 2 times")
    assert rules(**facts).runs()("s") is None


def test_a_parked_cluster_and_a_verdict_are_looked_at_wherever_a_phase_is_judged() -> None:
    parked = rules(progress=lambda: Progress(repeats={"boom": 3}))
    expected = Skip("stop.max_repeats", "3 equal failures: boom")
    assert parked.phase(KEY, None, BOOM) == parked.failed_so(BOOM) == expected
    assert parked.phase(KEY, None, BOOM, parks=False) is None
    assert (parked.parks_some(), rules().parks_some()) == (True, False)
    assert rules(progress=lambda: Progress(dead_canaries={"boom"})).parks_some()
    said = Verdict(
        key=KEY, kind=VerdictKind.HOPELESS, reason="no", until=NOW, fingerprint="boom", attempts=0, version=VERSION
    )
    judged = rules(verdicts={KEY: said})
    assert judged.phase(KEY, None, BOOM) == Skip("triage", "hopeless: no")
    assert judged.phase(KEY, None, Failure.of("bang", categorise)) is None
    assert judged.phase(PhaseKey("r", "q"), None, BOOM) is None


def test_an_accepted_run_is_told_before_a_cluster_and_a_filter_before_it() -> None:
    by_cluster, by_filter = Skip("stop.max_repeats", "x"), Skip("--category", "x")
    found = rules(accepted=accepted(OF_RUN))
    assert str(found.run_of("r", by_cluster)) == str(found.run_of("r", None)) == "accepted: the run r (ann)"
    assert found.run_of("r", by_filter) == by_filter
    assert (found.run_of("s", by_cluster), rules().run_of("r", by_cluster)) == (by_cluster, by_cluster)


def test_what_came_up_since_the_reading_stops_a_run_before_its_cluster() -> None:
    phase = Phase(run_id="r", phase_id="p", phase_index=0, state=PhaseState.FAILED, failure=BOOM)
    both: dict[str, Any] = {"timeouts": {"r": 2}, "repeats": {"boom": 3}}
    found = [rules(progress=partial(Progress, **facts)).stopped(phase) for facts in (both, {"repeats": {"boom": 3}}, {})]
    assert [skip and skip.rule for skip in found] == ["stop.max_timeouts_per_run", "stop.max_repeats", None]


def test_a_phase_is_looked_at_by_name_where_any_rule_may_know_it() -> None:
    a, b, d = (PhaseKey("r", name) for name in "abd")
    skip = Skip("row locked", "")
    said: Any = None
    found = rules(
        past_of("ledger"), attempted=[a], passed_over={b: skip}, accepted=accepted(Subject(run_id="r", phase_id="c")), verdicts={d: said},
        ambiguous=frozenset({("r", "twice")}),
    )  # fmt: skip
    assert found.known_by_name() == {("r", name) for name in ("ledger", "a", "b", "c", "d", "twice")}
    assert found.phase(b, b.digest, BOOM) == skip
    assert found.phase(PhaseKey("r", "twice"), "x", BOOM) == Skip("bad data", "r / twice: these ids name more than one row")


def test_phases_whose_attempts_were_removed_are_known_by_their_claims() -> None:
    a, b = PhaseKey("r", "a"), PhaseKey("s", "b")
    for field in ("attempts", "waits_ms", "orphanings"):
        known: dict[str, Any] = {field: {a.digest: 1, b.digest: 1}}
        past = Past(**known, summed_runs=frozenset({"r"}))
        assert list(rules(past).remembered([("r", "a"), ("r", "x"), ("s", "b")])) == [("r", "a")]
    assert list(rules(Past(held=frozenset({a.digest}), summed_runs=frozenset({"r"}))).remembered([("r", "a")])) == [
        ("r", "a")
    ]


@pytest.mark.parametrize(("facts", "asks"), [
    ({}, False), ({"filters": Filters(categories=("other",))}, True), ({"filters": Filters(cluster=CLUSTER)}, True),
    ({"accepted": accepted(OF_RUN)}, False), ({"accepted": accepted(OF_CLUSTER)}, True),
])  # fmt: skip
def test_texts_are_looked_at_only_where_something_asks_for_them(facts: dict[str, Any], asks: bool) -> None:
    assert rules(**facts).asks_for_failures() is asks


def test_queued_phases_are_of_no_category_until_they_failed_and_are_kept_by_no_queued_ones() -> None:
    never = Failure(None, "unknown")
    queued = rules(state=PhaseState.QUEUED, filters=Filters(categories=("unknown",)), queued={"r": 3},
                   settings={"stop": {"skip_runs_with_queued": True}})  # fmt: skip
    assert queued.phase(KEY, None, never) == Skip("--category", "never failed, is not unknown")
    assert rules(filters=Filters(categories=("unknown",))).phase(KEY, None, never) is None
    assert queued.runs()("r") is None


def test_what_is_no_acceptance_or_is_over_is_left_out_and_the_rest_holds() -> None:
    def note(**content: Any) -> Note:
        return Note(subject="", by="ann", at="", content=content)

    over, later = ("2025-12-31T23:59:59+00:00", "2026-01-01T00:00:01+00:00")
    broken = [note(run_id="r", cluster="x"), note(reason="nothing"), note(run_id="r", until="soon"), note(run_id=5)]
    assert Acceptances.of([*broken, note(run_id="r", until=over)], NOW) is None
    found = Acceptances.of([*broken, note(run_id="r", reason="known", until=later), note(run_id="s", until=over)], NOW)
    assert found is not None
    assert (str(found.run("r")), found.run("s")) == ("accepted: known (ann, until 2026-01-01T00:00:01Z)", None)


NAMES = ["ok", "", "a\0", None]


@pytest.mark.parametrize("run_id", NAMES)
@pytest.mark.parametrize("phase_id", NAMES)
def test_both_ids_have_to_name_something(run_id: Any, phase_id: Any) -> None:
    assert (UsableIds(["true"]).problem_of(run_id, phase_id) is None) is (run_id == phase_id == "ok")


@pytest.mark.parametrize(("argv", "run_bytes", "phase_bytes", "said"), [
    (["x"], 100_000, 100_000, None), (["x"], 100_001, 1, "100001 bytes are too long"), (["x"], 1, 100_001, "100001 bytes are too long"), (["x"], 100_001, 100_007, "100007 bytes are too long"),
    (["{run_id}", "{phase_id}"], 70_000, 70_000, None), (["{run_id}/{phase_id}"], 70_000, 70_000, "both ids would be longer"),
    (["{run_id}{run_id}"], 70_000, 300, "both ids would be longer"), (["{run_id}"], 100_000, 100_000, None),
    (["x" * 50_000 + "{run_id}{phase_id}"], 40_000, 45_000, "both ids would be longer"), (["x" * 40_000 + "{run_id}{phase_id}"], 40_000, 45_000, None), (["{run_id}{run_id}"], 300, 70_000, None),
])  # fmt: skip
def test_ids_must_fit_the_arguments_of_the_command(
    argv: list[str], run_bytes: int, phase_bytes: int, said: str | None
) -> None:
    found = UsableIds(argv).problem_of("r" * run_bytes, "p" * phase_bytes)
    assert (found is None) if said is None else (found is not None and said in found.value)


def test_a_run_without_queued_phases_is_not_kept_for_them_nor_any_where_that_is_not_asked_for() -> None:
    asked = {"stop": {"skip_runs_with_queued": True}}
    assert [rules(settings=asked, queued={"s": 1}).runs()(run) is None for run in "rs"] == [True, False]
    assert rules(queued={"s": 1}).runs()("s") is None


def test_five_values_are_told_with_their_counts_and_three_of_a_rule_and_it_is_said_how_many_more_there_are() -> None:
    skipped = {Skip("accepted", f"r{number}"): 9 - number for number in range(7)}
    five = [(9, "r0"), (8, "r1"), (7, "r2"), (6, "r3"), (5, "r4")]
    assert list(by_value(skipped)) == [*five, (4 + 3, "for 2 other reasons")]
    assert list(by_value({skip: count for skip, count in skipped.items() if count >= 5})) == five
    assert list(by_rule({**skipped, Skip("claimed", ""): 50})) == [
        ("claimed", 50, ""),
        ("accepted", 42, "r0; r1; r2 and 4 more"),
    ]


@pytest.mark.parametrize(
    ("state", "failure", "said"),
    [
        (PhaseState.QUEUED, NO_REASON, "--category: never failed, is not other, patch"),
        (PhaseState.QUEUED, BOOM, None),
        (PhaseState.FAILED, NO_REASON, "--category: is unknown, not other, patch"),
        (PhaseState.FAILED, BOOM, None),
    ],
)
def test_a_queued_phase_that_never_failed_is_of_no_category(state: PhaseState, failure: Failure, said: str | None) -> None:
    seen = rules(filters=Filters(categories=("other", "patch")), state=state)
    found = seen.phase(KEY, None, failure)
    assert (None if found is None else str(found)) == said
    assert seen.failed_so(failure) == found
