"""What a resume asks for in addition: it may narrow its session, but never widen it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any, Final

from batchdrain.drain.request import DrainRequest
from batchdrain.model.errors import UsageError
from batchdrain.model.phase import Skip
from batchdrain.planning.filters import Filters
from batchdrain.runtime.text import agree

_CURE: Final = "resume never widens a session; leave the flag out, or start a new one with `inv drain`"
_IsWider = Callable[[Any, Any], bool]


def _is_more(own: float, given: float) -> bool:
    return given > own


def _is_more_or_off(own: float, given: float) -> bool:
    """For a limit that 0 switches off."""
    return own != 0 and (given == 0 or given > own)


def _is_laxer(own: float | None, given: float | None) -> bool:
    """For success rates: None means that every phase has to succeed."""
    return (1.0 if given is None else given) < (1.0 if own is None else own)


NARROWED: Final[Mapping[str, tuple[tuple[str, ...], _IsWider]]] = {
    "--max-total-minutes": (("stop", "max_total_minutes"), _is_more_or_off),
    "--workers": (("workers",), _is_more),
    "--min-success-rate": (("min_success_rate",), _is_laxer),
    "--max-attempts": (("retry", "max_attempts"), _is_more),
    "--max-timeouts-per-run": (("stop", "max_timeouts_per_run"), _is_more_or_off),
    "--max-repeats": (("stop", "max_repeats"), _is_more_or_off),
}
"""For each flag: the path of its setting, and a function that tells whether a given value (its second argument) is wider than the
session's own (its first)."""

_SELECTING: Final = {"--max-timeouts-per-run", "--max-repeats"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What one call narrows. The session itself keeps its request."""

    batch_size: int | None = None  #: how many phases to take now
    filters: Filters = field(default_factory=Filters)
    limits: Mapping[str, Any] = field(default_factory=dict)  #: by flag, see NARROWED
    begun: float = field(default_factory=monotonic)
    is_of_chain: bool = False  #: batch_size then counts for all sessions of the chain together
    fail_if_nothing: bool = False  #: whether to exit with 1 if nothing is executed

    @property
    def minutes(self) -> float:
        """Minutes from now on; 0: no limit but the session's own."""
        return float(self.limits.get("--max-total-minutes", 0))

    @property
    def deadline(self) -> float | None:
        """The time from which nothing more begins (monotonic, seconds). None: no limit but the session's own."""
        return self.begun + self.minutes * 60 if self.minutes else None

    def find_end(self) -> Skip | None:
        """Why nothing more is to begin now; None if the minutes of this call are not over."""
        if self.deadline is None or monotonic() < self.deadline:
            return None
        return Skip(
            "--max-total-minutes",
            f"{self.minutes:g} {agree(self.minutes, 'minute', 'minutes')} of this time {agree(self.minutes, 'is', 'are')} over",
        )

    @property
    def may_leave_out(self) -> bool:
        """Whether it leaves out phases that the session would take, given time."""
        return self.filters != Filters() or bool(self.limits.keys() & _SELECTING)

    def after(self, taken: int) -> Narrowing:
        """The narrowing that is left once this many phases were taken."""
        return self if self.batch_size is None else replace(self, batch_size=max(0, self.batch_size - taken))

    def apply(self, request: DrainRequest) -> DrainRequest:
        """The narrowed request; its batch size and minutes stay as they are. Raises UsageError for a value that would widen it."""
        settings = request.settings
        for flag, given in self.limits.items():
            path, is_wider = NARROWED[flag]
            own: Any = settings
            for name in path:
                own = getattr(own, name)
            if is_wider(own, given):
                raise UsageError(f"{flag} {given:g}: the session's own is {_to_text(own)}", remedy=_CURE)
            if flag != "--max-total-minutes":
                settings = _with(settings, path, given)
        return replace(
            request,
            settings=settings,
            filters=request.filters.narrowed(self.filters),
            fail_if_nothing=request.fail_if_nothing or self.fail_if_nothing,
        )

    def require_narrower(self, requests: Iterable[DrainRequest]) -> None:
        """`requests`: those of a chain. Raises UsageError if one of them, or all together, would be widened."""
        own = [self.apply(request).most for request in requests]
        most = sum(one for one in own if one is not None)
        if self.batch_size is not None and None not in own and self.batch_size > most:
            raise UsageError(f"--batch-size {self.batch_size}: the session's own is {most}", remedy=_CURE)

    def most(self, request: DrainRequest, done: int) -> int | None:
        """How many phases may be taken now; None: all. Raises UsageError if more are asked for than the session has left."""
        left, asked = None if request.most is None else max(0, request.most - done), self.batch_size
        if asked is None or left is None:
            return left if asked is None else asked
        if not self.is_of_chain and asked > max(left, request.settings.batch_size):
            raise UsageError(
                f"--batch-size {asked}: the session's own is {request.settings.batch_size}, of which {left} {agree(left, 'is', 'are')} left",
                remedy=_CURE,
            )
        return min(asked, left)


AS_ASKED: Final = Narrowing()
"""Narrows nothing."""


def _with(settings: Any, path: tuple[str, ...], value: Any) -> Any:
    first, *rest = path
    return settings.model_copy(update={first: _with(getattr(settings, first), tuple(rest), value) if rest else value})


def _to_text(own: float | None) -> str:
    return "1, as every phase is to succeed" if own is None else f"{own:g}"
