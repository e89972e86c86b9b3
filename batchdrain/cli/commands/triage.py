"""inv triage: gets verdicts on the phases that a drain would take next. Only reads the user's table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from batchdrain.cli.commands.open import open_project
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.triage import TriageScreen
from batchdrain.config.load import Override
from batchdrain.config.settings import Settings
from batchdrain.drain.project import Project
from batchdrain.drain.shutdown import Shutdown, name_of_signal
from batchdrain.drain.triage.runner import Triage
from batchdrain.execution.command import diagnosis_problems_of
from batchdrain.model.errors import ConfigError, FilesUnavailable
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.planner import Selection, settle_run
from batchdrain.runtime import clock

_TOLD_WITHIN_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageFlags:
    """The flags of triage. `settings`: the flags that set a setting."""

    settings: Sequence[Override] = ()
    run_id: str | None = None
    exclude_run: Sequence[str] = ()
    category: Sequence[str] = ()
    anew: bool = False
    format: str = "text"


def triage(invocation: Invocation, flags: TriageFlags) -> int:
    """`inv triage`. Returns the exit code. Raises UsageError, ConfigError and DatabaseUnavailable."""
    filters = Filters.of(run_id=flags.run_id, exclude_runs=flags.exclude_run, categories=flags.category)
    with open_project(invocation, flags.settings) as project:
        project.read_by_former_name()
        settings = project.settings
        problems = diagnosis_problems_of(settings, project.root)
        if problems:
            raise ConfigError.of(problems)
        filters = settle_run(project.store, filters)
        selection = Selection(
            store=project.store, settings=settings, filters=filters, state=PhaseState.FAILED, heeds_verdicts=not flags.anew
        )
        backlog, now = selection.backlog(), clock.now()
        backlog.refresh(now)
        phases = backlog.upcoming(settings.triage.limit, now)
        screen = TriageScreen(as_json=flags.format == "json")
        screen.begin(project, settings, phases, backlog, dry=invocation.dry)
        screen.tell_idle(project, filters, backlog)
        return 0 if invocation.dry or not phases else _diagnose_all(project, settings, phases, screen)


def _diagnose_all(project: Project, settings: Settings, phases: Sequence[Phase], screen: TriageScreen) -> int:
    """Diagnose the phases, whatever signal comes. Returns the exit code.
    Raises the error that kept a verdict out of the ledger."""
    project.store.ledger.create(project.store.database)
    folder = _new_folder(project, clock.now())
    shutdown, failure = Shutdown(), None
    with shutdown.watch(), closing(Triage(project, settings, folder, folder.name)) as engine:
        shutdown.engine = engine
        engine.tidy()
        asked = [future for phase in phases if (future := engine.ask(phase)) is not None]
        left, told = set(asked), False
        while left:
            done, left = wait(left, timeout=_TOLD_WITHIN_S, return_when=FIRST_COMPLETED)
            for future in done:
                found = future.result()
                failure = failure or found.failure
                screen.show(found)
            if left and not told and shutdown.signal is not None:  # told here, as a handler may not print
                told = True
                grace_s = settings.command.grace_s
                name = name_of_signal(shutdown.signal)
                screen.notice(f"{name}: the diagnoses are ended, waiting at most {grace_s:g} s (command.grace_s)")
    screen.end(folder)
    if shutdown.exit_code is not None:
        return shutdown.exit_code
    if failure is not None:
        raise failure
    return 0


def _new_folder(project: Project, now: datetime) -> Path:
    """Make a new folder beside the sessions."""
    project.folder.prepare()
    for name in _names(f"triage-{now:%Y%m%d-%H%M%S}"):
        folder = project.folder.folder / name
        try:
            project.folder.make(name)
        except FileExistsError:
            continue
        except OSError as error:
            raise FilesUnavailable(
                f"{folder}: {error.strerror}", remedy="free disk space, or name another session_dir"
            ) from error
        return folder
    raise AssertionError("numbers do not end")


def _names(stem: str) -> Iterator[str]:
    yield stem
    number = 1
    while True:
        number += 1
        yield f"{stem}-{number}"
