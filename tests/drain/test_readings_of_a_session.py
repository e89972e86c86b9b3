"""What a session's readings read, what they settle before, and by whose settings."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain import refresh as room
from batchdrain.drain.refresh import Refresh
from tests.drain.test_reading_again import SETTINGS


def test_the_readings_of_a_session_are_of_its_own_backlog_and_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[object]()

    def recovers(project: object) -> list[object]:
        asked.append(project)
        return []

    monkeypatch.setattr(room, "recover", recovers)
    monkeypatch.setattr(room, "monotonic", lambda: 0.0)
    backlog, looks = SimpleNamespace(read_s=0.0, refresh=lambda _: asked.append("read"), skipped={}, remainder=None), "looks"
    it: Any = SimpleNamespace(backlog=backlog, project="project", request=SimpleNamespace(settings=SETTINGS))
    services: Any = SimpleNamespace(
        limits=SimpleNamespace(forget=lambda: asked.append("limits")),
        outage=SimpleNamespace(retry=lambda work, meanwhile: work()),
        watch=SimpleNamespace(look=lambda: asked.append(looks)),
    )
    recorder: Any = SimpleNamespace(settle=lambda: None, noted=lambda _: None)
    found = Refresh.of_session(it, services, recorder)
    assert found.due_in_s == 30.0
    monkeypatch.setattr(room, "monotonic", lambda: 120.0)
    found.read()
    assert asked == ["looks", "project", "read", "limits"]
