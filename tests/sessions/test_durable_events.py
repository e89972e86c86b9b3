"""Which events are on disk before the next step, and what a session file may not say twice."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from batchdrain.sessions.events import Event, EventLog
from batchdrain.sessions.parse import CorruptSession, parse
from tests.sessions.files import HEAD


def test_the_end_of_a_session_and_of_a_phase_are_on_disk_when_they_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a loss of power whoever reads the log else sees a session that runs for ever."""
    synced: list[str] = []
    path = tmp_path / "events.jsonl"
    real = os.fdatasync

    def fdatasync(descriptor: int) -> None:
        synced.append(json.loads(path.read_text().splitlines()[-1])["event"])
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", fdatasync)
    log = EventLog(path, "s", "u" * 32)
    for event in Event:
        log.write(event)
    log.close()

    assert synced == ["session.stopped", "session.completed", "phase.finished"]
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == [event.value for event in Event]


def test_a_key_that_stands_twice_makes_a_session_unreadable() -> None:
    """Which of the two is meant, nobody knows: the last one would win in silence."""
    text = json.dumps(HEAD)
    assert parse(text.encode(), "s").batch_size == 3
    twice = text.replace('"batch_size": 3', '"batch_size": 3, "batch_size": 300')
    with pytest.raises(CorruptSession, match="a key occurs twice"):
        parse(twice.encode(), "s")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e999", str(2**64), "[" * 200 + "]" * 200])
def test_a_value_that_could_not_be_written_again_makes_a_session_unreadable(value: str) -> None:
    text = json.dumps(HEAD).replace('"batch_size": 3', f'"batch_size": 3, "odd": {value}')
    with pytest.raises(CorruptSession):
        parse(text.encode(), "s")
