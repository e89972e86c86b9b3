"""Failures that are JSON documents: what failed stands beside the message as often as in it."""

from __future__ import annotations

import json

import pytest

from batchdrain.failures.fingerprints import fingerprint


@pytest.mark.parametrize("key", ["exception", "error", "reason", "cause"])
def test_the_cause_that_stands_beside_a_message_in_json_tells_failures_apart(key: str) -> None:
    """'Job failed' says nothing of what failed."""
    causes = ("ValueError: bad date", "OSError: disk full", {"message": "no such tax"})
    found = {
        fingerprint(json.dumps({"id": number, "message": "Job failed", key: cause})) for number, cause in enumerate(causes)
    }
    assert len(found) == 3
    alike = {
        fingerprint(json.dumps({"id": number, "message": "Job failed", key: f"disk {number} full"})) for number in range(3)
    }
    assert len(alike) == 1
