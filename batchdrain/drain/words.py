"""What a command says about its failure, and where it says it."""

from __future__ import annotations

from batchdrain.config.redaction import Redact
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.failures.meaningful_line import explain
from batchdrain.runtime.text import to_storable


def words_of(ending: Ending, redact: Redact) -> tuple[str, str]:
    """The words of its output and exit code, '' if there are none, and the stream that has them: 'stderr', 'stdout' or ''."""
    code = ending.exit_code if ending.by is EndedBy.EXIT else None
    found = explain(ending.stderr_tail, ending.stdout_tail, code, redact)
    return to_storable(found.text), found.stream


def log_of(ending: Ending, spoke: str, paths: tuple[str, str]) -> str:
    """The log to look at: that of the stream that has the words, or else the first that is not empty; '' if both are empty.
    `paths`: stdout and stderr."""
    if not spoke:
        spoke = "stderr" if ending.stderr_tail else "stdout" if ending.stdout_tail else ""
    return {"stdout": paths[0], "stderr": paths[1]}.get(spoke, "")
