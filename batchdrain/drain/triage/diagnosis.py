"""What the ending of a diagnosis command says of its phase. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from batchdrain.config.redaction import Redact
from batchdrain.config.settings import Triage
from batchdrain.config.values import to_seconds
from batchdrain.drain.judge import last_line
from batchdrain.execution.order import RESULT_BYTES, EndedBy, Ending
from batchdrain.model.errors import BatchDrainError
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase
from batchdrain.planning.verdicts import Verdict, VerdictKind
from batchdrain.runtime.text import to_storable

BY_EXIT_CODE: Final = {0: VerdictKind.PROMISING, 75: VerdictKind.WAIT}
_REASON_CHARS: Final = 500
_LONGEST_S: Final = 31_536_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What came of diagnosing a phase."""

    phase: Phase
    verdict: Verdict | None = None
    problem: str = ""  #: why there is no verdict
    duration_s: float = 0.0
    was_ended: bool = False  #: by us: nobody is to be told of it
    failure: BatchDrainError | None = None  #: what kept the verdict from the ledger


def diagnosed(
    phase: Phase, reason: str | None, ending: Ending, triage: Triage, *, log: str, now: datetime, redact: Redact
) -> Diagnosis:
    """`reason`: the whole failure text that was diagnosed; `log`: of stderr, as it is shown."""
    took_s = ending.duration_s
    if ending.by is EndedBy.INTERRUPT:
        return Diagnosis(phase=phase, problem="it was ended", duration_s=took_s, was_ended=True)
    try:
        kind, said = _judged(ending, triage, redact)
        held_s = _wait_s(said, triage, redact) if kind is VerdictKind.WAIT else triage.valid_s
    except ValueError as error:
        return Diagnosis(phase=phase, problem=redact(f"{error} [log: {log}]"), duration_s=took_s)
    verdict = Verdict(
        key=phase.key,
        kind=kind,
        reason=_reason(ending, said, redact)[:_REASON_CHARS],
        until=now + timedelta(seconds=held_s),
        fingerprint=Failure.uncategorised(reason, redact).fingerprint,
        attempts=phase.attempts,
    )
    return Diagnosis(phase=phase, verdict=verdict, duration_s=took_s)


def _judged(ending: Ending, triage: Triage, redact: Redact) -> tuple[VerdictKind, dict[str, Any]]:
    """The verdict, and all that the result file says. Raises ValueError where there is none, saying why."""
    if ending.by is EndedBy.TIMEOUT:
        raise ValueError(f"timed out after {triage.timeout_s:g} s (triage.timeout_s)")
    if ending.by is not EndedBy.EXIT:
        raise ValueError(ending.message or "it did not come to its end")
    said = _result_of(ending.result)
    if "verdict" in said:
        try:
            return VerdictKind(said["verdict"]), said
        except ValueError:
            known = ", ".join(VerdictKind)
            raise ValueError(f"the result file's verdict is none of {known}: {_brief(said['verdict'], redact)}") from None
    if ending.exit_code not in BY_EXIT_CODE:
        how = f"killed by signal {ending.signal}" if ending.signal is not None else f"exit code {ending.exit_code}"
        line = last_line(ending.stderr_tail, redact) or last_line(ending.stdout_tail, redact)
        raise ValueError(f"{how}: {line}" if line else how)
    return BY_EXIT_CODE[ending.exit_code], said


def _result_of(raw: bytes) -> dict[str, Any]:
    """{} where nothing was written. Raises ValueError for what is no JSON object."""
    if not raw.strip():
        return {}
    try:
        found = json.loads(raw) if len(raw) <= RESULT_BYTES else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError("the result file is no JSON object")  # noqa: TRY004 - one way out for all that is no verdict
    return found


def _wait_s(said: dict[str, Any], triage: Triage, redact: Redact) -> float:
    if "wait_s" not in said:
        return triage.wait_s
    try:
        wait_s = to_seconds(said["wait_s"])
    except ValueError:
        wait_s = 0.0
    if not 0 < wait_s <= _LONGEST_S:
        raise ValueError(f"the result file's wait_s is no time of at most a year: {_brief(said['wait_s'], redact)}")
    return wait_s


def _reason(ending: Ending, said: dict[str, Any], redact: Redact) -> str:
    """One line: the command's own words, else its last meaningful line."""
    own = said.get("reason")
    text = to_storable(redact(own)) if isinstance(own, str) else ""
    return " ".join(text.split()) or last_line(ending.stdout_tail, redact) or last_line(ending.stderr_tail, redact)


def _brief(value: object, redact: Redact) -> str:
    return to_storable(redact(repr(value))[:80])
