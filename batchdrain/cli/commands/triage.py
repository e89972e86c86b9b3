"""inv triage: verdicts on the phases that a drain comes to next. The user's table is only read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from batchdrain.cli.commands.open import opened
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.config.load import Override
from batchdrain.config.settings import Settings
from batchdrain.drain.project import Project
from batchdrain.drain.shutdown import Shutdown
from batchdrain.drain.triage.diagnosis import Diagnosis
from batchdrain.drain.triage.runner import Triage
from batchdrain.execution.command import diagnosis_problems_of
from batchdrain.model.errors import ConfigError, FilesUnavailable
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.lane_backlog import LaneBacklog
from batchdrain.planning.planner import Selection
from batchdrain.planning.verdicts import VerdictKind
from batchdrain.reports.nothing_to_drain import EmptySelection, explain_nothing
from batchdrain.runtime import clock
from batchdrain.runtime.text import safe_text, to_shown_path

_SIGNS = {VerdictKind.PROMISING: "+", VerdictKind.HOPELESS: "-", VerdictKind.WAIT: "-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageFlags:
    """The flags of triage; `settings` are those that set a setting."""

    settings: Sequence[Override] = ()
    run_id: str | None = None
    exclude_run: Sequence[str] = ()
    category: Sequence[str] = ()
    anew: bool = False
    format: str = "text"


def triage(invocation: Invocation, flags: TriageFlags) -> int:
    """`inv triage`. Returns the exit code. Raises UsageError, ConfigError, DatabaseUnavailable."""
    filters = Filters.of(run_id=flags.run_id, exclude_runs=flags.exclude_run, categories=flags.category)
    with opened(invocation, flags.settings) as project:
        settings = project.settings
        problems = diagnosis_problems_of(settings, project.root)
        if problems:
            raise ConfigError.of(problems)
        selection = Selection(
            store=project.store, settings=settings, filters=filters, state=PhaseState.FAILED, heeds_verdicts=not flags.anew
        )
        backlog, now = selection.backlog(), clock.now()
        backlog.refresh(now)
        phases = backlog.upcoming(settings.triage.limit, now)
        screen = _Screen(Output(), as_json=flags.format == "json")
        screen.begin(project, settings, phases, backlog, dry=invocation.dry)
        return 0 if invocation.dry or not phases else _diagnosed(project, settings, phases, screen)


class _Screen:
    """Text as it comes, or one JSON object at the end."""

    def __init__(self, out: Output, *, as_json: bool) -> None:
        self._out = out
        self._as_json = as_json
        self._found: list[Diagnosis] = []

    def begin(
        self, project: Project, settings: Settings, phases: Sequence[Phase], backlog: LaneBacklog, *, dry: bool
    ) -> None:
        if self._as_json:
            if dry or not phases:
                ids = [{"run_id": phase.run_id, "phase_id": phase.phase_id} for phase in phases]
                self._out.line(_dumps({"would_diagnose": ids} if dry else {"diagnosed": [], "counts": {}}))
            return
        if not phases and not backlog.waiting:
            held, state = len(project.store.history.read_held()), PhaseState.FAILED.value
            empty = EmptySelection(state=state, total=backlog.total, skipped=backlog.skipped, held=held)
            nothing = explain_nothing(project.store.where, project.store.read_run_counts(), empty)
            self._out.line(nothing.replace("Nothing to drain", "Nothing to diagnose", 1))
        elif not phases:
            self._out.line(
                f"Nothing to diagnose in {project.store.where}: all {backlog.waiting} that may be drained are promising."
            )
        else:
            what = "Would diagnose" if dry else "Diagnosing"
            self._out.line(f"{what} {len(phases)} of {backlog.waiting} phases, {settings.triage.workers} side by side")
            self._out.line(f"Database: {project.store.where}")
        for phase in phases if dry else ():
            self._out.line(f"  {safe_text(str(phase.key))}")

    def show(self, found: Diagnosis) -> None:
        self._found.append(found)
        if not self._as_json and not found.was_ended:
            sign = "?" if found.verdict is None else _SIGNS[found.verdict.kind]
            said = f"no verdict: {found.problem}" if found.verdict is None else str(found.verdict)
            self._out.line(f"  {sign} {safe_text(str(found.phase.key))}: {safe_text(said)}")

    def end(self, folder: Path) -> None:
        counts = Counter(_word(found) for found in self._found)
        if self._as_json:
            fields = [_fields(found) for found in self._found]
            self._out.line(_dumps({"diagnosed": fields, "counts": dict(counts), "logs": to_shown_path(folder)}))
            return
        shares = ", ".join(f"{counts[word]} {word}" for word in (*VerdictKind, "no verdict", "ended") if counts[word])
        self._out.line(f"Diagnosed {len(self._found)}: {shares}")
        self._out.line(f"Output of the diagnoses: {safe_text(to_shown_path(folder))}")


def _diagnosed(project: Project, settings: Settings, phases: Sequence[Phase], screen: _Screen) -> int:
    """Diagnose them, whatever signal comes; returns the exit code. Raises what kept a verdict from the ledger."""
    project.store.ledger.create(project.store.database)
    folder = _new_folder(project, clock.now())
    shutdown, failure = Shutdown(), None
    with shutdown.watch(), closing(Triage(project, settings, folder, folder.name)) as engine:
        shutdown.engine = engine
        engine.tidy()
        asked = [future for phase in phases if (future := engine.ask(phase)) is not None]
        for future in as_completed(asked):
            found = future.result()
            failure = failure or found.failure
            screen.show(found)
    screen.end(folder)
    if shutdown.exit_code is not None:
        return shutdown.exit_code
    if failure is not None:
        raise failure
    return 0


def _new_folder(project: Project, now: datetime) -> Path:
    """Beside the sessions, with a name that nobody has."""
    project.folder.prepare()
    for name in _names(f"triage-{now:%Y%m%d-%H%M%S}"):
        folder = project.folder.folder / name
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            continue
        except OSError as error:
            raise FilesUnavailable(f"{folder}: {error.strerror}", remedy="make room, or name another session_dir") from error
        return folder
    raise AssertionError("numbers do not end")


def _names(stem: str) -> Iterator[str]:
    yield stem
    number = 1
    while True:
        number += 1
        yield f"{stem}-{number}"


def _word(found: Diagnosis) -> str:
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
        "duration_s": round(found.duration_s, 3),
    }


def _dumps(fields: dict[str, Any]) -> str:
    return json.dumps(fields, indent=2, ensure_ascii=True)
