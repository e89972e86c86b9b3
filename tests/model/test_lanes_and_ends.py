"""A lane's own keys, how an attempt ended, and what an error says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batchdrain.model import errors
from batchdrain.model.attempt import Finished
from batchdrain.model.errors import BatchDrainError, ConfigError, did_you_mean, quote
from batchdrain.model.retry_stats import RetryCount, RetryStats
from batchdrain.model.states import Outcome
from tests.drain.judging import ending, judged, settings_of
from tests.planning.backlogs import lane

FAILED = judged(settings_of(), ending(exit_code=1, stderr_tail=b"boom"))


def test_a_lane_is_ordered_by_its_ids_where_no_other_order_is_given() -> None:
    assert (lane().run_order, lane().phase_order) == ("r", "p")
    given = lane(run_order=(0, 7), phase_order=(0, 0))
    assert (given.run_order, given.phase_order) == ((0, 7), (0, 0))


@pytest.mark.parametrize(("fingerprint", "count"), [("a", 3), ("b", 0), ("", 0)])
def test_a_lane_counts_the_failures_of_its_own_fingerprint(fingerprint: str, count: int) -> None:
    assert lane(fingerprint=fingerprint, repeats={"a": 3}).fingerprint_count == count


@pytest.mark.parametrize("outcome", Outcome)
def test_of_all_ends_one_is_a_success_and_one_a_timeout(outcome: Outcome) -> None:
    attempt = replace(FAILED, outcome=outcome)
    assert (attempt.success, attempt.timed_out) == (outcome is Outcome.COMPLETE, outcome is Outcome.TIMEOUT)
    assert (attempt.category, attempt.fingerprint) == (FAILED.failure.category, FAILED.failure.fingerprint)


def test_a_phase_that_somebody_else_changed_says_so_and_every_other_one_why_it_failed() -> None:
    moved = replace(FAILED, outcome=Outcome.MOVED, final_state="DONE")
    text = "its command, or somebody else, made the phase DONE meanwhile; it was not changed"
    assert [Finished(attempt=one).reason for one in (FAILED, moved)] == [FAILED.reason, text]


def test_a_phase_without_a_reason_says_nothing_of_others_without_one() -> None:
    stats = RetryStats(fingerprints={"": RetryCount(5, 5), "boom": RetryCount(2, 1)})
    assert [stats.of_fingerprint(one) for one in ("", "boom", "x")] == [RetryCount(), RetryCount(2, 1), RetryCount()]


def test_what_was_learnt_of_all_is_the_sum_of_the_categories() -> None:
    stats = RetryStats(categories={"a": RetryCount(2, 1, 3.0, 4.0), "b": RetryCount(1, 0, 0.0, 5.0)})
    assert stats.overall == RetryCount(3, 1, 3.0, 9.0)


def test_two_runs_are_remembered_for_each_failure_and_no_more() -> None:
    stats = RetryStats()
    for run_id in ("a", "b", "c"):
        stats.add(replace(FAILED, phase=replace(FAILED.phase, run_id=run_id)), "t" * 300)
    assert stats.seen_in == {FAILED.fingerprint: frozenset("ab")}
    assert list(stats.run_types) == ["t" * 191]


def test_an_error_says_its_cure_and_within_another_not_its_place_twice() -> None:
    error = BatchDrainError("a.json: is torn", remedy="mend it")
    assert (str(error), str(BatchDrainError("is torn"))) == ("a.json: is torn; mend it", "is torn")
    assert (error.within("a.json"), error.within("b.json")) == ("is torn", "a.json: is torn")


def test_each_kind_of_error_ends_a_command_with_its_own_code() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, BatchDrainError)]
    assert {kind.__name__: kind.exit_code for kind in kinds} == {
        "BatchDrainError": 1, "UsageError": 2, "BadData": 65, "SessionInUse": 73, "FilesUnavailable": 74, "DatabaseUnavailable": 75,
        "EngineUnavailable": 75, "ClaimLost": 76, "ConfigError": 78,
    }  # fmt: skip


def test_the_cure_of_a_list_hangs_on_none_of_its_rows() -> None:
    assert str(BatchDrainError("two run:\na\nb", remedy="choose one")).splitlines() == ["two run:", "a", "b", "choose one"]


def test_each_problem_of_the_configuration_is_said_once_in_its_order() -> None:
    assert str(ConfigError.of(["b", "a", "b"])) == "b\na"


def test_a_name_is_quoted_as_it_is_typed_and_its_control_characters_are_escaped() -> None:
    assert quote("a\\b\nc\x1bé") == "'a\\b\\nc\\x1bé'"


@pytest.mark.parametrize(
    ("name", "known", "text"),
    [
        ("polcy", ["policy", "workers"], " (did you mean 'policy'?)"),
        ("zzz", ["policy", "engine"], " (known: engine, policy)"),
        ("zzz", [], ""),
        ("x" * 300, ["x" * 200], f" (did you mean '{'x' * 200}'?)"),
        ("x" * 200, ["x" * 201], f" (known: {'x' * 201})"),
    ],
)
def test_a_name_that_is_not_known_is_told_the_nearest_one_or_all(name: str, known: list[str], text: str) -> None:
    assert did_you_mean(name, known) == text
