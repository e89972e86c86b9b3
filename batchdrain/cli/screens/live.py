"""The display on a terminal: a bar for the batch, a line for each phase that runs, and above them what has ended."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from batchdrain.cli.screens.plain import PlainScreen
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.screen import Opening
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import ScheduledAttempt, TimeLimit
from batchdrain.runtime.resources import raise_shortage
from batchdrain.runtime.text import safe_text

_ROOMY = 100  # columns of a terminal
_BAR = 24
_NARROW_BAR = 8


class _Elapsed(ProgressColumn):
    """Seconds; for a phase that runs, of how many too."""

    def render(self, task: Task) -> Text:
        elapsed = task.elapsed or 0.0
        limit = task.fields.get("limit_s")
        return Text(f"{elapsed:.0f} s" if limit is None else f"{elapsed:.0f}/{limit:.0f} s", style="cyan")


class LiveScreen(PlainScreen):
    """The same lines as plain ones, in colour, with the display below them."""

    def __init__(self, console: Console) -> None:
        super().__init__(Output(_Above(console)))  # type: ignore[arg-type]
        self._progress = Progress(
            TextColumn("{task.description}", markup=False, table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")),
            BarColumn(bar_width=_BAR if console.width >= _ROOMY else _NARROW_BAR),
            _Elapsed(table_column=Column(no_wrap=True, min_width=len("600/600 s"))),
            TimeRemainingColumn(compact=True, table_column=Column(no_wrap=True, min_width=len("00:00"))),
            console=console,
            expand=True,
            transient=True,
        )
        self._begun = False
        self._batch: TaskID | None = None
        self._of = "phases"
        self._slots: dict[int, TaskID] = {}
        self._succeeded = self._failed = 0

    def begin(self, opening: Opening) -> None:
        super().begin(opening)
        self._close_gap()
        self._of = f"{opening.state} phases"
        self._batch = self._progress.add_task(self._describe_counts(), total=opening.target, completed=opening.done)
        with raise_shortage():
            self._progress.start()
        self._begun = True

    def selected(self, scheduled: ScheduledAttempt) -> None:
        phase = scheduled.choice.phase
        name = f"{safe_text(phase.run_id, limit=40)} / {safe_text(phase.phase_id, limit=40)}"
        self._slots[scheduled.number] = self._progress.add_task(f"  {scheduled.number} {name}", total=None)

    def started(self, scheduled: ScheduledAttempt, limit: TimeLimit) -> None:
        slot = self._slots.get(scheduled.number)
        if slot is not None:
            self._progress.update(slot, limit_s=limit.seconds)

    def finished(self, scheduled: ScheduledAttempt, attempt: Attempt) -> None:
        super().finished(scheduled, attempt)
        self._succeeded += attempt.success
        self._failed += not attempt.success
        if self._batch is not None:
            self._progress.update(self._batch, advance=0 if scheduled.is_retry else 1, description=self._describe_counts())
            if self._target is not None and scheduled.number > self._target:
                self._target = scheduled.number
                self._progress.update(self._batch, total=self._target)

    def retry_scheduled(self, scheduled: ScheduledAttempt, wait_s: float, why: str) -> None:
        super().retry_scheduled(scheduled, wait_s, why)
        self._failed -= 1  # not yet
        if self._batch is not None:
            self._progress.update(self._batch, description=self._describe_counts())

    def end(self) -> None:
        if self._begun:  # Rich can't stop what it could not start
            self._progress.stop()
        super().end()

    def _show_result(self, scheduled: ScheduledAttempt, *lines: str) -> None:
        slot = self._slots.pop(scheduled.number, None)
        if slot is not None:
            self._progress.remove_task(slot)
        self._out.line(
            f"{self._place_of(scheduled)} {safe_text(scheduled.run_id)} / {safe_text(scheduled.choice.phase.phase_id)}"
        )
        for line in lines:
            self._out.line(line)
        self._owes_gap = True

    def _describe_counts(self) -> str:
        return f"{self._of}: {self._succeeded} succeeded, {self._failed} failed"


class _Above:
    """A stream that prints above the display."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self.encoding = console.encoding

    def write(self, text: str) -> None:
        styled = Text(text.removesuffix("\n"))
        if "✓" in text:
            styled.stylize("green")
        elif "✗" in text:
            styled.stylize("red")
        self._console.print(styled, soft_wrap=True)

    def flush(self) -> None:
        self._console.file.flush()

    def finish(self) -> None:
        finish = getattr(self._console.file, "finish", None)
        if finish is not None:
            finish()

    def fileno(self) -> int:
        return self._console.file.fileno()
