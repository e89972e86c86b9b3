"""How an execution ended, as its guardian reports it: over its socket, and in the spool for whoever comes later.

Both are untrusted: a command runs as the same user, and may write anything in their place. So nothing is used that was not checked
here, field by field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from batchdrain.execution.order import EndedBy
from batchdrain.runtime.text import to_storable

KEPT: Final = frozenset({EndedBy.EXIT, EndedBy.TIMEOUT, EndedBy.NOT_STARTED})
"""The endings that a guardian records. The others are no results of the phase."""
_LONGEST_S: Final = 315_360_000  # ten years
_LATEST_MS: Final = 221_845_392_000_000  # the year 9000
_MOST_KB: Final = 1 << 50
_MOST_PROCESSES: Final = 1 << 22  # the most pids that Linux has
_EXIT_CODES: Final = 255
_SIGNALS: Final = 64
_ERRNOS: Final = 4095


class UnsoundReportError(ValueError):
    """The fields are not what a guardian of ours reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardianReport:
    """One ending. It holds only values that the ledger, a session file and a clock can hold."""

    by: EndedBy
    exit_code: int | None
    signal: int | None
    duration_s: float
    message: str
    errno: int | None
    left_over: int
    unspooled: str
    cpu_s: float | None
    max_rss_kb: int | None
    gone: bool  #: whether nothing of the command is left
    stays: bool  #: whether the guardian takes another order

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> GuardianReport:
        """Check the fields of a report. Raises UnsoundReportError if no guardian of ours reports this."""
        report = cls(
            by=_ended_by(fields),
            exit_code=_number_of(fields, "exit_code", _EXIT_CODES),
            signal=_number_of(fields, "signal", _SIGNALS),
            duration_s=seconds_of(fields, "duration_s"),
            message=text_of(fields, "message", ""),
            errno=_number_of(fields, "errno", _ERRNOS),
            left_over=_number_of(fields, "left_over", _MOST_PROCESSES) or 0,
            unspooled=text_of(fields, "spool_error", ""),
            cpu_s=None if fields.get("cpu_s") is None else seconds_of(fields, "cpu_s"),
            max_rss_kb=_number_of(fields, "max_rss_kb", _MOST_KB),
            gone=fields.get("gone", True) is True,
            stays=fields.get("stays", False) is True,
        )
        if report.exit_code is not None and report.signal is not None:
            raise UnsoundReportError("exit_code and signal: one ending has one of them")
        if report.by is EndedBy.EXIT and report.exit_code is None and report.signal is None:
            raise UnsoundReportError("exit_code: is missing")
        return report


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolRecord:
    """What a guardian recorded of an execution that came to its end."""

    report: GuardianReport
    limit_s: float
    limit_rule: str
    ended_ms: int  #: since 1970, by the machine's clock
    log_name: str  #: the name of the stderr file with its folder; the claim decides which file that is

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> SpoolRecord:
        """Check the fields of a record. Raises UnsoundReportError if no guardian of ours records this."""
        report = GuardianReport.of(fields)
        if report.by not in KEPT:
            raise UnsoundReportError(f"by: {report.by} is not kept")
        ended_ms = _number_of(fields, "ended_ms", _LATEST_MS)
        if ended_ms is None:
            raise UnsoundReportError("ended_ms: is missing")
        return cls(
            report=report,
            limit_s=seconds_of(fields, "limit_s"),
            limit_rule=text_of(fields, "limit_rule"),
            ended_ms=ended_ms,
            log_name="/".join(text_of(fields, "stderr_path", "").split("/")[-2:]),
        )


def _ended_by(fields: Mapping[str, Any]) -> EndedBy:
    by = text_of(fields, "by")
    if by not in set(EndedBy):
        raise UnsoundReportError("by: is no way to end")
    return EndedBy(by)


def object_of(raw: bytes) -> dict[str, Any]:
    """Parse a JSON object. Raises UnsoundReportError for anything else, also for NaN and infinity."""
    try:
        found = json.loads(raw, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise UnsoundReportError("is no JSON") from None
    if not isinstance(found, dict):
        raise UnsoundReportError("is no JSON object")
    return found


def process_of(found: object) -> tuple[int, int]:
    """The pid and start of a process, as a guardian records them. Raises UnsoundReportError."""
    if not isinstance(found, list) or len(found) != 2:
        raise UnsoundReportError("a process has a number and a start")
    pid, start = found
    if type(pid) is not int or type(start) is not int or not 0 < pid <= _MOST_PROCESSES or not 0 <= start < 1 << 63:
        raise UnsoundReportError(f"{found!r:.80}: names no process")
    return pid, start


def text_of(fields: Mapping[str, Any], name: str, absent: str | None = None) -> str:
    """A text in a form that the ledger can hold. `absent`: the value if the field is missing. Raises UnsoundReportError."""
    found = fields.get(name, absent)
    if not isinstance(found, str):
        raise UnsoundReportError(f"{name}: is no text")
    return to_storable(found)


def seconds_of(fields: Mapping[str, Any], name: str) -> float:
    """A time of at most ten years, in seconds. Raises UnsoundReportError."""
    found = fields.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= _LONGEST_S:
        raise UnsoundReportError(f"{name}: is no time of an execution")
    return float(found)


def _number_of(fields: Mapping[str, Any], name: str, most: int) -> int | None:
    found = fields.get(name)
    if found is not None and (type(found) is not int or not 0 <= found <= most):
        raise UnsoundReportError(f"{name}: is no whole number up to {most}")
    return found


def _refuse_constant(name: str) -> float:
    raise UnsoundReportError(f"{name} is no number")
