"""A phase that is accepted by several names: taking one of them back does not open it."""

from __future__ import annotations

import json

import pytest

from tests.cli.test_accept import accept
from tests.support.workplace import Workplace


@pytest.mark.everyday("sqlite")
def test_what_accepts_a_phase_all_the_same_is_told_when_one_acceptance_is_taken_back(project: Workplace) -> None:
    """Of those that are in force: what is over accepts nothing."""
    project.fail("a/p")
    whole, own = ["--run-id=a"], ["--run-id=a", "--phase-id=p"]

    def clear(what: list[str]) -> list[str]:
        return [line.partition(" (")[0] for line in accept(project, *what, "--clear").lines[1:]]

    accept(project, *whole, "--reason=whole")
    accept(project, *own, "--reason=own")
    assert clear(own) == ["  ! another acceptance still applies: whole"]
    accept(project, *own, "--reason=own")
    assert clear(whole) == []
    accept(project, "--run-id=a*", "--reason=all", "--until=1d")
    [(name, value)] = project.sql(
        "SELECT name, value FROM batchdrain_meta WHERE name LIKE 'accepted/%' AND value LIKE '%all%'"
    )
    accept(project, *whole, "--reason=whole")
    assert clear(whole) == ["  ! another acceptance still applies: all"]
    note = json.loads(value)
    note["said"]["until"] = "2020-01-01T00:00:00Z"
    project.sql("UPDATE batchdrain_meta SET value = :v WHERE name = :n", [{"v": json.dumps(note), "n": name}])
    assert clear(own) == []
