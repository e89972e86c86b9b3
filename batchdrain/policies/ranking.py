"""Combines the configured policies into one total order."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from batchdrain.config.plugins import POLICIES, resolve
from batchdrain.model.errors import ConfigError, did_you_mean
from batchdrain.model.lane import Lane
from batchdrain.policies.explaining import explanation_of
from batchdrain.runtime.signals import keep_handlers, mark_foreign_code
from batchdrain.runtime.text import safe_text

Policy = Callable[[Lane, datetime], Any]
Rank = tuple[Any, ...]
_EXPLANATION_CHARS: Final = 200
_GIVEN: Final = 2
"""A policy is called with this many arguments: a lane and a time."""
STEADY: Final = frozenset({"hints", "untried-first", "smart", "fewest-failures", "run-order"})
"""Built-in policies that look at nothing which a choice or a result could change."""
_WITHOUT_QUEUED: Final = STEADY | {"best-yield", "promising-first", "sample-first"}
"""Built-in policies that do not look at how many phases of a run are queued."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Each policy breaks the ties of the policies before it. The last ties are broken by phase_index, run_id and phase_id."""

    names: tuple[str, ...]
    policies: tuple[Policy, ...]
    explanations: tuple[tuple[str, Policy], ...] = ()  #: the policies that explain themselves

    def __call__(self, lane: Lane, now: datetime) -> Rank:
        """The rank of a lane. Raises ConfigError that names the policy if a policy fails, and Cut if a signal arrived
        meanwhile."""
        keys: list[Any] = []
        try:
            with mark_foreign_code():
                for policy in self.policies:
                    keys.append(policy(lane, now))  # noqa: PERF401 - the length of `keys` tells which policy failed
        except (Exception, SystemExit) as error:
            raise _failed(self.names[len(keys)], lane, error) from error
        index = lane.phase_index
        return (*keys, index is None, index or 0, lane.run_order, lane.phase_order)

    def explain(self, lane: Lane, now: datetime) -> list[str]:
        """What the policies say about their choice of the lane. Raises as a call does."""
        return [
            safe_text(str(_ask(name, explain, lane, now)), limit=_EXPLANATION_CHARS) for name, explain in self.explanations
        ]


def _ask(name: str, policy: Policy, lane: Lane, now: datetime) -> Any:
    try:
        with mark_foreign_code():
            return policy(lane, now)
    except (Exception, SystemExit) as error:
        raise _failed(name, lane, error) from error


def _failed(name: str, lane: Lane, error: BaseException) -> ConfigError:
    return ConfigError(
        f"batchdrain.policy: {name!r} failed on a lane of run {lane.run_id!r}: {type(error).__name__}: {error}",
        remedy="fix the policy, or remove it",
    )


def may_look_at_queued(entries: Sequence[str | dict[str, Any]]) -> bool:
    """Whether a configured policy may look at how many phases of a run are queued. One that is not built in may look at all
    that a lane has."""
    names = {str(entry.get("name") if isinstance(entry, dict) else entry) for entry in entries}
    return not _WITHOUT_QUEUED.issuperset(names)


def ranking_of(entries: Sequence[str | dict[str, Any]]) -> Ranking:
    """Load the configured policies. Raises ConfigError for one that cannot be loaded or does not take (lane, now) and its
    parameters."""
    names, policies, explanations = [], [], []
    for entry in entries:
        parameters = dict(entry) if isinstance(entry, dict) else {"name": entry}
        name = parameters.pop("name", None)
        if not isinstance(name, str) or not name:
            raise ConfigError(f"batchdrain.policy: {entry!r} has no name", remedy="write {name: …, parameter: value}")
        with keep_handlers():
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
        signature = inspect.signature(policy)
        _require_parameters(name, signature, parameters)
        signature.bind(None, None, **parameters)
    except TypeError as error:
        raise ConfigError(
            f"batchdrain.policy: {name!r} is no policy: it must take (lane, now) and its parameters as keywords: {error}",
            remedy="see docs/choosing.md of batchdrain, policies of your own",
        ) from None
    except ValueError:  # some callables have no signature that could be inspected
        return


def _require_parameters(name: str, signature: inspect.Signature, parameters: dict[str, Any]) -> None:
    """Raises ConfigError if the policy has no parameter of a configured name."""
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    known = [
        one.name
        for one in list(signature.parameters.values())[_GIVEN:]
        if one.kind not in {one.VAR_POSITIONAL, one.VAR_KEYWORD}
    ]
    strange = [] if inspect.Parameter.VAR_KEYWORD in kinds else [one for one in parameters if one not in known]
    if not strange or len(signature.parameters) < _GIVEN:
        return
    told = did_you_mean(strange[0], known) if known else " (it has none)"
    raise ConfigError(f"batchdrain.policy: {name!r} has no parameter {strange[0]!r}{told}", remedy="fix it, or remove it")
