"""Which verdicts are believed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from batchdrain.database.ledger.notes import Note
from batchdrain.failures.fingerprints import VERSION
from batchdrain.failures.former_fingerprints import former_fingerprint
from batchdrain.failures.kept_fingerprint import FIRST
from batchdrain.model.failure import Failure
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.verdicts import TRIAGE, Verdict, VerdictKind, current_verdicts_of, expired, is_hopeless
from tests.planning.backlogs import NOW

KEY = PhaseKey("r", "p")


def note(**facts: Any) -> Note:
    base: dict[str, Any] = {"key": KEY, "kind": VerdictKind.HOPELESS, "reason": "no", "until": NOW + timedelta(hours=1),
                            "fingerprint": "boom", "attempts": 2}  # fmt: skip
    return Note(subject=KEY.digest, by="ann", at="", content=Verdict(**{**base, **facts}).to_note)


@pytest.mark.parametrize(("attempts", "is_believed"), [(2, True), (3, False), (1, False), (0, False)])
def test_a_verdict_is_void_once_its_phase_was_executed_again(attempts: int, is_believed: bool) -> None:
    assert (KEY in current_verdicts_of([note()], {KEY.digest: attempts}, NOW)) is is_believed


def test_a_verdict_of_a_phase_that_was_never_tried_is_believed() -> None:
    assert KEY in current_verdicts_of([note(attempts=0)], {}, NOW)


@pytest.mark.parametrize(("seconds", "is_over"), [(-1, True), (0, True), (1, False)])
def test_a_verdict_is_void_from_its_moment_on(seconds: int, is_over: bool) -> None:
    said = note(until=NOW + timedelta(seconds=seconds))
    assert (KEY not in current_verdicts_of([said], {KEY.digest: 2}, NOW)) is is_over
    assert (expired([said], NOW) == [said]) is is_over


@pytest.mark.parametrize(
    "broken", [{"until": "soon"}, {"verdict": "maybe"}, {"reason": None}, {"attempts": "x"}, {"run_id": 7}, {"example": 7}]
)
def test_what_is_no_verdict_is_neither_believed_nor_forgotten(broken: dict[str, Any]) -> None:
    said = note()
    odd = Note(subject=said.subject, by="", at="", content={**said.content, **broken})
    assert current_verdicts_of([odd], {KEY.digest: 2}, NOW) == {}
    assert expired([odd], NOW + timedelta(days=9)) == []


@pytest.mark.parametrize(
    ("kind", "reason", "said"),
    [
        (VerdictKind.WAIT, "", "wait until 2026-01-01T01:00:00Z"), (VerdictKind.WAIT, "it rains", "wait until 2026-01-01T01:00:00Z: it rains"),
        (VerdictKind.HOPELESS, "no", "hopeless: no"), (VerdictKind.PROMISING, "", "promising"),
    ],
)  # fmt: skip
def test_a_verdict_is_told_with_its_reason_and_leaves_out_all_but_a_promising_phase(
    kind: VerdictKind, reason: str, said: str
) -> None:
    found = Verdict.of(note(kind=kind, reason=reason))
    assert found is not None
    assert str(found) == said
    assert found.skip == (None if kind is VerdictKind.PROMISING else Skip("triage", said))


BOOM, OTHER = (Failure.uncategorised(text) for text in ("no space left on /dev/sda7", "connection refused"))


@pytest.mark.parametrize(
    "facts",
    [
        {"fingerprint": BOOM.fingerprint, "version": VERSION},
        {"fingerprint": "of other rules", "version": FIRST, "example": BOOM.text},
        {"fingerprint": former_fingerprint(BOOM.text), "version": FIRST},
    ],
    ids=["these rules", "other rules, with an example", "the first rules, without one"],
)
def test_a_verdict_is_of_the_failure_that_was_diagnosed_whichever_rules_made_its_fingerprint(facts: dict[str, Any]) -> None:
    found = Verdict.of(note(**facts))
    assert found is not None
    assert (found.is_of(BOOM), found.is_of(OTHER)) == (True, False)


def test_a_verdict_is_read_as_it_was_kept_and_without_a_version_it_is_of_the_first_rules() -> None:
    whole = Verdict(
        key=KEY, kind=VerdictKind.WAIT, reason="no", until=NOW, fingerprint="x", attempts=2, version=7, example="e"
    )
    assert Verdict.of(Note(subject="", by="", at="", content=whole.to_note)) == whole
    bare = {name: value for name, value in whole.to_note.items() if name not in {"version", "example"}}
    found = Verdict.of(Note(subject="", by="", at="", content=bare))
    assert found is not None
    assert (found.version, found.example) == (FIRST, "")


@pytest.mark.parametrize(
    ("kind", "reason", "said", "hopeless"),
    [
        (VerdictKind.HOPELESS, "the branch is gone", "hopeless: the branch is gone", True),
        (VerdictKind.HOPELESS, "", "hopeless", True),
        (VerdictKind.WAIT, "hopeless now", "wait until 2026-01-01T00:00:00Z: hopeless now", False),
        (VerdictKind.PROMISING, "again", None, False),
    ],
)
def test_a_verdict_says_whether_a_phase_is_hopeless_waits_or_goes_first(
    kind: VerdictKind, reason: str, said: str | None, hopeless: bool
) -> None:
    found = Verdict(key=KEY, kind=kind, reason=reason, until=NOW, fingerprint="boom", attempts=0).skip
    assert found == (None if said is None else Skip("triage", said))
    assert found is None or (is_hopeless(found), found.until) == (hopeless, NOW)
    assert not is_hopeless(Skip("accepted", "hopeless: x"))
    assert TRIAGE == "triage"


def test_a_verdict_of_todays_rules_is_of_the_failure_with_its_fingerprint() -> None:
    """By the first rules its text has another one."""
    failure = Failure.uncategorised("deployment web-app failed")
    assert former_fingerprint(failure.text) != failure.fingerprint
    for version, is_of in ((VERSION, True), (FIRST, False)):
        said = Verdict(
            key=KEY, kind=VerdictKind.WAIT, reason="", until=NOW, fingerprint=failure.fingerprint, attempts=0, version=version
        )
        assert said.is_of(failure) is is_of
