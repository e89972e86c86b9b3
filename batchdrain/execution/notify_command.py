"""The command that is notified of a session's end: what is wrong with its settings, and the order that executes it."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from batchdrain.config.environment import TAKEN
from batchdrain.config.settings import Command, Settings
from batchdrain.execution.command import find_template_problems, hidden_names_of, problems_of
from batchdrain.execution.file_names import to_files
from batchdrain.execution.order import TOKEN, Order
from batchdrain.execution.placeholders import fill_all

SETTING: Final = "notify.argv"
_PLACEHOLDERS: Final = ("session_id", "python")
_OF_EXECUTIONS: Final = frozenset(
    f"BATCHDRAIN_{name}"
    for name in ("ATTEMPT", "EPOCH", "FAILURE_REASON", "PHASE_ID", "PHASE_INDEX", "RESULT_FILE", "RUN_ID", "TRIAGE")
)
"""Variables that it must not inherit: a drain that itself runs in a command has those of the other drain."""
_GRACE_S: Final = 1.0
_LOG_BYTES: Final = 1_000_000


def notify_refusals_of(settings: Settings) -> list[str]:
    """Why no drain may begin with this command, a line each: its text can't be filled in. Empty if there is no command."""
    argv = settings.notify.argv
    return find_template_problems(argv, f"batchdrain.{SETTING}", _PLACEHOLDERS) if argv else []


def notify_problems_of(settings: Settings, root: Path) -> list[str]:
    """Why the command can't be started, a line each. Empty if there is none."""
    if not settings.notify.argv:
        return []
    return problems_of(_command_of(settings), root, setting=SETTING, known=_PLACEHOLDERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndFacts:
    """What the command gets besides the summary."""

    session_id: str
    status: str
    exit_code: int  #: that of the task

    @property
    def variables(self) -> Mapping[str, str]:
        """The variables of its environment."""
        return {
            "BATCHDRAIN_SESSION_ID": self.session_id,
            "BATCHDRAIN_STATUS": self.status,
            "BATCHDRAIN_EXIT_CODE": str(self.exit_code),
        }


def make_notify_order(settings: Settings, root: Path, folder: Path, facts: EndFacts, *, within_s: float) -> Order:
    """Make the order. `folder`: for its files; absolute, and exists. `within_s`: seconds from its start to its end in any case,
    including KILL."""
    token = f"notify-{uuid.uuid4().hex}"
    stem = folder / token
    files = to_files(stem)
    command, grace_s = _command_of(settings), min(_GRACE_S, within_s / 4)
    return Order(
        token=token,
        argv=fill_all(command.argv, {"session_id": facts.session_id, "python": sys.executable}),
        env={**TAKEN, **facts.variables, TOKEN: token},
        without=hidden_names_of(command) | _OF_EXECUTIONS,
        cwd=str((root / command.cwd).absolute()),
        stdout_path=files.stdout,
        stderr_path=files.stderr,
        result_path=files.result,
        stdin_path=f"{stem}.summary.json",
        timeout_s=within_s - grace_s,
        grace_s=grace_s,
        log_max_bytes=_LOG_BYTES,
        limit_rule="notify",
    )


def _command_of(settings: Settings) -> Command:
    """It runs in the same folder and inherits the same variables as the commands of phases."""
    return settings.command.model_copy(update={"argv": settings.notify.argv})
