"""A phase -> the order that diagnoses it. A diagnosis claims nothing: it has neither attempt nor epoch nor lease."""

from __future__ import annotations

import sys
import uuid
from pathlib import Path
from typing import Final

from batchdrain.config.environment import TAKEN
from batchdrain.config.settings import Command, Settings
from batchdrain.execution.command import filled, hidden_from, passable, problems_of
from batchdrain.execution.order import TOKEN, Order
from batchdrain.model.phase import Phase
from batchdrain.runtime.text import slug

PLACEHOLDERS: Final = ("run_id", "phase_id", "phase_index", "session_id", "python")
_OF_ATTEMPTS: Final = frozenset({"BATCHDRAIN_ATTEMPT", "BATCHDRAIN_EPOCH"})


def diagnosis_problems(settings: Settings, root: Path) -> list[str]:
    """Why the diagnosis command can't be executed, a line each."""
    return problems_of(_command(settings), root, setting="triage.argv", known=PLACEHOLDERS)


def diagnosis_order(phase: Phase, reason: str, settings: Settings, *, session_id: str, folder: Path, root: Path) -> Order:
    """`reason`: the whole failure text. `folder`: for its output, absolute; it exists. Raises ValueError when an id can't
    be an argument (NUL)."""
    command, token = _command(settings), f"triage-{uuid.uuid4().hex}"
    stem = folder / f"{phase.key.digest[:16]}-{slug(phase.phase_id)}-{token[-12:]}"
    index = "" if phase.phase_index is None else str(phase.phase_index)
    values = {
        "run_id": phase.run_id,
        "phase_id": phase.phase_id,
        "phase_index": index,
        "session_id": session_id,
        "python": sys.executable,
    }
    env = {
        **TAKEN,
        "BATCHDRAIN_TRIAGE": "1",
        "BATCHDRAIN_RUN_ID": phase.run_id,
        "BATCHDRAIN_PHASE_ID": phase.phase_id,
        "BATCHDRAIN_PHASE_INDEX": index,
        "BATCHDRAIN_SESSION_ID": session_id,
        "BATCHDRAIN_FAILURE_REASON": passable(reason),
        "BATCHDRAIN_RESULT_FILE": f"{stem}.result.json",
        TOKEN: token,
    }
    argv = tuple(filled(item, values) for item in command.argv)
    if any("\x00" in item for item in argv):
        raise ValueError("an id with a NUL character cannot be passed as an argument")
    return Order(
        token=token,
        argv=argv,
        env=env,
        without=hidden_from(command) | _OF_ATTEMPTS,
        cwd=str((root / command.cwd).absolute()),
        stdout_path=f"{stem}.stdout.txt",
        stderr_path=f"{stem}.stderr.txt",
        result_path=f"{stem}.result.json",
        timeout_s=settings.triage.timeout_s,
        grace_s=command.grace_s,
        log_max_bytes=round(command.log_max_mb * 1_000_000),
        limit_rule="triage.timeout_s",
    )


def _command(settings: Settings) -> Command:
    return settings.command.model_copy(update={"argv": settings.triage.argv})
