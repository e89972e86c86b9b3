"""What people give as a reason is masked like all that is kept."""

from __future__ import annotations

import pytest

from tests.support.workplace import Workplace


@pytest.mark.parametrize("task", ["accept", "hint"])
def test_a_secret_in_a_reason_does_not_get_into_the_ledger(sqlite_project: Workplace, task: str) -> None:
    sqlite_project.fail("r/p")
    more = ["--priority=3"] if task == "hint" else []
    ran = sqlite_project.inv(
        task, "--run-id=r", "--reason=key s3cr3t-value-123", *more, env={"API_TOKEN": "s3cr3t-value-123"}
    )
    kept = str(sqlite_project.sql("SELECT * FROM batchdrain_meta"))
    assert (ran.code, "key " in kept, "s3cr3t-value-123" in kept + sqlite_project.inv(task).out) == (0, True, False), ran
