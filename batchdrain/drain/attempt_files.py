"""The logs of past attempts: where they are now, and whether they still exist. Reads only."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from batchdrain.database.ledger.phase_history import PastAttempt
from batchdrain.drain.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFile:
    """One log file of one attempt."""

    path: str  #: as the ledger has it, or its present place if the sessions folder was moved
    is_there: bool
    why_not: str = ""  #: for people; '' if the file is there


def find_file(project: Project, attempt: PastAttempt, path: str) -> AttemptFile:
    """Find a log of an attempt. `path`: as the ledger has it; it is not to be trusted, as whoever may write to the ledger may have
    written anything."""
    below = project.folder.folder
    for place in (_find_elsewhere(project, attempt, path), project.root / path, _find_below(below, attempt, path)):
        if place is not None and _is_file(place):
            return AttemptFile(path=path if place == project.root / path else str(place), is_there=True)
    return AttemptFile(path=path, is_there=False, why_not=_explain_absence(attempt))


def _find_elsewhere(project: Project, attempt: PastAttempt, path: str) -> Path | None:
    """The place of the file where its session has another folder, in which its id may be that of a session of ours too."""
    if _is_of_other_host(attempt):
        return None
    folder = project.session_rows.read_wanted(attempt.session_uid).get("folder")
    if not isinstance(folder, str) or Path(folder) == project.folder.folder.absolute():
        return None
    return _find_below(Path(folder), attempt, path)


def _find_below(folder: Path, attempt: PastAttempt, path: str) -> Path | None:
    """The place of the file below a folder of sessions; None if the path does not name the session."""
    steps = Path(path).parts
    if attempt.session_id not in steps or ".." in steps:
        return None
    return folder.joinpath(*steps[steps.index(attempt.session_id) :])


def _is_file(place: Path) -> bool:
    try:
        return place.is_file()
    except (OSError, ValueError):  # the name is too long, or holds a NUL
        return False


def _explain_absence(attempt: PastAttempt) -> str:
    if _is_of_other_host(attempt):
        return f"not here: look on {attempt.host}"
    return "gone, as `inv prune` removed its session" if attempt.session_id is None else "gone"


def _is_of_other_host(attempt: PastAttempt) -> bool:
    return attempt.host is not None and attempt.host != socket.gethostname()
