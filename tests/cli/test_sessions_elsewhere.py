"""Sessions of other folders and hosts, as `inv sessions --format=json` shows what the ledger has of them."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.cli.commands.sessions_elsewhere import fields_of_held, list_held, read_elsewhere
from batchdrain.database.ledger.held_claims import Held
from batchdrain.database.ledger.session_rows import SessionRow
from batchdrain.drain.liveness import describe_held
from batchdrain.drain.project import Project
from batchdrain.execution.process_identity import ProcessIdentity, identify_self
from batchdrain.model.phase import PhaseKey
from tests.support.opened import dead, opened
from tests.support.workplace import Workplace

FAR = ProcessIdentity("another host", 7, 9)


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    sqlite_project.fail("r/a")
    with opened(sqlite_project) as found:
        found.folder.prepare()
        yield found


def row(uid: str = "u1", **facts: Any) -> SessionRow:
    base: dict[str, Any] = {
        "uid": uid, "session_id": f"id-{uid}", "chain_uid": None, "epoch": 1, "controller": identify_self(), "host": "h",
        "wanted": {"kind": "failed", "batch_size": 5, "folder": "/elsewhere", "group": "g"},
        "progress": {"processed": 4, "succeeded": 3, "failed": 1}, "asked": None, "begun_ms": 0, "beat_age_ms": 0, "ttl_ms": 60_000,
        "ended_ms": None, "status": None,
    }  # fmt: skip
    return SessionRow(**{**base, **facts})


def shown(
    project: Project, *rows: SessionRow, known: tuple[str, ...] = (), lost: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    it = cast("Project", SimpleNamespace(folder=project.folder, session_rows=SimpleNamespace(read=lambda: list(rows))))
    return read_elsewhere(it, known, lost, {})


def test_a_session_that_runs_elsewhere_has_the_fields_of_one_of_ours(project: Project) -> None:
    [found] = shown(project, row())
    assert found == {
        "session_id": "id-u1", "session_uid": "u1", "chain_uid": None, "is_paused": False, "is_closed": False, "retries_waiting": 0,
        "kind": "failed", "status": "running", "alive": True, "started_at": "1970-01-01T00:00:00Z",
        "completed_at": None, "held": [], "batch_size": 5, "total_processed": 4, "total_success": 3, "total_failed": 1, "success_rate": 0.75,
        "elsewhere": {"host": "h", "pid": identify_self().pid, "folder": "/elsewhere", "group": "g"},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"controller": dead()}, {"alive": False, "status": "running"}),
        ({"controller": FAR, "beat_age_ms": 60_001}, {"alive": False}),
        ({"controller": FAR, "beat_age_ms": 60_000}, {"alive": True}),
        (
            {"status": "complete", "ended_ms": 1_000},
            {"alive": False, "status": "complete", "completed_at": "1970-01-01T00:00:01Z"},
        ),
        ({"status": "stopped", "ended_ms": 1_000}, {"completed_at": "1970-01-01T00:00:01Z"}),
        ({"status": "interrupted", "ended_ms": 1_000}, {"completed_at": None}),
        ({"wanted": {"batch_size": "5"}}, {"batch_size": None, "kind": ""}),
        *(
            ({"status": status, "ended_ms": 1_000, "progress": {"processed": 4, "retries": 1}}, {"retries_waiting": waiting})
            for status, waiting in (("stopped", 1), ("complete", 0))
        ),
        ({"progress": {}}, {"total_processed": 0, "total_failed": 0, "success_rate": None}),
    ],
)
def test_what_the_ledger_has_of_a_session_decides_what_is_shown(
    project: Project, facts: dict[str, Any], expected: dict[str, Any]
) -> None:
    [found] = shown(project, row(**facts))
    assert {name: found[name] for name in expected} == expected


def test_what_our_folder_shows_or_has_lost_itself_is_not_shown_twice(project: Project) -> None:
    here = str(project.folder.folder.absolute())
    rows = [row("u1"), row("u2", wanted={"folder": here}), row("u3", wanted={"folder": here}), row("u4")]
    found = shown(project, *rows, known=("u1",), lost=("id-u2", "id-u4"))
    assert [one["session_id"] for one in found] == ["id-u3", "id-u4"], "that of our folder that is lost is shown as ours"


def held_by(controller: ProcessIdentity, **facts: Any) -> Held:
    key = PhaseKey("r", "a")
    base: dict[str, Any] = {
        "key": key, "digest": key.digest, "epoch": 3, "owner": "o", "session_uid": "u1", "phase_index": 0, "attempt": 1,
        "controller": controller, "guardian": dead(), "lease_left_ms": 1_500, "prior_state": "FAILED", "prior_reason": None,
        "held_state": "EXECUTING", "orphanings": 0, "started_ms": None, "spool_dir": "/nowhere", "success_codes": None,
    }  # fmt: skip
    return Held(**{**base, **facts})


def test_what_a_session_elsewhere_holds_stands_with_it_and_is_left_over_no_more(project: Project) -> None:
    ours, other = held_by(identify_self()), held_by(dead(), epoch=4)
    held = {"u1": [ours], "u9": [other]}
    it = cast("Project", SimpleNamespace(folder=project.folder, session_rows=SimpleNamespace(read=lambda: [row("u1")])))
    [found] = read_elsewhere(it, (), (), held)
    assert list(held) == ["u9"]
    assert found["held"] == [
        {"run_id": "r", "phase_id": "a", "epoch": 3, "alive": True, "lease_left_s": 1.5, "said": describe_held(ours)}
    ]
    assert [one["alive"] for one in fields_of_held([other])] == [False]
    assert list_held({"u1": [ours], "u9": [other]}) == [describe_held(ours), describe_held(other)]
