"""Which rule leaves a phase out, and which goes before which."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Row
from batchdrain.failures.categories import categorise
from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.model.failure import Failure
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.acceptances import Acceptance, Acceptances, Subject
from batchdrain.planning.filters import Filters
from batchdrain.planning.skip_rules import QUARANTINE, SkipRules
from batchdrain.planning.stop import Progress
from tests.planning.backlogs import all_of, backlog_of, names

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
