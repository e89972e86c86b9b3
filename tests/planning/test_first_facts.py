"""The edges of planning: before anything was read or spent, where only failures are known, and what a choice changes at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from batchdrain.config.settings import Settings
from batchdrain.config.stop_settings import Stop
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Page, Row
from batchdrain.failures.categories import categorise
from batchdrain.failures.fingerprints import cluster_id_of, fingerprint
from batchdrain.model.errors import DatabaseUnavailable, UsageError
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, PhaseKey, Skip
from batchdrain.model.retry_stats import RetryCount
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import Acceptance, Acceptances, Subject
from batchdrain.planning.filters import Filters, cluster_ids, to_cluster_id
from batchdrain.planning.hints import HIGHEST, Hints
from batchdrain.planning.kept_reasons import KeptReasons
from batchdrain.planning.lane_backlog import LaneBacklog
from batchdrain.planning.lane_builder import LaneBuilder
from batchdrain.planning.reading import Reading
from batchdrain.planning.reopenable import find_reopenable
from batchdrain.planning.session_progress import NothingDone
from batchdrain.planning.skip_rules import QUARANTINE, SkipRules
from batchdrain.planning.stop import Progress, session_stop
from batchdrain.policies.ranking import ranking_of
from tests.planning.backlogs import NOW, all_of, backlog_of, names
from tests.planning.test_known_again import note
from tests.planning.test_retry_model import model_of

ROWS = [Row(run_id=run, phase_id=phase, phase_index=0, reason="boom 7") for run, phase in ("ra", "rb", "sc")]


def rules(**facts: object) -> SkipRules:
    found: dict[str, object] = {"filters": Filters(), "settings": Settings(), "past": Past(), **facts}
    return SkipRules(**found)  # type: ignore[arg-type]


def test_a_backlog_that_was_not_read_yet_holds_nothing_and_one_that_ended_what_it_held() -> None:
    backlog = backlog_of(ROWS)
    assert (backlog.waiting, backlog.total, backlog.read_s, backlog.skipped) == (0, 0, 0.0, Counter())
    backlog.refresh(NOW)
    seen = [(backlog.waiting, backlog.total)]
    for _ in range(2):
        assert backlog.next(NOW) is not None
        seen.append((backlog.waiting, backlog.total))
    backlog.end()
    assert [*seen, (backlog.waiting, backlog.total)] == [(3, 3), (2, 3), (1, 3), (1, 3)]


def test_a_run_that_a_phase_was_taken_of_is_no_unseen_one_any_more() -> None:
    assert names(all_of(backlog_of(ROWS, ["sample-first", "run-order"]))) == ["r/a", "s/c", "r/b"]
    begun = backlog_of(ROWS, ["sample-first", "run-order"])
    begun.count_taken(["r"])
    assert names(all_of(begun)) == ["s/c", "r/a", "r/b"]


def test_a_reading_that_fails_leaves_the_one_before_as_it_was() -> None:
    answers = iter([True, False, True])

    def read() -> Reading:
        if not next(answers):
            raise DatabaseUnavailable("it is away", remedy="wait")
        return Reading(pages=iter([Page.of(ROWS)]), rules=rules())

    backlog = LaneBacklog(
        read, ranking_of(["smart"]), state=PhaseState.FAILED, categorise=categorise, run_type=lambda run_id: "default"
    )
    backlog.refresh(NOW)
    with pytest.raises(DatabaseUnavailable):
        backlog.refresh(NOW)
    first = backlog.next(NOW)
    assert first is not None
    assert (first.phase.phase_id, backlog.waiting) == ("c", 2), "the run with fewer failures"
    backlog.refresh(NOW)
    again = backlog.next(NOW)
    assert again is not None
    assert again.phase == first.phase, "a phase that was chosen before this reading began is as the database has it"


def test_a_phase_that_is_chosen_while_a_reading_goes_on_is_not_in_the_new_one() -> None:
    backlog = backlog_of(ROWS)
    backlog.refresh(NOW)
    steps = backlog.refresh_in_slices(lambda: NOW)
    next(steps)
    chosen = backlog.next(NOW)
    assert chosen is not None
    for _ in steps:
        pass
    assert (backlog.waiting, backlog.total) == (2, 3)
    assert chosen.phase.phase_id not in [choice.phase.phase_id for choice in iter(lambda: backlog.next(NOW), None) if choice]


@pytest.mark.parametrize(
    ("spent", "stops"), [({}, False), ({"other": 9.0}, False), ({"t": 0.5}, False), ({"t": 1.0}, True), ({"t": 2.0}, True)]
)
def test_a_budget_is_spent_by_what_was_reported_of_it_and_by_nothing_else(spent: dict[str, float], *, stops: bool) -> None:
    found = session_stop(Progress(spent=spent), Stop(max_metric={"t": 1.0, "off": 0.0}))
    assert (found is not None) is stops


def test_where_only_failures_are_known_a_success_is_expected_to_take_as_long() -> None:
    phase = Phase(run_id="r", phase_id="p", phase_index=0, state=PhaseState.FAILED, failure=Failure("boom", "other"))
    failed = model_of([phase], categories={"other": RetryCount(4, 0, 0.0, 120.0)}).expected[0]
    fixed = model_of([phase], categories={"other": RetryCount(4, 4, 120.0, 0.0)}).expected[0]
    assert [one.fixed_s for one in (failed, fixed)] == pytest.approx([30.0, 30.0])
    assert [one.failed_s for one in (failed, fixed)] == pytest.approx([30.0, 30.0])


@pytest.mark.parametrize(
    ("content", "priority"),
    [
        ({"priority": 5}, 5), ({"priority": -5}, -5), ({"priority": 2 * HIGHEST}, HIGHEST), ({"priority": -2 * HIGHEST}, -HIGHEST),
        ({"priority": True}, 0), ({"priority": "5"}, 0), ({}, 0),
    ],
)  # fmt: skip
def test_a_hint_holds_a_whole_number_and_no_more_than_the_highest(content: dict[str, object], priority: int) -> None:
    hinted = note(**content)
    object.__setattr__(hinted, "subject", "r*")
    assert [Hints([hinted])(run_id) for run_id in ("r1", "r1", "s")] == [priority, priority, 0]
    assert Hints()("r1") == 0


def test_ids_of_clusters_are_read_in_any_case_each_once_and_nothing_else_is() -> None:
    assert cluster_ids("--cluster", "0123456789, ABCDEFABCD,0123456789") == ("0123456789", "abcdefabcd")
    for wrong in ("012345678", "0123456789a", "012345678g", ""):
        with pytest.raises(UsageError, match=r"--cluster: .* is no id of a cluster"):
            to_cluster_id("--cluster", wrong)


@pytest.mark.parametrize(
    "given", [{"run_id": ""}, {"run_id": "  "}, {"cluster": " "}, {"categories": ["tranzient"]}], ids=str
)
def test_an_empty_filter_or_an_unknown_category_never_means_all(given: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"is empty|did you mean 'transient'"):
        Filters.of(**given)  # type: ignore[arg-type]


def test_what_still_leaves_a_phase_out_is_judged_by_its_failure_without_secrets() -> None:
    """A quarantine is lifted, and its cluster is accepted all the same."""
    key = PhaseKey("r", "a")
    shown = fingerprint("boom ***")
    accepted = Acceptance(subject=Subject(cluster=cluster_id_of(shown)), reason="known").like(
        Failure.uncategorised("boom ***")
    )
    seen = rules(
        past=Past(orphanings={key.digest: QUARANTINE}, names=frozenset({("r", "a")})), accepted=Acceptances([accepted])
    )
    rows = [Row(run_id="r", phase_id="a", phase_index=0, reason="boom hunter2")]
    reading = Reading(pages=[Page.of(rows)], rules=seen, redact=lambda text: text.replace("hunter2", "***"))
    [found] = find_reopenable(reading, lambda text: "other", lambda *_: True)
    assert (found.key, found.orphanings) == (key, QUARANTINE)
    assert found.still is not None
    assert found.still.rule == "accepted"


def test_reasons_are_kept_of_a_whole_reading_and_those_refused_later_are_added() -> None:
    kept = KeptReasons()
    skips = Skip("--run-id", "not s")
    seen = rules(filters=Filters(run_id="s"))
    assert kept.reasons({}) is None, "nothing was read"

    def read(whole: bool) -> Iterator[Page]:
        pages = kept.note([Page.of(ROWS[:2]), Page.of(ROWS[2:])], LaneBuilder(seen, categorise, counts_only=True))
        yield from pages if whole else [next(pages)]

    list(read(whole=False))
    assert kept.reasons({}) is None, "not all was read"
    list(read(whole=True))
    refused = Skip("bad data", "no")
    found = kept.reasons({PhaseKey("s", "c"): refused, PhaseKey("r", "a"): refused})
    assert found is not None
    assert [(tuple(page.phases), list(given)) for page, given in found] == [(("a", "b"), [skips, skips]), (("c",), [refused])]
    assert kept.reasons({}) is None, "they can be read once"


def test_a_session_that_has_not_begun_has_done_nothing() -> None:
    done = NothingDone()
    assert (done.attempted, done.in_chain, dict(done.passed_over), dict(done.fixed)) == (frozenset(), frozenset(), {}, {})
    assert done.progress() == Progress()
