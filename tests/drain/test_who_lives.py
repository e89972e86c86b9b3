"""Whether a claim is to be settled, by who of its controller and its guardian lives, and by its lease."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain.liveness import is_due, is_gone
from batchdrain.execution import guardian_client, process_identity


@pytest.mark.parametrize(
    ("controller", "guardian", "left_ms", "gone", "due"),
    [
        (True, True, 5_000, False, False),
        (True, True, 0, False, False),
        (True, True, -1, False, False),
        (True, False, -1, False, True),
        (True, None, -1, False, False),
        (True, "none", -1, False, True),
        (True, "none", 0, False, False),
        (False, False, 5_000, True, True),
        (False, True, 5_000, True, True),
        (False, "none", 5_000, False, False),
        (False, "none", -1, False, True),
        (None, False, 5_000, False, False),
        (None, False, -1, False, True),
    ],
)
def test_a_claim_is_settled_once_nobody_can_work_for_it_any_more(
    monkeypatch: pytest.MonkeyPatch, controller: bool | None, guardian: Any, left_ms: int, gone: bool, due: bool
) -> None:
    """`none`: its engine brought its own guardian, so its command may run elsewhere; None: nobody can tell."""
    held: Any = SimpleNamespace(controller="it", guardian=None if guardian == "none" else "its", lease_left_ms=left_ms)
    monkeypatch.setattr(process_identity, "is_alive", lambda _: controller)
    monkeypatch.setattr(guardian_client, "is_guardian_alive", lambda _: guardian)
    assert (is_gone(held), is_due(held)) == (gone, due)
