"""What a report tells beside the session itself: how the program is called here, and how the drain ended."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from batchdrain.config.redaction import Redact
from batchdrain.model.retry_stats import RetryCount
from batchdrain.reports.exit_words import Exit
from batchdrain.sessions.attempt_log import AttemptSpan


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Of one report."""

    words: Sequence[str] = ("inv",)  #: the program, and what it needs to find tasks and settings
    mount: str = ""  #: before the names of our tasks: backlog.
    goes_on: str | None = None  #: the command that goes on with the session; None where nothing is left of it
    ended: Exit | None = None  #: why the exit code is what it is; None where nobody can tell
    table_takes_reasons: bool = True  #: else it groups by former ones, and no `--cluster` knows those of a session
    folder: Path | None = None  #: where the report is written; None: nobody knows where it will lie
    attempts: Sequence[AttemptSpan] = ()  #: of the session; a report without a drawing needs none
    redact: Redact = str  #: for what is read of logs
    retries: Mapping[str, RetryCount] | None = None  #: by fingerprint, over all sessions; None: not asked

    def command(self, task: str, *flags: str) -> str:
        """As it is typed."""
        return shlex.join([*self.words, f"{self.mount}{task}", *flags])


NOTHING_BESIDE: Final = Beside()
