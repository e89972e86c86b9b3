"""A line of an event is as long as a line may be, whatever stands in the log."""

from __future__ import annotations

import pytest

from batchdrain.reports.event_text import to_line

AT = {"timestamp": "2025-12-28T12:00:00Z", "session_id": "s", "session_uid": "u"}


@pytest.mark.parametrize(
    ("field", "most"),
    [("run_id", 200), ("phase_id", 200), ("value", 500), ("event", 40)],
    ids=["run", "phase", "value", "event"],
)
def test_each_part_of_a_line_is_cut_at_its_own_length(field: str, most: int) -> None:
    """Ids, reasons and names in a log are hostile data."""
    found = {**AT, "event": "phase.skipped", "rule": "r", "run_id": "r", "phase_id": "p"}
    fits, cut = (to_line({**found, field: "x" * length}) for length in (most, most + 1))
    assert "x" * most in fits
    assert "x" * most not in cut
    assert "x" * (most - 1) in cut
    assert len(cut) <= len(fits) + 1


def test_of_an_event_that_nobody_knows_names_and_values_are_cut_too() -> None:
    line = to_line({**AT, "event": "phase.mended", "n" * 41: "v" * 501})
    name, _, value = line.rpartition("  ")[2].partition("=")
    assert ("n" * 40 in name, "n" * 39 in name) == (False, True)
    assert ("v" * 500 in value, "v" * 499 in value) == (False, True)


def test_control_characters_of_an_id_do_not_reach_the_terminal() -> None:
    line = to_line({**AT, "event": "phase.skipped", "rule": "r", "run_id": "a\x1b[2J\nb", "phase_id": "p"})
    assert line.isprintable()
