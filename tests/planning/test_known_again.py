"""What was kept under the first version's rules of fingerprints, and what will be under later ones, is known again."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from batchdrain.database.ledger.notes import Note
from batchdrain.failures.fingerprints import VERSION, cluster_id_of, fingerprint
from batchdrain.failures.former_fingerprints import former_fingerprint
from batchdrain.model.failure import Failure
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.acceptances import Acceptance, Acceptances, Subject
from batchdrain.planning.filters import Filters
from batchdrain.planning.plan_file import PlannedPhase
from batchdrain.planning.seen_kinds import SeenKinds
from batchdrain.planning.verdicts import Verdict
from batchdrain.sessions.parse import parse
from tests.planning.backlogs import NOW

NOT_FOUND = "curl: (22) The requested URL returned error: 404"
REFUSED = "ERROR: connection refused by 10.0.0.7:5432"
OLD_ID = cluster_id_of(former_fingerprint(NOT_FOUND))
KEY = PhaseKey("r", "p")
FAILURE, OTHER = Failure.uncategorised(NOT_FOUND), Failure.uncategorised(REFUSED)


def note(**said: Any) -> Note:
    return Note(subject="", by="ann", at="2026-01-01T00:00:00Z", content=said)


def kept_by_others(**more: Any) -> dict[str, Any]:
    """By the first version, and by one that is to come: with a version and an example."""
    return {"fingerprint": "what rules to come make of it", "version": VERSION + 1, "example": NOT_FOUND, **more}


FIRST = {"fingerprint": former_fingerprint(NOT_FOUND)}


def test_the_rules_have_changed_for_the_text_that_these_tests_are_about() -> None:
    assert fingerprint(NOT_FOUND) != former_fingerprint(NOT_FOUND)


@pytest.mark.parametrize("kept", [FIRST, {}, kept_by_others()], ids=["first version", "no fingerprint", "version to come"])
def test_what_was_accepted_stays_accepted(kept: dict[str, Any]) -> None:
    said = note(run_id=None, phase_id=None, cluster=OLD_ID, reason="known", until=None, **kept)
    found = Acceptances.of([said], NOW)
    assert found is not None
    assert found.skip(KEY, FAILURE) is not None
    assert found.skip(KEY, OTHER) is None


def test_what_is_accepted_now_keeps_version_and_example_and_goes_by_its_id() -> None:
    cluster = cluster_id_of(fingerprint(NOT_FOUND))
    made = Acceptance(subject=Subject(cluster=cluster), reason="known")
    told = made.like(OTHER).like(FAILURE)
    assert (told.to_note["version"], told.to_note["example"]) == (VERSION, NOT_FOUND)
    for one in (made, told):
        found = Acceptances.of([note(**one.to_note)], NOW)
        assert found is not None
        assert (found.skip(KEY, FAILURE) is None, found.skip(KEY, OTHER) is None) == (False, True)


@pytest.mark.parametrize("kept", [FIRST, kept_by_others()], ids=["first version", "version to come"])
def test_a_diagnosis_is_believed_of_the_failure_that_it_was_made_of(kept: dict[str, Any]) -> None:
    until = (NOW + timedelta(hours=1)).isoformat()
    said = note(run_id="r", phase_id="p", verdict="hopeless", reason="no", until=until, attempts=0, **kept)
    verdict = Verdict.of(said)
    assert verdict is not None
    assert (verdict.is_of(FAILURE), verdict.is_of(OTHER)) == (True, False)
    assert Verdict.of(note(**verdict.to_note)) == verdict


@pytest.mark.parametrize(
    "kept",
    [FIRST, {"fingerprint": "of rules to come", "fingerprint_version": VERSION + 1, "example": NOT_FOUND}],
    ids=["first version", "version to come"],
)
def test_a_phase_that_was_planned_is_as_planned(kept: dict[str, Any]) -> None:
    planned = PlannedPhase(run_id="r", phase_id="p", category="other", reason="first", **kept)
    assert (planned.is_of(FAILURE), planned.is_of(OTHER)) == (True, False)


def test_the_ids_of_clusters_that_a_session_was_begun_with_mean_what_they_meant() -> None:
    filters = Filters(cluster=OLD_ID, cluster_version=1)
    seen = SeenKinds(filters)
    seen.add(FAILURE)
    assert (filters.takes("r", FAILURE), filters.takes("r", OTHER), seen.clusters) == (True, False, {OLD_ID})
    assert not Filters(cluster=OLD_ID).takes("r", FAILURE), "one that is given now is of the rules of now"


def test_what_a_session_parked_stays_parked() -> None:
    result = {
        "run_id": "r",
        "success": False,
        "error_message": f"{NOT_FOUND} [exit 22]",
        "fingerprint": former_fingerprint(NOT_FOUND),
    }
    results = [{**result, "phase_id": str(number)} for number in range(3)]
    counts = {former_fingerprint(NOT_FOUND): 3, "of results that are lost": 2}
    session = parse(
        _to_json(session_id="s", started_at="2026-01-01T00:00:00Z", results=results, fingerprint_counts=counts), "s.json"
    )
    assert session.fingerprint_counts == {fingerprint(NOT_FOUND): 3, "of results that are lost": 2}
    assert {one.fingerprint for one in session.results} == {fingerprint(NOT_FOUND)}
    again = parse(_to_json(**session.model_dump(mode="json")), "s.json")
    assert again.fingerprint_counts == session.fingerprint_counts


def _to_json(**fields: Any) -> bytes:
    return json.dumps(fields).encode()
