"""Words for a forecast: before a drain, and afterwards with the results."""

from __future__ import annotations

from typing import Any

from batchdrain.planning.forecast import Forecast
from batchdrain.planning.imagined_results import FORESEEN_ENDS
from batchdrain.sessions.session import Session, Status
from batchdrain.sessions.whole import parts_of

_WHOLE_MINUTES = 10


def describe_forecast(forecast: Forecast) -> str:
    """'14 of 25 fixed (10-18) in 38 min (25-60)'."""
    minutes, low, high = map(_to_minutes, (forecast.minutes, forecast.minutes_low, forecast.minutes_high))
    return (
        f"{forecast.fixed} of {forecast.planned} fixed ({forecast.fixed_low}-{forecast.fixed_high}) "
        f"in {minutes} min ({low}-{high})"
    )


def describe_outcome(session: Session) -> str:
    """The forecast of a session or of its chain, and what really happened; '' if there was no forecast."""
    if (part := _find_part(session)) is None or part.forecast is None:
        return ""
    came = f"actual: {part.total_success} in {_to_minutes(part.active_s / 60)} min"
    return f"{describe_forecast(part.forecast.forecast)}; {came}: {_judge(part)}"


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


def _judge(part: Session) -> str:
    status = part.current_status
    if status is Status.RUNNING:
        return "it still runs"
    if not _is_whole(part):
        return "it ended early, which says nothing about the forecast"
    outside = [name for name, within in zip(("phases", "minutes"), _find_within(part), strict=True) if not within]
    return f"{' and '.join(outside)} outside" if outside else "both inside"


def _is_whole(part: Session) -> bool:
    """Whether it ended in a way that the forecast foresees: the batch is full, nothing is left, or one of its own rules ended
    it."""
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


def _to_minutes(minutes: float) -> str:
    return f"{minutes:.0f}" if minutes >= _WHOLE_MINUTES else f"{minutes:.2g}" if minutes >= 0.095 else f"{minutes:.2f}"
