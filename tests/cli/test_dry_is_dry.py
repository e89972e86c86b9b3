"""Invoke's own `--dry`: whatever the task and its flags, no file and no table is another afterwards."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from batchdrain.collection import ns
from tests.cli.in_process import inv
from tests.support.workplace import Workplace

DRY = [
    ["drain"], ["drain", "--triage"], ["drain", "--plan=plan.json"], ["drain", "--resume"], ["dry-run"], ["drain-all"],
    ["drain-queued", "--run-id=q"], ["chain-with-queued", "--run-id=q"], ["resume"], ["resume", "--close"], ["recover"], ["triage"],
    ["prune", "--older-than=1s", "--yes"], ["prune", "--older-than=1s"], ["hint", "--run-id=a", "--priority=3"],
    ["hint", "--run-id=a*", "--clear"], ["accept", "--run-id=a", "--reason=x"], ["accept", "--run-id=b", "--clear"],
    ["accept", "--cluster=0123456789", "--reason=x"], ["stop"], ["stop", "--now"], ["pause"], ["continue"], ["demo"], ["init"],
    ["doctor"], ["clusters"], ["summary", "--output=told.txt"], ["summary", "--format=html", "--output=told.html"],
    ["summary", "--output=plan.json"], ["dry-run", "--output=told.json"], ["drain", "--dry-run"],
    ["events"], ["explain"], ["explain", "--run-id=a", "--phase-id=q"], ["reopen"], ["reopen", "--run-id=a*", "--reason=x"], ["list-run-counts"], ["pick-next-run"], ["sessions"], ["status"], ["summary"], ["hint"], ["accept"],
]  # fmt: skip
"""Every task, with what it writes otherwise."""


def stands(place: Workplace) -> tuple[list[str], dict[str, bytes]]:
    """All tables, and all files but those of the database itself."""
    path = place.url.partition("///")[2]
    with closing(sqlite3.connect(path)) as connection:
        rows = list(connection.iterdump())
    files = [one for one in place.root.rglob("*") if one.is_file() and not one.name.startswith(Path(path).name)]
    return rows, {str(one): one.read_bytes() for one in files}


@pytest.fixture
def full(sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch) -> Workplace:
    """Sessions that have ended, were left, and run on another host; notes; and what is to be drained."""
    place = sqlite_project
    monkeypatch.setenv("DATABASE_URL", place.url)
    for command in ("COMMAND", "TRIAGE"):
        monkeypatch.setenv(f"INVOKE_BATCHDRAIN_{command}_ARGV", '["{python}", "-c", "0"]')
    place.fail("a/p~fail", "a/q", "b/r")
    place.add(("q", "s", 0, "QUEUED", None))
    place.inv("hint", "--run-id=a*", "--priority=5")
    place.inv("accept", "--run-id=b", "--reason=known")
    place.inv("dry-run", "--output=plan.json")
    place.inv("drain", "--batch-size=1")
    place.sql(
        "INSERT INTO batchdrain_session SELECT source, 'there', session_id, chain_uid, epoch, 'another host', host, ctl_pid, ctl_start, "
        "intent, progress, asked_no, asked, begun_ms, beat_ms, ttl_ms, NULL, NULL FROM batchdrain_session"
    )
    return place


def test_nothing_is_written_by_any_task(
    full: Workplace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stands(full)
    for argv in DRY:
        ran = inv(["--dry", *argv], full.root, capsys, monkeypatch)
        assert ran.code in ({78} if argv == ["demo"] else {0, 1, 2}), (argv, ran)  # the database is not of a demo
        assert stands(full) == before, (argv, ran)


def test_every_task_is_asked() -> None:
    assert {argv[0] for argv in DRY} == set(ns.task_names)
