"""What a command says of its failure, and where that stands."""

from __future__ import annotations

from batchdrain.config.redaction import Redact
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.failures.meaningful_line import explain
from batchdrain.runtime.text import to_storable


def words_of(ending: Ending, redact: Redact) -> tuple[str, str]:
    """What its output and its exit code say, '' for nothing; and the stream that says it: 'stderr', 'stdout' or ''."""
    code = ending.exit_code if ending.by is EndedBy.EXIT else None
    found = explain(ending.stderr_tail, ending.stdout_tail, code, redact)
    return to_storable(found.text), found.stream


def log_of(ending: Ending, spoke: str, paths: tuple[str, str]) -> str:
    """The log to look at: of the stream that spoke, else the first that is not empty; '' where both are. `paths`: of stdout
    and stderr."""
    if not spoke:
        spoke = "stderr" if ending.stderr_tail else "stdout" if ending.stdout_tail else ""
    return {"stdout": paths[0], "stderr": paths[1]}.get(spoke, "")
