"""What a policy says of its choice, where its key can't be read off the lane's facts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

P = TypeVar("P", bound=Callable[..., Any])
_EXPLAINS: Final = "explains"


def explained_by(says: Callable[..., str]) -> Callable[[P], P]:
    """Decorates a policy: `says(lane, now, **parameters)`, with the policy's own parameters, becomes part of the reason of
    each phase that is chosen. It is asked for chosen phases alone."""

    def explained(policy: P) -> P:
        setattr(policy, _EXPLAINS, says)
        return policy

    return explained


def explanation_of(policy: Callable[..., Any]) -> Callable[..., str] | None:
    """None for a policy that does not explain itself."""
    says = getattr(policy, _EXPLAINS, None)
    return says if callable(says) else None
