"""Which failures are known: by phase, run and cluster, in this order; until when; and what is no acceptance at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batchdrain.database.ledger.notes import Note
from batchdrain.failures.fingerprints import VERSION, cluster_id_of
from batchdrain.failures.former_fingerprints import former_fingerprint
from batchdrain.failures.kept_fingerprint import FIRST
from batchdrain.model.failure import Failure
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.acceptances import Acceptance, Acceptances, Subject

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BOOM, OTHER = Failure.uncategorised("no space left on device"), Failure.uncategorised("connection refused")
CLUSTER = cluster_id_of(BOOM.fingerprint)


def accepted(reason: str, **subject: str) -> Acceptance:
    return Acceptance(subject=Subject(**subject), reason=reason, by="ann")


EVERY = [
    accepted("phase", run_id="a", phase_id="p"), accepted("run", run_id="a"), accepted("glob", run_id="b-*"),
    accepted("later", run_id="b-?"), accepted("cluster", cluster=CLUSTER),
]  # fmt: skip


@pytest.mark.parametrize(
    ("run_id", "phase_id", "failure", "reason"),
    [
        ("a", "p", BOOM, "phase"), ("a", "q", BOOM, "run"), ("b-1", "p", OTHER, "glob"), ("b-", "p", BOOM, "glob"),
        ("c", "p", BOOM, "cluster"), ("c", "p", OTHER, None), ("A", "p", OTHER, None), ("b", "p", OTHER, None), ("b-*", "p", OTHER, "glob"),
    ],
)  # fmt: skip
def test_a_phase_s_own_goes_before_its_run_s_and_that_before_its_cluster_s(
    run_id: str, phase_id: str, failure: Failure, reason: str | None
) -> None:
    known = Acceptances(EVERY)
    for _ in range(2):  # what was found out of a run is remembered
        found = known.skip(PhaseKey(run_id, phase_id), failure)
        assert (None if found is None else found.value) == (None if reason is None else f"{reason} (ann)")
    assert (set(known.phases), known.has_clusters) == ({PhaseKey("a", "p")}, True)
    assert not Acceptances(EVERY[:3]).has_clusters


def note(**content: Any) -> Note:
    return Note(subject="x", by="ann@h", at="2026-01-01T00:00:00Z", content=content)


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        ({"run_id": "r"}, True), ({"run_id": "r", "phase_id": "p"}, True), ({"cluster": CLUSTER}, True),
        ({"run_id": "r", "cluster": CLUSTER}, False), ({}, False), ({"phase_id": "p"}, False), ({"run_id": 7}, False),
        ({"run_id": "r", "until": "soon"}, False), ({"run_id": "r", "until": 7}, False), ({"run_id": "r", "until": []}, False),
        ({"run_id": "r", "until": "0001-01-01T00:00:00+14:00"}, False), ({"run_id": "r", "until": "2026-03-01T12:00:00Z"}, True),
    ],
)  # fmt: skip
def test_a_note_that_names_a_run_or_a_cluster_is_one_whatever_else_stands_in_it(
    content: dict[str, Any], is_one: bool
) -> None:
    assert (Acceptance.of(note(reason=["odd"], version="odd", example=3, **content)) is not None) is is_one


def test_what_is_read_of_a_note_is_what_was_kept_and_without_a_version_it_is_of_the_first() -> None:
    made = Acceptance(
        subject=Subject(cluster=CLUSTER), reason="known", by="ann@h", at="2026-01-01T00:00:00Z", until=NOW, fingerprint="f", version=2,
        example="e",
    )  # fmt: skip
    assert Acceptance.of(note(**made.to_note)) == made
    assert made.to_note["until"] == "2026-03-01T12:00:00Z"
    bare = Acceptance.of(note(run_id="r", version="2"))
    assert bare is not None
    assert (bare.version, bare.reason, bare.until, bare.to_note["until"]) == (FIRST, "", None, None)
    assert [str(one.subject) for one in (made, EVERY[0], EVERY[1])] == [f"cluster {CLUSTER}", "phase a / p", "run a"]
    assert EVERY[0].subject.name == '["a", "p", null]'


def test_it_holds_up_to_its_end_and_says_so_and_none_is_in_force_where_all_are_void() -> None:
    ends = {"run_id": "r", "reason": "known", "until": "2026-03-01T12:00:00Z"}
    before = Acceptances.of([note(**ends), note()], NOW - timedelta(seconds=1))
    assert before is not None
    found = before.run("r")
    assert found is not None
    assert (found.rule, found.value, found.until) == ("accepted", "known (ann@h, until 2026-03-01T12:00:00Z)", NOW)
    assert (before.run("s"), before.cluster(BOOM)) == (None, None)
    assert Acceptances.of([note(**ends), note()], NOW) is None


def test_an_acceptance_takes_the_looks_of_its_cluster_from_the_first_failure_of_it() -> None:
    bare = Acceptance(subject=Subject(cluster=CLUSTER), reason="known")
    assert bare.like(OTHER) is bare
    taught = bare.like(BOOM)
    assert (taught.fingerprint, taught.example) == (BOOM.fingerprint, "no space left on device")
    assert taught.like(BOOM) is taught
    assert taught.version == VERSION


def test_one_of_the_first_rules_is_found_again_by_its_example_else_by_what_those_rules_say() -> None:
    limit = "timed out after * limit timeout.default_s"  # who set the limit stood in it once
    timed_out = Failure.uncategorised("Timed out after 60 s (limit: timeout.default_s)")
    old = Acceptance(subject=Subject(cluster=cluster_id_of(limit)), reason="slow", by="ann", fingerprint=limit, version=FIRST)
    known = Acceptances([old])
    assert (known.has_clusters, known.cluster(BOOM)) == (True, None)
    found = known.cluster(timed_out)
    assert found is not None
    assert found.value == "slow (ann)"
    of_example = Acceptance(
        subject=Subject(cluster="0" * 10), reason="disk", fingerprint="x", version=FIRST, example="no space left on device"
    )
    assert Acceptances([of_example]).cluster(BOOM) is not None
    assert Acceptances([of_example]).cluster(OTHER) is None


def test_of_two_that_cover_a_cluster_the_one_of_todays_rules_goes_first() -> None:
    now = accepted("new", cluster=CLUSTER)
    former = cluster_id_of(former_fingerprint(BOOM.text))
    old = Acceptance(
        subject=Subject(cluster=former), reason="old", by="ann", fingerprint="no space left on device", version=FIRST
    )
    for order in ([now, old], [old, now]):
        found = Acceptances(order).cluster(BOOM)
        assert found is not None
        assert found.value == "new (ann)"
    assert Acceptances([now, old]).cluster(OTHER) is None
