"""The demo's command: executes one phase for some milliseconds, and ends as the phase's ids and old reason decide.

Exit codes: 0 done · 1 failed · 2 usage · 75 try again. It starts in about 20 ms: no argparse, no dataclasses, and json
and pathlib only when there is something to write.
"""

from __future__ import annotations

import os
import sys
import time
import zlib
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final, NamedTuple, TextIO

from batchdrain.demo.reasons import kind_of, own_words

USAGE: Final = 2
TRY_AGAIN: Final = 75
HANG_S: Final = 3600.0
SOAK: Final = "soak-test"
"""A phase with this in its name hangs, whatever its old reason says."""

_SUCCESS_PERCENT: Final = {"unknown": 85, "collection": 50, "deliverable": 55, "patch": 65, "other": 60}
_DROPS_PERCENT: Final = 60  #: of the transient phases, how many lose the connection once more
_SPENDS_TOKENS: Final = frozenset({"deliverable", "patch"})


class Ending(Enum):
    """The four ways in which a sample command ends."""

    SUCCEED = "succeed"
    FAIL_AGAIN = "fail again"
    DROP = "drop"  #: loses its connection; the next attempt succeeds
    HANG = "hang"


class Behaviour(NamedTuple):
    """What one attempt is going to do."""

    ending: Ending
    work_s: float  #: 0.005 to 0.080
    tokens: int  #: for the result file's metrics; 0 writes no result file


def behaviour(run_id: str, phase_id: str, attempt: int, reason: str) -> Behaviour:
    """How this attempt ends. Pure; `attempt` counts from 1, an empty `reason` means that none is known."""
    kind = kind_of(reason)
    draw = zlib.crc32(f"{run_id}/{phase_id}".encode("utf-8", "surrogateescape"))
    percent = draw % 100
    if kind == "timeout" or SOAK in phase_id:
        ending = Ending.HANG
    elif kind == "transient":
        ending = Ending.DROP if attempt < 2 and percent < _DROPS_PERCENT else Ending.SUCCEED
    else:
        ending = Ending.SUCCEED if percent < _SUCCESS_PERCENT[kind] else Ending.FAIL_AGAIN
    return Behaviour(
        ending=ending,
        work_s=(5 + (draw >> 8) % 76) / 1000,
        tokens=200 + (draw >> 4) % 1800 if kind in _SPENDS_TOKENS else 0,
    )


def main(argv: Sequence[str] | None = None, environ: Mapping[str, str] | None = None) -> int:
    """Execute the phase that BATCHDRAIN_* names, or --run-id and --phase-id where given. Returns the exit code.

    Writes to stdout, stderr and the result file; a hanging phase sleeps for an hour.
    """
    environ = os.environ if environ is None else environ
    flags = _flags(sys.argv[1:] if argv is None else argv)
    attempt = environ.get("BATCHDRAIN_ATTEMPT") or "1"
    if flags is None or not (attempt.isascii() and attempt.isdigit()):
        return _usage()
    run_id = flags.get("--run-id") or environ.get("BATCHDRAIN_RUN_ID", "")
    phase_id = flags.get("--phase-id") or environ.get("BATCHDRAIN_PHASE_ID", "")
    if not run_id or not phase_id:
        return _usage()
    reason = own_words(environ.get("BATCHDRAIN_FAILURE_REASON", ""))
    plan = behaviour(run_id, phase_id, int(attempt), reason)
    _say(sys.stdout, f"phase {phase_id} of {run_id}, attempt {attempt}")
    _say(sys.stdout, f"last failure: {reason or 'not recorded'}")
    time.sleep(plan.work_s)
    return _end(plan, reason, environ.get("BATCHDRAIN_RESULT_FILE", ""))


def _end(plan: Behaviour, reason: str, result_file: str) -> int:
    steps = 6 + plan.tokens % 20
    match plan.ending:
        case Ending.SUCCEED:
            _say(sys.stdout, f"{steps} of {steps} checks passed in {plan.work_s:.3f} s")
            if plan.tokens:
                _write_result(result_file, {"metrics": {"tokens": plan.tokens}})
            return 0
        case Ending.FAIL_AGAIN:
            _say(sys.stdout, f"{steps - 1} of {steps} checks passed, 1 failed in {plan.work_s:.3f} s")
            reason = reason or f"AssertionError: expected {steps} records in the report, found {steps - 1}"
            if plan.tokens and result_file:
                _write_result(result_file, {"reason": reason, "metrics": {"tokens": plan.tokens}})
            else:
                _say(sys.stderr, reason)
            return 1
        case Ending.DROP:
            _say(sys.stdout, "uploading the report")
            _say(sys.stderr, "ConnectionResetError: [Errno 104] Connection reset by peer")
            return TRY_AGAIN
        case Ending.HANG:
            _say(sys.stdout, "waiting for the test environment to become ready")
            time.sleep(HANG_S)
            _say(sys.stderr, f"the test environment was not ready after {HANG_S:.0f} s")
            return 1


def _flags(argv: Sequence[str]) -> dict[str, str] | None:
    """--run-id and --phase-id, each as `--flag=value` or `--flag value`. None if there is anything else."""
    flags: dict[str, str] = {}
    arguments = iter(argv)
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name not in {"--run-id", "--phase-id"}:
            return None
        flags[name] = value if equals else next(arguments, "")
    return flags


def _usage() -> int:
    _say(sys.stderr, "usage: python -m batchdrain.demo --run-id=RUN --phase-id=PHASE (or BATCHDRAIN_RUN_ID, _PHASE_ID)")
    return USAGE


def _say(stream: TextIO, line: str) -> None:
    # Bytes and flushed: an id may hold what the stream's encoding cannot, and a killed process flushes nothing.
    stream.buffer.write(f"{line}\n".encode("utf-8", "surrogateescape"))
    stream.buffer.flush()


def _write_result(result_file: str, result: Mapping[str, object]) -> None:
    if result_file:
        import json
        from pathlib import Path

        Path(result_file).write_text(json.dumps(result), encoding="utf-8")
