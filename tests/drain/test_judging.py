"""What an ending makes of a phase: its outcome, its category and what it asked for."""

from __future__ import annotations

import errno
import json
from datetime import timedelta
from typing import Any, cast

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain.judge import Judge
from batchdrain.drain.row_states import RowStates
from batchdrain.drain.words import log_of
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.model.phase import RowState
from batchdrain.model.states import Outcome
from tests.drain.judging import LIMIT, NOW, claim_of, ending, judged, no_row, row, settings_of


@pytest.mark.parametrize(
    ("code", "outcome"), [(0, Outcome.FAILED), (3, Outcome.COMPLETE), (4, Outcome.COMPLETE), (5, Outcome.FAILED)]
)
def test_success_is_what_the_configured_exit_codes_say(code: int, outcome: Outcome) -> None:
    assert judged(settings_of(success_exit_codes=[3, 4]), ending(exit_code=code)).outcome is outcome


@pytest.mark.parametrize(("code", "category"), [(75, "other"), (7, "transient"), (1, "other")])
def test_a_transient_failure_is_what_the_configured_exit_codes_say(code: int, category: str) -> None:
    found = judged(settings_of(transient_exit_codes=[7]), ending(exit_code=code, stderr_tail=b"boom"))
    assert (found.outcome, found.category) == (Outcome.FAILED, category)


def test_a_code_that_means_success_is_no_transient_failure() -> None:
    found = judged(settings_of(success_exit_codes=[75]), ending(exit_code=75))
    assert (found.outcome, found.reason, found.category) == (Outcome.COMPLETE, None, "other")


@pytest.mark.parametrize(("code", "wants"), [(75, True), (1, False), (0, False), (None, False)])
def test_more_time_is_given_for_a_transient_exit_code_alone(code: int | None, wants: bool) -> None:
    """A command that says it of every failure would be tried with ever longer limits."""
    how = ending(exit_code=code, signal=None if code is not None else 9, result=b'{"needs": "time"}')
    assert judged(settings_of(), how).wants_more_time is wants


@pytest.mark.parametrize(
    ("codes", "said"),
    [([75], "exit code 75"), ([7, 75], "exit code 7 or 75"), ([], "exit code of transient_exit_codes")],
)
def test_a_plea_for_time_with_another_exit_code_is_told_with_which_it_counts(codes: list[int], said: str) -> None:
    """Where there is no such code the setting is named that could have one."""
    found = judged(settings_of(transient_exit_codes=codes), ending(exit_code=1, result=b'{"needs": "time"}'))
    assert found.answer_problem == f"result file: needs: 'time' counts only with {said}"


@pytest.mark.parametrize("by", [EndedBy.TIMEOUT, EndedBy.INTERRUPT, EndedBy.LEASE, EndedBy.LOST, EndedBy.UNGUARDED])
def test_a_phase_that_completed_in_the_table_is_complete_however_its_command_ended(by: EndedBy) -> None:
    """It may hang after its last commit, and be ended by its time limit: the work is done."""
    found = judged(settings_of(result_from="database"), ending(by, signal=9), row("COMPLETE", None))
    assert (found.outcome, found.reason, found.final_state) == (Outcome.COMPLETE, None, "COMPLETE")


@pytest.mark.parametrize(
    ("by", "outcome"),
    [
        (EndedBy.TIMEOUT, Outcome.TIMEOUT),
        (EndedBy.INTERRUPT, Outcome.RELEASED),
        (EndedBy.LEASE, Outcome.RELEASED),
        (EndedBy.LOST, Outcome.ORPHANED),
        (EndedBy.UNGUARDED, Outcome.FAILED),
        (EndedBy.NOT_STARTED, Outcome.NOT_STARTED),
        (EndedBy.NOT_TAKEN, Outcome.NOT_STARTED),
    ],
)
@pytest.mark.parametrize("result_from", ["exit_code", "database"])
def test_each_way_to_end_has_its_outcome_where_the_table_says_nothing_else(
    by: EndedBy, outcome: Outcome, result_from: str
) -> None:
    state = row("EXECUTING") if result_from == "database" else None
    assert judged(settings_of(result_from=result_from), ending(by, message="why"), state).outcome is outcome


@pytest.mark.parametrize("by", [EndedBy.NOT_STARTED, EndedBy.NOT_TAKEN])
def test_a_command_that_never_ran_completed_nothing_whatever_the_table_says(by: EndedBy) -> None:
    found = judged(settings_of(result_from="database"), ending(by, errno=errno.ENOENT, message="why"), row("COMPLETE"))
    assert found.outcome is Outcome.NOT_STARTED


def test_ids_that_are_too_long_for_an_argument_fail_their_phase_alone() -> None:
    assert judged(settings_of(), ending(EndedBy.NOT_STARTED, errno=errno.E2BIG, message="x")).outcome is Outcome.FAILED
    assert judged(settings_of(), ending(EndedBy.NOT_STARTED, errno=errno.ENOMEM, message="x")).outcome is Outcome.NOT_STARTED


@pytest.mark.parametrize(
    ("gone_is", "code", "is_deleted", "outcome"),
    [
        ("complete", 0, True, Outcome.COMPLETE),
        ("complete", 1, True, Outcome.FAILED),
        ("complete", 0, False, Outcome.FAILED),
        ("failed", 0, True, Outcome.FAILED),
    ],
)
def test_a_row_that_is_gone_is_complete_only_where_that_is_configured_and_the_code_says_so(
    gone_is: str, code: int, is_deleted: bool, outcome: Outcome
) -> None:
    settings = settings_of(result_from="database")
    settings = settings.model_copy(update={"source": settings.source.model_copy(update={"gone_is": gone_is})})
    assert judged(settings, ending(exit_code=code), no_row(is_deleted=is_deleted)).outcome is outcome


@pytest.mark.parametrize("complete", [["gone"], ["COMPLETE"]], ids=["complete is 'gone'", "'gone' is nothing"])
@pytest.mark.parametrize("is_there", [True, False])
def test_a_word_that_is_spelt_gone_is_a_state_and_no_row_that_is_not_there(complete: list[str], is_there: bool) -> None:
    """Also where a view does not show the row: then nobody knows its state."""
    settings = settings_of(result_from="database")
    settings = Settings.model_validate({**settings.model_dump(), "source": {"states": {"complete": complete}}})
    found = judged(settings, ending(exit_code=0), row("gone", None) if is_there else no_row(is_deleted=False))
    assert found.outcome is (Outcome.COMPLETE if is_there and complete == ["gone"] else Outcome.FAILED)
    assert found.is_of_gone_row is not is_there
    assert ("its row is gone" in (found.reason or "")) is not is_there
    assert ("the phase is gone, not" in (found.reason or "")) is (is_there and complete != ["gone"])


def test_a_success_code_does_not_complete_a_phase_whose_state_says_otherwise() -> None:
    found = judged(settings_of(result_from="database"), ending(exit_code=0), row("FAILED"))
    assert (found.outcome, found.final_state) == (Outcome.FAILED, "FAILED")


def test_an_attempt_began_as_long_before_its_end_as_it_took() -> None:
    found = judged(settings_of(), ending(exit_code=1))
    assert (found.ended_at, found.started_at, found.duration_s) == (NOW, NOW - timedelta(seconds=1.5), 1.5)


def test_secrets_are_masked_in_every_text_that_a_command_gives() -> None:
    def redact(text: str) -> str:
        return text.replace("hunter2", "***")

    own = json.dumps({"reason": "hunter2 was refused", "metrics": {"of hunter2": 3}}).encode()
    found = [
        judged(settings_of(), ending(exit_code=1, result=own), redact=redact),
        judged(settings_of(), ending(exit_code=1, stderr_tail=b"hunter2 was refused"), redact=redact),
        judged(settings_of(), ending(exit_code=1, stdout_tail=b"hunter2 was refused"), redact=redact),
        judged(settings_of(), ending(EndedBy.NOT_STARTED, message="hunter2 was refused"), redact=redact),
        judged(settings_of(result_from="database"), ending(exit_code=1), row("FAILED", "hunter2 was refused"), redact=redact),
        judged(settings_of(), ending(EndedBy.TIMEOUT, result=own), redact=redact),
    ]
    assert ["hunter2" in (attempt.reason or "") for attempt in found] == [False] * len(found)
    assert all("*** was refused" in (attempt.reason or "") for attempt in found), [attempt.reason for attempt in found]
    assert dict(found[0].metrics) == {"of ***": 3.0}


def test_metrics_are_finite_numbers_and_at_most_fifty() -> None:
    given: dict[str, Any] = {"tokens": 7, "rate": 0.5, "yes": True, "text": "8", "nothing": None, "huge": 1e308}
    many = {f"m{number:02}": number for number in range(60)}
    found = judged(settings_of(), ending(exit_code=0, result=json.dumps({"metrics": given}).encode()))
    assert dict(found.metrics) == {"tokens": 7.0, "rate": 0.5}
    assert len(judged(settings_of(), ending(exit_code=0, result=json.dumps({"metrics": many}).encode())).metrics) == 50


class Running:
    def __init__(self) -> None:
        self.claim = claim_of(held_state=None)


@pytest.mark.parametrize(
    ("by", "left", "may_change"),
    [
        (EndedBy.EXIT, row("FAILED", "before"), True),
        (EndedBy.EXIT, row("EXECUTING", "before"), True),
        (EndedBy.EXIT, row("EXECUTING", "after"), True),
        (EndedBy.EXIT, row("FAILED", "after"), False),
        (EndedBy.EXIT, row("FAILED", None), False),
        (EndedBy.EXIT, row("COMPLETE", None), False),
        (EndedBy.EXIT, no_row(), False),
        (EndedBy.EXIT, None, False),
        (EndedBy.TIMEOUT, row("FAILED", "before"), False),
        (EndedBy.INTERRUPT, row("EXECUTING", "before"), False),
    ],
)
def test_the_table_is_waited_for_only_while_it_says_nothing_new(by: EndedBy, left: RowState | None, may_change: bool) -> None:
    """A phase that failed again with other words has its result: to wait for `settle_s` would only cost time."""
    unasked = cast("Any", None)
    states = RowStates(settings_of(result_from="database").command, unasked, {"EXECUTING", "QUEUED"}, unasked)
    assert states.may_change(cast("Any", Running()), ending(by, exit_code=1), left) is may_change


@pytest.mark.parametrize(
    ("by", "reason"),
    [
        (EndedBy.LOST, "its result is not known: why"),
        (EndedBy.NOT_TAKEN, "the engine did not accept it: why"),
        (EndedBy.NOT_STARTED, "it could not be started: why"),
        (EndedBy.UNGUARDED, "why"),
        (EndedBy.INTERRUPT, "why"),
    ],
)
def test_where_no_command_came_to_its_end_the_reason_is_ours_and_not_its_logs(by: EndedBy, reason: str) -> None:
    assert judged(settings_of(), ending(by, message="why", stderr_tail=b"its own words")).reason == reason


BOTH = {"stderr_tail": b"its stderr", "stdout_tail": b"its stdout"}


@pytest.mark.parametrize(
    ("tails", "spoke", "log"),
    [
        (BOTH, "stdout", "out"), (BOTH, "stderr", "err"), (BOTH, "", "err"), ({"stdout_tail": b"x"}, "", "out"), ({}, "", ""),
        ({"stdout_tail": b"x"}, "stderr", "err"),
    ],
)  # fmt: skip
def test_the_log_to_look_at_is_the_one_that_spoke_and_else_the_first_that_holds_something(
    tails: dict[str, Any], spoke: str, log: str
) -> None:
    assert log_of(ending(exit_code=1, **tails), spoke, ("out", "err")) == log


def test_a_word_of_ours_stands_for_no_command_that_came_to_its_end() -> None:
    for by in (EndedBy.EXIT, EndedBy.LEASE):
        found = judged(settings_of(), ending(by, exit_code=1, message="ours", stderr_tail=b"boom"))
        assert (found.reason or "").startswith("boom [exit 1")


@pytest.mark.parametrize(
    ("stands", "reason"),
    [("before", "new trouble [exit 1]"), ("its own words", "its own words"), ("", "new trouble [exit 1]")],
)
def test_the_reason_of_a_row_counts_only_where_the_command_wrote_it_anew(stands: str, reason: str) -> None:
    """What stood there before the claim is of an earlier attempt."""
    how = ending(exit_code=1, stderr_tail=b"new trouble")
    assert judged(settings_of(result_from="database"), how, row("FAILED", stands)).reason == reason


def test_an_attempt_has_all_that_its_ending_measured() -> None:
    how = ending(signal=9, cpu_s=1.25, max_rss_kb=4096, host="worker-7", log_sha256="ab")
    found = judged(settings_of(), how)
    assert (found.exit_code, found.signal, found.cpu_s, found.max_rss_kb) == (None, 9, 1.25, 4096)
    assert (found.host, found.log_sha256, found.duration_s) == ("worker-7", "ab", 1.5)


def test_what_timed_out_is_a_timeout_whatever_it_printed() -> None:
    found = judged(settings_of(), ending(EndedBy.TIMEOUT, signal=15, stderr_tail=b"connection reset by peer"))
    assert (found.outcome, found.category) == (Outcome.TIMEOUT, "timeout")


@pytest.mark.parametrize(
    ("row_state", "left"),
    [
        (row("EXECUTING"), "the phase is EXECUTING, not COMPLETE"),
        (row("x" * 9_000), f"the phase is {'x' * 499}…, not COMPLETE"),
        (no_row(), "its row is gone"),
    ],
)
def test_a_success_code_without_the_state_tells_what_stands_there(row_state: RowState, left: str) -> None:
    found = judged(settings_of(result_from="database"), ending(exit_code=0, stderr_tail=b"done"), row_state)
    assert (found.outcome, found.reason) == (Outcome.FAILED, f"the command ended, but {left}: done [exit 0]")


def test_what_timed_out_is_a_timeout_whatever_the_users_own_categories_say() -> None:
    own = Judge(settings_of(), str, lambda _: "ours")
    found = [
        own.judge(claim_of(), how, limit=LIMIT, row_state=None, paths=("out", "err"), ended_at=NOW).category
        for how in (ending(EndedBy.TIMEOUT, signal=15), ending(exit_code=75), ending(exit_code=1))
    ]
    assert found == ["timeout", "transient", "ours"]


@pytest.mark.parametrize("by", [EndedBy.TIMEOUT, EndedBy.INTERRUPT, EndedBy.LEASE])
def test_a_plea_for_time_of_a_command_that_was_ended_is_no_problem(by: EndedBy) -> None:
    """It had no chance to end with the exit code that goes with it."""
    assert not judged(settings_of(), ending(by, signal=15, result=b'{"needs": "time"}')).answer_problem


def test_a_row_of_which_nobody_knows_anything_completes_nothing() -> None:
    found = judged(settings_of(result_from="database"), ending(exit_code=0), None)
    assert (found.outcome, found.final_state, found.is_of_gone_row) == (Outcome.FAILED, "", False)


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (ending(exit_code=1), "the command failed and printed nothing [exit 1]"),
        (ending(signal=11), "the command was ended by SIGSEGV and printed nothing [signal 11: SEGV]"),
    ],
    ids=["an exit code", "a signal"],
)
def test_a_command_that_printed_nothing_is_said_to_have_printed_nothing(how: Ending, reason: str) -> None:
    assert judged(settings_of(), how).reason == reason
