"""Diagnoses phases side by side. It takes no claim and no lease, and writes nothing but notes in the ledger."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Final

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.drain.project import Project
from batchdrain.drain.triage.diagnosis import Diagnosis, DiagnosisJudge
from batchdrain.execution.command import SessionPlace, make_diagnosis_order
from batchdrain.execution.engines.local import LocalEngine
from batchdrain.execution.file_names import LogFolder
from batchdrain.execution.guardian_client import NotEndedError
from batchdrain.execution.guardian_pool import execute
from batchdrain.model.errors import BatchDrainError, FilesUnavailable
from batchdrain.model.phase import Phase, PhaseKey
from batchdrain.planning.verdicts import expired
from batchdrain.runtime import clock
from batchdrain.runtime.text import to_shown_path
from batchdrain.sessions import lock

_LEAVES_S: Final = 0.05


class Triage:
    """Runs the diagnosis commands of a drain or of `inv triage`, under guardians of this machine, whichever engine drains."""

    def __init__(self, project: Project, settings: Settings, folder: Path, session_id: str) -> None:
        """`folder`: for the commands' output; it is made here. Raises FilesUnavailable."""
        self._project = project
        self._settings = settings
        self._logs = LogFolder(folder.absolute())
        self._session_id = session_id
        self._tokens: dict[PhaseKey, str] = {}
        self._asked: dict[PhaseKey, Future[Diagnosis]] = {}
        self._is_ending = False
        try:
            self._lock = lock.make_locked_folder(self._logs.path)
        except OSError as error:
            raise FilesUnavailable(
                f"{folder}: {error.strerror}", remedy="free disk space, or name another session_dir"
            ) from error
        self._engine = LocalEngine(settings.triage.workers)

    def tidy(self) -> None:
        """Remove expired verdicts from the ledger. Raises DatabaseUnavailable."""
        notes = Notes(self._project.store.database, self._project.store.ledger)
        told = [*notes.read(NoteKind.VERDICT), *notes.read_shared(NoteKind.VERDICT)]
        notes.forget(NoteKind.VERDICT, expired(told, clock.now()))

    def ask(self, phase: Phase) -> Future[Diagnosis] | None:
        """Diagnose a phase as soon as a thread is free. None if it was asked for before: each phase is diagnosed once."""
        if phase.key in self._asked:
            return None
        self._asked[phase.key] = future = self._engine.submit(self._diagnose, phase)
        return future

    def cancel(self, key: PhaseKey) -> None:
        """End the diagnosis of a phase that is about to be executed. It has ended when this returns."""
        future = self._asked.get(key)
        while future is not None and not future.done() and not future.cancel():
            self._engine.pool.end(self._tokens.get(key, ""))
            wait([future], timeout=_LEAVES_S)

    def interrupt(self, *, kill: bool = False) -> None:
        """End every diagnosis, including those that would begin later. Safe in a signal handler."""
        self._is_ending = True
        self._engine.interrupt(kill=kill)

    def close(self) -> None:
        """End everything. Nothing that was started is left when this returns."""
        self.interrupt()
        self._engine.shutdown(wait=True, cancel_futures=True)
        os.close(self._lock)

    def _diagnose(self, phase: Phase) -> Diagnosis:
        if self._is_ending:
            return Diagnosis(phase=phase, was_ended=True)
        try:
            row_state = self._project.store.read_row_state(phase)
            if row_state.state not in self._project.store.table.states[phase.state]:
                return Diagnosis(phase=phase, problem=f"it is {row_state.state} now")
            found = self._judged(phase, row_state.reason, self._project.store.read_given(phase))
            if found.verdict is not None:
                self._keep(found)
        except BatchDrainError as error:
            return Diagnosis(phase=phase, problem=str(error), failure=error)
        except NotEndedError as error:  # the other phases are diagnosed all the same
            return Diagnosis(phase=phase, problem=f"its command can't be ended: {error}")
        return found

    def _judged(self, phase: Phase, reason: str | None, columns: Mapping[str, str | None]) -> Diagnosis:
        place = SessionPlace(session_id=self._session_id, root=self._project.root, logs=self._logs)
        order = make_diagnosis_order(phase, reason or "", self._settings, place, columns)
        self._tokens[phase.key] = order.token
        ending = execute(order)
        paths = (to_shown_path(Path(order.stdout_path)), to_shown_path(Path(order.stderr_path)))
        return DiagnosisJudge(self._settings.triage, self._project.store.redact).judge(
            phase, reason, ending, paths=paths, now=clock.now()
        )

    def _keep(self, found: Diagnosis) -> None:
        if found.verdict is not None:
            to_note = {found.phase.key.digest: found.verdict.to_note}
            Notes(self._project.store.database, self._project.store.ledger).write(NoteKind.VERDICT, to_note)
