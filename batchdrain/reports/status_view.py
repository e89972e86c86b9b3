"""The running sessions, as JSON fields and for people. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from batchdrain.database.ledger.session_counts import SessionCounts
from batchdrain.database.ledger.session_rows import SessionRow
from batchdrain.reports.eta_words import describe_eta, to_span
from batchdrain.runtime import clock
from batchdrain.runtime.text import count_of, safe_text

ALIVE: Final = "running"
PAUSED: Final = "paused"
SILENT: Final = "silent"
DIED: Final = "died"
BETWEEN: Final = "between"
STARTING: Final = "starting"
_SHOWN: Final = 24  #: at most this many slots of a session are shown
_LARGEST: Final = 2**53
_LEAST_S: Final = 1.0
_BEATS: Final = 2  #: after this many beats that did not come, the last one is told as past
_MEANING: Final = {
    STARTING: "it has just begun: its first phase is being taken",
    SILENT: "no sign of life came in time, and its host can't be checked from here",
    DIED: "its process is gone: `inv resume` continues it, `inv resume --close` ends it, `inv recover` releases what it holds",
    BETWEEN: "the first part of its chain has ended, the next one begins, and follows requests that are made now",
}


def state_of(row: SessionRow, alive: bool | None) -> str:
    """The state in one word. `row`: of a session that has not ended, or of a chain that is between two parts. `alive`:
    whether its process lives; None if that cannot be seen from here."""
    if alive is False:
        return DIED
    if row.ended_ms is not None:
        return BETWEEN
    if alive is None and row.is_silent:
        return SILENT
    return PAUSED if row.progress.get("paused") is True else ALIVE


def is_overdue(row: SessionRow) -> bool:
    """Whether its last beats did not come, so that what it told last may be long over."""
    return row.is_silent or row.beat_age_ms / 1000 > _BEATS * (_number(row.wanted, "beat_s") or math.inf)


def to_fields(row: SessionRow, alive: bool | None, counted: SessionCounts | None = None) -> dict[str, Any]:
    """A running session as plain JSON values. Rates count only the time since its last start or resume; times are by the
    database's clock. `counted`: its results in the ledger, for one that tells nothing any more."""
    progress, wanted = row.progress, row.wanted
    done, elapsed_s = _number(progress, "processed") - _number(progress, "before"), _number(progress, "elapsed_s")
    state, age_s = state_of(row, alive), row.beat_age_ms / 1000
    per_minute = done / elapsed_s * 60 if elapsed_s > 0 and done > 0 else None
    eta_s = _eta_of(progress, per_minute, age_s) if state == ALIVE and not is_overdue(row) else None
    return {
        "session_id": row.session_id,
        "session_uid": row.uid,
        "chain_uid": row.chain_uid,
        "state": state,
        "is_starting": state == ALIVE and progress.get("starting") is True,
        "host": row.host,
        "pid": row.controller.pid,
        "alive": alive,
        "folder": _text(wanted, "folder"),
        "kind": _text(wanted, "kind"),
        "group": _text(wanted, "group"),
        "workers": int(_number(wanted, "workers")),
        "beat_s": _number(wanted, "beat_s"),
        "begun_at": clock.to_iso(clock.from_ms(row.begun_ms)),
        "beat_age_s": round(age_s, 3),
        "is_overdue": state == ALIVE and is_overdue(row),
        **_counts_of(progress, counted),
        "per_minute": None if per_minute is None else round(per_minute, 3),
        "eta_s": None if eta_s is None else round(eta_s, 1),
        "eta_is_least": progress.get("eta_is_least") is True,
        "waits_for": _text(progress, "waits") or None,
        "slots": [] if state == DIED else _slots_of(progress, age_s),
        "asked": None if row.asked is None else _asked_of(row),
    }


def _counts_of(progress: Mapping[str, Any], counted: SessionCounts | None) -> dict[str, int]:
    """The phases by what became of them: as told, or as the ledger has them if that is more."""
    names = ("processed", "succeeded", "failed", "retries", "target")
    processed, succeeded, told_failed, retries, target = (int(_number(progress, name)) for name in names)
    if counted is not None and counted.processed >= processed:
        processed, succeeded, target = counted.processed, counted.succeeded, max(target, counted.processed)
        retries = counted.waiting_of(told_failed, retries)
    failed = max(0, processed - succeeded)
    return dict(zip(names, (processed, succeeded, failed, retries, target), strict=True))


def render_status(rows: Sequence[Mapping[str, Any]], now: datetime) -> Iterator[str]:
    """The lines for people. `rows`: as made by `to_fields`; `now`: aware, in the time zone of the readers."""
    for row in rows:
        where = f"{row['host']}, process {row['pid']}" + (f", group {row['group']}" if row["group"] else "")
        yield safe_text(f"{row['session_id']}  {_state_shown(row)} on {where}")
        done = f"{row['processed']}/{row['target']} · {row['succeeded']} ok · {row['failed']} failed"
        retries = f" · {count_of(row['retries'], 'retry', 'retries')} to come" if row["retries"] else ""
        rate = "" if row["per_minute"] is None or row["state"] == DIED else f" · {row['per_minute']:.1f} phases per minute"
        eta = "" if row["eta_s"] is None else " · " + _describe_eta(row["eta_s"], now, is_least=row["eta_is_least"])
        told = "last sign of life" if row["is_overdue"] or row["state"] in {DIED, SILENT} else "as of"
        yield f"  {done}{retries}{rate}{eta} · {told} {to_span(row['beat_age_s'])} ago"
        if row["is_overdue"]:
            yield f"  It should give one every {row['beat_s']:g} s: it may be suspended, or can't reach the database"
        if row["waits_for"]:
            yield safe_text(f"  Waits: {row['waits_for']}")
        yield from (safe_text(f"  {_describe_slot(row, slot)}") for slot in row["slots"][:_SHOWN])
        if len(row["slots"]) > _SHOWN:
            yield f"  and {len(row['slots']) - _SHOWN} more"
        if (asked := row["asked"]) is not None:
            yield safe_text(f"  {asked['ask']} asked by {asked['by']}" + (f": {asked['reason']}" if asked["reason"] else ""))
    present = {_state_shown(row) for row in rows}
    yield from (f"{state:<11} {meaning}" for state, meaning in _MEANING.items() if state in present)


def _state_shown(row: Mapping[str, Any]) -> str:
    return STARTING if row["is_starting"] else str(row["state"])


def _describe_slot(row: Mapping[str, Any], slot: Mapping[str, Any]) -> str:
    """A phase, by what was told last: what runs for an hour still runs a few seconds later, but nobody knows it."""
    name, age_s = f"{slot['run_id']} / {slot['phase_id']}", row["beat_age_s"]
    if age_s < _LEAST_S:
        return f"runs {name} for {to_span(slot['for_s'])}, attempt {slot['attempt']}"
    return (
        f"ran {name} {to_span(age_s)} ago, for {to_span(max(0.0, slot['for_s'] - age_s))} by then, attempt {slot['attempt']}"
    )


def _describe_eta(eta_s: float, now: datetime, *, is_least: bool) -> str:
    """Like `describe_eta`. A time that has passed since the last report is not told as a second that seems to be left."""
    return "ETA any moment" if eta_s <= _LEAST_S and not is_least else describe_eta(eta_s, now, is_least=is_least)


def _eta_of(progress: Mapping[str, Any], per_minute: float | None, age_s: float) -> float | None:
    """The seconds that are left now, as its controller said at its last beat; if it said nothing, by the rate. Never 0 while
    something is left."""
    eta_s: float | None = None
    if "eta_s" in progress:
        eta_s = _number(progress, "eta_s") or None
    elif per_minute is not None:
        eta_s = max(0.0, _number(progress, "target") - _number(progress, "processed")) / per_minute * 60
    return None if eta_s is None else max(_LEAST_S, eta_s - age_s)


def _slots_of(progress: Mapping[str, Any], age_s: float) -> list[dict[str, Any]]:
    """The running phases, as of now. Whoever may write to the ledger may have written anything."""
    slots = progress.get("slots")
    return [
        {
            "run_id": _text(slot, "run_id") or "",
            "phase_id": _text(slot, "phase_id") or "",
            "attempt": int(_number(slot, "attempt")),
            "for_s": round(_number(slot, "for_s") + age_s, 1),
        }
        for slot in (slots if isinstance(slots, list) else ())
        if isinstance(slot, dict)
    ]


def _asked_of(row: SessionRow) -> dict[str, Any] | None:
    asked = row.asked
    return None if asked is None else {
        "ask": asked.ask.value, "by": asked.by, "reason": asked.reason, "at": clock.to_iso(clock.from_ms(asked.at_ms)),
    }  # fmt: skip


def _number(found: Mapping[str, Any], name: str) -> float:
    value = found.get(name)
    if not isinstance(value, int | float) or abs(value) >= _LARGEST or math.isnan(value):
        return 0.0
    return float(value)


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    return value if isinstance(value, str) else None
