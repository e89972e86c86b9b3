"""The configured list of policies as one total order."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from batchdrain.config.plugins import POLICIES, resolve
from batchdrain.model.errors import ConfigError
from batchdrain.model.lane import Lane
from batchdrain.policies.explaining import explanation_of
from batchdrain.runtime.signals import mark_foreign_code
from batchdrain.runtime.text import safe_text

Policy = Callable[[Lane, datetime], Any]
Rank = tuple[Any, ...]
_EXPLANATION_CHARS: Final = 200


@dataclass(frozen=True, slots=True)
class Ranking:
    """Each policy breaks the ties of those before it; phase_index, run_id and phase_id break the last ones."""

    names: tuple[str, ...]
    policies: tuple[Policy, ...]
    explanations: tuple[tuple[str, Policy], ...] = ()  #: of those that explain themselves

    def __call__(self, lane: Lane, now: datetime) -> Rank:
        """Raises ConfigError when a policy fails: its author must see where; Cut when a signal came meanwhile."""
        keys = [_ask(name, policy, lane, now) for name, policy in zip(self.names, self.policies, strict=True)]
        return (*keys, lane.phase_index is None, lane.phase_index or 0, lane.run_id, lane.phase_id)

    def explain(self, lane: Lane, now: datetime) -> list[str]:
        """What the policies tell of their choice. Raises as a call does."""
        return [
            safe_text(str(_ask(name, explain, lane, now)), limit=_EXPLANATION_CHARS) for name, explain in self.explanations
        ]


def _ask(name: str, policy: Policy, lane: Lane, now: datetime) -> Any:
    try:
        with mark_foreign_code():
            return policy(lane, now)
    except (Exception, SystemExit) as error:
        raise ConfigError(
            f"batchdrain.policy: {name!r} failed on a lane of run {lane.run_id!r}: {type(error).__name__}: {error}",
            remedy="mend the policy, or leave it out",
        ) from error


def ranking_of(entries: Sequence[str | dict[str, Any]]) -> Ranking:
    """Raises ConfigError for what can't be loaded, or does not take (lane, now) and its parameters."""
    names, policies, explanations = [], [], []
    for entry in entries:
        parameters = dict(entry) if isinstance(entry, dict) else {"name": entry}
        name = parameters.pop("name", None)
        if not isinstance(name, str) or not name:
            raise ConfigError(f"batchdrain.policy: {entry!r} has no name", remedy="write {name: …, parameter: value}")
        policy = resolve(name, POLICIES, "batchdrain.policy")
        _require_signature(name, policy, parameters)
        names.append(name)
        policies.append(partial(policy, **parameters) if parameters else policy)
        explain = explanation_of(policy)
        if explain is not None:
            explanations.append((name, partial(explain, **parameters)))
    return Ranking(tuple(names), tuple(policies), tuple(explanations))


def _require_signature(name: str, policy: Callable[..., Any], parameters: dict[str, Any]) -> None:
    try:
        inspect.signature(policy).bind(None, None, **parameters)
    except TypeError as error:
        raise ConfigError(
            f"batchdrain.policy: {name!r} is no policy: it must take (lane, now) and its parameters as keywords: {error}",
            remedy="see docs/choosing.md of batchdrain, policies of your own",
        ) from None
    except ValueError:  # some callables have no signature to look at
        return
