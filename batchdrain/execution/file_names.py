"""Names the files of an execution, when it begins and when recovery looks for them: `<run>/<phase>.<attempt>.stderr.txt`, made of
slugs.

A name alone proves nothing: which file belongs to which execution stands in the ledger and in the session. Files are created
exclusively.
"""

from __future__ import annotations

import os
import re
import stat
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from batchdrain.execution.order import ExecutionFiles
from batchdrain.execution.slug import Namings, names_of
from batchdrain.model.phase import PhaseKey
from batchdrain.runtime.text import slug_of

Recorded = Callable[[], Iterable[tuple[PhaseKey, str]]]
"""Returns the executions that a session has recorded, each with the path of its stderr."""
_LOG: Final = ".stderr.txt"
_RUN: Final = "run"
_PHASE: Final = "phase"
_RECORDED: Final = re.compile(rf"(?P<phase>[A-Za-z0-9._-]{{1,120}})\.[0-9]{{1,10}}(?:-[0-9]{{1,20}}){{0,2}}{re.escape(_LOG)}")


class LogFolder:
    """The logs folder of a session, which one controller fills. Thread-safe."""

    def __init__(self, path: Path, recorded: Recorded = tuple) -> None:
        """`recorded`: asked once, and only if the folder holds something already."""
        self.path = path
        self._recorded = recorded
        self._lock = threading.Lock()
        self._runs: Namings | None = None
        self._phases: dict[str, Namings] = {}

    def name_files(self, key: PhaseKey, label: str, unique: str) -> ExecutionFiles:
        """Choose file names that do not exist yet. `label`: the attempt, '' if there is none; `unique`: added if the name exists
        already, for example from an attempt that was given back."""
        with self._lock:
            folder = self._runs_now().name(key.run_id)
            phase = self._phases_of(folder).name(key.phase_id)
        stem = f"{self.path}/{folder}/" + (f"{phase}.{label}" if label else phase)
        files, number = to_files(stem), 0
        while any(os.path.lexists(path) for path in (files.stdout, files.stderr, files.result)):
            number += 1
            files = to_files(stem, f"-{unique}" if number == 1 else f"-{unique}-{number}")
        return files

    def _runs_now(self) -> Namings:
        if self._runs is None:
            self._runs = Namings(_RUN)
            self._look(self._runs)
        return self._runs

    def _phases_of(self, folder: str) -> Namings:
        return self._phases.setdefault(folder.lower(), Namings(_PHASE))

    def _look(self, runs: Namings) -> None:
        """Learn the names that an earlier controller of the session has used. A folder without a recorded execution belongs to the
        run that its name suggests; anything that is not a folder keeps its name to itself."""
        try:
            names = [path.name for path in self.path.iterdir()]
        except OSError:  # whoever creates the first file reports it
            return
        for name in names:
            if _is_folder(self.path / name):
                runs.meet(name)
            else:
                runs.reserve(name)
        for key, path in self._recorded() if names else ():
            *above, folder, name = ("", "", *path.split("/"))
            found = _RECORDED.fullmatch(name)
            if above[-1] == self.path.name and found is not None:
                runs.learn(folder, key.run_id)
                self._phases_of(folder).learn(found["phase"], key.phase_id)


def to_files(stem: Path | str, more: str = "") -> ExecutionFiles:
    """The files with this stem."""
    return ExecutionFiles(stdout=f"{stem}{more}.stdout.txt", stderr=f"{stem}{more}{_LOG}", result=f"{stem}{more}.result.json")


def find_files(logs: Path, key: PhaseKey, attempt: int, epoch: int, kept_name: str) -> ExecutionFiles:
    """The files of an execution whose controller died. `kept_name`: the name of its log with its folder, as its guardian noted it.
    It is untrusted, so it counts only if this execution may have that name."""
    folder, _, name = kept_name.rpartition("/")
    earlier = re.escape(f"{key.digest[:16]}-{slug_of(key.phase_id)}-{epoch}")
    if re.fullmatch(rf"{earlier}(?:-[0-9]{{1,9}})?{re.escape(_LOG)}", name):
        return to_files(logs / name.removesuffix(_LOG))
    phases = "|".join(map(re.escape, names_of(key.phase_id, _PHASE)))
    own = rf"(?:{phases})\.{attempt}(?:-{epoch}(?:-[0-9]{{1,9}})?)?{re.escape(_LOG)}"
    if folder in set(names_of(key.run_id, _RUN)) and re.fullmatch(own, name):
        return to_files(logs / folder / name.removesuffix(_LOG))
    return to_files(logs / next(names_of(key.run_id, _RUN)) / f"{next(names_of(key.phase_id, _PHASE))}.{attempt}")


def _is_folder(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except OSError:
        return False
