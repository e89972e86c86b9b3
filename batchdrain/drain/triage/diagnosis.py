"""Judges what the ending of a diagnosis command says about its phase. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from batchdrain.config.redaction import Redact
from batchdrain.config.settings import Triage
from batchdrain.config.values import to_seconds
from batchdrain.drain.words import log_of, words_of
from batchdrain.execution.order import RESULT_BYTES, EndedBy, Ending
from batchdrain.failures.exit_codes import words_of_silence
from batchdrain.failures.fingerprints import VERSION
from batchdrain.failures.kept_fingerprint import example_of
from batchdrain.failures.meaningful_line import last_line
from batchdrain.failures.suffix import describe_end
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
    """The result of diagnosing a phase."""

    phase: Phase
    verdict: Verdict | None = None
    problem: str = ""  #: why there is no verdict
    log_path: str = ""  #: its log, as shown, if there is no verdict; '' if it printed nothing
    duration_s: float = 0.0
    was_ended: bool = False  #: it was ended by us, so nobody is to be told of it
    failure: BatchDrainError | None = None  #: what kept the verdict from the ledger


class DiagnosisJudge:
    """Judges by the settings of triage; `redact` removes secrets from what is told."""

    def __init__(self, triage: Triage, redact: Redact) -> None:
        self._triage = triage
        self._redact = redact

    def judge(self, phase: Phase, reason: str | None, ending: Ending, *, paths: tuple[str, str], now: datetime) -> Diagnosis:
        """`reason`: the whole failure text that was diagnosed; `paths`: stdout and stderr, as they are shown."""
        took_s = ending.duration_s
        if ending.by is EndedBy.INTERRUPT:
            return Diagnosis(phase=phase, problem="it was ended", duration_s=took_s, was_ended=True)
        try:
            kind, answer = self._verdict(ending)
            held_s = self._wait_s(answer) if kind is VerdictKind.WAIT else self._triage.valid_s
        except ValueError as error:
            log = log_of(ending, words_of(ending, self._redact)[1], paths)
            return Diagnosis(phase=phase, problem=self._redact(str(error)), log_path=log, duration_s=took_s)
        failure = Failure.uncategorised(reason, self._redact)
        verdict = Verdict(
            key=phase.key,
            kind=kind,
            reason=self._reason(ending, answer)[:_REASON_CHARS],
            until=now + timedelta(seconds=held_s),
            fingerprint=failure.fingerprint,
            attempts=phase.attempts,
            version=VERSION,
            example=example_of(failure.text),
        )
        return Diagnosis(phase=phase, verdict=verdict, duration_s=took_s)

    def _verdict(self, ending: Ending) -> tuple[VerdictKind, dict[str, Any]]:
        """The verdict, and the fields of the result file. Raises ValueError, which says why there is no verdict."""
        if ending.by is EndedBy.TIMEOUT:
            raise ValueError(f"timed out after {self._triage.timeout_s:g} s (triage.timeout_s)")
        if ending.by is not EndedBy.EXIT:
            raise ValueError(ending.message or "it did not end")
        answer = _result_of(ending.result)
        if "verdict" in answer:
            try:
                return VerdictKind(answer["verdict"]), answer
            except ValueError:
                known, given = ", ".join(VerdictKind), self._brief(answer["verdict"])
                raise ValueError(f"the result file's verdict is none of {known}: {given}") from None
        if ending.exit_code not in BY_EXIT_CODE:
            line = words_of(ending, self._redact)[0] or words_of_silence(ending.signal)
            raise ValueError(f"{line} [{describe_end(ending.exit_code, ending.signal, ending.cpu_s, ending.max_rss_kb)}]")
        return BY_EXIT_CODE[ending.exit_code], answer

    def _wait_s(self, answer: dict[str, Any]) -> float:
        if "wait_s" not in answer:
            return self._triage.wait_s
        try:
            wait_s = to_seconds(answer["wait_s"])
        except ValueError:
            wait_s = 0.0
        if not 0 < wait_s <= _LONGEST_S:
            raise ValueError(f"the result file's wait_s is no time of at most a year: {self._brief(answer['wait_s'])}")
        return wait_s

    def _reason(self, ending: Ending, answer: dict[str, Any]) -> str:
        """One line: the command's own words, or else its last meaningful line."""
        own = answer.get("reason")
        text = to_storable(self._redact(own)) if isinstance(own, str) else ""
        stdout, stderr = ending.stdout_tail, ending.stderr_tail
        return " ".join(text.split()) or to_storable(last_line(stdout, self._redact) or last_line(stderr, self._redact))

    def _brief(self, value: object) -> str:
        return to_storable(self._redact(repr(value))[:80])


def _result_of(raw: bytes) -> dict[str, Any]:
    """Parse the result file; {} if it is empty. Raises ValueError if it is not a JSON object."""
    if not raw.strip():
        return {}
    try:
        found = json.loads(raw) if len(raw) <= RESULT_BYTES else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError("the result file is no JSON object")  # noqa: TRY004 - ValueError stands for every kind of missing verdict
    return found
