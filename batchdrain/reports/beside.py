"""What a report says besides the session: how batchdrain is called here, and how the drain ended."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from batchdrain.config.redaction import Redact
from batchdrain.model.retry_stats import RetryCount
from batchdrain.reports.exit_words import Exit
from batchdrain.sessions.attempt_log import AttemptSpan

if TYPE_CHECKING:
    from batchdrain.planning.acceptances import Acceptances


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """The further facts of one report."""

    words: Sequence[str] = ("inv",)  #: the program, and the arguments with which it finds tasks and settings
    mount: str = ""  #: prefix of our task names, such as 'backlog.'
    goes_on: str | None = None  #: the command that continues the session; None if nothing is left to do
    ended: Exit | None = None  #: the exit code and its reason; None if unknown
    table_takes_reasons: bool = True  #: of a drain, where `--cluster` finds them; else it may not
    accepted: Acceptances | None = None  #: the acceptances in force now; None: there are none, or they were not read
    folder: Path | None = None  #: the folder of the report; None: unknown
    attempts: Sequence[AttemptSpan] = ()  #: the session's attempts; needed only for drawings
    redact: Redact = str  #: takes secrets out of what is read from logs
    retries: Mapping[str, RetryCount] | None = None  #: by fingerprint, over all sessions; None: not read

    def command(self, task: str, *flags: str) -> str:
        """The command line of a task, as people type it."""
        return shlex.join([*self.words, f"{self.mount}{task}", *flags])


NOTHING_BESIDE: Final = Beside()
