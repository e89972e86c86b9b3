"""One meaning of "failed" everywhere: a phase whose last attempt failed, also if it will be tried again."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batchdrain.cli.commands.session_row import row_of
from batchdrain.cli.screens.layout import lay_out
from batchdrain.database.ledger.session_rows import SessionRow
from batchdrain.drain.snapshot import Snapshot
from batchdrain.execution.process_identity import identify_self
from batchdrain.planning.eta import Eta
from batchdrain.reports import formats
from batchdrain.reports.beside import Beside
from batchdrain.reports.session_table import render_sessions
from batchdrain.reports.status_view import render_status, to_fields
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.session import Session
from tests.reports.test_worst import failed
from tests.sessions.files import HEAD

NOW = datetime(2026, 11, 29, 9, 27, tzinfo=UTC)
RESULTS = [
    {"run_id": "r", "phase_id": "ok", "success": True, "final_state": "COMPLETE"},
    failed("gone", "disk full"),
    failed("back", "no route", retry_at="2025-12-28T12:00:09Z"),
]


def interrupted() -> Session:
    found = Session.model_validate({**HEAD, "status": "interrupted", "results": RESULTS})
    found.recount()
    return found


def summary(shape: str) -> str:
    return html.unescape(formats.render_summary(interrupted(), "new/s.json", shape, Beside()))


def as_json(text: str) -> str:
    found = json.loads(text)
    return " ".join(f"{name}={found[name]}" for name in ("total_processed", "total_failed", "retries_waiting"))


def listed(folder: SessionFolder) -> str:
    return "\n".join(render_sessions([row_of(folder, "s", interrupted(), {}, set(), frozenset())]))


def running() -> SessionRow:
    """As the ledger has it: there those that are tried again are told apart."""
    progress = {"processed": 3, "succeeded": 1, "failed": 1, "retries": 1, "target": 9}
    return SessionRow(
        uid="u", session_id="s", chain_uid=None, epoch=1, controller=identify_self(), host="host", wanted={}, progress=progress,
        asked=None, begun_ms=0, beat_age_ms=0, ttl_ms=60_000, ended_ms=None, status=None,
    )  # fmt: skip


def live() -> str:
    shot = Snapshot(
        processed=3, succeeded=1, failed=2, retries_waiting=1, retries_running=0, target=9, running=(), eta=Eta(None)
    )
    return "".join(span.text for span in lay_out(shot, (200, 24), NOW)[0])


SAID: dict[str, tuple[Callable[[SessionFolder], str], str]] = {
    "summary": (
        lambda _: summary("text"),
        r"Processed: 3\n.*Succeeded: 1\n.*Failed: 2\n(.*\n)+  1 more waits for a retry",
    ),
    "markdown": (lambda _: summary("markdown"), r"\| Failed \| 2 \|\n(.*\n)+and 1 more waits for a retry"),
    "page": (lambda _: summary("html"), r"2 of 3 phases failed(.|\n)+1 failed phase waits for a retry"),
    "junit": (lambda _: summary("junit"), r'<testsuites name="batchdrain s" tests="3" failures="2"'),
    "json": (lambda _: as_json(summary("json")), "total_processed=3 total_failed=2 retries_waiting=1"),
    "sessions": (listed, r"s  +failed interrupted +3/3 +1 +2 +33.3%\n  1 of the failed waits to be tried again"),
    "sessions, JSON": (
        lambda folder: as_json(json.dumps(row_of(folder, "s", interrupted(), {}, set(), frozenset()))),
        "total_processed=3 total_failed=2 retries_waiting=1",
    ),
    "status": (
        lambda _: "\n".join(render_status([to_fields(running(), alive=True)], NOW)),
        "1 ok · 2 failed · 1 retry to come",
    ),
    "status, JSON": (
        lambda _: json.dumps(to_fields(running(), alive=True)),
        '"processed": 3, "succeeded": 1, "failed": 2, "retries": 1',
    ),
    "the screen": (lambda _: live(), "1 ok · 2 failed · 1 retry waits"),
}


@pytest.mark.parametrize("where", SAID)
def test_a_failure_that_will_be_tried_again_is_one_of_the_failed_and_is_told_beside_them(tmp_path: Path, where: str) -> None:
    say, said = SAID[where]
    told = say(SessionFolder(tmp_path))
    assert re.search(said, told), told
