"""Lets a policy explain its choice if its key cannot be read off the facts of the lane."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

P = TypeVar("P", bound=Callable[..., Any])
_EXPLAINS: Final = "explains"


def explained_by(explain: Callable[..., str]) -> Callable[[P], P]:
    """Decorates a policy with `explain(lane, now, **parameters)`, which takes the policy's own parameters. Its text becomes
    part of the reason of each chosen phase. It is called for chosen phases only."""

    def attach(policy: P) -> P:
        setattr(policy, _EXPLAINS, explain)
        return policy

    return attach


def explanation_of(policy: Callable[..., Any]) -> Callable[..., str] | None:
    """The function that explains the policy; None if it has none."""
    explain = getattr(policy, _EXPLAINS, None)
    return explain if callable(explain) else None
