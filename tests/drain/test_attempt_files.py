"""Where the log of a past attempt is now: as the ledger has it, in another project's folder, or where the sessions were moved to."""

from __future__ import annotations

import socket
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.database.ledger.phase_history import PastAttempt
from batchdrain.drain.attempt_files import find_file
from batchdrain.drain.project import Project

HERE = socket.gethostname()
LOG = "state/sessions/s/logs/p.1.stderr.txt"


def attempt(**facts: Any) -> PastAttempt:
    known = {"epoch": 1, "attempt": 1, "session_uid": "u", "session_id": "s", "started_ms": 0, "host": HERE, **facts}
    return PastAttempt(**{**dict.fromkeys(field.name for field in fields(PastAttempt)), **known})


def project(root: Path, folder: object = None) -> Project:
    """`folder`: that of the attempt's session, as the ledger has it."""
    rows = SimpleNamespace(read_wanted=lambda uid: {"folder": folder} if uid == "u" else {})
    return cast(
        "Project", SimpleNamespace(root=root, folder=SimpleNamespace(folder=root / "moved" / "sessions"), session_rows=rows)
    )


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("said")
    return path


def test_a_log_that_is_where_the_ledger_has_it_is_shown_as_the_ledger_has_it(tmp_path: Path) -> None:
    put(tmp_path / LOG)
    put(tmp_path / "moved/sessions/s/logs/p.1.stderr.txt")
    found = find_file(project(tmp_path), attempt(), LOG)
    assert (found.path, found.is_there, found.why_not) == (LOG, True, "")


def test_a_log_is_found_below_the_folder_of_sessions_where_that_was_moved(tmp_path: Path) -> None:
    there = put(tmp_path / "moved/sessions/s/logs/p.1.stderr.txt")
    found = find_file(project(tmp_path), attempt(), LOG)
    assert (found.path, found.is_there) == (str(there), True)


def test_a_log_of_a_session_with_another_folder_is_looked_for_there_first(tmp_path: Path) -> None:
    """An id may be that of a session of ours too."""
    put(tmp_path / LOG)
    there = put(tmp_path / "other/s/logs/p.1.stderr.txt")
    assert find_file(project(tmp_path, str(tmp_path / "other")), attempt(), LOG).path == str(there)
    own = str(tmp_path / "moved" / "sessions")
    for folder in (own, 7, None, str(tmp_path / "nowhere")):
        assert find_file(project(tmp_path, folder), attempt(), LOG).path == LOG
    assert find_file(project(tmp_path, str(tmp_path / "other")), attempt(host="elsewhere"), LOG).path == LOG


@pytest.mark.parametrize(
    ("facts", "path", "why_not"),
    [
        ({}, LOG, "gone"),
        ({"host": None}, LOG, "gone"),
        ({"host": "elsewhere"}, LOG, "not here: look on elsewhere"),
        ({"session_id": None}, LOG, "gone, as `inv prune` removed its session"),
        ({"session_id": None, "host": "elsewhere"}, LOG, "not here: look on elsewhere"),
        ({}, "logs/p.1.stderr.txt", "gone"),
        ({}, "state/s/../secret.txt", "gone"),
        ({}, "s/logs", "gone"),
        ({}, "s/" + "x" * 300, "gone"),
        ({}, "s/\0", "gone"),
    ],
)
def test_a_log_that_is_not_there_is_told_with_where_it_may_be(
    tmp_path: Path, facts: dict[str, Any], path: str, why_not: str
) -> None:
    """What the ledger says is not trusted: no path leads out of the folder of sessions."""
    put(tmp_path / "moved/sessions/secret.txt")
    put(tmp_path / "moved/sessions/s/logs/one")
    found = find_file(project(tmp_path), attempt(**facts), path)
    assert (found.path, found.is_there, found.why_not) == (path, False, why_not)
