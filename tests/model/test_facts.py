"""The facts of a phase, of its failure and of what was asked of a session: what each says of itself."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from batchdrain.model.asked import Ask, Asked
from batchdrain.model.claim import Choice, Claim, Group, NotYet, ScheduledAttempt, TimeLimit
from batchdrain.model.failure import NO_REASON, Failure
from batchdrain.model.failure_change import FailureChange
from batchdrain.model.phase import Phase, PhaseKey, RowState, Skip
from batchdrain.model.states import PhaseState

PHASE = Phase(run_id="r", phase_id="p", phase_index=1, state=PhaseState.FAILED, failure=Failure("boom", "other"))
CHOICE = Choice(phase=PHASE, reason="it is the first")


@pytest.mark.parametrize(
    ("ask", "ends", "effect"),
    [
        (Ask.STOP, True, "Nothing more is started"),
        (Ask.STOP_NOW, True, "Running commands are ended, and their phases released"),
        (Ask.PAUSE, False, "Paused: nothing is claimed until `inv continue`"),
        (Ask.CONTINUE, False, "The drain continues"),
    ],
)
def test_only_the_two_ways_to_stop_end_a_session_and_each_request_says_what_it_does(
    ask: Ask, effect: str, *, ends: bool
) -> None:
    assert (ask.ends, ask.effect) == (ends, effect)


def test_a_request_says_who_made_it_and_why_where_a_reason_was_given() -> None:
    texts = [str(Asked(number=1, ask=Ask.STOP, by="ann@host", reason=reason, at_ms=5)) for reason in ("", "deploy")]
    assert texts == ["asked by ann@host", "asked by ann@host: deploy"]


def test_a_phase_is_named_by_its_run_and_its_own_id_in_this_order() -> None:
    assert (PHASE.key, str(PHASE.key)) == (PhaseKey("r", "p"), "r / p")
    assert PhaseKey("r", "p").digest == hashlib.sha256(b'["r", "p"]').hexdigest()
    assert len({PhaseKey(*ids).digest for ids in (("r", "p"), ("p", "r"), ("rp", ""), ("", "rp"))}) == 4
    assert min(PhaseKey("b", "a"), PhaseKey("a", "c"), PhaseKey("a", "b")) == PhaseKey("a", "b")


def test_a_phase_and_its_choice_tell_the_failure_that_the_row_had() -> None:
    assert (PHASE.reason, PHASE.category, CHOICE.failure) == ("boom", "other", PHASE.failure)
    bare = Phase(run_id="r", phase_id="p", phase_index=None, state=PhaseState.QUEUED)
    assert (bare.reason, bare.category, bare.failure.fingerprint) == (None, "unknown", "")


def test_a_skip_says_its_rule_and_its_value_where_it_has_one() -> None:
    assert [str(Skip("--run-id", value)) for value in ("", "a*")] == ["--run-id", "--run-id: a*"]
    assert Skip("a", "b", datetime(2026, 1, 1, tzinfo=UTC)) == Skip("a", "b"), "when a skip ends is no part of what it is"


def test_rows_are_equal_whatever_the_type_of_their_state_and_unequal_where_one_is_gone() -> None:
    row = RowState(state="FAILED", reason="boom")
    assert row == RowState(state="FAILED", reason="boom", kind="text")
    assert row != RowState(state="FAILED", reason="boom", is_there=False)
    assert row != RowState(state="FAILED", reason="boom", is_deleted=True)


def test_what_is_due_earlier_comes_first_and_of_one_moment_the_smaller_number() -> None:
    later = ScheduledAttempt(due=2.0, number=1, choice=CHOICE)
    sooner = ScheduledAttempt(due=1.0, number=9, choice=CHOICE, executions=3)
    alike = ScheduledAttempt(due=1.0, number=8, choice=CHOICE, executions=0, longer=2)
    assert sorted([later, sooner, alike]) == [alike, sooner, later]
    assert [one.run_id for one in (later, sooner)] == ["r", "r"]


@pytest.mark.parametrize(("executions", "is_retry"), [(0, False), (1, True), (2, True)])
def test_an_attempt_is_a_retry_once_its_phase_was_executed(executions: int, *, is_retry: bool) -> None:
    assert ScheduledAttempt(due=0.0, number=1, choice=CHOICE, executions=executions).is_retry is is_retry


def test_a_group_is_known_by_its_exact_name() -> None:
    """A collation may take Nightly and nightly for the same."""
    assert Group("nightly").key == hashlib.sha256(b"nightly").hexdigest()
    assert Group("Nightly").key != Group("nightly").key


def test_one_that_has_to_wait_for_its_group_knows_how_long() -> None:
    waits = NotYet(1.5)
    assert (waits.wait_s, str(waits)) == (1.5, "in 1.5 s")


def test_a_reason_of_a_timeout_ends_with_one_bracket_whatever_the_rule() -> None:
    limit = TimeLimit(seconds=90.0, rule="3 x p95 of 12 durations of a (b)")
    assert limit.reason == "Timed out after 90 s (limit: 3 x p95 of 12 durations of a [b])"


def test_a_claim_remembers_what_the_row_held_before_it() -> None:
    claim = Claim(
        phase=PHASE, epoch=2, attempt=1, prior_state="BROKEN", prior_reason="boom", held_state="RUNNING", prior_kind="integer",
        claimed_at=datetime(2026, 1, 1, tzinfo=UTC), token="t",
    )  # fmt: skip
    assert claim.prior == RowState(state="BROKEN", reason="boom")
    assert claim.prior.kind == "integer"


def test_a_failure_is_redacted_before_anybody_looks_at_it() -> None:
    looked = list[str | None]()

    def categorise(text: str | None) -> str:
        looked.append(text)
        return "patch"

    failure = Failure.of("token hunter2 is wrong", categorise, lambda text: text.replace("hunter2", "***"))
    assert looked == [], "a backlog of a million texts is ranked without most of them"
    assert (failure.category, failure.text, looked) == ("patch", "token *** is wrong", ["token *** is wrong"])
    assert "hunter2" not in repr(failure)
    assert (failure.category, looked) == ("patch", ["token *** is wrong"]), "and each is worked out once"


@pytest.mark.parametrize(
    ("failure", "text", "category"),
    [
        (Failure.of(None, lambda text: "none" if text is None else "some"), None, "none"),
        (Failure.of_category("a secret", "timeout", lambda text: text.upper()), "A SECRET", "timeout"),
        (Failure.uncategorised("a secret", lambda text: text.upper()), "A SECRET", "other"),
        (Failure("boom", "other").as_category("transient"), "boom", "transient"),
        (NO_REASON, None, "unknown"),
    ],
    ids=["without a text", "of a category", "uncategorised", "as another", "of none"],
)
def test_a_failure_has_the_text_and_the_category_that_it_was_made_of(
    failure: Failure, text: str | None, category: str
) -> None:
    assert (failure.text, failure.category) == (text, category)


def test_a_failure_has_the_fingerprint_of_its_text_or_the_one_that_it_was_given() -> None:
    failure = Failure.of("job 17 failed", lambda _: "other")
    assert failure.fingerprint == Failure("job 99 failed", "other").fingerprint != ""
    assert failure.as_fingerprint("short").fingerprint == "short"
    assert failure.as_fingerprint("short").text == failure.text
    assert Failure(None, "unknown").fingerprint == ""


def test_a_failure_has_no_names_but_its_own() -> None:
    with pytest.raises(AttributeError, match="'Failure' object has no attribute 'txt'"):
        _ = Failure.of("boom", lambda _: "other").txt  # type: ignore[attr-defined]


def test_a_failure_is_the_same_one_where_its_fingerprint_is() -> None:
    assert [FailureChange("other", "a", after).is_same for after in ("a", "b")] == [True, False]
