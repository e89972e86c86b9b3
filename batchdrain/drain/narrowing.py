"""What a resume asks for besides: less than its session, never more."""

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
    """Of a limit that 0 switches off."""
    return own != 0 and (given == 0 or given > own)


def _is_laxer(own: float | None, given: float | None) -> bool:
    """Without a rate every phase is to succeed."""
    return (1.0 if given is None else given) < (1.0 if own is None else own)


NARROWED: Final[Mapping[str, tuple[tuple[str, ...], _IsWider]]] = {
    "--max-total-minutes": (("stop", "max_total_minutes"), _is_more_or_off),
    "--workers": (("workers",), _is_more),
    "--min-success-rate": (("min_success_rate",), _is_laxer),
    "--max-attempts": (("retry", "max_attempts"), _is_more),
    "--max-timeouts-per-run": (("stop", "max_timeouts_per_run"), _is_more_or_off),
    "--max-repeats": (("stop", "max_repeats"), _is_more_or_off),
}
"""By flag: the setting, and whether a value (the second) is wider than the session's own (the first)."""

_SELECTING: Final = {"--max-timeouts-per-run", "--max-repeats"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """For this time alone: the session keeps what it was asked for."""

    batch_size: int | None = None  #: phases to take now
    filters: Filters = field(default_factory=Filters)
    limits: Mapping[str, Any] = field(default_factory=dict)  #: by flag, of NARROWED
    begun: float = field(default_factory=monotonic)
    is_of_chain: bool = False  #: the size is of all its sessions together
    fail_if_nothing: bool = False  #: exit 1 where nothing is executed

    @property
    def minutes(self) -> float:
        """From now on; 0: no limit but the session's own."""
        return float(self.limits.get("--max-total-minutes", 0))

    @property
    def deadline(self) -> float | None:
        """Monotonic: nothing is begun from then on. None: no limit but the session's own."""
        return self.begun + self.minutes * 60 if self.minutes else None

    def find_end(self) -> Skip | None:
        """Why nothing more is to begin now; None where its minutes are not over."""
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
        """For what comes behind so many phases."""
        return self if self.batch_size is None else replace(self, batch_size=max(0, self.batch_size - taken))

    def apply(self, request: DrainRequest) -> DrainRequest:
        """The request, narrowed; its batch size and its minutes stay. Raises UsageError for what would widen it."""
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
        """`requests`: of a chain. Raises UsageError for what would widen one of them, or all together."""
        own = [self.apply(request).most for request in requests]
        most = sum(one for one in own if one is not None)
        if self.batch_size is not None and None not in own and self.batch_size > most:
            raise UsageError(f"--batch-size {self.batch_size}: the session's own is {most}", remedy=_CURE)

    def most(self, request: DrainRequest, done: int) -> int | None:
        """How many phases may be taken now; None: all. Raises UsageError for more than is left to the session."""
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
"""Nothing less than the session itself."""


def _with(settings: Any, path: tuple[str, ...], value: Any) -> Any:
    first, *rest = path
    return settings.model_copy(update={first: _with(getattr(settings, first), tuple(rest), value) if rest else value})


def _to_text(own: float | None) -> str:
    return "1, as every phase is to succeed" if own is None else f"{own:g}"
