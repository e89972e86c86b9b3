"""The screen that prints plain lines."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from batchdrain.cli.screens.writer import Output
from batchdrain.drain.screen import Look, Opening
from batchdrain.failures.suffix import fit
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import ScheduledAttempt, TimeLimit
from batchdrain.reports.forecast_words import describe_forecast
from batchdrain.runtime.text import agree, count_of, describe_ending, safe_text, to_shown_path

_REASON_CHARS: Final = 2_000
LOG: Final = "    Log: "


class PlainScreen:
    """Shows a drain as plain lines, for pipes, files and logs."""

    def __init__(self, output: Output) -> None:
        self._out = output
        self._target: int | None = None
        self._side_by_side = False
        self._owes_gap = False
        self._root: Path | None = None

    def begin(self, opening: Opening) -> None:
        self._target, self._root = opening.target, opening.root
        self._side_by_side = opening.workers > 1
        self._out.line("Batch Drain Controller")
        self._out.line(f"Session ID: {opening.session_id}")
        self._out.line(f"Database: {opening.database}")
        self._out.line(f"Target: Process {opening.aim}")
        if opening.run_id is not None:
            self._out.line(f"Run: {safe_text(opening.run_id)}")
        if opening.forecast is not None:
            self._out.line(f"Forecast: {describe_forecast(opening.forecast)}")
        if opening.done:
            self._out.line(f"Resuming: {count_of(opening.done, 'phase')} {agree(opening.done, 'is', 'are')} done already")
        self._owes_gap = True

    def watch(self, look: Look) -> None:
        """Does nothing: plain lines show no progress."""

    def selected(self, scheduled: ScheduledAttempt) -> None:
        self._close_gap()
        what = "Trying again..." if scheduled.is_retry else "Selecting next phase..."
        self._out.line(f"{self._place_of(scheduled)} {what}")
        self._out.line(f"  Draining: {_name_of(scheduled)}")

    def started(self, scheduled: ScheduledAttempt, limit: TimeLimit) -> None:
        """Does nothing: `selected` has told it already."""

    def lost(self, scheduled: ScheduledAttempt, why: str) -> None:
        self._show_result(scheduled, f"  - Skipped: {why}")

    def finished(self, scheduled: ScheduledAttempt, attempt: Attempt) -> None:
        ending = safe_text(describe_ending(attempt.final_state, attempt.exit_code, attempt.signal, success=attempt.success))
        if attempt.success:
            self._show_result(scheduled, f"  ✓ Success: {ending}")
        else:
            error = (
                f"    Error: {safe_text(fit(attempt.reason or 'moved by its command, or by somebody else', _REASON_CHARS))}"
            )
            self._show_result(scheduled, f"  ✗ Failed: {ending}", error)
            if attempt.log_path:
                self._show_log((self._root or Path()) / attempt.log_path)

    def released(self, scheduled: ScheduledAttempt, attempt: Attempt) -> None:
        self._show_result(scheduled, f"  - Released: {safe_text(attempt.final_state)}")

    def retry_scheduled(self, scheduled: ScheduledAttempt, wait_s: float, why: str) -> None:  # noqa: ARG002 - a screen's signature
        self._out.line(f"    Trying again in {wait_s:.1f} s: {why}")

    def notice(self, text: str) -> None:
        self._out.line(f"  ! {safe_text(text)}")

    def end(self) -> None:
        self._close_gap()
        self._out.finish()

    def _show_result(self, scheduled: ScheduledAttempt, *lines: str) -> None:
        if self._side_by_side:
            self._close_gap()
            self._out.line(f"{self._place_of(scheduled)} {_name_of(scheduled)}")
        for line in lines:
            self._out.line(line)
        self._owes_gap = True

    def _show_log(self, path: Path) -> None:
        """Show the whole path of the last phase's log, relative to the current folder if possible,
        so that it can be opened."""
        self._out.line(f"{LOG}{safe_text(to_shown_path(path), limit=None)}")

    def _place_of(self, scheduled: ScheduledAttempt) -> str:
        """The place of the phase, as '[3/10]'. Its number may have grown beyond the target."""
        return (
            f"[{scheduled.number}]" if self._target is None else f"[{scheduled.number}/{max(self._target, scheduled.number)}]"
        )

    def _close_gap(self) -> None:
        """Print the blank line before the next phase. It waits until then, since more lines about the last phase may come."""
        if self._owes_gap:
            self._out.line()
            self._owes_gap = False


def _name_of(scheduled: ScheduledAttempt) -> str:
    phase = scheduled.choice.phase
    return f"{safe_text(phase.run_id, limit=200)} / {safe_text(phase.phase_id, limit=200)}"
