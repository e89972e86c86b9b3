"""What the ending of a diagnosis command says of its phase."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from batchdrain.config.settings import Triage
from batchdrain.drain.triage.diagnosis import Diagnosis, DiagnosisJudge
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.failures.fingerprints import fingerprint
from batchdrain.planning.verdicts import VerdictKind
from tests.drain.judging import NOW, claim_of, ending

TRIAGE = Triage(argv=["x"], valid_s=1_000, wait_s=100, timeout_s=7)


def diagnosed(how: Ending, reason: str | None = "boom hunter2") -> Diagnosis:
    judge = DiagnosisJudge(TRIAGE, lambda text: text.replace("hunter2", "***"))
    return judge.judge(claim_of().phase, reason, how, paths=("out", "log"), now=NOW)


def said(code: int = 0, **result: Any) -> Ending:
    return ending(exit_code=code, result=json.dumps(result).encode() if result else b"")


@pytest.mark.parametrize(
    ("how", "kind", "held_s"),
    [
        (said(0), VerdictKind.PROMISING, 1_000),
        (said(75), VerdictKind.WAIT, 100),
        (said(75, wait_s=30), VerdictKind.WAIT, 30),
        (said(75, wait_s=31_536_000), VerdictKind.WAIT, 31_536_000),
        (said(1, verdict="hopeless"), VerdictKind.HOPELESS, 1_000),
        (said(1, verdict="wait"), VerdictKind.WAIT, 100),
        (said(75, verdict="promising", wait_s=30), VerdictKind.PROMISING, 1_000),
        (said(0, verdict="hopeless", wait_s=30), VerdictKind.HOPELESS, 1_000),
    ],
)
def test_a_verdict_is_believed_for_its_own_time(how: Ending, kind: VerdictKind, held_s: int) -> None:
    """How long to wait is of waiting alone."""
    verdict = diagnosed(how).verdict
    assert verdict is not None
    assert (verdict.kind, verdict.until, verdict.attempts) == (kind, NOW + timedelta(seconds=held_s), 0)
    assert verdict.fingerprint == fingerprint("boom ***")


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        (said(1), "the command failed and printed nothing [exit 1]"),
        (ending(exit_code=1, stderr_tail=b"no hunter2\n"), "no *** [exit 1]"),
        (ending(signal=9), "the command was ended by SIGKILL and printed nothing [signal 9: KILL]"),
        (ending(EndedBy.TIMEOUT), "timed out after 7 s (triage.timeout_s)"),
        (ending(EndedBy.NOT_STARTED, message="no hunter2"), "no ***"),
        (said(0, verdict="maybe"), "the result file's verdict is none of promising, hopeless, wait: 'maybe'"),
        (said(75, wait_s=0), "the result file's wait_s is no time of at most a year: 0"),
        (said(75, wait_s=-5), "the result file's wait_s is no time of at most a year: -5"),
        (said(75, wait_s=31_536_001), "the result file's wait_s is no time of at most a year: 31536001"),
        (ending(exit_code=0, result=b"[]"), "the result file is no JSON object"),
    ],
)
def test_what_is_no_verdict_says_why(how: Ending, problem: str) -> None:
    found = diagnosed(how)
    assert (found.verdict, found.problem, found.was_ended) == (None, problem, False)


@pytest.mark.parametrize(
    ("printed", "log"),
    [
        ({}, ""),
        ({"stderr_tail": b"x\n"}, "log"),
        ({"stdout_tail": b"x\n"}, "out"),
        ({"stdout_tail": b"Error: x\n", "stderr_tail": b"\n"}, "out"),
    ],
)
@pytest.mark.parametrize(("how", "is_verdict"), [({"exit_code": 1}, False), ({"exit_code": 0}, True)])
def test_what_is_no_verdict_names_the_log_of_the_stream_that_spoke(
    how: dict[str, Any], is_verdict: bool, printed: dict[str, Any], log: str
) -> None:
    found = diagnosed(ending(**how, **printed))
    assert (found.verdict is not None, found.log_path) == (is_verdict, "" if is_verdict else log)


def test_a_diagnosis_that_we_ended_is_told_to_nobody() -> None:
    assert diagnosed(ending(EndedBy.INTERRUPT)).was_ended


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        (said(0, reason="the disk\nof hunter2 is full"), "the disk of *** is full"),
        (ending(exit_code=0, stdout_tail=b"from hunter2\n", stderr_tail=b"x\n"), "from ***"),
        (ending(exit_code=0, stderr_tail=b"only hunter2\n"), "only ***"),
        (said(0, reason="x" * 900), "x" * 500),
    ],
)
def test_its_reason_is_one_line_without_secrets(how: Ending, reason: str) -> None:
    verdict = diagnosed(how).verdict
    assert verdict is not None
    assert verdict.reason == reason
