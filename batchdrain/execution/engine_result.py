"""Checks what an engine returns. It is untrusted input: an engine may be anybody's code, and its results come from other
machines."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Final

from batchdrain.execution.guardian_report import GuardianReport, UnsoundReportError
from batchdrain.execution.order import RESULT_BYTES, TAIL_BYTES, Ending

_NAMES: Final = tuple(field.name for field in fields(Ending))
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def to_ending(found: object) -> Ending:
    """Check an ending, so that it can be judged and recorded. Raises UnsoundReportError if it is none."""
    if not isinstance(found, Ending):
        raise UnsoundReportError(f"an Ending was expected, {type(found).__name__} came")
    report = GuardianReport.of({**{name: getattr(found, name) for name in _NAMES}, "spool_error": found.unspooled})
    texts = {name: getattr(found, name) for name in ("result", "stdout_tail", "stderr_tail")}
    for name, text in texts.items():
        if not isinstance(text, bytes):
            raise UnsoundReportError(f"{name}: is no bytes")
    digest = found.log_sha256
    return replace(
        found,
        by=report.by,
        duration_s=report.duration_s,
        message=report.message,
        unspooled=report.unspooled,
        left_over=report.left_over,
        cpu_s=report.cpu_s,
        result=found.result[: RESULT_BYTES + 1],
        stdout_tail=found.stdout_tail[-TAIL_BYTES:],
        stderr_tail=found.stderr_tail[-TAIL_BYTES:],
        log_sha256=digest if isinstance(digest, str) and _SHA256.fullmatch(digest) else None,
        guardian_stops=found.guardian_stops if type(found.guardian_stops) is int else 0,
    )
