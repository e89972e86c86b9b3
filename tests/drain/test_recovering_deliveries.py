"""What a dead controller gave to an engine of others: its ticket and its lease tell whether it ever began, and what may still run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from batchdrain.database.ledger.claims import Claims
from batchdrain.drain.project import Project
from batchdrain.drain.recovery import recover
from batchdrain.execution import tickets
from batchdrain.execution.process_identity import identify_self
from batchdrain.model.claim import Claim
from batchdrain.runtime import clock
from tests.database.bench import choice_of
from tests.support.opened import UID, dead, opened, spool_of
from tests.support.workplace import Workplace

NAME = "r/p"


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    sqlite_project.fail(NAME, reason="before")
    with opened(sqlite_project) as found:
        yield found


def deliver(project: Project, lease_s: float, *, alive: bool = False) -> Claim:
    """A claim under no guardian of ours."""
    claims = Claims(project.store, project.settings.command, UID, spool_dir=str(spool_of(project)))
    claims.holder = replace(claims.holder, process=identify_self() if alive else dead())
    claim = claims.claim(choice_of(NAME), lease_s=lease_s, run_type="default", now=clock.now())
    assert claim is not None
    return claim


def draw(project: Project, claim: Claim, how: str) -> str:
    """The folder of its tickets, and who drew its ticket there."""
    folder = tickets.folder_of(str(spool_of(project)), claim.token)
    if how != "no folder":
        tickets.make_folder(folder)
    if how == "withdrawn":
        assert tickets.draw(folder, claim.token, None)
    elif how == "by a guardian that is dead":
        assert tickets.draw(folder, claim.token, dead())
    elif how == "by one of another machine":
        who = {"host": "there", "host_id": "another-boot:1", "drawer": [7, 7], "guardian": [8, 8]}
        Path(folder, claim.token).write_text(json.dumps(who))
    return folder


@pytest.mark.parametrize(
    ("how", "lease_s", "began"),
    [
        ("nobody", 3600, False),
        ("nobody", -1, False),
        ("withdrawn", 3600, False),
        ("withdrawn", -1, False),
        ("by a guardian that is dead", 3600, True),
        ("by a guardian that is dead", -1, True),
        ("by one of another machine", 3600, None),
        ("by one of another machine", -1, True),
        ("no folder", 3600, None),
        ("no folder", -1, True),
    ],
)
def test_what_was_delivered_is_given_back_where_it_never_began_is_over_or_its_lease_is(
    project: Project, sqlite_project: Workplace, how: str, lease_s: float, began: bool | None
) -> None:
    """`began`: None where it stays held."""
    claim = deliver(project, lease_s)
    folder = draw(project, claim, how)

    found = recover(project)

    assert [(back.began, back.orphanings) for back in found] == ([] if began is None else [(began, int(began))])
    assert sqlite_project.phases() == {NAME: ("EXECUTING", "before") if began is None else ("FAILED", "before")}
    outcomes = {None: None, False: "not_started", True: "orphaned"}
    assert sqlite_project.sql("SELECT outcome FROM batchdrain_attempt") == [(outcomes[began],)]
    if how != "no folder":
        assert not tickets.draw(folder, claim.token, None), "what was given back is not begun by a late delivery"


@pytest.mark.parametrize("how", ["nobody", "withdrawn", "by a guardian that is dead"])
def test_what_a_controller_delivered_that_lives_is_its_own_business(project: Project, how: str) -> None:
    claim = deliver(project, 3600, alive=True)
    folder = draw(project, claim, how)
    assert recover(project) == []
    assert tickets.is_drawn(folder, claim.token) is (how != "nobody")
