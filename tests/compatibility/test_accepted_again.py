"""What people accepted with bd1f117 is not drained by a program whose rules of fingerprints are others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batchdrain.failures.fingerprints import cluster_id_of, fingerprint
from batchdrain.failures.former_fingerprints import former_fingerprint
from tests.compatibility.placing import Left

NOT_FOUND = "curl: (22) The requested URL returned error: 404 [exit code 22; log: sessions/x/logs/a.stderr.txt]"
FORMER = former_fingerprint(NOT_FOUND)


def accept_as_bd1f117_did(left: Left, **said: Any) -> None:
    """The note of its own acceptance, of another cluster."""
    rows = left.work.sql("SELECT value FROM batchdrain_meta WHERE name LIKE 'accepted/%'")
    note = next(found for found in (json.loads(row[0]) for row in rows) if found["said"]["cluster"] is not None)
    assert set(note["said"]) == {"run_id", "phase_id", "cluster", "reason", "until", "fingerprint"}, "no version, no example"
    note["said"].update(said)
    value = json.dumps(note).replace("'", "''").replace(":", "\\:")
    left.work.sql(f"INSERT INTO batchdrain_meta (name, value) VALUES ('accepted/{said['cluster']}', '{value}')")


@pytest.mark.parametrize("kept", [FORMER, ""], ids=["with its fingerprint", "by its id alone"])
def test_a_cluster_that_was_accepted_stays_so_and_its_neighbours_do_not(left: Left, kept: str) -> None:
    assert fingerprint(NOT_FOUND) != FORMER
    accept_as_bd1f117_did(left, cluster=cluster_id_of(FORMER), fingerprint=kept)
    text = NOT_FOUND.replace(":", "\\:")
    left.work.sql(f"UPDATE phases SET last_failure_reason = '{text}' WHERE run_id = 'web-1'")
    left.work.sql("UPDATE phases SET last_failure_reason = 'no rows' WHERE run_id = 'plan-1'")

    told = json.loads(left.say("dry-run", "--run-id=web-1", "--format=json"))
    assert told["phases"] == []
    left.say("drain", "--run-id=plan-1")
    assert left.work.sql("SELECT count(*) FROM phases WHERE run_id = 'plan-1' AND state = 'FAILED'") == [(0,)]


def test_the_cluster_that_was_accepted_then_is_still_left_alone(left_anywhere: Left) -> None:
    before = {key: state for key, state in left_anywhere.work.states().items() if key.startswith("broken-1/")}
    assert "FAILED" in before.values()
    left_anywhere.say("drain", "--run-id=broken-1")
    assert {key: left_anywhere.work.states()[key] for key in before} == before
