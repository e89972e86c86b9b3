"""Words for a forecast: before a drain, and afterwards with the results."""

from __future__ import annotations

from typing import Any, Final

from batchdrain.planning.forecast import Forecast
from batchdrain.planning.imagined_results import FORESEEN_ENDS
from batchdrain.reports.eta_words import to_span
from batchdrain.runtime.text import count_of
from batchdrain.sessions.kept_forecast import KeptForecast
from batchdrain.sessions.session import Session, Status
from batchdrain.sessions.whole import parts_of

_SHORT_S: Final = 10


def describe_forecast(forecast: Forecast) -> str:
    """'10 to 18 of 25 fixed (median 14) in 25 to 60 min (median 38 min)'."""
    fixed = _describe_range(
        f"{forecast.fixed}", f"{forecast.fixed_low}", f"{forecast.fixed_high}", f"of {forecast.planned} fixed"
    )
    median, low, high = map(_to_span, (forecast.minutes, forecast.minutes_low, forecast.minutes_high))
    return f"{fixed} in {_describe_range(median, low, high)}"


def _describe_range(median: str, low: str, high: str, what: str = "") -> str:
    """'25 to 60 min (median 38 min)'; '6 of 6 fixed' if there is no range."""
    what = f" {what}" if what else ""
    if low == high:
        return f"{low}{what}"
    number, _, unit = low.partition(" ")
    low = number if unit and unit == high.partition(" ")[2] else low
    return f"{low} to {high}{what} (median {median})"


def describe_outcome(session: Session) -> str:
    """The forecast of a session or of its chain, and what really happened; '' if there was no forecast."""
    if (part := _find_part(session)) is None or part.forecast is None:
        return ""
    return f"{describe_forecast(part.forecast.forecast)}; actual: {_compare(part, part.forecast)}"


def outcome_fields(session: Session) -> dict[str, Any] | None:
    """The same as JSON; None if there was no forecast. A session that is running or was cut short is not judged: null."""
    if (part := _find_part(session)) is None or part.forecast is None:
        return None
    is_whole = _is_whole(part)
    fixed_within, minutes_within = _find_within(part)
    return {
        "session_id": part.session_id,
        "fixed": part.total_success,
        "minutes": round(part.active_s / 60, 3),
        "fixed_within": fixed_within if is_whole else None,
        "minutes_within": minutes_within if is_whole else None,
    }


def _find_part(session: Session) -> Session | None:
    """The part of a chain with a forecast. Only the part that drains failed phases has one."""
    return next((part for part in parts_of(session) if part.forecast is not None), None)


def _compare(part: Session, kept: KeptForecast) -> str:
    """What came, and how it compares to the forecast."""
    fixed, took = f"{part.total_success} fixed", f"in {_to_span(part.active_s / 60)}"
    if part.current_status is Status.RUNNING:
        return f"{fixed} {took}, not compared while it runs"
    if not _is_whole(part):
        waits = f", while {count_of(part.retries_waiting, 'retry', 'retries')} waited" if part.retries_waiting else ""
        return f"{fixed} {took}, not compared, as it ended after {part.total_processed} of {kept.planned}{waits}"
    fixed_within, minutes_within = _find_within(part)
    if fixed_within and minutes_within:
        return f"{fixed} {took}, as forecast"
    if not fixed_within:
        fixed += f" ({'fewer' if part.total_success < kept.fixed_low else 'more'} than forecast)"
    if not minutes_within:
        took += f" ({'sooner' if part.active_s / 60 < kept.minutes_low else 'later'} than forecast)"
    return f"{fixed} {took}"


def _is_whole(part: Session) -> bool:
    """Whether it ended in a way that the forecast foresees: all planned phases were tried, the batch is full, nothing is left, or
    one of its own rules ended it."""
    if part.forecast is not None and part.total_processed >= part.forecast.planned and not part.retries_waiting:
        return part.current_status is not Status.RUNNING
    if part.current_status is Status.STOPPED:
        return (part.stopped_because or "").partition(": ")[0] in FORESEEN_ENDS
    return part.current_status is Status.COMPLETE


def _find_within(part: Session) -> tuple[bool, bool]:
    """Whether the phases and the minutes are within their intervals."""
    if (kept := part.forecast) is None:
        raise AssertionError("a session without a forecast")
    return (
        kept.fixed_low <= part.total_success <= kept.fixed_high,
        kept.minutes_low <= round(part.active_s / 60, 3) <= kept.minutes_high,
    )


def _to_span(minutes: float) -> str:
    """'14 s', '38 min'; short times with a digit more."""
    return f"{minutes * 60:.2g} s" if minutes * 60 < _SHORT_S else to_span(minutes * 60)
