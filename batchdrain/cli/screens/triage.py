"""The screen of `inv triage`: shows diagnoses while they run, and what came of them."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from batchdrain.cli.screens.writer import Output
from batchdrain.config.settings import Settings
from batchdrain.drain.project import Project
from batchdrain.drain.triage.diagnosis import Diagnosis
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.idle_filters import find_idle_filters
from batchdrain.planning.lane_backlog import LaneBacklog
from batchdrain.planning.verdicts import VerdictKind
from batchdrain.reports.nothing_to_drain import EmptySelection, explain_nothing
from batchdrain.runtime import clock
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import agree, count_of, safe_text, to_shown_path

_SIGNS = {VerdictKind.PROMISING: "+", VerdictKind.HOPELESS: "-", VerdictKind.WAIT: "-"}


class TriageScreen:
    """Prints lines as they come, or one JSON object at the end."""

    def __init__(self, *, as_json: bool) -> None:
        self._out = Output()
        self._as_json = as_json
        self._found: list[Diagnosis] = []

    def begin(
        self, project: Project, settings: Settings, phases: Sequence[Phase], backlog: LaneBacklog, *, dry: bool
    ) -> None:
        """`phases`: the phases of the backlog to diagnose; `dry`: they only would be diagnosed."""
        if self._as_json:
            if dry or not phases:
                ids = [{"run_id": phase.run_id, "phase_id": phase.phase_id} for phase in phases]
                self._out.json(_dumps({"would_diagnose": ids} if dry else {"diagnosed": [], "counts": {}}))
            return
        if not phases and not backlog.waiting:
            held, state = len(project.store.history.read_held()), PhaseState.FAILED.value
            condition = project.settings.source.where
            empty = EmptySelection(state=state, total=backlog.total, skipped=backlog.skipped, held=held, condition=condition)
            nothing = explain_nothing(project.store.where, project.store.read_run_counts(), empty)
            self._out.line(nothing.replace("Nothing to drain", "Nothing to diagnose", 1))
        elif not phases:
            self._out.line(
                f"Nothing to diagnose in {project.store.where}: "
                f"{agree(backlog.waiting, 'the one phase that may be drained is', f'all {backlog.waiting} that may be drained are')} promising."
            )
        else:
            what = "Would diagnose" if dry else "Diagnosing"
            self._out.line(
                f"{what} {len(phases)} of {count_of(backlog.waiting, 'phase')}, {settings.triage.workers} at a time"
            )
            self._out.line(f"Database: {project.store.where}")
        for phase in phases if dry else ():
            self._out.line(f"  {safe_text(str(phase.key))}")

    def tell_idle(self, project: Project, filters: Filters, backlog: LaneBacklog) -> None:
        """Tell which filters change nothing; on stderr if JSON is wanted. `backlog`: just read."""
        out = Output(sys.stderr) if self._as_json else self._out
        for line in find_idle_filters(project.store, filters, PhaseState.FAILED, backlog):
            out.line(f"  ! {safe_text(line)}")

    def show(self, found: Diagnosis) -> None:
        """Show a diagnosis as soon as it is there."""
        self._found.append(found)
        if not self._as_json and not found.was_ended:
            sign = "?" if found.verdict is None else _SIGNS[found.verdict.kind]
            verdict = f"no verdict: {found.problem}" if found.verdict is None else str(found.verdict)
            self._out.line(f"  {sign} {safe_text(str(found.phase.key))}: {safe_text(verdict)}")
            if found.log_path:
                self._out.line(f"    Log: {safe_text(found.log_path, limit=None)}")

    def notice(self, text: str) -> None:
        """Print a line that is no diagnosis."""
        if not self._as_json:
            self._out.line(f"  ! {safe_text(text)}")

    def end(self, folder: Path) -> None:
        """Print the counts. `folder`: the folder with the output of the diagnoses."""
        counts = Counter(_outcome_of(found) for found in self._found)
        if self._as_json:
            fields = [_fields(found) for found in self._found]
            self._out.json(_dumps({"diagnosed": fields, "counts": dict(counts), "logs": to_shown_path(folder)}))
            return
        shares = ", ".join(
            f"{counts[outcome]} {outcome}" for outcome in (*VerdictKind, "no verdict", "ended") if counts[outcome]
        )
        self._out.line(f"Diagnosed {len(self._found)}: {shares}")
        self._out.line(f"Output of the diagnoses: {safe_text(to_shown_path(folder))}")


def _outcome_of(found: Diagnosis) -> str:
    if found.verdict is not None:
        return found.verdict.kind.value
    return "ended" if found.was_ended else "no verdict"


def _fields(found: Diagnosis) -> dict[str, Any]:
    verdict = found.verdict
    return {
        "run_id": found.phase.run_id,
        "phase_id": found.phase.phase_id,
        "verdict": None if verdict is None else verdict.kind.value,
        "reason": found.problem if verdict is None else verdict.reason,
        "until": None if verdict is None else clock.to_iso(verdict.until),
        "log_path": found.log_path or None,
        "duration_s": round(found.duration_s, 3),
    }


def _dumps(fields: dict[str, Any]) -> str:
    return to_json(fields, indent=True).decode()
