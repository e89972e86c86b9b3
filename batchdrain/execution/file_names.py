"""How the files of an execution are named, when it begins and when recovery looks for them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from batchdrain.execution.order import ExecutionFiles
from batchdrain.model.phase import PhaseKey
from batchdrain.runtime.text import slug_of

_LOG: Final = ".stderr.txt"


def files_of(logs: Path, key: PhaseKey, suffix: str) -> ExecutionFiles:
    """Named by the phase and its execution (`suffix`: the epoch of its claim) alone."""
    stem = logs / f"{key.digest[:16]}-{slug_of(key.phase_id)}-{suffix}"
    return ExecutionFiles(stdout=f"{stem}.stdout.txt", stderr=f"{stem}{_LOG}", result=f"{stem}.result.json")


def find_free(logs: Path, key: PhaseKey, suffix: str) -> ExecutionFiles:
    """The execution's files, or with a number the first of which none stands there: a database that was put back to a backup
    gives the epochs of its former life again."""
    files, number = files_of(logs, key, suffix), 1
    while any(os.path.lexists(path) for path in (files.stdout, files.stderr, files.result)):
        number += 1
        files = files_of(logs, key, f"{suffix}-{number}")
    return files


def find_files(logs: Path, key: PhaseKey, epoch: int, kept_name: str) -> ExecutionFiles:
    """Those of an execution whose controller died. `kept_name`: of its log, as its guardian kept it, which is input: heeded
    only where it is this execution's own name with a number, as it has where that name was taken."""
    files = files_of(logs, key, str(epoch))
    stem = Path(files.stderr).name.removesuffix(_LOG)
    numbered = re.fullmatch(rf"{re.escape(stem)}(-[0-9]{{1,9}}){re.escape(_LOG)}", kept_name)
    return files if numbered is None else files_of(logs, key, f"{epoch}{numbered[1]}")
