"""The timeline of what ran, by host and slot, as shapes of a drawing. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from batchdrain.model.states import Outcome
from batchdrain.runtime.clock import to_shown
from batchdrain.sessions.attempt_log import AttemptSpan

WIDTH: Final = 1000
_SLOT: Final = 12
_SHOWN: Final = 5_000
"""At most this many attempts are drawn, the latest ones."""
_KINDS: Final = {Outcome.COMPLETE.value: "ok", Outcome.FAILED.value: "bad", Outcome.TIMEOUT.value: "late"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The slots of one host."""

    host: str
    slots: int
    height: int
    paths: Sequence[tuple[str, str]]  #: kind, and the thick lines of its attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """The lanes of all hosts on one time scale."""

    begins: str
    ends: str
    lanes: Sequence[Lane]
    left_out: int  #: attempts that are not drawn


def timeline_of(attempts: Sequence[AttemptSpan]) -> Timeline | None:
    """Draw the timeline; None if no times are known."""
    shown = sorted(attempts, key=lambda one: one.started_s)[-_SHOWN:]
    if not shown:
        return None
    begins, ends = shown[0].started_s, max(one.started_s + one.duration_s for one in shown)
    scale = WIDTH / max(ends - begins, 0.001)
    by_host: dict[str, list[AttemptSpan]] = defaultdict(list)
    for one in shown:
        by_host[one.host].append(one)
    return Timeline(
        begins=_to_moment(begins),
        ends=_to_moment(ends),
        lanes=[_lane_of(host, of, begins, scale) for host, of in sorted(by_host.items())],
        left_out=len(attempts) - len(shown),
    )


def slots_of(attempts: Iterable[AttemptSpan]) -> Iterator[tuple[int, AttemptSpan]]:
    """Each attempt with the lowest slot that is free when it begins. `attempts` are in the order in which they began."""
    free_at: list[float] = []
    for one in attempts:
        slot = next((number for number, until in enumerate(free_at) if until <= one.started_s + 0.001), len(free_at))
        free_at[slot : slot + 1] = [one.started_s + one.duration_s]
        yield slot, one


def _lane_of(host: str, attempts: Sequence[AttemptSpan], begins: float, scale: float) -> Lane:
    shapes: dict[str, list[str]] = defaultdict(list)
    slots = 0
    for slot, one in slots_of(attempts):
        slots = max(slots, slot + 1)
        left, wide = (one.started_s - begins) * scale, max(1, one.duration_s * scale - 1)
        shapes[_KINDS.get(one.outcome, "back")].append(f"M{left:.0f} {slot * _SLOT + _SLOT // 2}h{wide:.0f}")
    return Lane(host=host, slots=slots, height=slots * _SLOT, paths=[(kind, "".join(of)) for kind, of in shapes.items()])


def _to_moment(seconds: float) -> str:
    try:
        return to_shown(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, ValueError, OSError):
        return "?"
