"""A policy is anybody's code: what it does to signals and to the standard streams harms nothing else."""

from __future__ import annotations

import os
from typing import Any

import pytest

from batchdrain.model.claim import Choice
from batchdrain.runtime import standard_streams
from batchdrain.runtime.signals import Cut
from tests.drain.choosing import Room, choice
from tests.drain.test_choosing_waits import RESULT, held


def test_a_signal_while_foreign_code_chooses_learns_or_reads_ends_that_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = Room(monkeypatch, "a")

    def cut(*_: object) -> Any:
        raise Cut

    monkeypatch.setattr(room.refresh, "tell", cut)
    room.chooser.begin([])
    monkeypatch.setattr(room, "next", cut)
    assert room.chooser.next(room.workers()) is None
    monkeypatch.setattr(room, "touch", cut)
    room.chooser.learn(RESULT)
    room.refresh.is_under_way, room.refresh.step = True, cut
    assert room.chooser.wait_s(held(1)) == 0.0


def test_foreign_code_that_closes_a_standard_stream_takes_it_from_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next file that is opened would get its number."""
    room = Room(monkeypatch, "a")
    room.chooser.begin([])
    monkeypatch.setattr(standard_streams, "_lost", set())

    def closes(*_: object) -> Choice:
        os.close(0)
        return choice("a")

    kept = os.dup(0)
    try:
        monkeypatch.setattr(room, "next", closes)
        assert room.chooser.next(room.workers()) is not None
        os.fstat(0)
        room.refresh.is_under_way = True
        room.refresh.step = closes
        room.chooser.wait_s(held(1))
        os.fstat(0)
    finally:
        os.dup2(kept, 0)
        os.close(kept)
