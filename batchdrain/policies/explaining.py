"""What a policy tells of its choice, where its key can't be read off the lane's facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

P = TypeVar("P", bound=Callable[..., Any])
_EXPLAINS: Final = "explains"


def explained_by(explain: Callable[..., str]) -> Callable[[P], P]:
    """Decorates a policy: `explain(lane, now, **parameters)`, with the policy's own parameters, becomes part of the reason of
    each phase that is chosen. It is asked for chosen phases alone."""

    def attach(policy: P) -> P:
        setattr(policy, _EXPLAINS, explain)
        return policy

    return attach


def explanation_of(policy: Callable[..., Any]) -> Callable[..., str] | None:
    """None for a policy that does not explain itself."""
    explain = getattr(policy, _EXPLAINS, None)
    return explain if callable(explain) else None
