"""`inv doctor` tells of a claim that another machine holds what its lease says of it."""

from __future__ import annotations

import re

import pytest

from tests.chaos.test_taken_away import killed
from tests.support.workplace import Workplace


@pytest.mark.parametrize(
    ("left_s", "told"),
    [
        (600, r"is of another machine; its lease lasts \d+ s: if it died, `inv recover` releases it there at once"),
        (-600, r"is of another machine; its lease ended \d+ s ago: `inv recover` releases it$"),
    ],
    ids=["lives", "over"],
)
def test_a_phase_that_another_machine_holds_is_told_by_its_lease(sqlite_project: Workplace, left_s: int, told: str) -> None:
    killed(sqlite_project)
    sqlite_project.sql(
        "UPDATE batchdrain_claim SET host_id = 'elsewhere', "
        f"lease_until_ms = (SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) + {left_s * 1000}) WHERE owner IS NOT NULL"
    )
    looked = sqlite_project.inv("doctor")
    [line] = [line for line in looked.lines if "claims: held now" in line]
    assert re.search(told, line) is not None, looked
    assert (line.startswith("warn "), looked.code) == (left_s < 0, 0)
